"""The memory of the serving process: what a request asks first is answered without the database.

Only the writer thread changes it, and only after the commit that holds the change.
"""

from __future__ import annotations

import sqlite3

from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.store.places import Places
from hmix_hub.suite.store.reading import Plans, read_sessions
from hmix_hub.suite.store.records import SessionRecord


class Cache:
    """Tokens, sessions and held trials, as committed.

    Parameters
    ----------
    database
        What to read them from.
    frozen
        The study.
    plans
        Where plans that were read are kept.

    Attributes
    ----------
    places
        The people who count towards the quotas.
    """

    def __init__(self, database: sqlite3.Connection, frozen: FrozenStudy, plans: Plans) -> None:
        tokens = database.execute("SELECT hash, session FROM tokens").fetchall()
        self._tokens: dict[bytes, str | None] = {bytes(token_hash): session for token_hash, session in tokens}
        self._sessions = {session.id: session for session in read_sessions(database, frozen, plans)}
        self.places = Places(self._sessions.values())
        held: dict[str, set[int]] = {}
        for table in ("answers", "quarantine"):
            for session, trial_index in database.execute(f"SELECT session, trial_index FROM {table}"):  # noqa: S608
                held.setdefault(session, set()).add(trial_index)
        self._held = {session: frozenset(indices) for session, indices in held.items()}

    def is_tombstone(self, token_hash: bytes) -> bool:
        """Say whether a token is of a person who withdrew."""
        return self._tokens.get(token_hash, "") is None

    def session_of(self, token_hash: bytes) -> SessionRecord | None:
        """Give the session of a token; `None` where there is none."""
        session_id = self._tokens.get(token_hash)
        return None if session_id is None else self._sessions.get(session_id)

    def session(self, session_id: str) -> SessionRecord | None:
        """Give a session; `None` where there is none."""
        return self._sessions.get(session_id)

    def sessions(self) -> list[SessionRecord]:
        """Give all sessions, in the order in which they began."""
        return list(self._sessions.values())

    def held(self, session_id: str) -> set[int]:
        """Give the trials that are held of a session."""
        return set(self._held.get(session_id, ()))

    def put(self, session: SessionRecord) -> None:
        """Take a session as it is now."""
        self.places.change(self._sessions.get(session.id), session)
        self._sessions[session.id] = session

    def add_token(self, token_hash: bytes, session_id: str) -> None:
        """Take a token of a session."""
        self._tokens[token_hash] = session_id

    def hold(self, session_id: str, trial_index: int) -> None:
        """Take that a trial is held."""
        self._held[session_id] = self._held.get(session_id, frozenset()) | {trial_index}

    def forget(self, session_id: str, token_hashes: list[bytes]) -> None:
        """Forget a session; its tokens become tombstones."""
        self._tokens.update(dict.fromkeys(token_hashes))
        self.places.change(self._sessions.pop(session_id, None), None)
        self._held.pop(session_id, None)
