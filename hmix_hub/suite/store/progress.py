"""The progress of a collection: participants and answers, the pace, the time left, and the owner of a code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from hmix_hub.suite.store.keys import plain_code
from hmix_hub.suite.store.records import BatchCount, SessionRecord
from hmix_hub.suite.store.store import Store

_HOUR_MS = 3_600_000
_LATEST_PARTICIPANTS = 20


@dataclass(frozen=True)
class Progress:
    """The state of a collection.

    Parameters
    ----------
    pace
        Participants who finished in time, per hour of serving; `None` if too few have finished.
    tasks_each
        Number of tasks per participant, each of whom has a place in every one.
    """

    counts: list[BatchCount]
    is_closed: bool
    pace: float | None
    tasks_each: int = 1

    @property
    def wanted(self) -> int:
        """Number of participants wanted."""
        return sum(count.quota for count in self.counts) // self.tasks_each

    @property
    def finished(self) -> int:
        """Number of participants who finished in time, with a valid answer to every trial."""
        return sum(count.finished for count in self.counts) // self.tasks_each

    @property
    def hours_left(self) -> float | None:
        """Hours of serving until all participants have finished, at the current pace; `None` if unknown."""
        missing = self.wanted - self.finished
        if not missing:
            return 0.0
        return missing / self.pace if self.pace else None


def progress(store: Store) -> Progress:
    """Return the progress of a collection, which may be served at the same time."""
    return progress_of(store, store.counts(), store.sessions())


def progress_of(store: Store, counts: list[BatchCount], sessions: Sequence[SessionRecord]) -> Progress:
    """Return the progress of a collection from its counts and sessions."""
    tasks_each = store.frozen.tasks_each
    firsts = sessions if tasks_each == 1 else [session for session in sessions if session.part == 0]
    return Progress(counts, store.is_closed(), _pace(firsts, store.now()), tasks_each)


def _pace(sessions: Sequence[SessionRecord], now: int) -> float | None:
    """Return the pace of the latest participants who finished, or since the first session began if there are few."""
    ends = sorted(
        session.finished_ms for session in sessions if session.finished_ms is not None and session.takes_place
    )
    if not ends:
        return None
    if len(ends) > _LATEST_PARTICIPANTS:
        begin, participants = ends[-_LATEST_PARTICIPANTS - 1], _LATEST_PARTICIPANTS
    else:
        begin, participants = min(session.started_ms for session in sessions), len(ends)
    return participants / max(now - begin, 1) * _HOUR_MS


class CodeOwner(NamedTuple):
    """The owner of a code: a completion code is shown at the end, a fallback code while the server is unreachable."""

    kind: Literal["completion", "fallback"]
    session: SessionRecord


def find_code(store: Store, code: str) -> CodeOwner | None:
    """Return the owner of a code, tolerating lower case, missing hyphens and O for 0; `None` if there is none."""
    wanted = plain_code(code)
    for session in store.sessions():
        if plain_code(store.key.completion_code(session.sitting)) == wanted:
            return CodeOwner("completion", session)
        if plain_code(store.key.fallback_code(session.sitting)) == wanted:
            return CodeOwner("fallback", session)
    return None
