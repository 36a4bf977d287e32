"""Places: how many people each batch has now, counted as things happen, so that asking costs nothing."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable

from hmix_hub.suite.store.records import SessionRecord


class Places:
    """The people who count towards the quotas.

    Parameters
    ----------
    sessions
        All sessions.
    """

    def __init__(self, sessions: Iterable[SessionRecord]) -> None:
        self._lock = threading.Lock()
        self._finished: Counter[int] = Counter()
        self._live_by_batch: Counter[int] = Counter()
        # By the last answer, the oldest first: those whose time-out passes next.
        self._live: OrderedDict[str, SessionRecord] = OrderedDict()
        self._newest_ms = 0
        for session in sorted(sessions, key=lambda session: session.last_ms):
            self.change(None, session)

    def change(self, before: SessionRecord | None, after: SessionRecord | None) -> None:
        """Take what became of a session; `None` for one that was not there before, or is not any more."""
        with self._lock:
            for session, people in ((before, -1), (after, 1)):
                if session is not None and session.state == "finished" and session.takes_place:
                    self._finished[session.batch] += people
            known = None if before is None else self._live.get(before.id)
            if known is not None and after is not None and (after.state, after.last_ms) == ("live", known.last_ms):
                return
            if known is not None:
                self._drop(known)
            # One that is older than others was dropped before, as its time-out had passed.
            if after is not None and after.state == "live" and after.last_ms >= self._newest_ms:
                self._newest_ms = after.last_ms
                self._live[after.id] = after
                self._live_by_batch[after.batch] += 1

    def _drop(self, session: SessionRecord) -> None:
        del self._live[session.id]
        self._live_by_batch[session.batch] -= 1

    def taken(self, lapses_before: float) -> Counter[int]:
        """Give how many places are taken, by batch.

        Parameters
        ----------
        lapses_before
            Live sessions with an older last answer have given their place back, study clock; never less than before.
        """
        with self._lock:
            while self._live and (oldest := next(iter(self._live.values()))).last_ms < lapses_before:
                self._drop(oldest)
            return self._finished + self._live_by_batch
