"""The tables of the database.

No table contains an address, a browser's name or a time of day; times are those of the study clock. The only calendar
dates are the months of the first and the last answer and of amendments.
"""

from __future__ import annotations

APPLICATION_ID = 0x484D4958
"""`PRAGMA application_id`: "HMIX"."""
LAYOUT_VERSION = 2
"""`PRAGMA user_version`; a larger one belongs to a newer hmix-hub, a smaller one is upgraded by `migration`."""

SESSIONS = """CREATE TABLE sessions (
        arrival INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        sitting TEXT NOT NULL,
        part INTEGER NOT NULL DEFAULT 0,
        batch INTEGER NOT NULL REFERENCES batches (number),
        number INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('live', 'lapsed', 'finished', 'failed_quiz', 'screened_out', 'full')),
        is_provisional INTEGER NOT NULL DEFAULT 0,
        is_late INTEGER NOT NULL DEFAULT 0,
        is_incomplete INTEGER NOT NULL DEFAULT 0,
        excluded TEXT,
        unkept INTEGER NOT NULL DEFAULT 0,
        consent_version TEXT NOT NULL,
        consent_sha256 TEXT NOT NULL,
        amendment INTEGER NOT NULL DEFAULT 0,
        recruiting TEXT UNIQUE,
        link INTEGER,
        run INTEGER,
        started_ms INTEGER NOT NULL,
        trials_ms INTEGER,
        last_ms INTEGER NOT NULL,
        finished_ms INTEGER
    )"""
"""One session for each task of a participant; `sitting` is the id of the participant's first session."""

ANSWERS = """CREATE TABLE answers (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL REFERENCES sessions (id),
        trial_index INTEGER NOT NULL,
        payload TEXT NOT NULL,
        received_ms INTEGER,
        run INTEGER,
        UNIQUE (session, trial_index)
    )"""

ADDED = (
    """CREATE TABLE replies (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL REFERENCES sessions (id),
        page TEXT NOT NULL,
        payload TEXT NOT NULL,
        passed INTEGER,
        received_ms INTEGER NOT NULL,
        UNIQUE (session, page)
    )""",
    """CREATE TABLE surroundings (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL UNIQUE REFERENCES sessions (id),
        payload TEXT NOT NULL
    )""",
    "CREATE TABLE links (number INTEGER PRIMARY KEY, sitting TEXT UNIQUE, recruiting TEXT UNIQUE)",
    "CREATE TABLE allowed (recruiting TEXT PRIMARY KEY) WITHOUT ROWID",
    """CREATE TABLE amendments (
        number INTEGER PRIMARY KEY,
        study TEXT NOT NULL,
        changed TEXT NOT NULL,
        study_ms INTEGER NOT NULL,
        month TEXT NOT NULL
    )""",
    "CREATE TABLE runs (number INTEGER PRIMARY KEY, started_ms INTEGER NOT NULL)",
)
"""What layout 2 adds to layout 1."""

TABLES = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), study_ms INTEGER NOT NULL)",
    """CREATE TABLE batches (
        number INTEGER PRIMARY KEY,
        task TEXT NOT NULL,
        quota INTEGER NOT NULL,
        given INTEGER NOT NULL DEFAULT 0,
        withdrawn INTEGER NOT NULL DEFAULT 0
    )""",
    SESSIONS,
    "CREATE TABLE plans (session TEXT PRIMARY KEY REFERENCES sessions (id), plan TEXT NOT NULL)",
    """CREATE TABLE tokens (hash BLOB PRIMARY KEY, session TEXT REFERENCES sessions (id),
        is_moved INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID""",
    "CREATE INDEX tokens_by_session ON tokens (session)",
    ANSWERS,
    """CREATE TABLE quiz (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL REFERENCES sessions (id),
        attempt INTEGER NOT NULL,
        payload TEXT NOT NULL,
        passed INTEGER NOT NULL,
        UNIQUE (session, attempt)
    )""",
    """CREATE TABLE comments (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL UNIQUE REFERENCES sessions (id),
        payload TEXT NOT NULL
    )""",
    """CREATE TABLE conflicts (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL REFERENCES sessions (id),
        kind TEXT NOT NULL,
        place INTEGER NOT NULL,
        payload TEXT NOT NULL
    )""",
    "CREATE INDEX conflicts_by_session ON conflicts (session, kind, place)",
    """CREATE TABLE quarantine (
        arrival INTEGER PRIMARY KEY,
        session TEXT NOT NULL REFERENCES sessions (id),
        trial_index INTEGER NOT NULL,
        payload TEXT NOT NULL,
        fault TEXT NOT NULL
    )""",
    "CREATE INDEX quarantine_by_session ON quarantine (session, trial_index)",
    *ADDED,
)


ADDED_META = {"paused": "0", "message": "", "links_issued": "0"}
NEW_META = {"closed": "0", **ADDED_META}
"""Content of the table `meta` in a new collection, besides its study and the mark of its key."""

PERSONAL_TABLES = ("answers", "quiz", "comments", "conflicts", "quarantine", "plans", "replies", "surroundings")
"""Tables with a participant's rows, by the column `session`; a withdrawal deletes these rows."""

TAKES_PLACE = """(NOT is_provisional AND excluded IS NULL
    AND (state = 'live' OR state = 'finished' AND NOT is_late AND NOT is_incomplete))"""
"""Condition on a row of `sessions`: it counts towards the quota of its batch, unless it has lapsed since."""
INDEXES = (
    f"CREATE INDEX sessions_with_place ON sessions (batch) WHERE {TAKES_PLACE}",
    "CREATE INDEX sessions_by_activity ON sessions (state, last_ms)",
    "CREATE INDEX sessions_by_sitting ON sessions (sitting)",
)
"""Indexes of the sessions, so that joining does not slow down with the number of participants who left."""
