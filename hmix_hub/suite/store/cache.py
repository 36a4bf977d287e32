"""The memory of the serving process, which answers the first queries of a request without the database.

Only the writer thread changes it, and only after the change has been committed.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterable

from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.store.reading import Plans, read_sessions
from hmix_hub.suite.store.records import SessionRecord


class Cache:
    """Tokens, sessions and held trials, as committed."""

    def __init__(self, database: sqlite3.Connection, frozen: FrozenStudy, plans: Plans) -> None:
        tokens = database.execute("SELECT hash, session, is_moved FROM tokens").fetchall()
        self._tokens: dict[bytes, str | None] = {bytes(token_hash): session for token_hash, session, _ in tokens}
        self._moved = {bytes(token_hash) for token_hash, _, is_moved in tokens if is_moved}
        self._sessions = {session.id: session for session in read_sessions(database, frozen, plans)}
        self._parts: dict[str, list[str]] = {}
        for session in self._sessions.values():
            self._parts.setdefault(session.sitting, []).append(session.id)
        self.places = Places(self._sessions.values())
        self.places.set_links(int(database.execute("SELECT count(*) FROM links").fetchone()[0]))
        held: dict[str, set[int]] = {}
        query = "SELECT session, trial_index FROM answers UNION ALL SELECT session, trial_index FROM quarantine"
        for name, trial_index in database.execute(query):
            held.setdefault(name, set()).add(trial_index)
        self._held = {name: frozenset(indices) for name, indices in held.items()}

    def is_tombstone(self, token_hash: bytes) -> bool:
        """Return whether a token belongs to a participant who withdrew."""
        return self._tokens.get(token_hash, "") is None

    def session_of(self, token_hash: bytes) -> SessionRecord | None:
        """Return the session of a token; `None` if there is none."""
        session_id = self._tokens.get(token_hash)
        return None if session_id is None else self._sessions.get(session_id)

    def sessions(self) -> list[SessionRecord]:
        """Return all sessions, in the order in which they began."""
        return list(self._sessions.values())

    def parts(self, sitting: str) -> list[SessionRecord]:
        """Return the sessions of a sitting, in order."""
        return [self._sessions[part] for part in self._parts.get(sitting, ()) if part in self._sessions]

    def held(self, session_id: str) -> set[int]:
        """Return the trials of a session whose answers are held."""
        return set(self._held.get(session_id, ()))

    def put(self, session: SessionRecord) -> None:
        """Store the current state of a session."""
        if session.id not in self._sessions:
            self._parts[session.sitting] = [*self._parts.get(session.sitting, ()), session.id]
        self.places.change(self._sessions.get(session.id), session)
        self._sessions[session.id] = session

    def recount(self) -> None:
        """Recount the places, because a new time-out changes which sessions have lapsed."""
        links = self.places.links
        self.places = Places(self._sessions.values())
        self.places.set_links(links)

    def add_token(self, token_hash: bytes, session_id: str) -> None:
        """Add a token of a session."""
        self._tokens[token_hash] = session_id

    def move_tokens(self, token_hashes: list[bytes]) -> None:
        """Record that the sessions of these tokens continue in another browser."""
        self._moved.update(token_hashes)

    def is_moved(self, token_hash: bytes) -> bool:
        """Return whether the session of a token continues in another browser."""
        return token_hash in self._moved

    def hold(self, session_id: str, trial_index: int) -> None:
        """Record that a trial's answer is held."""
        self._held[session_id] = self._held.get(session_id, frozenset()) | {trial_index}

    def forget(self, session_id: str, token_hashes: list[bytes]) -> None:
        """Remove a session; its tokens become tombstones."""
        self._tokens.update(dict.fromkeys(token_hashes))
        gone = self._sessions.pop(session_id, None)
        self.places.change(gone, None)
        if gone is not None:
            self._parts.pop(gone.sitting, None)
        self._held.pop(session_id, None)


class Places:
    """The participants who count towards the quotas."""

    def __init__(self, sessions: Iterable[SessionRecord]) -> None:
        self._lock = threading.Lock()
        self._finished: Counter[int] = Counter()
        self._live_by_batch: Counter[int] = Counter()
        # By the last answer, oldest first: those whose time-out passes next.
        self._live: OrderedDict[str, SessionRecord] = OrderedDict()
        self._newest_ms = 0
        # Opened personal links: the last answer of a participant without a place; `None` if they have one or have ended
        # without one.
        self.links, self._opened = 0, dict[int, int | None]()
        for session in sorted(sessions, key=lambda session: session.last_ms):
            self.change(None, session)

    def change(self, before: SessionRecord | None, after: SessionRecord | None) -> None:
        """Count the change of a session; `None` for one that is new or deleted."""
        with self._lock:
            for session, participants in ((before, -1), (after, 1)):
                if session is not None and session.state == "finished" and session.takes_place:
                    self._finished[session.batch] += participants
            self._note_link(before, after)
            known = None if before is None else self._live.get(before.id)
            is_live = after is not None and after.state == "live" and after.takes_place
            if known is not None and after is not None and is_live and after.last_ms == known.last_ms:
                return
            if known is not None:
                self._drop(known)
            # An older one was already dropped, because its time-out had passed.
            if after is not None and is_live and after.last_ms >= self._newest_ms:
                self._newest_ms = after.last_ms
                self._live[after.id] = after
                self._live_by_batch[after.batch] += 1

    def _note_link(self, before: SessionRecord | None, after: SessionRecord | None) -> None:
        link = next((session.link for session in (before, after) if session is not None and session.part == 0), None)
        if link is None:
            return
        if after is None:
            self._opened.pop(link, None)
            return
        waits = after.is_open and after.excluded is None and not after.takes_place
        self._opened[link] = after.last_ms if waits else None

    def set_links(self, total: int) -> None:
        """Set the number of personal links."""
        with self._lock:
            self.links = total

    def kept(self, expires_before: float) -> int:
        """Count the places reserved for personal links, except for participants who can no longer continue."""
        with self._lock:
            opened = self._opened.values()
            return self.links - sum(last_ms is None or last_ms < expires_before for last_ms in opened)

    def _drop(self, session: SessionRecord) -> None:
        del self._live[session.id]
        self._live_by_batch[session.batch] -= 1

    def taken(self, lapses_before: float) -> Counter[int]:
        """Return the places taken, by batch, without lapsed ones; `lapses_before` never decreases between calls."""
        with self._lock:
            while self._live and (oldest := next(iter(self._live.values()))).last_ms < lapses_before:
                self._drop(oldest)
            return self._finished + self._live_by_batch
