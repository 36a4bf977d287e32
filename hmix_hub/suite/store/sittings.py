"""Sittings: the tasks that one person is asked one after the other, each a session of its own, a part of the sitting.

All parts are begun at once, so that each has its place; they live, lapse and end together. The person's tokens are
those of the part that they are at.
"""

from __future__ import annotations

from functools import partial

from hmix_hub.suite.store.cache import Cache
from hmix_hub.suite.store.records import SessionRecord, State
from hmix_hub.suite.store.work import Work

OPEN = ("live", "lapsed")
"""States of a session that may go on."""


def parts_of(work: Work, session: SessionRecord) -> list[SessionRecord]:
    """Return all sessions of a session's sitting, in order."""
    ids = work.database.execute("SELECT id FROM sessions WHERE sitting = ? ORDER BY part", (session.sitting,))
    return [session if name == session.id else work.session(name) for (name,) in ids.fetchall()]


def open_parts(work: Work, session: SessionRecord) -> list[SessionRecord]:
    """Return those sessions of a session's sitting that have not ended, in order."""
    return [part for part in parts_of(work, session) if part.state in OPEN]


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
