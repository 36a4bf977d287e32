"""Jobs on whole sessions: join the batch with the fewest participants, resume, finish, withdraw.

All except `join` and `withdraw` raise `SessionGoneError` if the session does not exist.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.store.database import StoreRefusedError, StudyClosedError, StudyPausedError
from hmix_hub.suite.store.erasing import MUST_ERASE
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.links import add_token, give_back_link, recruited_by, session_of_link
from hmix_hub.suite.store.news import is_paused
from hmix_hub.suite.store.places import (
    choose_batch,
    end,
    has_place,
    move_on,
    next_number,
    open_parts,
    parts_of,
    tasks_for_next,
)
from hmix_hub.suite.store.reading import read_answered, read_held, read_token
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.tables import PERSONAL_TABLES
from hmix_hub.suite.store.work import Work, as_of, resume_ms


@dataclass(frozen=True)
class Arrival:
    """A participant who has agreed to the consent form.

    Parameters
    ----------
    token_hash
        Hash of the secret made by the browser.
    recruiting_hash
        Hash of the recruiting id; `None` without one.
    task
        Task requested in the address; `None`: any.
    link
        Number of the personal link; `None` without one.
    takes_over
        Whether to continue here although the link's session is open in another browser.
    another
        Whether a participant who has finished also begins this task, unless they already did.
    """

    token_hash: bytes
    recruiting_hash: str | None = None
    task: str | None = None
    link: int | None = None
    takes_over: bool = False
    another: bool = False


def join(work: Work, arrival: Arrival) -> SessionRecord:
    """Return the session of a token or of a personal link, or begin one.

    Raises
    ------
    SessionGoneError
        If the token belongs to a participant who withdrew.
    JoinRefusedError
        If the link or the recruiting id is not accepted; see `links`.
    StudyClosedError, StudyPausedError, StudyFullError
        If new participants cannot start.
    """
    session_id = read_token(work.database, arrival.token_hash)
    if session_id is None and arrival.link is not None:
        session_id = session_of_link(work, arrival.link, takes_over=arrival.takes_over)
        if session_id is not None:
            add_token(work, arrival.token_hash, session_id)
    if session_id is None:
        session = _begin(work, tasks_for_next(work) or [arrival.task], arrival)
        add_token(work, arrival.token_hash, session.id)
        return session
    session, task = work.session(session_id), arrival.task
    if arrival.another and task is not None and session.state == "finished":
        parts = parts_of(work, session)
        if task not in {part.task for part in parts}:
            begun = _begin(work, [task], arrival, after=parts)
            move_on(work, session, begun)
            return begun
    keep_alive(work, session)
    return as_of(work.remember(session_id), work.now, work.frozen)


def _begin(
    work: Work, tasks: Sequence[str | None], arrival: Arrival, *, after: Sequence[SessionRecord] = ()
) -> SessionRecord:
    """Begin a session for each task, after the participant's ended ones; return the first new one."""
    # A link reserves one place; for another task, participants need a place that is not reserved.
    link = None if after else arrival.link
    recruiting = None if after else recruited_by(work, link, arrival.recruiting_hash)
    if get_meta(work.database, "closed") == "1":
        msg = "the study does not accept new participants"
        raise StudyClosedError(msg, hint="participants who have started can still finish")
    if is_paused(work.database):
        msg = "the study is paused"
        raise StudyPausedError(msg, hint="it will be resumed later")
    batches = [choose_batch(work, task, has_link=link is not None) for task in tasks]
    # Passing the quiz of the first task gives a place in all of them.
    is_provisional = _agreed(work, after).design_of(batches[0]).quiz is not None
    parts = list(after)
    for batch in batches:
        begun = {"recruiting": None if parts else recruiting, "link": link, "is_provisional": is_provisional}
        # Excluded participants are also excluded in later tasks.
        begun["excluded"] = after[0].excluded if after else None
        parts.append(_seat(work, batch, parts, begun))
    work.database.execute("UPDATE links SET sitting = ? WHERE number = ?", (parts[0].id, link))
    return parts[len(after)]


def _agreed(work: Work, before: Sequence[SessionRecord]) -> FrozenStudy:
    """Return the study that a new participant agrees to, or already agreed to in an earlier task."""
    return work.versions.of(before[0].amendment) if before else work.frozen


def _seat(work: Work, batch: Batch, before: list[SessionRecord], begun: Mapping[str, object]) -> SessionRecord:
    """Begin the session for one batch, after the others of its sitting."""
    frozen = _agreed(work, before)
    number = next_number(work, batch)
    session_id, seed = secrets.token_hex(16), secrets.randbelow(2**63)
    plan = draw_plan(frozen, batch, number, seed, before=before[-1].plan if before else None)
    has_quiz = frozen.design_of(batch).quiz is not None
    row = {
        **begun,
        **{"id": session_id, "sitting": before[0].id if before else session_id, "part": len(before)},
        **{"batch": batch.number, "number": number, "seed": seed, "state": "live"},
        "consent_version": frozen.study.consent.version,
        "consent_sha256": frozen.consent_sha256,
        "amendment": frozen.version,
        **{"run": work.run, "started_ms": work.now, "last_ms": work.now},
        "trials_ms": None if has_quiz else work.now,
    }
    places = ", ".join("?" * len(row))
    query = f"INSERT INTO sessions ({', '.join(row)}) VALUES ({places})"
    work.database.execute(query, tuple(row.values()))
    work.put_plan(session_id, plan)
    return work.remember(session_id)


