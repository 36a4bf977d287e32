"""Records of the store: sessions, answers, counts by batch, and the outcome of storing something."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from hmix_hub.suite.design.plan import Plan

State = Literal["live", "lapsed", "finished", "failed_quiz", "screened_out", "full"]


class Outcome(StrEnum):
    """The outcome of storing something; in all four cases it is on disk."""

    STORED = "stored"
    SAME = "same"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


@dataclass(frozen=True)
class SessionRecord:
    """The session of one participant for one task.

    Parameters
    ----------
    id
        32 random hex digits.
    sitting, part
        The id of the participant's first session, and this session's position in their order of tasks, from 0. If the
        study asks one task at a time, every session is the first of its sitting.
    number
        How many participants were assigned the batch before.
    seed
        Seed of the plan.
    state
        `live` holds a place in the batch; `lapsed` lost it after a time without an answer, and can continue;
        `finished`, `failed_quiz`, `screened_out` and `full` (passed the quiz when no place was left) have ended.
    excluded
        Why an operator excluded it, so that it takes no place and is not exported as data; `None` otherwise.
    link
        Number of the personal link with which it began; `None` without one.
    amendment
        Version of the study that the participant agreed to; 0 is the original.
    run
        Run of the server in which its first trial could start, from 1; `None` from before runs were counted.
    is_provisional
        Whether it does not count towards the quota yet, because its quiz is not passed.
    is_late
        Whether it finished after its place had gone to another participant.
    is_incomplete
        Whether it is finished, but some trial has no valid answer. The participant did everything and has a code, but
        the place goes to another one.
    started_ms, trials_ms, last_ms, finished_ms
        Study clock, which counts the milliseconds of serving. `trials_ms` is when the first trial could start, `None`
        until then and in collections from before it was recorded; `finished_ms` is `None` until then.
    quiz_passed, quiz_attempts
        Whether an attempt at the quiz was correct, and the number of attempts.
    replied
        Numbers of the answered pages of questions.
    """

    id: str
    sitting: str
    part: int
    batch: int
    number: int
    task: str
    seed: int
    plan: Plan
    state: State
    excluded: str | None
    link: int | None
    amendment: int
    run: int | None
    is_provisional: bool
    is_late: bool
    is_incomplete: bool
    started_ms: int
    trials_ms: int | None
    last_ms: int
    finished_ms: int | None
    quiz_passed: bool
    quiz_attempts: int
    has_comments: bool
    has_surroundings: bool
    replied: frozenset[int]

    def elapsed_ms(self, answer: AnswerRecord) -> int | None:
        """Return the ms between the possible start of the first trial and an answer; `None` across server restarts."""
        if self.trials_ms is None or answer.received_ms is None or answer.run != self.run:
            return None
        return answer.received_ms - self.trials_ms

    @property
    def is_open(self) -> bool:
        """Whether it has not ended, so that it can continue."""
        return self.state in {"live", "lapsed"}

    @property
    def takes_place(self) -> bool:
        """Whether it counts towards the quota of its batch."""
        if self.is_provisional or self.excluded is not None:
            return False
        return self.state == "live" or (self.state == "finished" and not self.is_late and not self.is_incomplete)


@dataclass(frozen=True)
class AnswerRecord:
    """A stored answer.

    Parameters
    ----------
    arrival
        Increases in the order of arrival, possibly with gaps.
    received_ms, run
        Time of arrival on the study clock, and the run of the server; `None` from before they were recorded.
    """

    session_id: str
    trial_index: int
    payload: dict[str, Any]
    arrival: int
    received_ms: int | None = None
    run: int | None = None


@dataclass(frozen=True)
class ReplyRecord:
    """The answers to a page of questions.

    Parameters
    ----------
    page
        Number of the page within the study.
    answers
        By name of the question.
    """

    session_id: str
    page: int
    answers: dict[str, Any]


@dataclass(frozen=True)
class AsideRecord:
    """Something set aside: a quarantined answer, or a second one that conflicts with the first.

    Parameters
    ----------
    kind
        "trial", "quiz", "questions" or "comments".
    place
        The trial's index, the quiz's attempt, the page's number, or 0.
    payload
        The text as sent.
    fault
        Why it was quarantined; `None` for a conflict.
    """

    session_id: str
    kind: str
    place: int
    payload: str
    fault: str | None


@dataclass(frozen=True)
class BatchCount:
    """Participants and answers of one batch.

    Parameters
    ----------
    number, task, condition, quota
        As in the batch.
    given
        How many participants were ever assigned to it.
    finished
        Finished in time, with a valid answer to every trial; `finished + live` never exceeds the quota.
    late
        Finished after their place had gone to another participant; not part of the quota.
    incomplete
        Finished, but with a quarantined answer instead of a valid one to some trial; their place goes to another one.
    live, provisional, lapsed, failed_quiz, screened_out, full, withdrawn
        Participants who have not finished, by state; `provisional` ones have not passed the quiz and hold no place yet.
    excluded
        Excluded participants, whatever their state; they are counted nowhere else.
    answers, quarantined, conflicts
        Numbers of stored rows.
    unkept
        Quarantined and conflicting answers that were not kept because the participant's limit was reached.
    """

    number: int
    task: str
    condition: int
    quota: int
    given: int
    finished: int
    late: int
    incomplete: int
    live: int
    provisional: int
    lapsed: int
    failed_quiz: int
    screened_out: int
    full: int
    excluded: int
    withdrawn: int
    answers: int
    quarantined: int
    conflicts: int
    unkept: int

    @property
    def open_places(self) -> int:
        """How many more participants can start."""
        return max(0, self.quota - self.finished - self.live)
