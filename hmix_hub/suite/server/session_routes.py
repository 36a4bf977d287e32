"""Routes of a session as a whole: join, look, finish, withdraw."""

from __future__ import annotations

from asyncio import wrap_future
from typing import NoReturn

from starlette.requests import Request
from starlette.responses import Response

from hmix_hub.suite.server.replies import Refusal, json_reply
from hmix_hub.suite.server.requests import read_object, token_hash
from hmix_hub.suite.server.sessions import find_session
from hmix_hub.suite.session.view import completion, session_view
from hmix_hub.suite.store.errors import SessionGoneError
from hmix_hub.suite.store.records import SessionRecord
from hmix_hub.suite.store.store import Store

_PLACEHOLDERS = ("{{", "${", "NOT_AVAILABLE")
"""Marks of an id that a recruiting platform has not filled in: Prolific, Qualtrics, Mechanical Turk."""
_LONGEST_ID = 200
"""Characters of a recruiting id at most."""


class SessionRoutes:
    """Begin and end of sessions.

    Parameters
    ----------
    store
        The collection.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def join(self, request: Request) -> Response:
        """Begin a session, or go on with the one that the token or the recruiting id has."""
        token = token_hash(request)
        none = type(None)
        sent = await read_object(request, recruiting_id=(str, none), task=(str, none), consent_sha256=str)
        frozen = self._store.frozen
        if sent["consent_sha256"] != frozen.consent_sha256:
            raise Refusal(409, "consent_changed", "The consent form is another one. Load the page again.")
        if sent["task"] is not None and sent["task"] not in frozen.study.tasks:
            raise Refusal(400, "no_such_task", "The study has no such task.")
        recruiting_hash = self._recruiting(sent["recruiting_id"])
        record = await wrap_future(self._store.join(token, recruiting_hash=recruiting_hash, task=sent["task"]))
        return self._view(record)

    async def look(self, request: Request) -> Response:
        """Tell of a session; who comes back gets their place in the batch again, if it is still free."""
        record = find_session(self._store, request).record
        if record.state == "lapsed" and not self._store.is_expired(record):
            record = await wrap_future(self._store.resume(record.id))
        return self._view(record)

    async def finish(self, request: Request) -> Response:
        """Finish a session, if the server holds an answer to every trial."""
        found = find_session(self._store, request)
        await read_object(request)
        record = found.record
        if record.state == "failed_quiz":
            raise Refusal(409, "failed_quiz", "The session ended with the quiz.")
        if found.design.quiz is not None and not record.quiz_passed:
            raise Refusal(409, "quiz_not_passed", "The quiz comes first.")
        missing = await wrap_future(self._store.finish(record.id))
        if missing:
            raise Refusal(409, "missing", "Answers are missing.", missing=missing)
        return json_reply(completion(record.id, self._store.frozen, self._store.key))

    async def withdraw(self, request: Request) -> Response:
        """Delete a session and all that was stored of it; twice is harmless."""
        try:
            record = find_session(self._store, request).record
            await wrap_future(self._store.withdraw(record.id))
        except SessionGoneError:
            pass
        return json_reply({"withdrawn": True})

    def _recruiting(self, recruiting_id: str | None) -> str | None:
        if recruiting_id is not None and not recruiting_id.isprintable():
            self._refuse_id()
        stripped = (recruiting_id or "").strip()
        if any(mark in stripped for mark in _PLACEHOLDERS):
            # The platform did not fill in its link; everybody who opened it would be the same person.
            stripped = ""
        if len(stripped) > _LONGEST_ID:
            self._refuse_id()
        if not stripped and self._store.frozen.study.recruiting.required:
            raise Refusal(403, "recruiting_id_missing", "The address lacks the id of the recruiting platform.")
        return self._store.key.recruiting(stripped) if stripped else None

    def _refuse_id(self) -> NoReturn:
        raise Refusal(400, "bad_recruiting_id", f"A recruiting id is printable, of at most {_LONGEST_ID} characters.")

    def _view(self, record: SessionRecord) -> Response:
        store = self._store
        expired = store.is_expired(record)
        return json_reply(session_view(record, store.held(record.id), store.frozen, store.key, expired=expired))
