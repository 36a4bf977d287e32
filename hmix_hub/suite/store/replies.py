"""Jobs on what a person says of themselves: the answers to pages of questions, and what surrounds the pictures.

All raise `SessionGoneError` if there is no such session.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from hmix_hub.suite.store.answers import compare
from hmix_hub.suite.store.database import StoreRefusedError
from hmix_hub.suite.store.places import end
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.sessions import keep_alive
from hmix_hub.suite.store.work import Work


@dataclass(frozen=True)
class Reply:
    """The answers to a page of questions.

    Parameters
    ----------
    page
        Number of the page within the study.
    answers
        By name of the question.
    """

    session_id: str
    page: int
    answers: dict[str, Any]


def put_reply(
    work: Work, session_id: str, page: int, payload: str, *, passed: bool | None, screened_out: bool
) -> Outcome:
    """Store the answers to a page of questions; others that come later are kept aside.

    Parameters
    ----------
    payload
        Canonical JSON.
    passed
        Whether the page's attention checks were answered rightly; `None`: it has none.
    screened_out
        Whether the answers end the session, in the same transaction.

    Raises
    ------
    StoreRefusedError
        If the session has ended without them.
    """
    session = work.session(session_id)
    found = work.one("SELECT payload FROM replies WHERE session = ? AND page = ?", session_id, str(page))
    if found is not None:
        outcome = compare(work, session_id, ("questions", page), payload, str(found[0]))
    else:
        if session.state not in {"live", "lapsed"}:
            msg = "the session has ended"
            raise StoreRefusedError(msg)
        work.database.execute(
            "INSERT INTO replies (session, page, payload, passed, received_ms) VALUES (?, ?, ?, ?, ?)",
            (session_id, str(page), payload, passed, work.now),
        )
        outcome = Outcome.STORED
    keep_alive(work, session)
    if screened_out and found is None:
        end(work, session, "screened_out")
    work.remember(session_id)
    return outcome


def put_surroundings(work: Work, session_id: str, payload: str) -> Outcome:
    """Store what surrounds a person's pictures, once; a later measurement changes nothing."""
    session = work.session(session_id)
    known = work.one("SELECT 1 FROM surroundings WHERE session = ?", session_id)
    if known is None:
        work.database.execute("INSERT INTO surroundings (session, payload) VALUES (?, ?)", (session_id, payload))
    keep_alive(work, session)
    work.remember(session_id)
    return Outcome.STORED if known is None else Outcome.SAME


def read_replies(database: sqlite3.Connection) -> list[Reply]:
    """Read the answers to all pages of questions, as they arrived."""
    rows = database.execute("SELECT session, page, payload FROM replies ORDER BY arrival").fetchall()
    return [Reply(session, int(page), json.loads(payload)) for session, page, payload in rows]


def read_surroundings(database: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return what surrounds people's pictures, by session."""
    rows = database.execute("SELECT session, payload FROM surroundings ORDER BY arrival").fetchall()
    return {session: json.loads(payload) for session, payload in rows}
