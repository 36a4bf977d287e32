"""Collections as the first hmix-hub that collected wrote them: layout 1.

Its tables stand here in full, much as they resemble today's: what that version wrote never changes with them.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hmix_hub.suite.store.database import DATABASE_NAME

_SESSIONS = """CREATE TABLE old_sessions (
    arrival INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    batch INTEGER NOT NULL REFERENCES batches (number),
    number INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('live', 'lapsed', 'finished', 'failed_quiz')),
    is_late INTEGER NOT NULL DEFAULT 0,
    is_incomplete INTEGER NOT NULL DEFAULT 0,
    unkept INTEGER NOT NULL DEFAULT 0,
    consent_version TEXT NOT NULL,
    consent_sha256 TEXT NOT NULL,
    recruiting TEXT UNIQUE,
    started_ms INTEGER NOT NULL,
    last_ms INTEGER NOT NULL,
    finished_ms INTEGER
)"""
_ANSWERS = """CREATE TABLE old_answers (
    arrival INTEGER PRIMARY KEY,
    session TEXT NOT NULL REFERENCES sessions (id),
    trial_index INTEGER NOT NULL,
    payload TEXT NOT NULL,
    UNIQUE (session, trial_index)
)"""
_COLUMNS = {
    "sessions": "arrival, id, batch, number, seed, state, is_late, is_incomplete, unkept, consent_version, "
    "consent_sha256, recruiting, started_ms, last_ms, finished_ms",
    "answers": "arrival, session, trial_index, payload",
}


def take_back(folder: Path) -> None:
    """Turn a closed collection of today's layout into one of layout 1."""
    database = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
    for table, made in (("sessions", _SESSIONS), ("answers", _ANSWERS)):
        columns = _COLUMNS[table]
        database.execute(made)
        database.execute(f"INSERT INTO old_{table} ({columns}) SELECT {columns} FROM {table}")
        database.execute(f"DROP TABLE {table}")
        database.execute(f"ALTER TABLE old_{table} RENAME TO {table}")
    database.execute("ALTER TABLE tokens DROP COLUMN is_moved")
    database.execute("CREATE INDEX sessions_by_batch ON sessions (batch, state, is_late, is_incomplete)")
    for table in ("replies", "surroundings", "links", "allowed", "amendments", "runs"):
        database.execute(f"DROP TABLE {table}")
    database.execute("DELETE FROM meta WHERE name IN ('paused', 'message', 'links_issued')")
    database.execute("PRAGMA user_version = 1")
    database.close()
