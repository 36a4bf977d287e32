"""Places: which batch has one, who holds one, and who waits for one until the quiz is passed.

A session whose quiz is not passed is provisional: it holds no place, so that nobody takes places by joining alone. Who
passes the quiz gets a place of their own batch, else of another one of the same task, else the session ends as `full`.
Personal links keep places back from those who come without one.

The tasks that one person is asked one after the other are a sitting, each a session of its own, a part of it. All parts
are begun at once, so that each has its place; they live, lapse and end together. The person's tokens are those of the
part that they are at.
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
    """Free the seats of all who have not answered for the time-out."""
    lapsed = work.database.execute(
        "UPDATE sessions SET state = 'lapsed' WHERE state = 'live' AND last_ms < ? RETURNING id", (work.lapses_before,)
    ).fetchall()
    for (session_id,) in lapsed:
        work.remember(session_id)


def choose_batch(work: Work, task: str | None, *, has_link: bool = False) -> Batch:
    """Return the batch with the fewest people among those that have a free place.

    Parameters
    ----------
    task
        Of this task alone; `None`: of any.
    has_link
        Whether the person has a personal link, for which a place is kept.

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
    # Of those who hold no place yet, however many they are, only how often a batch was given is known at once.
    given = dict(work.database.execute("SELECT number, given FROM batches").fetchall())
    free = [
        (taken[batch.number], given[batch.number], batch.number)
        for batch in work.frozen.batches
        if task in {None, batch.task} and taken[batch.number] < batch.quota
    ]
    if not free or not (has_link or open_places(work) > 0):
        msg = "the study is full"
        raise StudyFullError(msg, hint="a place may be given back later")
    return work.frozen.batches[min(free)[-1]]


def taken_places(work: Work) -> Counter[int]:
    """Count the places taken, by batch."""
    # SQLite's planner takes an index of all live sessions, however many of them hold no place.
    query = f"SELECT batch, count(*) FROM sessions INDEXED BY sessions_with_place WHERE {TAKES_PLACE} GROUP BY batch"
    return Counter(dict(work.database.execute(query).fetchall()))


def open_places(work: Work) -> int:
    """Count the free places of all tasks, less those that personal links keep, each one in all that a person does."""
    wanted, taken = sum(batch.quota for batch in work.frozen.batches), taken_places(work).total()
    return wanted - taken - kept_places(work) * work.frozen.tasks_each


def kept_places(work: Work) -> int:
    """Count the people for whom links keep places: of those not opened yet, or whose person has no place yet."""
    return work.count(
        f"""SELECT count(*) FROM links l WHERE l.sitting IS NULL OR EXISTS (
            SELECT 1 FROM sessions s INDEXED BY sessions_by_sitting
            WHERE s.sitting = l.sitting AND s.part = 0 AND s.state IN ('live', 'lapsed')
            AND s.excluded IS NULL AND s.last_ms >= ? AND NOT {TAKES_PLACE})""",
        work.now - resume_ms(work.frozen),
    )


def has_place(work: Work, session: SessionRecord) -> bool:
    """Whether the batch of a session without a place has a free one for it, once all given back are counted."""
    lapse(work)
    is_free = taken_places(work)[session.batch] < work.frozen.batches[session.batch].quota
    return is_free and (session.link is not None or open_places(work) > 0)


def claim(work: Work, session: SessionRecord) -> bool:
    """Make a provisional session count, in another batch of its task where its own is full.

    Returns
    -------
    bool
        Whether a place was free; if not, the session is left as it is.
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
            # Its trials have not begun; its places on the timeline lie behind those of a batch that may be larger.
            plan = draw_plan(frozen, frozen.batches[part.batch], part.number, part.seed, before=before)
        if plan != part.plan:
            work.put_plan(part.id, plan)
            work.remember(part.id)
        before = plan


def next_number(work: Work, batch: Batch) -> int:
    """Return how many people were given a batch before, and count one more."""
    query = "UPDATE batches SET given = given + 1 WHERE number = ? RETURNING given"
    return work.count(query, batch.number) - 1


def exclude(work: Work, session_id: str, reason: str | None) -> None:
    """Exclude a person for a reason: their answers are kept and no data, their place is free. `None` takes it back.

    Who is taken back after the place was given to somebody else has finished late.
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
    """Free a person's place for somebody else, as after a time-out; return whether there was one.

    Answers stay data: those of somebody who finished are marked as late.
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
    """Return those sessions of a session's sitting that have not ended, in order."""
    return [part for part in parts_of(work, session) if part.is_open]


def part_now(work: Work, sitting: str) -> str:
    """Return the id of the part that the person is at."""
    query = """SELECT s.id FROM sessions s WHERE s.sitting = ? ORDER BY
        EXISTS (SELECT 1 FROM tokens t WHERE t.session = s.id) DESC, s.part LIMIT 1"""
    found = work.one(query, sitting)
    return sitting if found is None else str(found[0])


def move_on(work: Work, session: SessionRecord, part: SessionRecord) -> None:
    """Have the tokens of a session be those of another part of its sitting."""
    query = "UPDATE tokens SET session = ? WHERE session = ? RETURNING hash"
    for (token_hash,) in work.database.execute(query, (part.id, session.id)).fetchall():
        work.effects.append(partial(Cache.add_token, token_hash=bytes(token_hash), session_id=part.id))


def end(work: Work, session: SessionRecord, state: State) -> None:
    """End all parts of a session's sitting that have not ended, before they are finished."""
    for part in open_parts(work, session):
        work.database.execute("UPDATE sessions SET state = ? WHERE id = ?", (state, part.id))
        work.remember(part.id)


def tasks_for_next(work: Work) -> list[str]:
    """Return the tasks of the sitting that begins next: of the study's orders the one that the fewest people have."""
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
