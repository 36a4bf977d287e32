"""Replies: JSON, refusals, and the headers that every reply carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from hmix_hub.suite.store.errors import (
    SessionGoneError,
    StoreError,
    StoreFullError,
    StoreRefusedError,
    StudyClosedError,
    StudyFullError,
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
"""Cache-Control of whatever says nothing else."""
RETRY_SECONDS = "5"
"""How long a browser waits where the server can store nothing."""

_REFUSED: dict[type[Exception], tuple[int, str, str]] = {
    StudyFullError: (409, "full", "The study needs no more people."),
    StudyClosedError: (409, "closed", "The study is closed."),
    SessionGoneError: (410, "withdrawn", "This session was withdrawn, and its answers were deleted."),
    StoreRefusedError: (409, "refused", "The server does not take this, or no more of it."),
    StoreFullError: (503, "store_full", "The server has no space left. Nothing was stored."),
    StoreError: (503, "store_failed", "The server cannot store at present. Nothing was stored."),
}
"""Errors of the store as replies; the first kind that fits."""


class Refusal(Exception):  # noqa: N818 - a reply, and no fault of the server
    """A request that is refused.

    Parameters
    ----------
    status
        HTTP status.
    error
        Stable name, snake_case.
    message
        A sentence; nothing of the request is in it.
    headers
        Headers of the reply.
    more
        More fields of the reply.
    """

    def __init__(
        self, status: int, error: str, message: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(error)
        self.status = status
        self.content = {"error": error, "message": message, **more}
        self.headers = dict(headers or {})

    def reply(self) -> Response:
        """Give the reply."""
        return json_reply(self.content, self.status, self.headers)


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Reply with JSON."""
    body = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status, dict(headers or {}), "application/json")


def refusal_of(error: Exception) -> Refusal | None:
    """Give the refusal that an error of the store means; `None` if it is none of its."""
    for kind, (status, name, message) in _REFUSED.items():
        if isinstance(error, kind):
            wait = {"Retry-After": RETRY_SECONDS} if status == 503 else None
            return Refusal(status, name, message, headers=wait)
    return None
