"""Reads of the database as records."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from hmix_hub.suite.design.design import Amendment, FrozenStudy
from hmix_hub.suite.design.plan import Plan
from hmix_hub.suite.store.database import SessionGoneError
from hmix_hub.suite.store.records import AnswerRecord, AsideRecord, BatchCount, ReplyRecord, SessionRecord
from hmix_hub.suite.study.model import StudyFile

_SESSION = """
    SELECT s.id, s.sitting, s.part, s.batch, s.number, s.seed, s.state, s.excluded, s.link, s.amendment, s.run,
        s.is_provisional, s.is_late, s.is_incomplete, s.started_ms, s.trials_ms, s.last_ms, s.finished_ms,
        (SELECT count(*) FROM quiz q WHERE q.session = s.id),
        (SELECT max(passed) FROM quiz q WHERE q.session = s.id),
        EXISTS (SELECT 1 FROM comments c WHERE c.session = s.id),
        EXISTS (SELECT 1 FROM surroundings r WHERE r.session = s.id),
        (SELECT group_concat(page) FROM replies r WHERE r.session = s.id)
    FROM sessions s
"""
_PAGE = 500

Plans = dict[str, Plan]
"""Plans read so far, by session; a session's plan only changes with its batch."""


def read_session(
    database: sqlite3.Connection, frozen: FrozenStudy, session_id: str, plans: Plans
) -> SessionRecord | None:
    """Read a session; `None` if there is none."""
    row = database.execute(f"{_SESSION} WHERE s.id = ?", (session_id,)).fetchone()
    return None if row is None else _record(database, frozen, row, plans)


def read_sessions(database: sqlite3.Connection, frozen: FrozenStudy, plans: Plans) -> list[SessionRecord]:
    """Read all sessions, in the order in which they began."""
    rows = database.execute(f"{_SESSION} ORDER BY s.arrival").fetchall()
    return [_record(database, frozen, row, plans) for row in rows]


def _record(database: sqlite3.Connection, frozen: FrozenStudy, row: tuple[Any, ...], plans: Plans) -> SessionRecord:
    session_id, sitting, part, batch, number, seed, state, *rest = row
    plan = plans.get(session_id)
    # If the batch was full when the quiz was passed, the session has another batch and plan.
    if plan is None or plan.batch != batch:
        text = database.execute("SELECT plan FROM plans WHERE session = ?", (session_id,)).fetchone()[0]
        plan = plans[session_id] = Plan.from_json(text)
    excluded, link, amendment, run, is_provisional, is_late, is_incomplete, *times = rest[:11]
    attempts, passed, has_comments, has_surroundings, replied = rest[11:]
    flags = bool(is_provisional), bool(is_late), bool(is_incomplete)
    pages = frozenset(map(int, replied.split(",")) if replied else ())
    return SessionRecord(
        *(session_id, sitting, part, batch, number, frozen.batches[batch].task, seed, plan, state),
        *(excluded, link, amendment, run),
        *(*flags, *times, bool(passed), attempts, bool(has_comments), bool(has_surroundings), pages),
    )


def read_token(database: sqlite3.Connection, token_hash: bytes) -> str | None:
    """Return the session of a token; `None` for an unknown token.

    Raises
    ------
    SessionGoneError
        If the participant withdrew.
    """
    row = database.execute("SELECT session FROM tokens WHERE hash = ?", (token_hash,)).fetchone()
    if row is None:
        return None
    if row[0] is None:
        raise session_gone()
    return str(row[0])


def session_gone() -> SessionGoneError:
    """Return the error for a deleted session."""
    return SessionGoneError("this session no longer exists: the participant withdrew, and everything was deleted")


def read_recruited(database: sqlite3.Connection, recruiting_hash: str) -> str | None:
    """Return the id of the session of a recruiting hash; `None` if there is none."""
    row = database.execute("SELECT id FROM sessions WHERE recruiting = ?", (recruiting_hash,)).fetchone()
    return None if row is None else str(row[0])


def read_held(database: sqlite3.Connection, session_id: str) -> set[int]:
    """Return the trials of a session that have a stored or a quarantined answer."""
    held = (
        "SELECT trial_index FROM answers WHERE session = :s UNION SELECT trial_index FROM quarantine WHERE session = :s"
    )
    return {index for (index,) in database.execute(held, {"s": session_id})}


def read_answered(database: sqlite3.Connection, session_id: str) -> set[int]:
    """Return the trials of a session that have a stored, valid answer."""
    query = "SELECT trial_index FROM answers WHERE session = ?"
    return {index for (index,) in database.execute(query, (session_id,))}


