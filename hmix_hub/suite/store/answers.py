"""Jobs that store what participants send: answers to trials, quizzes and questions, surroundings, comments.

Nothing is overwritten or dropped. All raise `SessionGoneError` if the session does not exist.
"""

from __future__ import annotations

import json

from hmix_hub.suite.store.database import StoreRefusedError
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.places import claim, end, has_place, open_parts
from hmix_hub.suite.store.reading import read_answered
from hmix_hub.suite.store.records import Outcome, SessionRecord
from hmix_hub.suite.store.sessions import begin_trials, keep_alive
from hmix_hub.suite.store.work import Work

MOST_ASIDE = 5
"""Maximum number of quarantined answers kept per trial, and of conflicts kept per answer."""
MOST_BYTES_ASIDE = 1_000_000
"""Maximum bytes set aside per session. Beyond it, answers are truncated or, if the trial is already held, not kept."""
EARLIEST_MONTH = "2026-01"
"""Earlier months are ignored: they come from a computer that lost its date, since hmix-hub did not exist yet."""
CUT = 1000
"""Characters kept of a truncated answer."""
MOST_ATTEMPTS = 1000
"""Maximum quiz attempts stored per session if the study sets no limit."""
_LONG_ANSWER = 16 * 1024
"""Characters that few answers exceed."""


def canonical(payload: str) -> str | None:
    """Return JSON in the form that is compared and stored: keys sorted, no spaces; `None` if it is not JSON."""
    try:
        content = json.loads(payload)
        return json.dumps(content, sort_keys=True, separators=(",", ":"))
    except (ValueError, RecursionError):
        return None


def storable(text: str) -> str:
    """Return a text that can be encoded in UTF-8: lone surrogates are escaped, to keep them as evidence."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def legible(text: str) -> str:
    """Return a readable text: lone surrogates and null characters are replaced."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\N{REPLACEMENT CHARACTER}")


def put_trial(
    work: Work, session_id: str, trial_index: int, payload: str, fault: str | None, *, pretended_ms: int = 0
) -> Outcome:
    """Store the answer to a trial, or quarantine it.

    Parameters
    ----------
    payload
        Canonical JSON; with a fault, any text.
    fault
        Why the answer is invalid; `None` if it is valid.
    pretended_ms
        Added to the time of arrival, for scripted participants, who do not really wait.

    Raises
    ------
    StoreRefusedError
        If the session has no such trial.
    """
    session = work.session(session_id)
    if session.plan.trial(trial_index) is None:
        msg = f"the session has no trial {trial_index}"
        raise StoreRefusedError(msg)
    if fault is None:
        outcome = _store_answer(work, session_id, trial_index, payload, work.now + pretended_ms)
        _complete(work, session)
    else:
        outcome = _quarantine(work, session_id, trial_index, payload, fault)
    work.effects.append(lambda cache: cache.hold(session_id, trial_index))
    keep_alive(work, session)
    work.remember(session_id)
    return outcome


def _store_answer(work: Work, session_id: str, trial_index: int, payload: str, received_ms: int) -> Outcome:
    found = work.one("SELECT payload FROM answers WHERE session = ? AND trial_index = ?", session_id, trial_index)
    if found is not None:
        return compare(work, session_id, ("trial", trial_index), payload, str(found[0]))
    work.database.execute(
        "INSERT INTO answers (session, trial_index, payload, received_ms, run) VALUES (?, ?, ?, ?, ?)",
        (session_id, trial_index, payload, received_ms, work.run),
    )
    _note_month(work)
    return Outcome.STORED


def _complete(work: Work, session: SessionRecord) -> None:
    """Mark a finished session as complete once its last valid answer has arrived; it is late if its place is gone."""
    if session.is_incomplete and len(read_answered(work.database, session.id)) == len(session.plan.trials):
        is_late = session.is_late or not has_place(work, session)
        query = "UPDATE sessions SET is_incomplete = 0, is_late = ? WHERE id = ?"
        work.database.execute(query, (is_late, session.id))


def _note_month(work: Work) -> None:
    if work.month < EARLIEST_MONTH:
        return
    # The clock may have been ahead before it was corrected.
    first = get_meta(work.database, "first_month")
    if first is None or work.month < first:
        put_meta(work.database, "first_month", work.month)
    last = get_meta(work.database, "last_month") or ""
    if work.month > last:
        put_meta(work.database, "last_month", work.month)


def _quarantine(work: Work, session_id: str, trial_index: int, payload: str, fault: str) -> Outcome:
    query = "SELECT payload FROM quarantine WHERE session = ? AND trial_index = ?"
    kept = [text for (text,) in work.database.execute(query, (session_id, trial_index))]
    if payload in kept:
        return Outcome.QUARANTINED
    if not _has_room(work, session_id, len(kept), payload):
        if kept or trial_index in read_answered(work.database, session_id):
            return _leave_out(work, session_id, Outcome.QUARANTINED)
        # The trial must be held, or the browser would send this again forever.
        payload, fault = payload[:CUT], f"{fault} (cut after {CUT} characters)"
    work.database.execute(
        "INSERT INTO quarantine (session, trial_index, payload, fault) VALUES (?, ?, ?, ?)",
        (session_id, trial_index, payload, fault),
    )
    return Outcome.QUARANTINED


