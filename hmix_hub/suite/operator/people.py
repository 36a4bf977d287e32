"""The people of a collection as those who run it see them: how far each is, and what is odd about the answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.suite.operator.ledger import Ledger
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.tasks.flags import is_straightlining, times_disagree

STAGES = {
    "instructions": "at the questions or instructions before the trials",
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
    "time_disagrees": "response times add up to more than went by on the server",
    "failed_attention": "failed more attention checks than the study allows",
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
        Sum of the claimed response times; study clock from when the first trial became possible to the last answer;
        `None` without an answer.
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
    ledger: Ledger,
    *,
    held: Callable[[str], int],
    name_of: Callable[[SessionRecord], str],
) -> list[PersonRow]:
    """Return the people, the latest first.

    Parameters
    ----------
    sessions
        All sessions, in the order in which they began.
    ledger
        The answers so far, as it read them last.
    held
        How many trials of a session an answer is held of.
    name_of
        A session's participant id in exports.
    """
    sittings: dict[str, list[SessionRecord]] = {}
    for session in sessions:
        sittings.setdefault(session.sitting, []).append(session)
    times, flags = _times(ledger, sittings), _flags(ledger, sessions)
    rows = []
    for sitting, parts in sittings.items():
        answered = [held(part.id) for part in parts]
        # The parts of a sitting are finished together.
        open_parts = (part for part, number in zip(parts, answered, strict=True) if number < len(part.plan.rows))
        current = next(open_parts, parts[-1])
        median, claimed, latest = times.get(sitting, (None, None, None))
        found = {flag for part in parts for flag in flags.get(part.id, ())}
        rows.append(
            PersonRow(
                session=current,
                participant_id=name_of(parts[0]),
                stage=stage_of(current, answered[parts.index(current)]),
                answered=sum(answered),
                trials=sum(len(part.plan.rows) for part in parts),
                median_ms=median,
                claimed_ms=claimed,
                server_ms=None if latest is None or np.isnan(latest) else latest - _start(parts[0]),
                flags=tuple(flag for flag in FLAGS if flag in found or (flag == "fast" and _is_fast(median))),
            )
        )
    return rows[::-1]


def by_stage(people: Iterable[PersonRow]) -> dict[str, int]:
    """Count people by stage; every stage is there."""
    counts = Counter(person.stage for person in people)
    return {stage: counts[stage] for stage in STAGES}


def _start(session: SessionRecord) -> int:
    """Return when the first trial became possible, study clock, ms."""
    return session.started_ms if session.trials_ms is None else session.trials_ms


def _is_fast(median: float | None) -> bool:
    return median is not None and median < _FAST_MS


def _times(ledger: Ledger, sittings: Mapping[str, Sequence[SessionRecord]]) -> dict[str, tuple[float, float, float]]:
    """Return median and sum of the response times, and when the last answer came, ms, by sitting."""
    pages = ledger.judged.where(ledger.judged.is_first)
    if not len(pages):
        return {}
    number_of = {part.id: number for number, parts in enumerate(sittings.values()) for part in parts}
    owners = np.array([number_of[session] for session in ledger.ids])[pages.session]
    who, codes = np.unique(owners, return_inverse=True)
    groups = Groups(codes)
    latest = np.maximum.reduceat(pages.received_ms[groups.order], groups.offsets[:-1])
    figures = np.stack([groups.median(pages.response_time_ms), groups.sum(pages.response_time_ms), latest], axis=1)
    names = list(sittings)
    return dict(zip((names[number] for number in who), map(tuple, figures.tolist()), strict=True))


def _flags(ledger: Ledger, sessions: Sequence[SessionRecord]) -> dict[str, list[str]]:
    """Return what is odd about the answers of each session, but for their pace."""
    found: dict[str, list[str]] = {session: ["quarantined"] for session in ledger.quarantined()}
    for session in ledger.inattentive({session.id: session.sitting for session in sessions}):
        found.setdefault(session, []).append("failed_attention")
    judged = ledger.judged
    if not len(judged):
        return found
    began = {session.id: (_start(session), session.run) for session in sessions}
    starts, runs = (np.array([began[session][place] or 0 for session in ledger.ids]) for place in (0, 1))
    # The study clock stands still while nobody serves, and people go on.
    is_known = judged.run == runs[judged.session]
    elapsed = np.where(is_known, judged.received_ms - starts[judged.session], np.nan)
    answers = encode_key([judged.facet, np.unique(judged.value, return_inverse=True)[1]])
    masks = {
        "straightlining": is_straightlining(judged.session, answers),
        "time_disagrees": times_disagree(judged.session, claimed=judged.response_time_ms, elapsed=elapsed),
    }
    for flag, mask in masks.items():
        for number in np.flatnonzero(mask):
            found.setdefault(ledger.ids[number], []).append(flag)
    return found
