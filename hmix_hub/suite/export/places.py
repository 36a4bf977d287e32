"""New places: what is exported stands whole where nothing stood, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import whole_folder


def new_place(target: str | os.PathLike[str]) -> Path:
    """Give the path of a folder that is to be written.

    Raises
    ------
    ConfigurationError
        If something is there already.
    """
    path = Path(os.path.expanduser(target)).absolute()
    if path.exists() or path.is_symlink():
        msg = "this is there already, and nothing is written over"
        raise ConfigurationError(msg, where=Where(str(path)), hint="name a new one, or take the old one away")
    return path


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which takes its place when all is written; a failure leaves nothing.

    Parameters
    ----------
    target
        The place, from `new_place`; folders above it are made.

    Raises
    ------
    ConfigurationError
        If something came to the place meanwhile.
    """
    with whole_folder(target) as made:
        yield made
        new_place(target)
