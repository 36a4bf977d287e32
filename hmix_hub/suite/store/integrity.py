"""The integrity check: the database as SQLite sees it, and as a collection must be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.session.plan import Plan
from hmix_hub.suite.store.errors import StoreError
from hmix_hub.suite.store.layout import TAKES_PLACE
from hmix_hub.suite.store.reading import read_answered, read_held

_LAWS = {
    "a batch has more people than it wants": f"""
        SELECT 1 FROM batches b WHERE b.quota < (SELECT count(*) FROM sessions s
            WHERE s.batch = b.number AND {TAKES_PLACE})""",  # noqa: S608
    "a session has no plan": "SELECT 1 FROM sessions s LEFT JOIN plans p ON p.session = s.id WHERE p.session IS NULL",
    "a finished session has no time": """
        SELECT 1 FROM sessions WHERE (state = 'finished') <> (finished_ms IS NOT NULL)""",
    "a session is incomplete, and not finished": """
        SELECT 1 FROM sessions WHERE is_incomplete AND state <> 'finished'""",
    "a session is from the future": "SELECT 1 FROM sessions s, clock c WHERE s.last_ms > c.study_ms",
}


def check_integrity(database: sqlite3.Connection, frozen: FrozenStudy, folder: Path) -> None:
    """Check a database whole.

    Raises
    ------
    StoreError
        If the file is damaged, or its rows contradict each other; what was found is named.
    """
    found = [str(row[0]) for row in database.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    found += [f"a row of {row[0]} belongs to nobody" for row in database.execute("PRAGMA foreign_key_check")][:5]
    if not found:
        found += [law for law, query in _LAWS.items() if database.execute(f"{query} LIMIT 1").fetchone()]
        agreed = "SELECT 1 FROM sessions WHERE (consent_version, consent_sha256) <> (?, ?)"
        if database.execute(agreed, (frozen.study.consent.version, frozen.consent_sha256)).fetchone():
            found.append("somebody agreed to another consent form than the study's")
        found += _check_trials(database, frozen)
    if found:
        msg = f"the database is damaged: {'; '.join(found)}"
        raise StoreError(msg, where=Where(str(folder)), hint="go back to a backup, and keep this folder as it is")


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
        if held - planned:
            found.append(f"session {session_id} has answers of trials that it never had")
        if state == "finished" and planned - held:
            found.append(f"session {session_id} is finished, and lacks answers")
        elif state == "finished" and bool(planned - read_answered(database, session_id)) != bool(is_incomplete):
            found.append(f"session {session_id} is counted as what it is not: complete, or incomplete")
    return found[:5]
