"""Erasing: removing what a withdrawal deleted from the files, not only from the tables.

A withdrawal is confirmed once the rows are deleted, `secure_delete` has overwritten them in place, and the write-ahead
log, which contains rows as they were written, is emptied (while somebody reads, this is retried every second, and
nobody waits for it).

In rare cases, a copy remains in the free space of a page from which SQLite moved a row earlier. Only rewriting the
whole database removes such copies, and answers must wait meanwhile. The database is therefore rewritten when nothing
is waiting, at most once in ten minutes however many participants withdraw, and at the latest when the server stops; if
that is prevented, when it starts again.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from hmix_hub.suite.store.database import BUSY_SECONDS
from hmix_hub.suite.store.layout import get_meta, put_meta

AGAIN_SECONDS = 1.0
"""Time between attempts to empty the log while somebody reads or there is no space."""
REWRITE_SECONDS = 600.0
"""Time between two rewrites of the database."""
_PATIENCE_MS = 50
MUST_ERASE = "must_erase"
"""Value in `meta`, set within the deleting transaction, so that the files are still erased after a restart."""


class Eraser:
    """Erasing of one database.

    Parameters
    ----------
    database
        The writing connection, used only by the writer's thread.
    folder
        The collection; a rewrite keeps its temporary file here, not in memory.
    """

    def __init__(self, database: sqlite3.Connection, folder: Path) -> None:
        self._database, self._folder = database, folder
        self._must_rewrite = get_meta(database, MUST_ERASE) == "1"
        self._must_empty = True
        self._empty_at = self._rewrite_at = 0.0

    @property
    def wait_seconds(self) -> float | None:
        """Return the time until there is something to do; `None` if there is nothing."""
        times = [self._empty_at] * self._must_empty + [self._rewrite_at] * self._must_rewrite
        return max(0.0, min(times) - time.monotonic()) if times else None

    def need(self) -> None:
        """Record that something was deleted."""
        self._must_rewrite = self._must_empty = True
        self._empty_at = 0.0

    def empty_log(self) -> None:
        """Empty the write-ahead log unless an attempt failed a moment ago; failures are ignored."""
        if self._must_empty and time.monotonic() >= self._empty_at:
            with contextlib.suppress(sqlite3.Error):
                self._try_to_empty()
            self._empty_at = time.monotonic() + AGAIN_SECONDS

    def rewrite(self, *, now: bool = False) -> None:
        """Rewrite the database if that is due, or `now`; failures are ignored."""
        if self._must_rewrite and (now or time.monotonic() >= self._rewrite_at):
            with contextlib.suppress(sqlite3.Error):
                self._try_to_rewrite()
            self._rewrite_at = time.monotonic() + REWRITE_SECONDS
        if now:
            self._empty_at = 0.0
        self.empty_log()

    def _try_to_rewrite(self) -> None:
        with _temporary_file_in(self._folder, self._database):
            self._database.execute("VACUUM")
        self._must_rewrite, self._must_empty = False, True
        self._empty_at = 0.0

    def _try_to_empty(self) -> None:
        # Readers keep the log in use, and answers must not wait for them.
        self._database.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        try:
            busy, _, _ = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            self._database.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
        if not busy:
            self._must_empty = False
            if not self._must_rewrite and get_meta(self._database, MUST_ERASE) == "1":
                put_meta(self._database, MUST_ERASE, "0")


@contextlib.contextmanager
def _temporary_file_in(folder: Path, database: sqlite3.Connection) -> Iterator[None]:
    """Make SQLite keep its temporary copy in an unnamed file in a folder, which vanishes once it is closed."""
    name = str(folder.resolve()).replace("'", "''")
    # If SQLite was built without this, the file is in the system's temporary folder.
    with contextlib.suppress(sqlite3.Error):
        database.execute(f"PRAGMA temp_store_directory = '{name}'")
    database.execute("PRAGMA temp_store = FILE")
    try:
        yield
    finally:
        database.execute("PRAGMA temp_store = MEMORY")
        with contextlib.suppress(sqlite3.Error):
            database.execute("PRAGMA temp_store_directory = ''")
