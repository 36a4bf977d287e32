"""Connections: each has a limited time to wait for its client; if there are too many, the longest-waiting are closed.

A connection waits for its client unless a complete request on it is being answered. A client that opens many
connections and sends nothing, or half a request, uses up file descriptors that others need; closing a waiting
connection only costs an active client a new connection, and never an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from hmix_hub.suite.server.error_log import SERVER_LOG

KEEP_ALIVE_SECONDS = 150
"""Longer than participants think about a picture, and than proxies keep connections (nginx 60 s, Caddy 120 s)."""
HEADER_SECONDS = 20.0
"""Time limit for a request's headers, from its first byte or from the opening of the connection."""
STOP_SECONDS = 1.0
"""How long a stopping server waits for the rest of a request."""
ACCEPTED_AT_ONCE = 32
"""Connections accepted per turn of the event loop; three turns pass before the first of them is counted."""
MOST_FILES = 16384
"""Number of open files to request; a browser holds up to six connections."""
OTHER_FILES = 192
"""Open files reserved for everything else, including connections that are just being accepted."""
_SHED_SHARE = 16
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connections(ServerState):
    """All connections of a server.

    Parameters
    ----------
    most
        Maximum number of connections.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        # Longest-waiting first.
        self._by_wait: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._by_wait)

    def add(self, connection: Connection) -> None:
        """Count a new connection; if there are too many, close the longest-waiting ones."""
        self._by_wait[connection] = None
        if len(self._by_wait) > self.most:
            self.shed()

    def answered(self, connection: Connection) -> None:
        """Record that a request was answered, so that its client was active just now."""
        if connection in self._by_wait:
            del self._by_wait[connection]
            self._by_wait[connection] = None

    def discard(self, connection: Connection) -> None:
        """Forget a closed connection."""
        self._by_wait.pop(connection, None)

    def shed(self) -> None:
        """Close a sixteenth of all connections, the longest-waiting ones."""
        number = max(1, len(self._by_wait) // _SHED_SHARE)
        waiting = (connection for connection in list(self._by_wait) if connection.waits_for_person())
        closed = [connection for connection, _ in zip(waiting, range(number), strict=False)]
        for connection in closed:
            self.discard(connection)
            connection.end()
        logging.getLogger(SERVER_LOG).warning("too many connections: closed some that had waited for a long time")


class Connection(H11Protocol):
    """A connection that is closed if a request is not completed in time.

    Uvicorn waits forever for a request once a byte of it has arrived, so that a client sending half-requests could use
    up all connections. An idle connection is kept as usual in uvicorn, unless there are too many.
    """

    server_state: Connections

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Handle a new connection."""
        super().connection_made(transport)
        self._watch()
        self.server_state.add(self)

    def data_received(self, data: bytes) -> None:
        """Handle received bytes."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Continue with what arrived after the answered request."""
        super().on_response_complete()
        self._watch()
        self.server_state.answered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Handle the end of the connection."""
        super().connection_lost(exc)
        self._set_deadline(False)
        self.server_state.discard(self)

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, even if the client does not read."""
        self.end()

    def shutdown(self) -> None:
        """Stop with the server: answer a complete request, or wait a moment for the rest of an incomplete one."""
        with contextlib.suppress(h11.LocalProtocolError):
            super().shutdown()
        self.loop.call_later(STOP_SECONDS, self._end_if_waiting)

    def waits_for_person(self) -> bool:
        """Whether the client must send or read before the connection can continue."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def end(self) -> None:
        """Close the connection immediately."""
        self.transport.abort()

    def _end_if_waiting(self) -> None:
        if self.waits_for_person():
            self.end()

    def _watch(self) -> None:
        state = self.conn.their_state
        # The keep-alive timer runs from a reply to the next byte; otherwise, nothing else would end the wait.
        is_idle = self.timeout_keep_alive_task is not None and not self.conn.trailing_data[0]
        waits_for_headers = state is h11.IDLE and not is_idle
        # A body that is not read any more, because the request was already answered.
        waits_for_body = state is h11.SEND_BODY and self.cycle is not None and self.cycle.response_complete
        self._set_deadline(waits_for_headers or waits_for_body)

    def _set_deadline(self, is_needed: bool) -> None:
        if not is_needed and self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        elif is_needed and self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.end)


def allow_many_files() -> int:
    """Raise the limit of open files as far as the system allows; return the number of connections it leaves."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return MOST_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return MOST_FILES
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    allowed = min(soft, MOST_FILES)
    return max(allowed - OTHER_FILES, allowed // 2)


def is_out_of_files(error: object) -> bool:
    """Return whether an error means that no connection can be accepted."""
    return isinstance(error, OSError) and error.errno in _OUT_OF_FILES
