"""The connections: read requests, let faults strike, send answers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from typing import Any
from urllib.parse import urlsplit

from hub_server.faults import NO_ANSWER, Call, Fault
from hub_server.messages import Request, Response
from hub_server.router import Router
from hub_server.state import State


class Journal:
    """What the servers of one Hub share: state, faults, and the log of calls."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.faults: list[Fault] = []
        self.calls: list[Call] = []
        self.crashes: list[Exception] = []
        self._lock = threading.RLock()

    def fault(self, method: str, address: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self.faults if fault.strikes(method, address)), None)

    def record(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def answer(self, router: Router, request: Request) -> Response:
        with self._lock:
            try:
                return router.answer(self.state, request)
            except Exception as error:
                self.crashes.append(error)
                return Response(500, repr(error).encode())


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine, in a thread of its own."""

    daemon_threads = False

    def __init__(self, name: str, journal: Journal, router: Router) -> None:
        self.name = name
        self.journal = journal
        self.router = router
        self._connections: set[socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write nothing: a client that goes away is what many tests are about."""

    def close(self) -> None:
        """Stop, and end the connections that clients keep open."""
        self.shutdown()
        for connection in list(self._connections):
            _hang_up(connection)
        self.server_close()
        self._thread.join()


def _hang_up(connection: socket) -> None:
    try:
        connection.shutdown(SHUT_RDWR)
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name in {"do_GET", "do_HEAD", "do_POST", "do_PUT", "do_DELETE"}:
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Keep the log out of the tests' output."""

    def _serve(self) -> None:
        fault = self.server.journal.fault(self.command, self.path)
        if fault is None:
            self._reply(self._carry_out())
        elif fault.cuts_connection:
            self._cut(fault)
        else:
            if fault.applied:
                self._carry_out()
            else:
                self._body()
            self._reply(fault.response())

    def _carry_out(self) -> Response:
        address = urlsplit(self.path)
        request = Request(self.command, address.path, address.query, self._lower_headers, self._body())
        return self.server.journal.answer(self.server.router, request)

    def _reply(self, response: Response) -> None:
        self._record(response.status)
        self._send(response, len(response.body))

    def _cut(self, fault: Fault) -> None:
        """End the connection: after the work, within the request's body or, in a download, within the answer's."""
        self._record(NO_ANSWER)
        if fault.applied:
            self._carry_out()
        elif self._size > 0:
            self.rfile.read(self._size // 2)
        elif self.command == "GET" and (response := self._carry_out()).body:
            self._send(response, len(response.body) // 2)
        self.close_connection = True
        _hang_up(self.connection)

    @property
    def _size(self) -> int:
        """The size of the body, as announced; a body in chunks counts as its first byte."""
        return int(self.headers.get("Content-Length", "chunked" in self.headers.get("Transfer-Encoding", "")))

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(self._size)
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _send(self, response: Response, size: int) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body[:size])
        self.wfile.flush()

    def _record(self, status: int) -> None:
        address = urlsplit(self.path)
        call = Call(self.server.name, self.command, address.path, address.query, self._lower_headers, int(status))
        self.server.journal.record(call)

    @property
    def _lower_headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}
