"""Jobs on a session as a whole: resume, finish, leave, withdraw."""

from __future__ import annotations

from hmix_hub.suite.store.assignment import has_place, keep_alive
from hmix_hub.suite.store.erasing import ask_to_erase
from hmix_hub.suite.store.layout import PERSONAL_TABLES
from hmix_hub.suite.store.reading import read_answered, read_held
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.work import Work, as_of, refuse


def resume(work: Work, session_id: str) -> SessionRecord:
    """Take that a person came back; see `keep_alive`.

    Raises
    ------
    SessionGoneError
        If there is no such session.
    """
    keep_alive(work, work.session(session_id))
    return as_of(work.remember(session_id), work.now, work.frozen)


def finish(work: Work, session_id: str) -> list[int]:
    """Finish a session, if an answer of every trial is held.

    A quarantined answer is held, too: the person did what there was to do, and is told so. But the session counts
    towards the quota only if there is a valid answer of every trial; else it is marked as incomplete.

    Returns
    -------
    list of int
        Trials that are missing; empty where the session is finished, now or before.

    Raises
    ------
    SessionGoneError
        If there is no such session.
    StoreRefusedError
        If it ended with the quiz.
    """
    session = work.session(session_id)
    if session.state == "finished":
        return []
    if session.state == "failed_quiz":
        msg = "the session ended with the quiz"
        raise refuse(msg)
    held = read_held(work.database, session_id)
    missing = [trial.trial_index for trial in session.plan.trials if trial.trial_index not in held]
    if missing:
        return missing
    # A live session holds its place, even past the time-out, until an assignment has given it away.
    is_incomplete = len(read_answered(work.database, session_id)) < len(session.plan.trials)
    is_late = session.state == "lapsed" and not has_place(work, session.batch)
    work.database.execute(
        """UPDATE sessions SET state = 'finished', is_late = ?, is_incomplete = ?, finished_ms = ?, last_ms = ?
        WHERE id = ?""",
        (is_late, is_incomplete, work.now, work.now, session_id),
    )
    work.remember(session_id)
    return []


def leave(work: Work, session_id: str) -> None:
    """End a session that failed the quiz; its place is given back.

    Raises
    ------
    SessionGoneError
        If there is no such session.
    """
    work.session(session_id)
    work.database.execute(
        "UPDATE sessions SET state = 'failed_quiz', last_ms = ? WHERE id = ? AND state IN ('live', 'lapsed')",
        (work.now, session_id),
    )
    work.remember(session_id)


def withdraw(work: Work, session_id: str) -> None:
    """Delete a session and all that a person sent; its tokens are left as tombstones. Harmless if it is gone.

    The recruiting id's hash goes, too, since it is the person's: who withdraws and comes with the same id begins anew,
    in another browser, also who failed a quiz of few attempts. That a quiz cannot be failed twice is not promised.
    """
    known = work.one("SELECT batch FROM sessions WHERE id = ?", session_id)
    if known is None:
        return
    database = work.database
    hashes = [bytes(row[0]) for row in database.execute("SELECT hash FROM tokens WHERE session = ?", (session_id,))]
    database.execute("UPDATE tokens SET session = NULL WHERE session = ?", (session_id,))
    for table in PERSONAL_TABLES:
        database.execute(f"DELETE FROM {table} WHERE session = ?", (session_id,))  # noqa: S608
    database.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
    database.execute("UPDATE batches SET withdrawn = withdrawn + 1 WHERE number = ?", known)
    work.plans.pop(session_id, None)
    work.effects.append(lambda cache: cache.forget(session_id, hashes))
    ask_to_erase(database)
    work.erases = True
