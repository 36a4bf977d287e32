"""Replies: JSON, refusals, and the guard around all routes, which sets headers and hides the details of failures."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hmix_hub.suite.server.error_log import SERVER_LOG, told_without_values
from hmix_hub.suite.store.database import (
    JoinRefusedError,
    SessionGoneError,
    StoreError,
    StoreFullError,
    StoreRefusedError,
    StudyClosedError,
    StudyFullError,
    StudyPausedError,
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Headers of every reply."""
NOT_STORED = "no-store"
"""Default Cache-Control."""
_FOREVER = "private, max-age=31536000, immutable"
RETRY_SECONDS = "5"
"""Seconds that a browser waits if the server cannot store anything."""

LONGEST_PATH = 512
"""Maximum bytes of an address's path."""
LONGEST_QUERY = 4096

_LOG = logging.getLogger(SERVER_LOG)

_REFUSED: dict[type[Exception], tuple[int, str, str]] = {
    StudyFullError: (409, "full", "The study has enough participants."),
    StudyClosedError: (409, "closed", "The study is closed."),
    StudyPausedError: (409, "paused", "The study is paused."),
    SessionGoneError: (410, "withdrawn", "This session was withdrawn, and its answers were deleted."),
    StoreRefusedError: (409, "refused", "The server does not accept this, or no more of it."),
    StoreFullError: (503, "store_full", "The server has no space left. Nothing was stored."),
    StoreError: (503, "store_failed", "The server cannot store anything at present. Nothing was stored."),
}
"""Errors of the store as replies; the first matching type is used."""
_NOT_LET_IN = {
    "id_taken": (409, "id_taken", "Somebody with this id has already started in another browser."),
    "link_opened": (409, "link_opened", "This link is open in another browser."),
    "bad_link": (403, "bad_link", "This link does not belong to this study."),
    "not_allowed": (403, "not_allowed", "This study is by invitation only."),
}
"""Reasons of `JoinRefusedError` as replies."""


class Refusal(Exception):  # noqa: N818 - a reply, and no fault of the server
    """A request that is refused.

    Parameters
    ----------
    error
        Stable name, snake_case.
    message
        A sentence that quotes nothing from the request.
    """

    def __init__(
        self, status: int, error: str, message: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(error)
        self.status = status
        self.content = {"error": error, "message": message, **more}
        self.headers = dict(headers or {})

    def reply(self) -> Response:
        """Return the reply."""
        return json_reply(self.content, self.status, self.headers)


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Reply with JSON."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, dict(headers or {}), "application/json")


def png_reply(png: bytes) -> Response:
    """Reply with a picture; browsers may cache it, because every picture has its own address."""
    return Response(png, headers={"Cache-Control": _FOREVER}, media_type="image/png")


def refusal_of(error: Exception) -> Refusal | None:
    """Return the refusal for an error of the store; `None` for other errors."""
    if isinstance(error, JoinRefusedError):
        return Refusal(*_NOT_LET_IN[error.reason])
    for kind, (status, name, message) in _REFUSED.items():
        if isinstance(error, kind):
            wait = {"Retry-After": RETRY_SECONDS} if status == 503 else None
            return Refusal(status, name, message, headers=wait)
    return None


class DisconnectedError(Exception):
    """The browser disconnected before its request was complete, so there is nobody to reply to."""


class Guard:
    """Enforces the rules for all requests and replies.

    Parameters
    ----------
    headers
        Headers of every reply.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = HEADERS) -> None:
        self._app, self._headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; whatever fails, the reply is a refusal without details."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("Cache-Control", NOT_STORED)
            await send(message)

        try:
            path = scope.get("raw_path") or scope["path"].encode()
            if len(path) > LONGEST_PATH or len(scope["query_string"]) > LONGEST_QUERY:
                raise Refusal(414, "address_too_long", "The address is too long.")
            await self._app(scope, receive, send_with_headers)
        except DisconnectedError:
            return
        except Exception as error:
            refused = error if isinstance(error, Refusal) else refusal_of(error)
            if refused is None:
                _LOG.error("%s", told_without_values(error))
                refused = Refusal(500, "server_fault", "Something went wrong on the server.")
            if not begun:
                await refused.reply()(scope, receive, send_with_headers)
