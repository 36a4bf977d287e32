"""The progress of a collection: people and answers in all, the pace, the time left, and whose a code is."""

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
    """A collection at a moment.

    Parameters
    ----------
    pace
        People who finished in time, per hour of serving; `None` where too few finished to tell.
    tasks_each
        Tasks that each person is asked; a place in each of them is one person's.
    """

    counts: list[BatchCount]
    is_closed: bool
    pace: float | None
    tasks_each: int = 1

    @property
    def wanted(self) -> int:
        """People wanted in all."""
        return sum(count.quota for count in self.counts) // self.tasks_each

    @property
    def finished(self) -> int:
        """People who finished in time, with a valid answer of every trial."""
        return sum(count.finished for count in self.counts) // self.tasks_each

    @property
    def hours_left(self) -> float | None:
        """Hours of serving until everybody who is wanted has finished, at this pace; `None` if it cannot be told."""
        missing = self.wanted - self.finished
        if not missing:
            return 0.0
        return missing / self.pace if self.pace else None


def progress(store: Store) -> Progress:
    """Return the progress of a collection, which may be served meanwhile."""
    return progress_of(store, store.counts(), store.sessions())


def progress_of(store: Store, counts: list[BatchCount], sessions: Sequence[SessionRecord]) -> Progress:
    """Return the progress of a collection whose people and sessions were read already."""
    tasks_each = store.frozen.tasks_each
    firsts = sessions if tasks_each == 1 else [session for session in sessions if session.part == 0]
    return Progress(counts, store.is_closed(), _pace(firsts, store.now()), tasks_each)


def _pace(sessions: Sequence[SessionRecord], now: int) -> float | None:
    """Count who finished since the first of the latest people finished, or since the study's first session began."""
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
    """Whose a code is: one of completion is shown in the end, a fallback code while the server stays away."""

    kind: Literal["completion", "fallback"]
    session: SessionRecord


def find_code(store: Store, code: str) -> CodeOwner | None:
    """Find the session of a code, however it was copied (small letters, no hyphens, O for 0); `None` if of none."""
    wanted = plain_code(code)
    for session in store.sessions():
        if plain_code(store.key.completion_code(session.sitting)) == wanted:
            return CodeOwner("completion", session)
        if plain_code(store.key.fallback_code(session.sitting)) == wanted:
            return CodeOwner("fallback", session)
    return None