def keep_alive(work: Work, session: SessionRecord) -> None:
    """Record activity; a participant whose place had lapsed gets it back in all parts if it is still free.

    A session whose resume window has passed is unchanged, so that a browser sending old answers does not reopen it.
    """
    if not session.is_open or work.now - session.last_ms > resume_ms(work.frozen):
        return
    parts = open_parts(work, session)
    is_live = session.state == "live" or all(part.is_provisional or has_place(work, part) for part in parts)
    for part in parts:
        work.database.execute(
            "UPDATE sessions SET last_ms = ?, state = ? WHERE id = ?",
            (work.now, "live" if is_live else "lapsed", part.id),
        )
        if part is not session:
            work.remember(part.id)


def begin_trials(work: Work, session_id: str) -> None:
    """Record that the first trial of a session can start now."""
    query = "UPDATE sessions SET trials_ms = ?, run = ? WHERE id = ?"
    work.database.execute(query, (work.now, work.run, session_id))


def resume(work: Work, session_id: str) -> SessionRecord:
    """Record that a participant returned; see `keep_alive`."""
    keep_alive(work, work.session(session_id))
    return as_of(work.remember(session_id), work.now, work.frozen)


def finish(work: Work, session_id: str) -> list[int]:
    """Finish a session if an answer to every trial is held; the last part of a sitting finishes all parts.

    After an earlier part, the participant continues with the next one.

    Quarantined answers are held too, because the participant did everything that was asked. But the session only counts
    towards the quota if every trial has a valid answer; otherwise it is marked as incomplete.

    Returns
    -------
    list of int
        Missing trials; empty if the session, or its part, is finished, now or before.

    Raises
    ------
    StoreRefusedError
        If it has already ended in another way.
    """
    session = work.session(session_id)
    if session.state == "finished":
        return []
    if not session.is_open:
        msg = "the session has ended"
        raise StoreRefusedError(msg)
    held = read_held(work.database, session_id)
    missing = [trial.trial_index for trial in session.plan.trials if trial.trial_index not in held]
    if missing:
        return missing
    parts = open_parts(work, session)
    if session.id != parts[-1].id:
        following = parts[parts.index(session) + 1]
        move_on(work, session, following)
        if _agreed(work, parts).design_of(work.frozen.batches[following.batch]).quiz is None:
            begin_trials(work, following.id)
        keep_alive(work, session)
        work.remember(session_id)
        return []
    # A live session holds its place, even past the time-out, until the place is assigned to another participant.
    holds_place = session.state == "live" and not session.is_provisional
    is_late = not holds_place and not all(has_place(work, part) for part in parts)
    for part in parts:
        is_incomplete = len(read_answered(work.database, part.id)) < len(part.plan.trials)
        work.database.execute(
            """UPDATE sessions SET state = 'finished', is_late = ?, is_incomplete = ?, finished_ms = ?, last_ms = ?,
                is_provisional = 0 WHERE id = ?""",
            (is_late, is_incomplete, work.now, work.now, part.id),
        )
        work.remember(part.id)
    return []


def leave(work: Work, session_id: str) -> None:
    """End a session that failed the quiz, and its whole sitting; their places are released."""
    end(work, work.session(session_id), "failed_quiz")


def withdraw(work: Work, session_id: str) -> None:
    """Delete all sessions of a sitting and everything the participant sent; tokens remain as tombstones.

    Does nothing if they are already gone. The hash of the recruiting id is deleted too, because it is personal. After
    withdrawing, one can therefore start again with the same id in another browser, even after failing the quiz.
    """
    query = """SELECT id, sitting, batch, excluded FROM sessions
        WHERE sitting = (SELECT sitting FROM sessions WHERE id = ?)"""
    for part, name, batch, excluded in work.database.execute(query, (session_id,)).fetchall():
        _delete(work, part, batch)
        give_back_link(work, name, is_dead=excluded is not None)
        put_meta(work.database, MUST_ERASE, "1")
        work.erases = True


def _delete(work: Work, session_id: str, batch: int) -> None:
    database = work.database
    hashes = [bytes(row[0]) for row in database.execute("SELECT hash FROM tokens WHERE session = ?", (session_id,))]
    database.execute("UPDATE tokens SET session = NULL WHERE session = ?", (session_id,))
    for table in PERSONAL_TABLES:
        database.execute(f"DELETE FROM {table} WHERE session = ?", (session_id,))
    database.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
    database.execute("UPDATE batches SET withdrawn = withdrawn + 1 WHERE number = ?", (batch,))
    work.plans.pop(session_id, None)
    work.effects.append(lambda cache: cache.forget(session_id, hashes))
