"""Erasing: bringing what a withdrawal deleted out of the files, not only out of the tables.

`secure_delete` overwrites a deleted row where it last stood. A row that SQLite moved to another page before may have
left a copy behind in the free space of the first one, and the write-ahead log holds rows as they were written. So the
database is written anew, and the log emptied.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time

from hmix_hub.suite.store.connection import BUSY_SECONDS
from hmix_hub.suite.store.layout import get_meta, put_meta

AGAIN_SECONDS = 1.0
"""Time between attempts, while somebody reads or there is no space."""
_PATIENCE_MS = 50
_FLAG = "must_erase"


def ask_to_erase(database: sqlite3.Connection) -> None:
    """Note, within the transaction that deletes, that the files have to follow; a restart sees it too."""
    put_meta(database, _FLAG, "1")


class Eraser:
    """Erasing of one database.

    Parameters
    ----------
    database
        The writing connection, used by the writer's thread alone.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._must_rewrite = get_meta(database, _FLAG) == "1"
        self._must_empty = True
        self._next = 0.0

    @property
    def is_needed(self) -> bool:
        """Whether something is left to erase."""
        return self._must_rewrite or self._must_empty

    def need(self) -> None:
        """Take that something was deleted."""
        self._must_rewrite = True
        self._next = 0.0

    def erase(self, *, now: bool = False) -> None:
        """Erase what is left to erase, unless the last attempt failed a moment ago; harmless if it cannot be done.

        Parameters
        ----------
        now
            Whether to try however short ago the last attempt was.
        """
        if not self.is_needed or (not now and time.monotonic() < self._next):
            return
        # No space, or somebody reads: the deletion itself is committed, and this is tried again.
        with contextlib.suppress(sqlite3.Error):
            self._try()
        self._next = time.monotonic() + AGAIN_SECONDS

    def _try(self) -> None:
        if self._must_rewrite:
            self._database.execute("VACUUM")
            self._must_rewrite, self._must_empty = False, True
        # Readers keep the log; the answers that wait for this thread must not wait for them.
        self._database.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        try:
            busy, _, _ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        if not busy:
            self._must_empty = False
            if get_meta(self._database, _FLAG) == "1":
                put_meta(self._database, _FLAG, "0")
