"""The participants of a collection as operators see them: their stages, and what is odd about their answers."""

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
    "quiz": "failed the quiz at least once and can try again",
    "trials": "at the trials",
    "lapsed": "no answer within the time-out; the place was released",
    "finished": "finished in time, with a valid answer to every trial",
    "late": "finished after the place had gone to another participant",
    "incomplete": "finished, but without valid answers to some trials",
    "failed_quiz": "failed the quiz for the last time",
    "screened_out": "screened out by a question",
    "full": "passed the quiz when no place was left",
    "excluded": "excluded by an operator",
}
"""Stages of participants, in order, with their meanings; those who withdrew are only counted."""
_FAST_MS = 300.0
"""Median response time below which participants cannot have looked; reacting to any picture takes about this long."""
FLAGS = {
    "fast": f"median response time under {_FAST_MS:.0f} ms",
    "straightlining": "90% or more of the answers to a task are identical (10 answers or more)",
    "time_disagrees": "response times add up to more time than passed on the server",
    "failed_attention": "failed more attention checks than the study allows",
    "quarantined": "sent invalid answers, which were set aside",
}
"""Flags of participants, with their meanings."""


@dataclass(frozen=True)
class PersonRow:
    """One participant; the sessions of a sitting are combined.

    Parameters
    ----------
    session
        The participant's current or latest session.
    answered, trials
        Totals over all sessions of the sitting.
    claimed_ms, server_ms
        Sum of the reported response times; time on the study clock from when the first trial could start to the last
        answer. `None` without an answer.
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
        """Return what the dashboard shows; times are in whole minutes ago, so that they change once a minute."""
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
    """Return the stage of a session, one of `STAGES`."""
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
    """Return the participants, latest first.

    Parameters
    ----------
    sessions
        All sessions, in the order in which they began.
    ledger
        The answers so far, as last read.
    held
        Returns the number of a session's trials with a stored answer.
    name_of
        Returns a session's participant id in exports.
    """
    sittings: dict[str, list[SessionRecord]] = {}
    for session in sessions:
        sittings.setdefault(session.sitting, []).append(session)
    times, flags = _times(ledger, sittings), _flags(ledger, sessions)
    rows = []
    for sitting, parts in sittings.items():
        answered = [held(part.id) for part in parts]
        # The parts of a sitting finish together.
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
    """Count participants by stage; every stage has an entry."""
    counts = Counter(person.stage for person in people)
    return {stage: counts[stage] for stage in STAGES}


def _start(session: SessionRecord) -> int:
    """Return when the first trial could start, study clock, ms."""
    return session.started_ms if session.trials_ms is None else session.trials_ms


def _is_fast(median: float | None) -> bool:
    return median is not None and median < _FAST_MS


def _times(ledger: Ledger, sittings: Mapping[str, Sequence[SessionRecord]]) -> dict[str, tuple[float, float, float]]:
    """Return the median and sum of response times, and the arrival of the last answer, in ms, by sitting."""
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
    """Return the flags of each session, except those about its pace."""
    found: dict[str, list[str]] = {session: ["quarantined"] for session in ledger.quarantined()}
    for session in ledger.inattentive({session.id: session.sitting for session in sessions}):
        found.setdefault(session, []).append("failed_attention")
    judged = ledger.judged
    if not len(judged):
        return found
    began = {session.id: (_start(session), session.run) for session in sessions}
    starts, runs = (np.array([began[session][place] or 0 for session in ledger.ids]) for place in (0, 1))
    # The study clock stops while nobody serves, but participants continue.
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
