"""Replacing of a file: whole, or not at all, with the mode that it had."""

from __future__ import annotations

import stat
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
