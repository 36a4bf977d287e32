"""The layout of the database: its tables, what it records about itself, and its integrity check."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.files import sync_folder, take_place
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.plan import Plan
from hmix_hub.suite.store.database import DATABASE_NAME, StoreError, database_errors, sync_fully
from hmix_hub.suite.store.keys import StudyKey, make_key
from hmix_hub.suite.store.reading import read_amendments, read_answered, read_held
from hmix_hub.suite.store.tables import APPLICATION_ID, INDEXES, LAYOUT_VERSION, NEW_META, TABLES, TAKES_PLACE


@dataclass(frozen=True)
class About:
    """What a database records about itself.

    Parameters
    ----------
    sha256
        Hash of the frozen study as stored in the database, 64 hex digits. It stays the same even if a later hmix-hub
        with more keys would write the same study differently.
    """

    frozen: FrozenStudy
    is_synthetic: bool
    sha256: str


def lay_out(connection: sqlite3.Connection, frozen: FrozenStudy, key: StudyKey, *, is_synthetic: bool) -> None:
    """Create the tables of a new database, in one transaction."""
    text = frozen.to_json()
    sha256 = _sha256(text)
    meta = {
        "frozen": text,
        "frozen_sha256": sha256,
        "key_mark": key.mark(sha256),
        "is_synthetic": str(int(is_synthetic)),
        **NEW_META,
    }
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("BEGIN IMMEDIATE")
    for statement in (*TABLES, *INDEXES):
        connection.execute(statement)
    connection.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
    connection.execute("INSERT INTO clock VALUES (1, 0)")
    batches = [(batch.number, batch.task, batch.quota) for batch in frozen.batches]
    connection.executemany("INSERT INTO batches (number, task, quota) VALUES (?, ?, ?)", batches)
    connection.execute(f"PRAGMA user_version = {LAYOUT_VERSION}")
    connection.execute("COMMIT")


def read_about(connection: sqlite3.Connection, place: str, key: StudyKey) -> About:
    """Check that a database is a valid collection, and read what it records about itself.

    Raises
    ------
    StoreError
        If it is not a collection, was made by a newer hmix-hub, was edited by hand, or belongs to another key.
    """
    where = Where(place)
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        msg = "this database is not a collection"
        raise StoreError(msg, where=where, hint="name the folder in which `hmix collect serve` created it")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version != LAYOUT_VERSION:
        msg = f"the collection has layout {version}, but this hmix-hub only supports layout {LAYOUT_VERSION}"
        raise StoreError(msg, where=where, hint="update hmix-hub: pip install --upgrade 'hmix-hub[suite]'")
    meta = dict(connection.execute("SELECT name, value FROM meta"))
    text, sha256 = meta.get("frozen"), meta.get("frozen_sha256")
    if text is None or sha256 != _sha256(text):
        msg = "the frozen study in this collection does not match its hash"
        raise StoreError(msg, where=where, hint="the database was edited or damaged: restore a backup")
    try:
        frozen = FrozenStudy.from_json(text)
    except (KeyError, ValueError, TypeError) as error:
        msg = "this hmix-hub cannot read the original study of this collection"
        hint = "use the version of hmix-hub with which it was collected, or a newer one"
        raise StoreError(msg, where=where, hint=hint) from error
    if meta["key_mark"] != key.mark(sha256):
        msg = "the key in this folder belongs to another collection"
        raise StoreError(msg, where=where, hint="restore collection.key from a backup of this collection")
    return About(frozen, meta["is_synthetic"] == "1", sha256)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def put_meta(connection: sqlite3.Connection, name: str, value: str) -> None:
    """Write one value of the table `meta`."""
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
    )


def get_meta(connection: sqlite3.Connection, name: str) -> str | None:
    """Read one value of the table `meta`; `None` if there is none."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def create_database(folder: Path, frozen: FrozenStudy, *, is_synthetic: bool) -> None:
    """Create the database of a collection, and its key if there is none; nothing is overwritten.

    Raises
    ------
    StoreError
        If there is already a database, or it cannot be created.
    """
    place = folder / DATABASE_NAME
    if os.path.lexists(place):
        raise _is_there(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".new-", suffix=".sqlite", dir=folder)
        os.close(handle)
    except OSError as error:
        msg = f"the collection cannot be created: {error.strerror}"
        raise StoreError(msg, where=Where(str(folder)), hint="name a writable folder") from error
    made = Path(name)
    try:
        key = make_key(folder)
        with database_errors(folder), contextlib.closing(sqlite3.connect(made, isolation_level=None)) as connection:
            sync_fully(connection)
            lay_out(connection, frozen, key, is_synthetic=is_synthetic)
        take_place(made, place)
    except FileExistsError:
        raise _is_there(place) from None
    finally:
        made.unlink(missing_ok=True)
        made.with_name(f"{made.name}-journal").unlink(missing_ok=True)
    sync_folder(folder)


