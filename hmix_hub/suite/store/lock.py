"""The lock of a collection: one process serves it at a time."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.suite.store.errors import FolderLockedError, StoreError

LOCK_NAME = ".lock"


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a collection against a second server, through whatever path it is named; freed when the process ends.

    Raises
    ------
    FolderLockedError
        If another process, or this one, serves the collection already.
    StoreError
        If the folder cannot be written.
    """
    path = folder / LOCK_NAME
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        msg = f"the collection cannot be locked: {error.strerror}"
        raise StoreError(msg, where=Where(str(path)), hint="make the folder writable") from error
    try:
        if not _take(handle):
            msg = "this collection is being served already"
            hint = "use the server that runs, or stop it first (Ctrl+C where it was started), then serve again"
            raise FolderLockedError(msg, where=Where(str(folder)), hint=hint)
        yield
    finally:
        os.close(handle)


def is_served(folder: Path) -> bool:
    """Say whether a process serves the collection now."""
    try:
        handle = os.open(folder / LOCK_NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(handle)
    finally:
        os.close(handle)


def _take(handle: int) -> bool:
    """Take the lock of an open file; say whether nobody had it."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        import msvcrt

        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        except OSError:
            return False
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:  # pragma: no cover - network folders
        msg = f"the collection cannot be locked: {error.strerror}"
        raise StoreError(msg, hint="move it to a disk of this computer; network folders cannot do this") from error
    return True
