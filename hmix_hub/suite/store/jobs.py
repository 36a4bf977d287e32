"""Jobs of a store: participants who join and leave, and what they send; each is done once it is on disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial

from hmix_hub.suite.design.design import Amendment
from hmix_hub.suite.store import answers, links, news, places, sessions
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import Outcome, SessionRecord
from hmix_hub.suite.store.writer import Job, T
from hmix_hub.suite.study.model import StudyFile


class Jobs(ABC):
    """The part of a store that lets participants join, stores what they send, and lets them leave."""

    key: StudyKey

    @abstractmethod
    def _submit(self, job: Job[T]) -> Future[T]:
        """Queue a job for the writer."""

    def join(
        self,
        token_hash: bytes,
        *,
        recruiting_hash: str | None = None,
        task: str | None = None,
        link: int | None = None,
        takes_over: bool = False,
        another: bool = False,
    ) -> Future[SessionRecord]:
        """Return the session of a token or of a personal link, or begin one; see `sessions.join`."""
        arrival = sessions.Arrival(token_hash, recruiting_hash, task, link, takes_over, another)
        return self._submit(partial(sessions.join, arrival=arrival))

    def resume(self, session_id: str) -> Future[SessionRecord]:
        """Record that a participant returned; a lapsed place is theirs again if it is still free."""
        return self._submit(partial(sessions.resume, session_id=session_id))

    def finish(self, session_id: str) -> Future[list[int]]:
        """Finish a session, or return the missing trials; see `sessions.finish`."""
        return self._submit(partial(sessions.finish, session_id=session_id))

    def withdraw(self, session_id: str) -> Future[None]:
        """Delete a session and everything the participant sent; see `sessions.withdraw`. Backups are not changed.

        Done once the rows are overwritten and the log is emptied; `erasing` describes what follows within ten minutes.
        """
        return self._submit(partial(sessions.withdraw, session_id=session_id))

    def leave(self, session_id: str) -> Future[None]:
        """End a session as having failed the quiz; `put_quiz` does this itself at the last attempt."""
        return self._submit(partial(sessions.leave, session_id=session_id))

    def issue_links(self, count: int, recruiting_ids: Sequence[str] = ()) -> Future[list[int]]:
        """Issue personal links; see `links.issue_links`."""
        hashes = [self.key.recruiting(given) for given in recruiting_ids]
        return self._submit(partial(links.issue_links, count=count, hashes=hashes))

    def revoke_links(self) -> Future[int]:
        """Revoke unopened personal links; see `links.revoke_links`."""
        return self._submit(links.revoke_links)

    def allow(self, recruiting_ids: Iterable[str]) -> Future[None]:
        """Add recruiting ids to the allow list; see `links.allow`."""
        return self._submit(partial(links.allow, hashes=[self.key.recruiting(given) for given in recruiting_ids]))

    def exclude(self, session_id: str, reason: str | None) -> Future[None]:
        """Exclude a participant, or include them again; see `places.exclude`."""
        return self._submit(partial(places.exclude, session_id=session_id, reason=reason))

    def amend(self, study: StudyFile, changed: Sequence[str]) -> Future[Amendment]:
        """Amend the study; see `news.amend`."""
        return self._submit(partial(news.amend, study=study, changed=changed))

    def free(self, session_id: str) -> Future[bool]:
        """Free a participant's place for another one; see `places.free`."""
        return self._submit(partial(places.free, session_id=session_id))

    def put_trial(
        self, session_id: str, trial_index: int, payload: str, *, fault: str | None, pretended_ms: int = 0
    ) -> Future[Outcome]:
        """Store the answer to a trial; see `answers.put_trial`. Anything that is not JSON is quarantined."""
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
                pretended_ms=pretended_ms,
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
        """Check that answers can be stored, by writing and deleting the size of one."""
        return self._submit(answers.try_out)

    def put_reply(
        self, session_id: str, page: int, payload: str, *, passed: bool | None, screened_out: bool
    ) -> Future[Outcome]:
        """Store the answers to a page of questions; see `answers.put_reply`."""
        return self._submit(
            partial(
                answers.put_reply,
                session_id=session_id,
                page=page,
                payload=payload,
                passed=passed,
                screened_out=screened_out,
            )
        )

    def put_surroundings(self, session_id: str, payload: str) -> Future[Outcome]:
        """Store a participant's surroundings; see `answers.put_surroundings`."""
        return self._submit(partial(answers.put_surroundings, session_id=session_id, payload=payload))
