"""Places: which batches have free ones, who holds one, and who waits for one until the quiz is passed.

A session whose quiz is not passed is provisional and holds no place, so that merely joining takes up no places. A
participant who passes the quiz gets a place in their batch, or in another batch of the same task; if there is none, the
session ends as `full`. Personal links reserve places, which participants without a link cannot get.

The tasks that one participant is asked one after the other form a sitting, with one session, a part, per task. All
parts begin at once, so that each has its place; they live, lapse and end together. The participant's tokens belong to
the current part.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from functools import partial

from hmix_hub.errors import CollectionError, nearest
from hmix_hub.suite.design.design import Batch
from hmix_hub.suite.design.plan import Plan, draw_plan
from hmix_hub.suite.store.cache import Cache
from hmix_hub.suite.store.database import StudyFullError
from hmix_hub.suite.store.records import SessionRecord, State
from hmix_hub.suite.store.tables import TAKES_PLACE
from hmix_hub.suite.store.work import Work, resume_ms


def lapse(work: Work) -> None:
    """Release the places of all sessions without an answer within the time-out."""
    lapsed = work.database.execute(
        "UPDATE sessions SET state = 'lapsed' WHERE state = 'live' AND last_ms < ? RETURNING id", (work.lapses_before,)
    ).fetchall()
    for (session_id,) in lapsed:
        work.remember(session_id)


def choose_batch(work: Work, task: str | None, *, has_link: bool = False) -> Batch:
    """Return the batch with the fewest participants among those with a free place.

    Parameters
    ----------
    task
        Only consider batches of this task; `None`: any.
    has_link
        Whether the participant has a personal link, for which a place is reserved.

    Raises
    ------
    CollectionError
        If the study has no such task.
    StudyFullError
        If no place is free.
    """
    tasks = {batch.task for batch in work.frozen.batches}
    if task is not None and task not in tasks:
        msg = f"the study has no task {task!r}"
        raise CollectionError(msg, hint=nearest(task, sorted(tasks), label="tasks"))
    lapse(work)
    taken = taken_places(work)
    # Provisional sessions hold no place and may be many, so ties are broken by how often a batch was assigned.
    given = dict(work.database.execute("SELECT number, given FROM batches").fetchall())
    free = [
        (taken[batch.number], given[batch.number], batch.number)
        for batch in work.frozen.batches
        if task in {None, batch.task} and taken[batch.number] < batch.quota
    ]
    if not free or not (has_link or open_places(work) > 0):
        msg = "the study is full"
        raise StudyFullError(msg, hint="a place may become free later")
    return work.frozen.batches[min(free)[-1]]


def taken_places(work: Work) -> Counter[int]:
    """Count the places taken, by batch."""
    # Otherwise, SQLite's planner uses an index of all live sessions, many of which may hold no place.
    query = f"SELECT batch, count(*) FROM sessions INDEXED BY sessions_with_place WHERE {TAKES_PLACE} GROUP BY batch"
    return Counter(dict(work.database.execute(query).fetchall()))


def open_places(work: Work) -> int:
    """Count the free places of all tasks, minus those reserved by personal links (one in each task of a sitting)."""
    wanted, taken = sum(batch.quota for batch in work.frozen.batches), taken_places(work).total()
    return wanted - taken - kept_places(work) * work.frozen.tasks_each


def kept_places(work: Work) -> int:
    """Count the links that reserve a place: those not opened yet, or whose participant has no place yet."""
    return work.count(
        f"""SELECT count(*) FROM links l WHERE l.sitting IS NULL OR EXISTS (
            SELECT 1 FROM sessions s INDEXED BY sessions_by_sitting
            WHERE s.sitting = l.sitting AND s.part = 0 AND s.state IN ('live', 'lapsed')
            AND s.excluded IS NULL AND s.last_ms >= ? AND NOT {TAKES_PLACE})""",
        work.now - resume_ms(work.frozen),
    )


def has_place(work: Work, session: SessionRecord) -> bool:
    """Return whether the batch of a session without a place has a free one for it, after releasing lapsed ones."""
    lapse(work)
    is_free = taken_places(work)[session.batch] < work.frozen.batches[session.batch].quota
    return is_free and (session.link is not None or open_places(work) > 0)


def claim(work: Work, session: SessionRecord) -> bool:
    """Assign a place to a provisional session, in another batch of its task if its own is full.

    Returns
    -------
    bool
        Whether a place was free; if not, the session is unchanged.
    """
    if not session.is_provisional:
        return True
    if not has_place(work, session):
        try:
            _move(work, session, choose_batch(work, session.task, has_link=session.link is not None))
        except StudyFullError:
            return False
    work.database.execute("UPDATE sessions SET is_provisional = 0 WHERE id = ?", (session.id,))
    work.remember(session.id)
    return True


def _move(work: Work, session: SessionRecord, batch: Batch) -> None:
    number, seed = next_number(work, batch), secrets.randbelow(2**63)
    work.database.execute(
        "UPDATE sessions SET batch = ?, number = ?, seed = ? WHERE id = ?", (batch.number, number, seed, session.id)
    )
    frozen = work.versions.of(session.amendment)
    before: Plan | None = None
    for part in parts_of(work, session):
        plan = part.plan
        if part.id == session.id:
            plan = draw_plan(frozen, batch, number, seed, before=before)
        elif part.part > session.part:
            # Its trials have not begun, but its timeline must start after the previous batch's, which may be longer.
            plan = draw_plan(frozen, frozen.batches[part.batch], part.number, part.seed, before=before)
        if plan != part.plan:
            work.put_plan(part.id, plan)
            work.remember(part.id)
        before = plan


def next_number(work: Work, batch: Batch) -> int:
    """Return how many participants were assigned a batch before, and count one more."""
    query = "UPDATE batches SET given = given + 1 WHERE number = ? RETURNING given"
    return work.count(query, batch.number) - 1


def exclude(work: Work, session_id: str, reason: str | None) -> None:
    """Exclude a participant for a reason: their answers are kept but not exported, their place is released.

    With the reason `None`, they are included again; if their place is gone by then, they have finished late.
    """
    parts = parts_of(work, work.session(session_id))
    holding = [part for part in parts if part.excluded is not None and replace(part, excluded=None).takes_place]
    if reason is None and not all(has_place(work, part) for part in holding):
        for part in holding:
            _give_away(work, part)
    for part in parts:
        work.database.execute("UPDATE sessions SET excluded = ? WHERE id = ?", (reason, part.id))
        work.remember(part.id)


def _give_away(work: Work, session: SessionRecord) -> None:
    query = (
        "UPDATE sessions SET is_late = state = 'finished', state = iif(state = 'live', 'lapsed', state) WHERE id = ?"
    )
    work.database.execute(query, (session.id,))


def free(work: Work, session_id: str) -> bool:
    """Release a participant's place, as after a time-out; return whether there was one.

    The answers remain in the data; those of a participant who finished are marked as late.
    """
    had_place = False
    for session in parts_of(work, work.session(session_id)):
        if session.takes_place:
            had_place = True
            _give_away(work, session)
            work.remember(session.id)
    return had_place


def parts_of(work: Work, session: SessionRecord) -> list[SessionRecord]:
    """Return all sessions of a session's sitting, in order."""
    ids = work.database.execute("SELECT id FROM sessions WHERE sitting = ? ORDER BY part", (session.sitting,))
    return [session if name == session.id else work.session(name) for (name,) in ids.fetchall()]


