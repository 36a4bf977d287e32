"""Output of pictures: the formats that files of them may have, and how they are written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from hmix_hub.errors import ConfigurationError
from hmix_hub.files import whole_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "pdf", "svg")


def check_ending(path: str | os.PathLike[str] | None) -> None:
    """Check that a file's ending says a format of pictures; `None` is no file.

    Raises
    ------
    ConfigurationError
        If it does not.
    """
    if path is not None and Path(path).suffix.removeprefix(".").lower() not in FORMATS:
        msg = f"{str(path)!r} does not end in {', '.join('.' + name for name in FORMATS)}"
        raise ConfigurationError(msg, hint="the ending of the file decides the format")


def save(figure: Figure, path: str | os.PathLike[str], *, dpi: int) -> None:
    """Write a figure in the format of the file's extension, whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written; an older file stays as it was.
    """
    place = Path(path)
    with whole_file(place, follows_links=True) as stream:
        figure.savefig(stream, format=place.suffix.removeprefix(".").lower(), dpi=dpi)
