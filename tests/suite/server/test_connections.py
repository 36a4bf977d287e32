"""Connections on which a request is begun and does not come."""

from __future__ import annotations

import contextlib
import errno
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any

import pytest

from hmix_hub.suite.server.serving import Server, listening, run_until_stopped
from hmix_hub.suite.store.database import StudyFullError

Open = Callable[[], socket.socket]
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
SECONDS = 0.4


@pytest.fixture
def server(shared: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serve over a socket, with a short deadline."""
    monkeypatch.setattr("hmix_hub.suite.server.connections.HEADER_SECONDS", SECONDS)
    begun: list[Server] = []
    run = Server.run

    def kept(server: Server, sockets: Any) -> None:
        begun.append(server)
        run(server, sockets=sockets)

    monkeypatch.setattr(Server, "run", kept)
    with listening("127.0.0.1", 0) as listener:
        serving = threading.Thread(target=run_until_stopped, args=(shared.asker.app, listener))
        serving.start()
        with socket.create_connection(listener.getsockname(), timeout=10) as first:
            assert ask(first).startswith(b"HTTP/1.1 200")
        begun[0].config.host, begun[0].config.port = listener.getsockname()
        yield begun[0]
        begun[0].should_exit = True
        serving.join()


@pytest.fixture
def connect(server: Server) -> Iterator[Open]:
    """Return what opens a connection."""
    with contextlib.ExitStack() as stack:

        def opened() -> socket.socket:
            made = stack.enter_context(socket.create_connection((server.config.host, server.config.port)))
            made.settimeout(10)
            return made

        yield opened


def join_request(shared: Any) -> bytes:
    """Write the request of somebody who begins."""
    body = json.dumps({"recruiting_id": None, "task": None, "consent_sha256": shared.frozen.consent_sha256}).encode()
    head = f"POST /api/sessions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {'J' * 43}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def ask(connection: socket.socket, sent: bytes = HEALTH) -> bytes:
    connection.sendall(sent)
    came = b""
    while not came.endswith(b"}") and (part := connection.recv(4096)):
        came += part
    return came


def is_closed(connection: socket.socket) -> bool:
    """Wait for the end of a connection; anything else that comes is no end."""
    try:
        return connection.recv(4096) == b""
    except ConnectionResetError:
        return True


def trickle(connection: socket.socket, seconds: float = 10 * SECONDS) -> bool:
    """Send a byte again and again; say whether the connection was closed meanwhile."""
    until = time.monotonic() + seconds
    connection.settimeout(0.02)
    while time.monotonic() < until:
        try:
            connection.sendall(b"x")
            if connection.recv(4096) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def test_a_connection_on_which_nothing_or_half_a_request_comes_is_closed(connect: Open) -> None:
    for sent in (b"", b"G", HEALTH[:-2]):
        begun = connect()
        began = time.monotonic()
        begun.sendall(sent)
        assert is_closed(begun)
        assert SECONDS / 2 < time.monotonic() - began < 10


def test_bytes_that_trickle_in_do_not_move_the_deadline(connect: Open) -> None:
    begun = connect()
    begun.sendall(b"GET /api/health HTTP/1.1\r\nName: ")
    assert trickle(begun)


@pytest.mark.parametrize("after", [b"GET /api", HEALTH + HEALTH[:30]])
def test_the_second_request_of_a_connection_has_a_deadline_too(connect: Open, after: bytes) -> None:
    begun = connect()
    assert ask(begun).startswith(b"HTTP/1.1 200")
    begun.sendall(after)
    began = time.monotonic()
    while not is_closed(begun):
        assert time.monotonic() - began < 10


def test_a_body_that_is_sent_slowly_after_the_reply_ends_the_connection(connect: Open) -> None:
    begun = connect()
    assert ask(begun, HEALTH[:-2] + b"Content-Length: 1000000\r\n\r\n").startswith(b"HTTP/1.1 200")
    assert trickle(begun)


def test_who_thinks_for_long_between_requests_is_not_disturbed(connect: Open) -> None:
    person = connect()
    for _ in range(3):
        assert ask(person).startswith(b"HTTP/1.1 200")
        time.sleep(2 * SECONDS)
    for part in (HEALTH[:10], HEALTH[10:30]):
        person.sendall(part)
        time.sleep(SECONDS / 8)
    assert ask(person, HEALTH[30:]).startswith(b"HTTP/1.1 200")


def test_many_half_requests_are_all_closed_and_others_are_served_meanwhile(connect: Open) -> None:
    begun = [connect() for _ in range(200)]
    for connection in begun:
        connection.sendall(HEALTH[:20])
    assert ask(connect()).startswith(b"HTTP/1.1 200")
    assert all(is_closed(connection) for connection in begun)


def test_those_that_wait_longest_go_where_there_are_too_many(
    server: Server, connect: Open, shared: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    server.server_state.most = 20
    person, sending, idle = connect(), connect(), []
    sending.sendall(join_request(shared)[:-1])
    for _ in range(80):
        idle.append(connect())
        assert ask(idle[-1]).startswith(b"HTTP/1.1 200")
        # A person who is there stays, however many come and wait.
        assert ask(person).startswith(b"HTTP/1.1 200")
    assert len(server.server_state) <= 20
    assert all(map(is_closed, [sending, *idle[:60]]))
    assert ask(idle[-1]).startswith(b"HTTP/1.1 200")
    [line] = capsys.readouterr().err.splitlines()
    assert line == "hmix: too many connections: closed some that had waited for a long time"


def test_a_request_that_is_whole_is_answered_however_many_wait(
    server: Server, connect: Open, shared: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: Future[Any] = Future()
    monkeypatch.setattr(shared.store, "join", lambda *_, **__: held)
    asking = connect()
    asking.sendall(join_request(shared))
    assert ask(connect()).startswith(b"HTTP/1.1 200")
    server.server_state.most = 2
    assert all(ask(connect()).startswith(b"HTTP/1.1 200") for _ in range(30))
    held.set_exception(StudyFullError("full"))
    assert ask(asking, b"").startswith(b"HTTP/1.1 409")


def test_a_system_without_descriptors_closes_those_that_wait_and_says_so_once(
    server: Server, connect: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    idle = [connect() for _ in range(40)]
    assert all(ask(connection).startswith(b"HTTP/1.1 200") for connection in idle)
    loop = server.servers[0].get_loop()
    context = {"message": "socket.accept() out of system resource", "exception": OSError(errno.EMFILE, "too many")}
    for _ in range(3):
        loop.call_soon_threadsafe(loop.call_exception_handler, context)
    assert all(map(is_closed, idle[:6]))
    assert ask(idle[-1]).startswith(b"HTTP/1.1 200")
    said = capsys.readouterr().err.splitlines()
    assert sorted(said) == [
        "hmix: socket.accept() out of system resource: OSError",
        "hmix: too many connections: closed some that had waited for a long time",
    ]


@pytest.mark.parametrize("missing", [1, 40, 10_000], ids=["a byte", "some of the body", "all but a byte"])
def test_a_half_sent_request_does_not_hold_the_server_when_it_is_stopped(
    server: Server, connect: Open, shared: Any, missing: int
) -> None:
    begun, idle, reading = connect(), connect(), connect()
    request = join_request(shared)
    begun.sendall(request[: max(1, len(request) - missing)])
    assert ask(idle).startswith(b"HTTP/1.1 200")
    # Asks for much, and reads nothing of it.
    reading.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    for _ in range(100):
        reading.sendall(b"GET /static/style.css HTTP/1.1\r\nHost: x\r\n\r\n")
    assert ask(connect()).startswith(b"HTTP/1.1 200")
    began = time.monotonic()
    server.should_exit = True
    assert is_closed(begun)
    assert is_closed(idle)
    while server.server_state.connections:
        time.sleep(0.01)
    assert time.monotonic() - began < 2
