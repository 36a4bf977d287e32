"""Connections: each waits only so long for its person, and those that have waited longest go where there are too many.

A connection waits for its person unless a whole request on it is being answered. Whoever opens many and sends nothing,
or half a request, takes descriptors that others need; closing one that waits costs a person who is still there the
opening of another, and no answer.
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
"""Longer than a person thinks about a picture and than proxies keep connections: nginx 60 s, Caddy 120 s."""
HEADER_SECONDS = 20.0
"""A request's headers have to be there so long after its first byte, or after the connection was opened."""
STOP_SECONDS = 1.0
"""Where the server is stopped, what is still missing of a request is waited for so long."""
ACCEPTED_AT_ONCE = 32
"""So many are accepted in one turn of the event loop, and three turns pass before the first of them is counted."""
MOST_FILES = 16384
"""As many open files as are asked for: a browser holds up to six connections."""
OTHER_FILES = 192
"""Open files that are left to everything else, those included that are accepted at once."""
_SHED_SHARE = 16
_OUT_OF_FILES = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Connections(ServerState):
    """All connections of a server.

    Parameters
    ----------
    most
        How many there may be.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        # Those that waited longest come first.
        self._by_wait: dict[Connection, None] = {}

    def __len__(self) -> int:
        return len(self._by_wait)

    def add(self, connection: Connection) -> None:
        """Count a new connection; those that have waited longest are closed where there are too many."""
        self._by_wait[connection] = None
        if len(self._by_wait) > self.most:
            self.shed()

    def answered(self, connection: Connection) -> None:
        """Record that a request was answered: its person was there just now."""
        if connection in self._by_wait:
            del self._by_wait[connection]
            self._by_wait[connection] = None

    def discard(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._by_wait.pop(connection, None)

    def shed(self) -> None:
        """Close connections that wait, a sixteenth of all; the longest first."""
        number = max(1, len(self._by_wait) // _SHED_SHARE)
        waiting = (connection for connection in list(self._by_wait) if connection.waits_for_person())
        closed = [connection for connection, _ in zip(waiting, range(number), strict=False)]
        for connection in closed:
            self.discard(connection)
            connection.end()
        logging.getLogger(SERVER_LOG).warning("too many connections: some that waited for long were closed")


class Connection(H11Protocol):
    """A connection that is closed if a request that was begun does not come.

    Uvicorn waits for a request for ever once a byte of it has come; whoever opens connections and sends half a request
    on each would take all that the system allows. A connection whose last request was answered is kept as uvicorn
    keeps it, unless there are too many.
    """

    server_state: Connections

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin a new connection."""
        super().connection_made(transport)
        self._watch()
        self.server_state.add(self)

    def data_received(self, data: bytes) -> None:
        """Receive bytes."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with what came after the request that was answered."""
        super().on_response_complete()
        self._watch()
        self.server_state.answered(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
        super().connection_lost(exc)
        self._set_deadline(False)
        self.server_state.discard(self)

    def timeout_keep_alive_handler(self) -> None:
        """End a connection that was kept for long; who reads nothing does not hold it."""
        self.end()

    def shutdown(self) -> None:
        """End with the server: a request that is whole is answered, another one is waited for a moment."""
        with contextlib.suppress(h11.LocalProtocolError):
            super().shutdown()
        self.loop.call_later(STOP_SECONDS, self._end_if_waiting)

    def waits_for_person(self) -> bool:
        """Whether the person has to send, or to read, before anything goes on."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def end(self) -> None:
        """Close it at once."""
        self.transport.abort()

    def _end_if_waiting(self) -> None:
        if self.waits_for_person():
            self.end()

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
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.end)


def allow_many_files() -> int:
    """Allow as many open files as the system lets, and return how many connections that leaves."""
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
    """Whether an error says that no connection can be accepted."""
    return isinstance(error, OSError) and error.errno in _OUT_OF_FILES
