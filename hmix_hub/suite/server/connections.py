"""Connections: who begins a request has to go on with it."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20.0
"""A request's headers have to be there so long after its first byte, or after the connection was opened."""


class Connection(H11Protocol):
    """A connection that is closed if a request that was begun does not come.

    Uvicorn waits for a request for ever once a byte of it has come; whoever opens connections and sends half a request
    on each would take all that the system allows. A connection whose last request was answered is kept as uvicorn
    keeps it.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a new connection."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with what came after the request that was answered."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        self._set_deadline(False)

    def _watch(self) -> None:
        state = self.conn.their_state
        # The keep-alive timer runs from a reply to the next byte; without it, nothing else ends the wait.
        is_idle = self.timeout_keep_alive_task is not None and not self.conn.trailing_data[0]
        waits_for_headers = state is h11.IDLE and not is_idle
        # A body that nobody reads, since the request was answered already.
        waits_for_body = state is h11.SEND_BODY and self.cycle is not None and self.cycle.response_complete
        self._set_deadline(waits_for_headers or waits_for_body)

    def _set_deadline(self, is_needed: bool) -> None:
        if not is_needed and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        elif is_needed and self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._end)

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.abort()