def _is_there(place: Path) -> StoreError:
    msg = "there is already a collection here"
    return StoreError(msg, where=Where(str(place)), hint="serve it as it is, or start the new study in another folder")


_LAWS = {
    "a batch has more participants than its quota": f"""
        SELECT 1 FROM batches b WHERE b.quota < (SELECT count(*) FROM sessions s
            WHERE s.batch = b.number AND {TAKES_PLACE})""",
    "a session has no plan": "SELECT 1 FROM sessions s LEFT JOIN plans p ON p.session = s.id WHERE p.session IS NULL",
    "a finished session has no time": """
        SELECT 1 FROM sessions WHERE (state = 'finished') <> (finished_ms IS NOT NULL)""",
    "a session is incomplete but not finished": """
        SELECT 1 FROM sessions WHERE is_incomplete AND state <> 'finished'""",
    "a sitting lacks a part": "SELECT 1 FROM sessions GROUP BY sitting HAVING max(part) + 1 <> count(*)",
    "a session is from the future": "SELECT 1 FROM sessions s, clock c WHERE s.last_ms > c.study_ms",
}


def check_integrity(database: sqlite3.Connection, frozen: FrozenStudy, folder: Path) -> None:
    """Check the integrity of a database.

    Raises
    ------
    StoreError
        If the file is damaged, or its rows contradict each other; the message lists the problems.
    """
    found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    found += [f"a row of {row[0]} has no owner" for row in database.execute("PRAGMA foreign_key_check")][:5]
    if not found:
        found += [law for law, query in _LAWS.items() if database.execute(f"{query} LIMIT 1").fetchone()]
        parted = "SELECT 1 FROM sessions GROUP BY sitting HAVING min(state) <> max(state)"
        if frozen.study.sitting is not None and database.execute(parted).fetchone():
            found.append("the parts of a sitting have different states")
        found += _check_consents(database, frozen)
        found += _check_trials(database, frozen)
    if found:
        msg = f"the database is damaged: {'; '.join(found)}"
        raise StoreError(msg, where=Where(str(folder)), hint="restore a backup, and keep this folder as it is")


def _check_consents(database: sqlite3.Connection, begun: FrozenStudy) -> list[str]:
    studies = [begun.study, *(amendment.study for amendment in read_amendments(database))]
    query = "SELECT 1 FROM sessions WHERE amendment = ? AND (consent_version, consent_sha256) <> (?, ?)"
    forms = [(number, study.consent.version, study.consent.sha256) for number, study in enumerate(studies)]
    is_unknown = database.execute("SELECT 1 FROM sessions WHERE amendment >= ?", (len(studies),)).fetchone()
    if is_unknown or any(database.execute(query, form).fetchone() for form in forms):
        return ["a participant agreed to a consent form that is not the study's"]
    return []


def _check_trials(database: sqlite3.Connection, frozen: FrozenStudy) -> list[str]:
    found = []
    rows = database.execute(
        "SELECT s.id, s.batch, s.state, s.is_incomplete, p.plan FROM sessions s JOIN plans p ON p.session = s.id"
    )
    for session_id, batch, state, is_incomplete, text in rows.fetchall():
        plan = Plan.from_json(text)
        if plan.batch != batch or batch >= len(frozen.batches):
            found.append(f"session {session_id} has the plan of another batch")
            continue
        planned = {trial.trial_index for trial in plan.trials}
        held = read_held(database, session_id)
        answered = read_answered(database, session_id)
        # Quarantined answers from before the quiz was passed may belong to the session's previous batch.
        if answered - planned:
            found.append(f"session {session_id} has answers of trials that it never had")
        if state == "finished" and planned - held:
            found.append(f"session {session_id} is finished but lacks answers")
        elif state == "finished" and bool(planned - answered) != bool(is_incomplete):
            found.append(f"session {session_id} is wrongly marked as complete or incomplete")
    return found[:5]