def read_answers(
    database: sqlite3.Connection, session_id: str | None, lock: AbstractContextManager[object]
) -> Iterator[AnswerRecord]:
    """Read the answers of one session or of all in the order of arrival; no query stays open in between."""
    arrival = -1
    condition = "" if session_id is None else "AND session = :session"
    query = f"""SELECT session, trial_index, payload, arrival, received_ms, run FROM answers
        WHERE arrival > :arrival {condition} ORDER BY arrival LIMIT {_PAGE}"""
    while True:
        with lock:
            rows = database.execute(query, {"arrival": arrival, "session": session_id}).fetchall()
        if not rows:
            return
        for row in rows:
            yield AnswerRecord(row[0], row[1], json.loads(row[2]), *row[3:])
        arrival = rows[-1][3]


def read_amendments(database: sqlite3.Connection, *, after: int = 0) -> list[Amendment]:
    """Read the amendments of the study after a given one, in order (default: all)."""
    query = "SELECT number, study, changed, study_ms, month FROM amendments WHERE number > ? ORDER BY number"
    return [
        Amendment(number, StudyFile.model_validate_json(study), tuple(json.loads(changed)), study_ms, month)
        for number, study, changed, study_ms, month in database.execute(query, (after,)).fetchall()
    ]


def read_replies(database: sqlite3.Connection) -> list[ReplyRecord]:
    """Read the answers to all pages of questions, as they arrived."""
    rows = database.execute("SELECT session, page, payload FROM replies ORDER BY arrival").fetchall()
    return [ReplyRecord(session, int(page), json.loads(payload)) for session, page, payload in rows]


def read_surroundings(database: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return participants' surroundings, by session."""
    rows = database.execute("SELECT session, payload FROM surroundings ORDER BY arrival").fetchall()
    return {session: json.loads(payload) for session, payload in rows}


def read_comments(database: sqlite3.Connection) -> dict[str, str]:
    """Return the comments by session."""
    return dict(database.execute("SELECT session, payload FROM comments ORDER BY arrival").fetchall())


def read_aside(database: sqlite3.Connection, session_id: str | None) -> list[AsideRecord]:
    """Read what was set aside, for one session or all: first the quarantine, then conflicts, by arrival."""
    condition = "" if session_id is None else "WHERE session = :session"
    kinds = "'trial', trial_index, payload, fault FROM quarantine", "kind, place, payload, NULL FROM conflicts"
    queries = (f"SELECT session, {columns} {condition} ORDER BY arrival" for columns in kinds)
    return [AsideRecord(*row) for query in queries for row in database.execute(query, {"session": session_id})]


def read_counts(database: sqlite3.Connection, frozen: FrozenStudy, lapses_before_ms: float) -> list[BatchCount]:
    """Count participants and answers by batch; live sessions with no answer since `lapses_before_ms` have lapsed."""
    query = """
        SELECT b.number, b.given, b.withdrawn,
            count(*) FILTER (WHERE s.became = 'finished' AND NOT s.is_late AND NOT s.is_incomplete),
            count(*) FILTER (WHERE s.became = 'finished' AND s.is_late AND NOT s.is_incomplete),
            count(*) FILTER (WHERE s.became = 'finished' AND s.is_incomplete),
            count(*) FILTER (WHERE s.became = 'live' AND NOT s.is_provisional),
            count(*) FILTER (WHERE s.became = 'live' AND s.is_provisional),
            count(*) FILTER (WHERE s.became = 'lapsed'),
            count(*) FILTER (WHERE s.became = 'failed_quiz'),
            count(*) FILTER (WHERE s.became = 'screened_out'),
            count(*) FILTER (WHERE s.became = 'full'),
            count(*) FILTER (WHERE s.became = 'excluded'),
            total(s.unkept)
        FROM batches b LEFT JOIN (
            SELECT *, CASE
                WHEN excluded IS NOT NULL THEN 'excluded'
                WHEN state = 'live' AND last_ms < :before THEN 'lapsed'
                ELSE state END AS became
            FROM sessions
        ) s ON s.batch = b.number GROUP BY b.number ORDER BY b.number
    """
    rows = database.execute(query, {"before": lapses_before_ms}).fetchall()
    per_batch = "JOIN sessions s ON s.id = t.session GROUP BY s.batch"
    rows_of = [
        dict(database.execute(f"SELECT s.batch, count(*) FROM {table} t {per_batch}").fetchall())
        for table in ("answers", "quarantine", "conflicts")
    ]
    counts = []
    for batch, (number, given, withdrawn, *participants, unkept) in zip(frozen.batches, rows, strict=True):
        values: Any = (given, *participants, withdrawn, *(table.get(number, 0) for table in rows_of), int(unkept))
        counts.append(BatchCount(batch.number, batch.task, batch.condition, batch.quota, *values))
    return counts
