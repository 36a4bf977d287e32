"""Access to the operator's application: its token, compared in constant time; guesses are slowed and logged."""

from __future__ import annotations

import asyncio
import hmac
import logging

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from hmix_hub.suite.server.error_log import SERVER_LOG
from hmix_hub.suite.server.replies import Refusal
from hmix_hub.suite.server.requests import bearer_token

GUESS_SECONDS = 1.0
"""How long a wrong token waits for its refusal."""
MOST_WAITING = 16
"""Wrong tokens that wait at a time; more are refused at once, unread."""
OPEN = "/api/"
"""Only what begins so needs the token: the page itself holds nothing of the study."""

_LOG = logging.getLogger(SERVER_LOG)


class Access:
    """Lets requests pass that bring the token. A right token never waits, however many guess."""

    def __init__(self, app: ASGIApp, *, token: str) -> None:
        self._app, self._token = app, token.encode()
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and scope["path"].startswith(OPEN):
            given = bearer_token(Request(scope)) or ""
            if not hmac.compare_digest(given.encode(), self._token):
                await self._refuse()
        await self._app(scope, receive, send)

    async def _refuse(self) -> None:
        # The log of errors writes it once a minute, and counts.
        _LOG.warning("the dashboard was asked without its token")
        if self._waiting >= MOST_WAITING:
            wait = {"Retry-After": "60", "Connection": "close"}
            raise Refusal(429, "too_many_guesses", "Too many requests came without the token.", headers=wait)
        self._waiting += 1
        try:
            await asyncio.sleep(GUESS_SECONDS)
        finally:
            self._waiting -= 1
        wanted = {"WWW-Authenticate": "Bearer"}
        raise Refusal(401, "wrong_token", "Open the address that `hmix collect serve` printed.", headers=wanted)
