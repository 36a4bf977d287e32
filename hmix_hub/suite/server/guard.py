"""The guard around all routes: headers on every reply, bounded addresses, and silence about what went wrong."""

from __future__ import annotations

import logging
import traceback

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hmix_hub.suite.server.replies import HEADERS, NOT_STORED, Refusal, refusal_of

LONGEST_PATH = 512
"""Bytes of an address's path, and of what follows its question mark, at most; a preview's parameters fit."""
LONGEST_QUERY = 4096

_LOG = logging.getLogger("hmix_hub.suite.server")


class DisconnectedError(Exception):
    """The browser went away before its request was whole; there is nobody to reply to."""


class Guard:
    """Keeps what every request and reply must keep.

    Parameters
    ----------
    app
        The routes.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; whatever happens, the reply is one of ours."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", NOT_STORED)
            await send(message)

        try:
            if len(scope.get("raw_path") or scope["path"].encode()) > LONGEST_PATH:
                raise Refusal(414, "address_too_long", "The address is too long.")
            if len(scope["query_string"]) > LONGEST_QUERY:
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


def told_without_values(error: BaseException) -> str:
    """Tell of an error by its kind and places alone: messages may hold what people sent."""
    places = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return "\n".join([f"a request failed: {type(error).__name__}", *places])
