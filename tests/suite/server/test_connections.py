"""Connections on which a request is begun and does not come."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn

from hmix_hub.suite.server.serving import listening, run_until_stopped

Open = Callable[[], socket.socket]
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n"
SECONDS = 0.4


@pytest.fixture
def connect(shared: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Serve over a socket, with a short deadline; gives what opens a connection."""
    monkeypatch.setattr("hmix_hub.suite.server.serving.HEADER_SECONDS", SECONDS)
    servers: list[uvicorn.Server] = []
    run = uvicorn.Server.run

    def kept(server: uvicorn.Server, sockets: Any) -> None:
        servers.append(server)
        run(server, sockets=sockets)

    monkeypatch.setattr(uvicorn.Server, "run", kept)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(listening("127.0.0.1", 0))
        serving = threading.Thread(target=run_until_stopped, args=(shared.asker.app, listener))
        serving.start()
        stack.callback(serving.join)
        stack.callback(lambda: setattr(servers[0], "should_exit", True))

        def opened() -> socket.socket:
            made = stack.enter_context(socket.create_connection(listener.getsockname()))
            made.settimeout(10)
            return made

        assert ask(opened()).startswith(b"HTTP/1.1 200")
        yield opened


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
