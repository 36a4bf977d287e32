"""The integrity check: the database as SQLite sees it, and as a collection must be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hmix_hub.errors import Where
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.session.plan import Plan
from hmix_hub.suite.store.errors import StoreError

_LAWS = {
    "a batch has more people than it wants": """
        SELECT 1 FROM batches b WHERE b.quota < (SELECT count(*) FROM sessions s
            WHERE s.batch = b.number AND (s.state = 'live' OR s.state = 'finished' AND NOT s.is_late))""",
    "a session has no plan": "SELECT 1 FROM sessions s LEFT JOIN plans p ON p.session = s.id WHERE p.session IS NULL",
    "a finished session has no time": """
        SELECT 1 FROM sessions WHERE (state = 'finished') <> (finished_ms IS NOT NULL)""",
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
        found += _check_trials(database, frozen)
    if found:
        msg = f"the database is damaged: {'; '.join(found)}"
        raise StoreError(msg, where=Where(str(folder)), hint="go back to a backup, and keep this folder as it is")


def _check_trials(database: sqlite3.Connection, frozen: FrozenStudy) -> list[str]:
    found = []
    rows = database.execute("SELECT s.id, s.batch, s.state, p.plan FROM sessions s JOIN plans p ON p.session = s.id")
    for session_id, batch, state, text in rows.fetchall():
        plan = Plan.from_json(text)
        if plan.batch != batch or batch >= len(frozen.batches):
            found.append(f"session {session_id} has the plan of another batch")
            continue
        planned = {trial.trial_index for trial in plan.trials}
        held: set[int] = set()
        for table in ("answers", "quarantine"):
            query = f"SELECT trial_index FROM {table} WHERE session = ?"  # noqa: S608
            held |= {index for (index,) in database.execute(query, (session_id,))}
        if held - planned:
            found.append(f"session {session_id} has answers of trials that it never had")
        if state == "finished" and planned - held:
            found.append(f"session {session_id} is finished, and lacks answers")
    return found[:5]
