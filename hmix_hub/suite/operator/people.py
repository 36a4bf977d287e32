"""The people of a collection as those who run it see them: how far each is, and what is odd about the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.schema.arrays import Ints
from hmix_hub.schema.groups import encode_key
from hmix_hub.suite.operator.ledger import Judged
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.tasks.flags import is_straightlining

STAGES = {
    "instructions": "reading the instructions",
    "quiz": "failed the quiz once or more, and may try again",
    "trials": "at the trials",
    "lapsed": "away: no answer for the time-out, and the place was given back",
    "finished": "finished in time, with a valid answer of every trial",
    "late": "finished after the place had been given to somebody else",
    "incomplete": "finished, without a valid answer of some trial",
    "failed_quiz": "ended with the quiz",
    "screened_out": "screened out by a question",
    "full": "passed the quiz when no place was left",
    "excluded": "excluded by those who run the study",
}
"""How far people are, in order, and what that means; who withdrew is only counted."""
_FAST_MS = 300.0
"""Median response time under which nobody has looked: it takes about so long to react to any picture at all."""
FLAGS = {
    "fast": f"median response time under {_FAST_MS:.0f} ms",
    "straightlining": "nine tenths or more of the answers of a task are one and the same (10 answers or more)",
    "quarantined": "sent answers that cannot be right; they are kept aside",
}
"""What may be odd about a person, and when that is said."""


@dataclass(frozen=True)
class PersonRow:
    """One person; the sessions of a sitting are one.

    Parameters
    ----------
    session
        The session that the person is at, or was at last.
    answered, trials
        Of all sessions of the sitting.
    claimed_ms, server_ms
        Sum of the claimed response times; study clock from the beginning of the session to the last answer. `None`
        without an answer.
    """

    session: SessionRecord
    participant_id: str
    stage: str
    answered: int
    trials: int
    median_ms: float | None
    claimed_ms: float | None
    server_ms: float | None
    flags: tuple[str, ...]

    def told(self, now_ms: int) -> dict[str, Any]:
        """Return what the dashboard shows; times in whole minutes ago, so that they change once a minute."""
        session = self.session
        return {
            "participant_id": self.participant_id,
            "stage": self.stage,
            "task": session.task,
            "batch": session.batch,
            "answered": self.answered,
            "trials": self.trials,
            "began_minutes": (now_ms - session.started_ms) // 60_000,
            "last_minutes": (now_ms - session.last_ms) // 60_000,
            "median_ms": self.median_ms,
            "claimed_s": None if self.claimed_ms is None else round(self.claimed_ms / 1000, 1),
            "server_s": None if self.server_ms is None else round(self.server_ms / 1000, 1),
            "flags": list(self.flags),
            "excluded": session.excluded,
            "link": session.link,
        }


def stage_of(session: SessionRecord, answered: int) -> str:
    """Return how far a session is, one of `STAGES`."""
    if session.excluded is not None:
        return "excluded"
    if session.state == "finished":
        return "late" if session.is_late else "incomplete" if session.is_incomplete else "finished"
    if session.state != "live":
        return session.state
    if session.quiz_passed or answered:
        return "trials"
    return "quiz" if session.quiz_attempts else "instructions"


def people_of(
    sessions: Sequence[SessionRecord],
    judged: Judged,
    ids: Sequence[str],
    *,
    held: Callable[[str], int],
    quarantined: Mapping[str, int],
    name_of: Callable[[SessionRecord], str],
) -> list[PersonRow]:
    """Return the people, the latest first.

    Parameters
    ----------
    sessions
        All sessions, in the order in which they began.
    judged, ids
        The answers so far, and whose numbers stand in their column `session`.
    held
        How many trials of a session an answer is held of.
    quarantined
        How many answers of a session were kept aside; sessions without any may be left out.
    name_of
        A session's participant id in exports.
    """
    sittings: dict[str, list[SessionRecord]] = {}
    for session in sessions:
        sittings.setdefault(session.sitting, []).append(session)
    number_of = {session: number for number, session in enumerate(ids)}
    sums = _Sums(judged, len(ids))
    rows = []
    for parts in sittings.values():
        numbers = [number_of[part.id] for part in parts if part.id in number_of]
        current = next((part for part in parts if part.state != "finished"), parts[-1])
        answered = [held(part.id) for part in parts]
        flags = sums.flags(numbers) + ("quarantined",) * any(part.id in quarantined for part in parts)
        rows.append(
            PersonRow(
                current,
                name_of(parts[0]),
                stage_of(current, answered[parts.index(current)]),
                sum(answered),
                sum(len(part.plan.trials) for part in parts),
                *sums.times(numbers, parts[0].started_ms),
                flags,
            )
        )
    return rows[::-1]


def by_stage(people: Iterable[PersonRow]) -> dict[str, int]:
    """Count people by stage; every stage is there."""
    counts = Counter(person.stage for person in people)
    return {stage: counts[stage] for stage in STAGES}


class _Sums:
    """What is known of the answers of each session, worked out for all at once."""

    def __init__(self, judged: Judged, n_sessions: int) -> None:
        pages = judged.where(judged.is_first)
        order = np.argsort(pages.session, kind="stable")
        self._ends = np.searchsorted(pages.session[order], np.arange(n_sessions + 1))
        self._times, self._received = pages.response_time_ms[order], pages.received_ms[order]
        self._straight = _straightlining(judged, n_sessions)

    def _rows(self, numbers: list[int]) -> list[slice]:
        return [slice(self._ends[number], self._ends[number + 1]) for number in numbers]

    def times(self, numbers: list[int], started_ms: int) -> tuple[float | None, float | None, float | None]:
        """Return median and sum of the response times, and the time on the server until the last answer, ms."""
        rows = self._rows(numbers)
        times = np.concatenate([self._times[one] for one in rows]) if rows else np.array([])
        if not len(times):
            return None, None, None
        latest = max(float(self._received[one].max()) for one in rows)
        server = None if np.isnan(latest) else latest - started_ms
        return float(np.median(times)), float(times.sum()), server

    def flags(self, numbers: list[int]) -> tuple[str, ...]:
        """Return the flags of a person's sessions."""
        median = self.times(numbers, 0)[0]
        found = {"fast": median is not None and median < _FAST_MS, "straightlining": self._straight[numbers].any()}
        return tuple(flag for flag, is_there in found.items() if is_there)


def _straightlining(judged: Judged, n_sessions: int) -> Any:
    answers: Ints = encode_key([judged.facet, judged.value])
    found = np.zeros(n_sessions, dtype=bool)
    if len(judged):
        straight = is_straightlining(judged.session, answers)
        found[: len(straight)] = straight
    return found
