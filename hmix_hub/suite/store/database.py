"""The database file of a collection: connections with durable commits, and the errors of the store."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from hmix_hub.errors import CollectionError, Where

DATABASE_NAME = "collection.sqlite"
BUSY_SECONDS = 30.0
_FULL_SYNCHRONOUS = 2
_HINT = "check that the folder exists, is on a local disk, and is writable"


class StoreError(CollectionError):
    """The database cannot be read or written, or is not one of ours."""

    code = "HMX810"


class StoreFullError(StoreError):
    """There is no space left on the disk; nothing was stored."""

    code = "HMX811"


class StoreRefusedError(CollectionError):
    """What was sent belongs nowhere, or is too much."""

    code = "HMX812"


class StudyFullError(CollectionError):
    """Every batch is full."""

    code = "HMX813"


class StudyClosedError(CollectionError):
    """The study does not accept new participants."""

    code = "HMX814"


class StudyPausedError(CollectionError):
    """The study is paused, so that nobody can start."""

    code = "HMX817"


class SessionGoneError(CollectionError):
    """The participant withdrew, and the session was deleted."""

    code = "HMX815"


class JoinRefusedError(CollectionError):
    """Somebody cannot start or continue with their recruiting id or link.

    Parameters
    ----------
    reason
        "id_taken", "not_allowed", "link_opened" or "bad_link".
    """

    code = "HMX818"

    def __init__(self, message: str, *, reason: Literal["id_taken", "not_allowed", "link_opened", "bad_link"]) -> None:
        super().__init__(message)
        self.reason = reason


class FolderLockedError(CollectionError):
    """The collection is already being served."""

    code = "HMX816"


def open_writing(folder: Path) -> sqlite3.Connection:
    """Open the database for writing: WAL, every commit on disk before it returns, deleted rows overwritten.

    Raises
    ------
    StoreError
        If it cannot be opened, or the system does not support this.
    """
    with database_errors(folder):
        connection = _connect(folder, "rw")
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            sync_fully(connection)
            connection.execute("PRAGMA foreign_keys = ON")
            erases = connection.execute("PRAGMA secure_delete = ON").fetchone()[0]
            synchronous = connection.execute("PRAGMA synchronous").fetchone()[0]
            if (mode, synchronous, erases) != ("wal", _FULL_SYNCHRONOUS, 1):
                msg = "the database cannot guarantee that every commit is on disk"
                hint = "move the collection to a local disk; network folders do not support this"
                raise StoreError(msg, where=Where(str(folder)), hint=hint)
        except BaseException:
            connection.close()
            raise
        return connection


def sync_fully(connection: sqlite3.Connection) -> None:
    """Make every commit reach the disk before it returns; on macOS, also flush the disk's own cache."""
    for pragma in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON"):
        connection.execute(f"PRAGMA {pragma}")


def open_reading(folder: Path) -> sqlite3.Connection:
    """Open the database for reading, while another process may write.

    Raises
    ------
    StoreError
        If it does not exist, or cannot be read.
    """
    with database_errors(folder):
        connection = _connect(folder, "ro")
        try:
            connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            connection.close()
            wal = folder / f"{DATABASE_NAME}-wal"
            if os.access(folder, os.W_OK) or (wal.exists() and wal.stat().st_size):
                raise
            # A read-only folder has no place for the shared memory of WAL, but nobody can write to it either.
            connection = _connect(folder, "ro&immutable=1")
        return connection


def _connect(folder: Path, mode: str) -> sqlite3.Connection:
    path = folder / DATABASE_NAME
    if not path.is_file():
        msg = "there is no collection here yet"
        hint = "`hmix collect serve` starts one from the study file in the folder"
        raise StoreError(msg, where=Where(str(folder)), hint=hint)
    uri = f"file:{quote(str(path.resolve()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def as_store_error(error: sqlite3.Error, folder: Path) -> StoreError:
    """Return a database error as one of our errors."""
    where = Where(str(folder))
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        msg = "there is no space left on the collection's disk; nothing was stored"
        return StoreFullError(msg, where=where, hint="free some space; browsers send the answers again by themselves")
    return StoreError(f"the database failed: {error}", where=where, hint=_HINT)


@contextlib.contextmanager
def database_errors(folder: Path) -> Iterator[None]:
    """Raise database errors as `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_store_error(error, folder) from error


def sync_file(path: Path) -> None:
    """Flush a file to the disk."""
    # Windows only syncs files that are open for writing.
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())
