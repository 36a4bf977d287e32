"""The work of one transaction: what a job of the writer uses, and how the memory changes after the commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hmix_hub.suite.design.design import FrozenStudy, Versions
from hmix_hub.suite.design.plan import Plan
from hmix_hub.suite.store.cache import Cache
from hmix_hub.suite.store.reading import Plans, read_session, session_gone
from hmix_hub.suite.store.records import SessionRecord

Effect = Callable[[Cache], None]


@dataclass
class Work:
    """The context of a job.

    Parameters
    ----------
    database
        The writing connection, within a transaction.
    now
        The study clock, milliseconds.
    run
        Run of the server, from 1.
    month
        The month, UTC, "2026-03".
    effects
        Changes to the memory once the transaction is on disk.
    erases
        Whether something was deleted that must also be removed from the files.
    """

    database: sqlite3.Connection
    versions: Versions
    plans: Plans
    now: int
    run: int
    month: str
    effects: list[Effect] = field(default_factory=list)
    erases: bool = False
    _replanned: list[str] = field(default_factory=list)

    @property
    def frozen(self) -> FrozenStudy:
        """The study as it is collected now."""
        return self.versions.now

    @property
    def lapses_before(self) -> float:
        """Time on the study clock; live sessions with an older last answer lose their place."""
        return self.now - timeout_ms(self.frozen)

    def put_plan(self, session_id: str, plan: Plan) -> None:
        """Store the plan of a session."""
        query = "INSERT INTO plans VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET plan = excluded.plan"
        self.database.execute(query, (session_id, plan.to_json()))
        self._replanned.append(session_id)
        self.plans[session_id] = plan

    def undo(self) -> None:
        """Make the memory forget what was not stored."""
        for session_id in self._replanned:
            self.plans.pop(session_id, None)

    def session(self, session_id: str) -> SessionRecord:
        """Return a session as this transaction sees it.

        Raises
        ------
        SessionGoneError
            If there is none.
        """
        session = read_session(self.database, self.frozen, session_id, self.plans)
        if session is None:
            raise session_gone()
        return session

    def remember(self, session_id: str) -> SessionRecord:
        """Return a session as this transaction leaves it, and put it into the memory after the commit."""
        session = self.session(session_id)
        self.effects.append(lambda cache: cache.put(session))
        return session

    def one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """Return the first row of a query; `None` if there is none."""
        row: tuple[Any, ...] | None = self.database.execute(query, values).fetchone()
        return row

    def count(self, query: str, *values: object, **named: object) -> int:
        """Return the single number that a query selects."""
        return int(self.database.execute(query, named or values).fetchone()[0])


def timeout_ms(frozen: FrozenStudy) -> float:
    """Return how long a place is kept without an answer, milliseconds."""
    return frozen.study.session.timeout_minutes * 60_000


def resume_ms(frozen: FrozenStudy) -> float:
    """Return how long after the last answer a session can continue, milliseconds."""
    return frozen.study.session.resume_hours * 3_600_000


def as_of(session: SessionRecord, now: int, frozen: FrozenStudy) -> SessionRecord:
    """Return a session as of a time on the study clock: without an answer within the time-out, it has lapsed."""
    if session.state == "live" and session.last_ms < now - timeout_ms(frozen):
        return replace(session, state="lapsed")
    return session
