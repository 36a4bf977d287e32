"""Jobs on a session as a whole: join the batch with the fewest people, resume, finish, withdraw.

All but `join` and `withdraw` raise `SessionGoneError` if there is no such session.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from hmix_hub.errors import CollectionError, nearest
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.store.database import StoreRefusedError, StudyClosedError, StudyFullError, StudyPausedError
from hmix_hub.suite.store.erasing import MUST_ERASE
from hmix_hub.suite.store.layout import get_meta, put_meta
from hmix_hub.suite.store.news import is_paused
from hmix_hub.suite.store.reading import read_answered, read_held, read_token
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.sittings import end, move_on, open_parts, part_now, parts_of, tasks_for_next
from hmix_hub.suite.store.tables import PERSONAL_TABLES, TAKES_PLACE
from hmix_hub.suite.store.work import Work, as_of, resume_ms

MOST_TOKENS = 100
"""Tokens of one session: each browser, or emptied browser, that came with the same recruiting id has one."""


def join(
    work: Work, token_hash: bytes, recruiting_hash: str | None, task: str | None, *, another: bool = False
) -> SessionRecord:
    """Return the session of a token or of a recruiting id; else begin one, or a sitting's.

    Parameters
    ----------
    task
        The task that somebody new is asked; `None`: one that has a place. Nobody chooses where all are asked.
    another
        Whether somebody who has finished begins this task, too, unless they did before.

    Raises
    ------
    SessionGoneError
        If the token is of a person who withdrew.
    StudyClosedError, StudyFullError
        If somebody new cannot begin.
    StoreRefusedError
        If the session has too many tokens.
    """
    session_id = read_token(work.database, token_hash)
    if session_id is None and recruiting_hash is not None:
        known = work.one("SELECT id FROM sessions WHERE recruiting = ?", recruiting_hash)
        if known is not None:
            session_id = part_now(work, str(known[0]))
            _add_token(work, token_hash, session_id)
    if session_id is not None:
        session = work.session(session_id)
        if another and task is not None and session.state == "finished":
            parts = parts_of(work, session)
            if task not in {part.task for part in parts}:
                begun = _begin(work, [task], after=parts)
                move_on(work, session, begun)
                return begun
        keep_alive(work, session)
        return as_of(work.remember(session_id), work.now, work.frozen)
    session = _begin(work, tasks_for_next(work) or [task], recruiting_hash)
    _add_token(work, token_hash, session.id)
    return session


def _add_token(work: Work, token_hash: bytes, session_id: str) -> None:
    if work.count("SELECT count(*) FROM tokens WHERE session = ?", session_id) >= MOST_TOKENS:
        msg = "this session was opened in too many browsers"
        raise StoreRefusedError(msg)
    work.database.execute("INSERT INTO tokens VALUES (?, ?)", (token_hash, session_id))
    work.effects.append(lambda cache: cache.add_token(token_hash, session_id))


def _begin(
    work: Work,
    tasks: Sequence[str | None],
    recruiting_hash: str | None = None,
    *,
    after: Sequence[SessionRecord] = (),
) -> SessionRecord:
    """Begin a session of each task, after those of the person that ended; return the first that is new."""
    if get_meta(work.database, "closed") == "1":
        msg = "the study takes no new people"
        raise StudyClosedError(msg, hint="who has begun may still finish")
    if is_paused(work.database):
        msg = "the study is paused"
        raise StudyPausedError(msg, hint="those who run it go on later")
    parts = list(after)
    for batch in [_choose_batch(work, task) for task in tasks]:
        parts.append(_seat(work, batch, parts, None if parts else recruiting_hash))
    return parts[len(after)]


def _seat(work: Work, number: int, before: list[SessionRecord], recruiting_hash: str | None) -> SessionRecord:
    """Begin the session of one batch, behind the others of its sitting."""
    batch = work.frozen.batches[number]
    given = work.count("UPDATE batches SET given = given + 1 WHERE number = ? RETURNING given", number) - 1
    session_id, seed = secrets.token_hex(16), secrets.randbelow(2**63)
    plan = draw_plan(work.frozen, batch, given, seed, before=before[-1].plan if before else None)
    version, consent_sha256 = work.frozen.study.consent.version, work.frozen.consent_sha256
    work.database.execute(
        """INSERT INTO sessions
            (id, sitting, part, batch, number, seed, state, recruiting, consent_version, consent_sha256, run,
            started_ms, last_ms)
        VALUES (?, ?, ?, ?, ?, ?, 'live', ?, ?, ?, ?, ?, ?)""",
        (
            *(session_id, before[0].id if before else session_id, len(before)),
            *(number, given, seed, recruiting_hash),
            *(version, consent_sha256, work.run, work.now, work.now),
        ),
    )
    work.database.execute("INSERT INTO plans VALUES (?, ?)", (session_id, plan.to_json()))
    work.plans[session_id] = plan
    return work.remember(session_id)


def _choose_batch(work: Work, task: str | None) -> int:
    tasks = {batch.task for batch in work.frozen.batches}
    if task is not None and task not in tasks:
        msg = f"the study has no task {task!r}"
        raise CollectionError(msg, hint=nearest(task, sorted(tasks), label="tasks"))
    lapse(work)
    query = f"SELECT batch, count(*) FROM sessions WHERE {TAKES_PLACE} GROUP BY batch"  # noqa: S608
    participants = dict(work.database.execute(query).fetchall())
    free = [
        (participants.get(batch.number, 0), batch.number)
        for batch in work.frozen.batches
        if task in {None, batch.task} and participants.get(batch.number, 0) < batch.quota
    ]
    if not free:
        msg = "the study is full"
        raise StudyFullError(msg, hint="a place may be given back later")
    return min(free)[1]


def has_place(work: Work, number: int) -> bool:
    """Whether a batch has a free place, once all that was given back is counted."""
    lapse(work)
    taken = work.count(f"SELECT count(*) FROM sessions WHERE batch = ? AND {TAKES_PLACE}", number)  # noqa: S608
    return taken < work.frozen.batches[number].quota


def lapse(work: Work) -> None:
    """Free the seats of all who have not answered for the time-out."""
    lapsed = work.database.execute(
        "UPDATE sessions SET state = 'lapsed' WHERE state = 'live' AND last_ms < ? RETURNING id", (work.lapses_before,)
    ).fetchall()
    for (session_id,) in lapsed:
        work.remember(session_id)


def keep_alive(work: Work, session: SessionRecord) -> None:
    """Record activity; a person whose place had lapsed gets it back if it is still free, in all parts of the sitting.

    A session whose resume window has passed stays as it is, so that a browser that sends old answers does not open it.
    """
    if session.state not in {"live", "lapsed"} or work.now - session.last_ms > resume_ms(work.frozen):
        return
    parts = open_parts(work, session)
    is_live = session.state == "live" or all(has_place(work, part.batch) for part in parts)
    for part in parts:
        work.database.execute(
            "UPDATE sessions SET last_ms = ?, state = ? WHERE id = ?",
            (work.now, "live" if is_live else "lapsed", part.id),
        )
        if part is not session:
            work.remember(part.id)


def resume(work: Work, session_id: str) -> SessionRecord:
    """Record that a person came back; see `keep_alive`."""
    keep_alive(work, work.session(session_id))
    return as_of(work.remember(session_id), work.now, work.frozen)


def finish(work: Work, session_id: str) -> list[int]:
    """Finish a session, if an answer of every trial is held; of a sitting with its last part, the others with it.

    After an earlier part the person goes on with the next one.

    A quarantined answer is held, too: the person did what there was to do, and is told so. But the session counts
    towards the quota only if there is a valid answer of every trial; else it is marked as incomplete.

    Returns
    -------
    list of int
        Trials that are missing; empty where the session, or its part, is finished, now or before.

    Raises
    ------
    StoreRefusedError
        If it ended with the quiz.
    """
    session = work.session(session_id)
    if session.state == "finished":
        return []
    if session.state == "failed_quiz":
        msg = "the session ended with the quiz"
        raise StoreRefusedError(msg)
    held = read_held(work.database, session_id)
    missing = [trial.trial_index for trial in session.plan.trials if trial.trial_index not in held]
    if missing:
        return missing
    parts = open_parts(work, session)
    if session.id != parts[-1].id:
        move_on(work, session, parts[parts.index(session) + 1])
        keep_alive(work, session)
        work.remember(session_id)
        return []
    # A live session holds its place, even past the time-out, until an assignment has given it away.
    is_late = session.state == "lapsed" and not all(has_place(work, part.batch) for part in parts)
    for part in parts:
        is_incomplete = len(read_answered(work.database, part.id)) < len(part.plan.trials)
        work.database.execute(
            """UPDATE sessions SET state = 'finished', is_late = ?, is_incomplete = ?, finished_ms = ?, last_ms = ?
            WHERE id = ?""",
            (is_late, is_incomplete, work.now, work.now, part.id),
        )
        work.remember(part.id)
    return []


def leave(work: Work, session_id: str) -> None:
    """End a session that failed the quiz, and its whole sitting; their places are given back."""
    end(work, work.session(session_id), "failed_quiz")


def withdraw(work: Work, session_id: str) -> None:
    """Delete all sessions of a sitting and all that a person sent; tokens are left as tombstones. Harmless if gone.

    The recruiting id's hash goes, too, since it is the person's: who withdraws and comes with the same id begins anew,
    in another browser, also who failed a quiz of few attempts. That a quiz cannot be failed twice is not promised.
    """
    sitting = "(SELECT sitting FROM sessions WHERE id = ?)"
    query = f"SELECT id, sitting, batch FROM sessions WHERE sitting = {sitting}"  # noqa: S608
    for part, name, batch in work.database.execute(query, (session_id,)).fetchall():
        _delete(work, part, batch)
        # The link is the person's, too: with it they may begin anew.
        work.database.execute("UPDATE links SET sitting = NULL WHERE sitting = ?", (name,))
        put_meta(work.database, MUST_ERASE, "1")
        work.erases = True


def _delete(work: Work, session_id: str, batch: int) -> None:
    database = work.database
    hashes = [bytes(row[0]) for row in database.execute("SELECT hash FROM tokens WHERE session = ?", (session_id,))]
    database.execute("UPDATE tokens SET session = NULL WHERE session = ?", (session_id,))
    for table in PERSONAL_TABLES:
        database.execute(f"DELETE FROM {table} WHERE session = ?", (session_id,))  # noqa: S608
    database.execute("DELETE FROM sessions WHERE id = ?", (session_id,))
    database.execute("UPDATE batches SET withdrawn = withdrawn + 1 WHERE number = ?", (batch,))
    work.plans.pop(session_id, None)
    work.effects.append(lambda cache: cache.forget(session_id, hashes))
