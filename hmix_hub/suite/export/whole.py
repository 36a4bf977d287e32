"""Whole folders: written beside their place, then moved there; or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hmix_hub.errors import ConfigurationError, Where


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
def whole_folder(target: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which takes its place when all is written; a failure leaves nothing.

    Parameters
    ----------
    target
        The place, from `new_place`; folders above it are made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield made
        made.chmod(0o755)
        new_place(target)
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
