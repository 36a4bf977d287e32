"""The database file of a collection: connections, whose commits are on the disk, and the errors of the store."""

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
_HINT = "check that the folder is there, on a disk of this computer, and may be written"


class StoreError(CollectionError):
    """The database cannot be read or written, or is not one of ours."""

    code = "HMX810"


class StoreFullError(StoreError):
    """There is no space left on the disk; nothing of what was to be stored was stored."""

    code = "HMX811"


class StoreRefusedError(CollectionError):
    """What was to be stored fits nowhere, or there is too much of it."""

    code = "HMX812"


class StudyFullError(CollectionError):
    """Every batch is full."""

    code = "HMX813"


class StudyClosedError(CollectionError):
    """The study takes no new people."""

    code = "HMX814"


class StudyPausedError(CollectionError):
    """The study is paused: nobody begins at present."""

    code = "HMX817"


class SessionGoneError(CollectionError):
    """The person withdrew, and the session was deleted."""

    code = "HMX815"


class JoinRefusedError(CollectionError):
    """Somebody cannot begin, or go on, with what they came with.

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
    """The collection is being served already."""

    code = "HMX816"


def open_writing(folder: Path) -> sqlite3.Connection:
    """Open the database to write: WAL, every commit on the disk before it returns, deleted rows overwritten.

    Raises
    ------
    StoreError
        If it cannot be opened, or the system does not grant this.
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
                msg = "the database cannot be written so that every commit is on the disk at once"
                hint = "move the collection to a disk of this computer; network folders cannot do this"
                raise StoreError(msg, where=Where(str(folder)), hint=hint)
        except BaseException:
            connection.close()
            raise
        return connection


def sync_fully(connection: sqlite3.Connection) -> None:
    """Make every commit reach the disk before it returns; on macOS also out of the disk's own memory."""
    for pragma in ("synchronous = FULL", "fullfsync = ON", "checkpoint_fullfsync = ON"):
        connection.execute(f"PRAGMA {pragma}")


def open_reading(folder: Path) -> sqlite3.Connection:
    """Open the database to read, while another process may write.

    Raises
    ------
    StoreError
        If it is not there, or cannot be read.
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
            # A folder that cannot be written has no place for the shared memory of WAL; nobody can write here anyway.
            connection = _connect(folder, "ro&immutable=1")
        return connection


def _connect(folder: Path, mode: str) -> sqlite3.Connection:
    path = folder / DATABASE_NAME
    if not path.is_file():
        msg = "there is no collection here yet"
        hint = "`hmix collect serve` begins one from the study file in the folder"
        raise StoreError(msg, where=Where(str(folder)), hint=hint)
    uri = f"file:{quote(str(path.resolve()))}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def as_store_error(error: sqlite3.Error, folder: Path) -> StoreError:
    """Return an error of the database as one of ours."""
    where = Where(str(folder))
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        msg = "there is no space left on the disk of the collection; nothing was stored"
        return StoreFullError(msg, where=where, hint="free some space; the answers are sent again by themselves")
    return StoreError(f"the database failed: {error}", where=where, hint=_HINT)


@contextlib.contextmanager
def database_errors(folder: Path) -> Iterator[None]:
    """Raise errors of the database as `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_store_error(error, folder) from error


def sync_file(path: Path) -> None:
    """Flush a file to the disk."""
    # Windows syncs only what is open to write.
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())