def open_parts(work: Work, session: SessionRecord) -> list[SessionRecord]:
    """Return the sessions of a session's sitting that have not ended, in order."""
    return [part for part in parts_of(work, session) if part.is_open]


def part_now(work: Work, sitting: str) -> str:
    """Return the id of the participant's current part."""
    query = """SELECT s.id FROM sessions s WHERE s.sitting = ? ORDER BY
        EXISTS (SELECT 1 FROM tokens t WHERE t.session = s.id) DESC, s.part LIMIT 1"""
    found = work.one(query, sitting)
    return sitting if found is None else str(found[0])


def move_on(work: Work, session: SessionRecord, part: SessionRecord) -> None:
    """Move the tokens of a session to another part of its sitting."""
    query = "UPDATE tokens SET session = ? WHERE session = ? RETURNING hash"
    for (token_hash,) in work.database.execute(query, (part.id, session.id)).fetchall():
        work.effects.append(partial(Cache.add_token, token_hash=bytes(token_hash), session_id=part.id))


def end(work: Work, session: SessionRecord, state: State) -> None:
    """End all open parts of a session's sitting in a state other than finished."""
    for part in open_parts(work, session):
        work.database.execute("UPDATE sessions SET state = ? WHERE id = ?", (state, part.id))
        work.remember(part.id)


def tasks_for_next(work: Work) -> list[str]:
    """Return the task order for the next sitting: the order that the fewest participants have."""
    sitting = work.frozen.study.sitting
    orders = [] if sitting is None else sitting.orders()
    if len(orders) < 2:
        return orders[0] if orders else []
    query = """
        SELECT first.task, second.task, count(*) FROM sessions s
            JOIN sessions n ON n.sitting = s.sitting AND n.part = 1
            JOIN batches first ON first.number = s.batch
            JOIN batches second ON second.number = n.batch
        WHERE s.part = 0 AND s.state IN ('live', 'finished') AND s.excluded IS NULL
        GROUP BY first.task, second.task"""
    given = {(first, second): number for first, second, number in work.database.execute(query).fetchall()}
    return min(orders, key=lambda order: given.get((order[0], order[1]), 0))
