"""What the store gives: a session, an answer, the people of a batch, and what became of something sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from hmix_hub.suite.design.plan import Plan

State = Literal["live", "lapsed", "finished", "failed_quiz", "screened_out", "full"]


class Outcome(StrEnum):
    """What became of something that was sent; all four are on the disk."""

    STORED = "stored"
    SAME = "same"
    CONFLICT = "conflict"
    QUARANTINED = "quarantined"


@dataclass(frozen=True)
class SessionRecord:
    """The session of one person for one task.

    Parameters
    ----------
    id
        32 hex digits, drawn at random.
    sitting, part
        The id of the person's first session, and the place of this one in their order of tasks, from 0. Where the
        study asks one task at a time, every session is the first of its sitting.
    number
        How many people were given the batch before.
    seed
        What the plan was drawn with.
    state
        `live` holds a place in the batch; `lapsed` gave it back after a time without an answer, and may go on;
        `finished`, `failed_quiz`, `screened_out` and `full` (passed the quiz when no place was left) have ended.
    excluded
        Why those who run the study excluded it: it takes no place, and is not exported as data; `None` otherwise.
    link
        Number of the personal link that it began with; `None` without one.
    amendment
        Version of the study that the person agreed to; 0 is the study as it began.
    run
        Run of the server in which its first trial became possible, from 1; `None` before runs were counted.
    is_provisional
        Whether it does not count towards the quota yet, since its quiz is not passed.
    is_late
        Whether it finished after its place had been given to somebody else.
    is_incomplete
        Whether it is finished, and an answer of some trial came, but no valid one. The person did everything, and has
        a code; the place is somebody else's.
    started_ms, trials_ms, last_ms, finished_ms
        Study clock, milliseconds for which the collection was served; `trials_ms` is when the first trial became
        possible, `None` until then and of collections before that was noted; `finished_ms` is `None` until then.
    quiz_passed, quiz_attempts
        Whether an attempt at the quiz was right, and how many were made.
    replied
        Pages of questions that were answered, by their numbers.
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
        """Return how long after the first trial was possible an answer came; `None` where the server was restarted."""
        if self.trials_ms is None or answer.received_ms is None or answer.run != self.run:
            return None
        return answer.received_ms - self.trials_ms

    @property
    def is_open(self) -> bool:
        """Whether it has not ended, so that it may go on."""
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
        Orders answers by when they arrived; numbers may be left out.
    received_ms, run
        When it came, by the study clock, and the run of the server; `None` of collections before that was noted.
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
    """Something kept aside: a quarantined answer, or a second one that conflicts with the first.

    Parameters
    ----------
    kind
        "trial", "quiz", "questions" or "comments".
    place
        The trial's index, the quiz's attempt, the page's number, or 0.
    payload
        The text as it came.
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
    """People and answers of one batch.

    Parameters
    ----------
    number, task, condition, quota
        As in the batch.
    given
        How many people were given it, ever.
    finished
        Finished in time, with a valid answer of every trial; `finished + live` never passes the quota.
    late
        Finished after their place had been given to somebody else; on top of the quota.
    incomplete
        Finished, without a valid answer of some trial: that one is quarantined. Their place is given to somebody else.
    live, provisional, lapsed, failed_quiz, screened_out, full, withdrawn
        People who have not finished, by what became of them; `provisional` are those whose quiz is not passed, who
        hold no place yet.
    excluded
        People who were excluded, whatever they did; they are counted nowhere else.
    answers, quarantined, conflicts
        Rows that are stored.
    unkept
        Quarantined and conflicting answers that were not kept, since enough was kept of that person.
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
        """How many more people can begin."""
        return max(0, self.quota - self.finished - self.live)
