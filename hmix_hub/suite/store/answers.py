"""Jobs on what a person sends: answers, quiz attempts, comments. Nothing is written over, nothing is dropped."""

from __future__ import annotations

import json

from hmix_hub.suite.store.assignment import keep_alive
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.work import Work, refuse

MOST_ASIDE = 200
"""Quarantined answers, and conflicts, that are kept of one session."""
MOST_ATTEMPTS = 1000
"""Quiz attempts that are kept of one session where the study sets no limit."""


def canonical(payload: str) -> str | None:
    """Give JSON as it is compared and kept: keys sorted, no spaces; `None` for what is no JSON."""
    try:
        content = json.loads(payload)
        return json.dumps(content, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def storable(text: str) -> str:
    """Give a text that can be written as UTF-8: halves of surrogate pairs are written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def put_trial(work: Work, session_id: str, trial_index: int, payload: str, fault: str | None) -> Outcome:
    """Store the answer of a trial, or quarantine it.

    Parameters
    ----------
    payload
        Canonical JSON; with a fault, any text.
    fault
        Why it is no valid answer; `None` where it is one.

    Raises
    ------
    SessionGoneError
        If there is no such session.
    StoreRefusedError
        If the session has no such trial, or too much was kept aside of it.
    """
    session = work.session(session_id)
    if session.plan.trial(trial_index) is None:
        msg = f"the session has no trial {trial_index}"
        raise refuse(msg)
    if fault is None:
        outcome = _store_answer(work, session_id, trial_index, payload)
    else:
        outcome = _quarantine(work, session_id, trial_index, payload, fault)
    work.effects.append(lambda cache: cache.hold(session_id, trial_index))
    keep_alive(work, session)
    work.remember(session_id)
    return outcome


def _store_answer(work: Work, session_id: str, trial_index: int, payload: str) -> Outcome:
    found = work.one("SELECT payload FROM answers WHERE session = ? AND trial_index = ?", session_id, trial_index)
    if found is not None:
        return _compare(work, session_id, ("trial", trial_index), payload, str(found[0]))
    work.database.execute(
        "INSERT INTO answers (session, trial_index, payload) VALUES (?, ?, ?)", (session_id, trial_index, payload)
    )
    _note_month(work)
    return Outcome.STORED


def _note_month(work: Work) -> None:
    first = get_meta(work.database, "first_month")
    if first is None:
        put_meta(work.database, "first_month", work.month)
    last = get_meta(work.database, "last_month") or ""
    if work.month > last:
        put_meta(work.database, "last_month", work.month)


def _quarantine(work: Work, session_id: str, trial_index: int, payload: str, fault: str) -> Outcome:
    known = "SELECT 1 FROM quarantine WHERE session = ? AND trial_index = ? AND payload = ?"
    if work.one(known, session_id, trial_index, payload) is None:
        _check_room(work, "quarantine", session_id)
        work.database.execute(
            "INSERT INTO quarantine (session, trial_index, payload, fault) VALUES (?, ?, ?, ?)",
            (session_id, trial_index, payload, fault),
        )
    return Outcome.QUARANTINED


def _compare(work: Work, session_id: str, place: tuple[str, int], payload: str, first: str) -> Outcome:
    """Tell whether a second one is the first once more; else keep it aside."""
    if payload == first:
        return Outcome.SAME
    known = "SELECT 1 FROM conflicts WHERE session = ? AND kind = ? AND place = ? AND payload = ?"
    if work.one(known, session_id, *place, payload) is None:
        _check_room(work, "conflicts", session_id)
        work.database.execute(
            "INSERT INTO conflicts (session, kind, place, payload) VALUES (?, ?, ?, ?)",
            (session_id, *place, payload),
        )
    return Outcome.CONFLICT


def _check_room(work: Work, table: str, session_id: str) -> None:
    if work.count(f"SELECT count(*) FROM {table} WHERE session = ?", session_id) >= MOST_ASIDE:  # noqa: S608
        msg = f"{MOST_ASIDE} answers of this session were kept aside already, and no more are"
        raise refuse(msg)


def put_quiz(work: Work, session_id: str, attempt: int, payload: str, passed: bool) -> Outcome:
    """Store an attempt at the quiz; the session ends in the same transaction if it was the last one.

    Parameters
    ----------
    attempt
        Number of the attempt, from 1.

    Raises
    ------
    SessionGoneError
        If there is no such session.
    StoreRefusedError
        If an earlier attempt is missing, the session has ended, or there are too many attempts.
    """
    session = work.session(session_id)
    found = work.one("SELECT payload FROM quiz WHERE session = ? AND attempt = ?", session_id, attempt)
    if found is not None:
        outcome = _compare(work, session_id, ("quiz", attempt), payload, str(found[0]))
        keep_alive(work, session)
    else:
        _check_attempt(session.quiz_attempts, attempt)
        if session.quiz_passed or session.state in {"finished", "failed_quiz"}:
            msg = "the quiz has ended"
            raise refuse(msg)
        work.database.execute(
            "INSERT INTO quiz (session, attempt, payload, passed) VALUES (?, ?, ?, ?)",
            (session_id, attempt, payload, passed),
        )
        outcome = Outcome.STORED
        keep_alive(work, session)
        quiz = work.frozen.design_of(work.batch_of(session)).quiz
        if not passed and quiz is not None and quiz.attempts is not None and attempt >= quiz.attempts:
            work.database.execute("UPDATE sessions SET state = 'failed_quiz' WHERE id = ?", (session_id,))
    work.remember(session_id)
    return outcome


def _check_attempt(made: int, attempt: int) -> None:
    if attempt != made + 1:
        msg = f"attempt {attempt} at the quiz does not follow the {made} that were made"
        raise refuse(msg)
    if attempt > MOST_ATTEMPTS:
        msg = "there were too many attempts at the quiz"
        raise refuse(msg)


def put_comments(work: Work, session_id: str, text: str) -> Outcome:
    """Store the comments of a session; others that come later are kept aside.

    Raises
    ------
    SessionGoneError
        If there is no such session.
    StoreRefusedError
        If too much was kept aside.
    """
    session = work.session(session_id)
    found = work.one("SELECT payload FROM comments WHERE session = ?", session_id)
    if found is not None:
        outcome = _compare(work, session_id, ("comments", 0), text, str(found[0]))
    else:
        work.database.execute("INSERT INTO comments (session, payload) VALUES (?, ?)", (session_id, text))
        outcome = Outcome.STORED
    keep_alive(work, session)
    work.remember(session_id)
    return outcome
