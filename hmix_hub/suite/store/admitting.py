"""People, as the store takes them in and lets them go: a job of the writer each, done once it is on the disk."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from functools import partial

from hmix_hub.suite.store import links, places, sessions
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.writer import Job, T


class Admitting(ABC):
    """The part of a store that takes people in, and lets them go."""

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
        """Record that a person came back: a place that was given back is theirs again, if it is still free."""
        return self._submit(partial(sessions.resume, session_id=session_id))

    def finish(self, session_id: str) -> Future[list[int]]:
        """Finish a session, or give the trials that are missing; see `sessions.finish`."""
        return self._submit(partial(sessions.finish, session_id=session_id))

    def withdraw(self, session_id: str) -> Future[None]:
        """Delete a session and all that a person sent; see `sessions.withdraw`. Backups are not changed.

        Done once the rows are overwritten and the log is emptied; `erasing` says what follows within ten minutes.
        """
        return self._submit(partial(sessions.withdraw, session_id=session_id))

    def leave(self, session_id: str) -> Future[None]:
        """End a session as one that failed the quiz; `put_quiz` does so by itself at the last attempt."""
        return self._submit(partial(sessions.leave, session_id=session_id))

    def issue_links(self, count: int, recruiting_ids: Sequence[str] = ()) -> Future[list[int]]:
        """Issue personal links; see `links.issue_links`."""
        hashes = [self.key.recruiting(given) for given in recruiting_ids]
        return self._submit(partial(links.issue_links, count=count, hashes=hashes))

    def revoke_links(self) -> Future[int]:
        """Revoke the personal links that nobody has opened; see `links.revoke_links`."""
        return self._submit(links.revoke_links)

    def allow(self, recruiting_ids: Iterable[str]) -> Future[None]:
        """Let people with these recruiting ids take part, and no others without a link; see `links.allow`."""
        return self._submit(partial(links.allow, hashes=[self.key.recruiting(given) for given in recruiting_ids]))

    def exclude(self, session_id: str, reason: str | None) -> Future[None]:
        """Exclude a person, or take them back; see `places.exclude`."""
        return self._submit(partial(places.exclude, session_id=session_id, reason=reason))

    def free(self, session_id: str) -> Future[bool]:
        """Give a person's place to somebody else; see `places.free`."""
        return self._submit(partial(places.free, session_id=session_id))
