"""The lock of a collection: one process serves it at a time.

What is locked is the key: no collection can be served without it, so that nobody makes room for a second server by
deleting a file that looks as if it were left over.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.suite.store.errors import FolderLockedError, StoreError
from hmix_hub.suite.store.keys import KEY_NAME, make_key, read_key
from hmix_hub.suite.store.layout import DATABASE_NAME

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.05
_FAR = 1 << 30
"""Windows lets nobody read what is locked: a place is locked that the file does not reach."""


@contextlib.contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold a collection against a second server, through whatever path it is named; freed when the process ends.

    A key is made where there is neither a key nor a database yet, and taken away if no collection was begun.

    Raises
    ------
    FolderLockedError
        If another process, or this one, serves the collection already.
    StoreError
        If the folder cannot be written, or the key of the collection is not there.
    """
    path = folder / KEY_NAME
    is_new = not path.exists() and not (folder / DATABASE_NAME).exists()
    (make_key if is_new else read_key)(folder)
    try:
        handle = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        msg = f"the collection cannot be locked: {error.strerror}"
        raise StoreError(msg, where=Where(str(path)), hint="make the folder and the key writable") from error
    try:
        if not _take_soon(handle):
            msg = "this collection is being served already"
            hint = "use the server that runs, or stop it first (Ctrl+C where it was started), then serve again"
            raise FolderLockedError(msg, where=Where(str(folder)), hint=hint)
        try:
            yield
        finally:
            if is_new and not (folder / DATABASE_NAME).exists():
                path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def is_served(folder: Path) -> bool:
    """Say whether a process serves the collection now."""
    try:
        handle = os.open(folder / KEY_NAME, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _take(handle)
    finally:
        os.close(handle)


def _take_soon(handle: int) -> bool:
    """Take the lock; somebody who asks whether the collection is served has it for a moment."""
    for _ in range(_ATTEMPTS):
        if _take(handle):
            return True
        time.sleep(_PAUSE_SECONDS)
    return False


def _take(handle: int) -> bool:
    """Take the lock of an open file; say whether nobody had it."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        import msvcrt

        os.lseek(handle, _FAR, os.SEEK_SET)
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
