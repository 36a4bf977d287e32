"""Output of pictures: the formats that files of them may have."""

from __future__ import annotations

import os
from pathlib import Path

from hmix_hub.errors import ConfigurationError

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
