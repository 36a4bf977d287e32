"""Files and folders that are written whole, or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Write a file under another name beside it, then move it to its place; a link there is replaced, not followed.

    Parameters
    ----------
    path
        The file; its folder is made. Where one stands there, the new one gets its mode.
    content
        All of it.

    Raises
    ------
    OSError
        If it cannot be written; what stood there stands.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content)
        if path.is_file() and not path.is_symlink():
            partial.chmod(stat.S_IMODE(path.stat().st_mode))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path, *, replaces: bool = False, mode: int = 0o755) -> Iterator[Path]:
    """Give an empty folder to fill, which is moved to its place when all is written; a failure leaves nothing.

    Parameters
    ----------
    target
        The place; folders above it are made.
    replaces
        Whether a folder that stands there makes room.
    mode
        Its permissions.

    Raises
    ------
    OSError
        If it cannot be written, or something stands there that is not to be replaced; what stood there stands.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield made
        made.chmod(mode)
        if replaces and target.exists():
            shutil.rmtree(target)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        made.rename(target)
    finally:
        shutil.rmtree(made, ignore_errors=True)
