"""Migration: upgrades collections of an earlier hmix-hub to the current layout before they are read."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.suite.store.database import (
    DATABASE_NAME,
    FolderLockedError,
    StoreError,
    database_errors,
    open_reading,
    open_writing,
)
from hmix_hub.suite.store.erasing import MUST_ERASE
from hmix_hub.suite.store.keys import is_served
from hmix_hub.suite.store.layout import put_meta
from hmix_hub.suite.store.tables import (
    ADDED,
    ADDED_META,
    ANSWERS,
    APPLICATION_ID,
    INDEXES,
    LAYOUT_VERSION,
    SESSIONS,
)

_FIRST = 1
"""Layout of the first hmix-hub that collected."""
_KEPT = {
    "sessions": (
        "arrival, id, batch, number, seed, state, is_late, is_incomplete, unkept, consent_version, consent_sha256, "
        "recruiting, started_ms, last_ms, finished_ms"
    ),
    "answers": "arrival, session, trial_index, payload",
}
"""Columns in layout 1 of the tables that are recreated."""


def bring_up(folder: Path, *, is_locked: bool) -> None:
    """Upgrade a collection of layout 1 to the current layout, in one transaction; leave any other unchanged.

    Parameters
    ----------
    is_locked
        Whether the caller is the serving process, which holds the lock.

    Raises
    ------
    StoreError
        If it cannot be written.
    FolderLockedError
        If another process serves it.
    """
    with contextlib.closing(open_reading(folder)) as database, database_errors(folder):
        if not _is_old(database):
            return
    where = Where(str(folder))
    if not is_locked and is_served(folder):
        msg = "this collection is being served by an earlier hmix-hub"
        hint = "stop that server, and serve the collection with this version"
        raise FolderLockedError(msg, where=where, hint=hint)
    if not os.access(folder / DATABASE_NAME, os.W_OK):
        msg = "this collection of an earlier hmix-hub cannot be upgraded, because it is read-only"
        raise StoreError(msg, where=where, hint="copy the folder to a writable place, and name the copy")
    with contextlib.closing(open_writing(folder)) as database, database_errors(folder):
        # A recreated table is missing for a moment, and foreign key checks would delete dependent rows.
        database.execute("PRAGMA foreign_keys = OFF")
        database.execute("BEGIN IMMEDIATE")
        # Another process may have upgraded it while this one waited.
        if _is_old(database):
            _change(database)
        database.execute("COMMIT")


def _is_old(database: sqlite3.Connection) -> bool:
    pragmas = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    return pragmas == [APPLICATION_ID, _FIRST]


def _change(database: sqlite3.Connection) -> None:
    for table, made in (("sessions", SESSIONS), ("answers", ANSWERS)):
        columns = _KEPT[table]
        database.execute(made.replace(f"TABLE {table}", f"TABLE new_{table}", 1))
        more, values = (", sitting", ", id") if table == "sessions" else ("", "")
        query = f"INSERT INTO new_{table} ({columns}{more}) SELECT {columns}{values} FROM {table} ORDER BY arrival"
        database.execute(query)
        database.execute(f"DROP TABLE {table}")
        database.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    database.execute("ALTER TABLE tokens ADD COLUMN is_moved INTEGER NOT NULL DEFAULT 0")
    for statement in (*ADDED, *INDEXES):
        database.execute(statement)
    for name, value in ADDED_META.items():
        put_meta(database, name, value)
    # The old tables' pages could still contain rows of withdrawn participants, so the file is rewritten.
    put_meta(database, MUST_ERASE, "1")
    database.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")