def compare(work: Work, session_id: str, place: tuple[str, int], payload: str, first: str) -> Outcome:
    """Compare a second answer with the first; if it differs, set it aside as a conflict, up to a limit."""
    if payload == first:
        return Outcome.SAME
    query = "SELECT payload FROM conflicts WHERE session = ? AND kind = ? AND place = ?"
    kept = [text for (text,) in work.database.execute(query, (session_id, *place))]
    if payload in kept:
        return Outcome.CONFLICT
    if not _has_room(work, session_id, len(kept), payload):
        return _leave_out(work, session_id, Outcome.CONFLICT)
    work.database.execute(
        "INSERT INTO conflicts (session, kind, place, payload) VALUES (?, ?, ?, ?)", (session_id, *place, payload)
    )
    return Outcome.CONFLICT


def _has_room(work: Work, session_id: str, kept: int, payload: str) -> bool:
    """Return whether one more answer can be set aside; `kept` is the number for the same trial or answer."""
    if kept >= MOST_ASIDE:
        return False
    used = work.count(
        """SELECT total(length(CAST(payload AS BLOB))) FROM (
            SELECT payload FROM quarantine WHERE session = :session
            UNION ALL SELECT payload FROM conflicts WHERE session = :session)""",
        session=session_id,
    )
    return used + len(payload.encode()) <= MOST_BYTES_ASIDE


def _leave_out(work: Work, session_id: str, outcome: Outcome) -> Outcome:
    """Count an answer that is not kept. Its trial is held, so that the browser does not send it again."""
    work.database.execute("UPDATE sessions SET unkept = unkept + 1 WHERE id = ?", (session_id,))
    return outcome


def put_quiz(work: Work, session_id: str, attempt: int, payload: str, passed: bool) -> Outcome:
    """Store an attempt at the quiz, counted from 1; if it was the last one, end the session in the same transaction.

    Raises
    ------
    StoreRefusedError
        If an earlier attempt is missing, the session has ended, or there are too many attempts.
    """
    session = work.session(session_id)
    found = work.one("SELECT payload FROM quiz WHERE session = ? AND attempt = ?", session_id, attempt)
    if found is not None:
        outcome = compare(work, session_id, ("quiz", attempt), payload, str(found[0]))
        keep_alive(work, session)
    else:
        _check_attempt(session.quiz_attempts, attempt)
        if session.quiz_passed or not session.is_open:
            msg = "the quiz has ended"
            raise StoreRefusedError(msg)
        work.database.execute(
            "INSERT INTO quiz (session, attempt, payload, passed) VALUES (?, ?, ?, ?)",
            (session_id, attempt, payload, passed),
        )
        outcome = Outcome.STORED
        keep_alive(work, session)
        quiz = work.versions.of(session.amendment).study.tasks[session.task].quiz
        if passed:
            begin_trials(work, session_id)
            if not all(claim(work, part) for part in open_parts(work, session)):
                end(work, session, "full")
        elif quiz is not None and quiz.attempts is not None and attempt >= quiz.attempts:
            end(work, session, "failed_quiz")
    work.remember(session_id)
    return outcome


def _check_attempt(made: int, attempt: int) -> None:
    if attempt != made + 1:
        msg = f"quiz attempt {attempt} does not follow the {made} made so far"
        raise StoreRefusedError(msg)
    if attempt > MOST_ATTEMPTS:
        msg = "too many attempts at the quiz"
        raise StoreRefusedError(msg)


def put_comments(work: Work, session_id: str, text: str) -> Outcome:
    """Store the comments of a session; different ones that arrive later are set aside."""
    session = work.session(session_id)
    found = work.one("SELECT payload FROM comments WHERE session = ?", session_id)
    if found is not None:
        outcome = compare(work, session_id, ("comments", 0), text, str(found[0]))
    else:
        work.database.execute("INSERT INTO comments (session, payload) VALUES (?, ?)", (session_id, text))
        outcome = Outcome.STORED
    keep_alive(work, session)
    work.remember(session_id)
    return outcome


def try_out(work: Work) -> None:
    """Write the size of a long answer and delete it again; fails if answers cannot be stored."""
    put_meta(work.database, "tried", "." * _LONG_ANSWER)
    work.database.execute("DELETE FROM meta WHERE name = 'tried'")


def put_reply(
    work: Work, session_id: str, page: int, payload: str, *, passed: bool | None, screened_out: bool
) -> Outcome:
    """Store the answers to a page of questions; different ones that arrive later are set aside.

    Parameters
    ----------
    payload
        Canonical JSON.
    passed
        Whether the page's attention checks were answered correctly; `None`: it has none.
    screened_out
        Whether the answers end the session, in the same transaction.

    Raises
    ------
    StoreRefusedError
        If the session ended without them.
    """
    session = work.session(session_id)
    found = work.one("SELECT payload FROM replies WHERE session = ? AND page = ?", session_id, str(page))
    if found is not None:
        outcome = compare(work, session_id, ("questions", page), payload, str(found[0]))
    else:
        if not session.is_open:
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
    """Store a participant's surroundings, once; later measurements are ignored."""
    session = work.session(session_id)
    known = work.one("SELECT 1 FROM surroundings WHERE session = ?", session_id)
    if known is None:
        work.database.execute("INSERT INTO surroundings (session, payload) VALUES (?, ?)", (session_id, payload))
    keep_alive(work, session)
    work.remember(session_id)
    return Outcome.STORED if known is None else Outcome.SAME
