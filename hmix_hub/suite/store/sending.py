"""What people send, as the store takes it: a job of the writer each, done once it is on the disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import Future
from functools import partial

from hmix_hub.suite.store import answers, replies
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.writer import Job, T


class Sending(ABC):
    """The part of a store that takes what people send."""

    @abstractmethod
    def _submit(self, job: Job[T]) -> Future[T]:
        """Queue a job for the writer."""

    def put_trial(self, session_id: str, trial_index: int, payload: str, *, fault: str | None) -> Future[Outcome]:
        """Store the answer of a trial; see `answers.put_trial`. What is no JSON is quarantined."""
        content = answers.canonical(payload)
        if fault is None and content is None:
            fault = "not JSON"
        return self._submit(
            partial(
                answers.put_trial,
                session_id=session_id,
                trial_index=trial_index,
                payload=content if content is not None else answers.storable(payload),
                fault=fault,
            )
        )

    def put_quiz(self, session_id: str, attempt: int, payload: str, passed: bool) -> Future[Outcome]:
        """Store an attempt at the quiz; see `answers.put_quiz`."""
        content = answers.canonical(payload) or answers.storable(payload)
        return self._submit(
            partial(answers.put_quiz, session_id=session_id, attempt=attempt, payload=content, passed=passed)
        )

    def put_comments(self, session_id: str, text: str) -> Future[Outcome]:
        """Store the comments of a session; see `answers.put_comments`."""
        return self._submit(partial(answers.put_comments, session_id=session_id, text=answers.legible(text)))

    def try_out(self) -> Future[None]:
        """Check that answers can be stored: as much as one holds is written and deleted again."""
        return self._submit(answers.try_out)

    def put_reply(
        self, session_id: str, page: int, payload: str, *, passed: bool | None, screened_out: bool
    ) -> Future[Outcome]:
        """Store the answers to a page of questions; see `replies.put_reply`."""
        job = partial(replies.put_reply, session_id=session_id, page=page, payload=payload)
        return self._submit(partial(job, passed=passed, screened_out=screened_out))

    def put_surroundings(self, session_id: str, payload: str) -> Future[Outcome]:
        """Store what surrounds a person's pictures; see `replies.put_surroundings`."""
        return self._submit(partial(replies.put_surroundings, session_id=session_id, payload=payload))
