"""Serving: one process, one collection, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import h11
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.operator.channel import Channel, announced, new_token
from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.server.operator import build_operator_app
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.reading import read_study_file, study_file_of

Tell = Callable[[str], None]

KEEP_ALIVE_SECONDS = 900
"""Longer than a person thinks about a picture, so that no answer has to open a connection first."""
HEADER_SECONDS = 20.0
"""A request's headers have to be there so long after its first byte, or after the connection was opened."""
_GRACE_SECONDS = 10
"""Requests that are being answered have so long when the server is stopped."""
_MOST_HEADERS = 16 * 1024
_WAITING = 2048
_FILES = 65536
_PREVIEW_PARTICIPANTS = 100_000


def serve(
    folder: Path,
    host: str,
    port: int,
    *,
    dashboard_host: str = "127.0.0.1",
    dashboard_port: int = 0,
    trial_run: bool = False,
    tell: Tell,
) -> None:
    """Serve a collection until the process is told to stop (SIGINT, SIGTERM).

    Parameters
    ----------
    folder
        The collection folder. Its study file is frozen when it is served first.
    host, port
        Address to listen at; port 0 takes a free one.
    dashboard_host, dashboard_port
        Address of the dashboard and of the commands that change something meanwhile.
    trial_run
        Whether texts may still be placeholders; pages say so, and the answers are no data for ever.
    tell
        Told the addresses, and how to stop.

    Raises
    ------
    CollectionError
        If the study file cannot be used, was changed, or the folder is served already; or the address is taken.
    """
    study_file_of(folder)
    with (
        folder_lock(folder),
        listening(host, port) as listener,
        listening(dashboard_host, dashboard_port, option="--dashboard-port") as private,
    ):
        store, image_set = begin_collection(folder, trial_run=trial_run)
        channel = Channel(address_of(private), new_token())
        with store, announced(folder, channel):
            app = build_app(store, image_set, trial_run=trial_run)
            operator = build_operator_app(store, channel.token)
            address = address_of(listener)
            tell(f"{'trial run of ' if trial_run else ''}{store.frozen.study.title}: {address}/")
            tell(f"dashboard, for those who run the study alone: {channel.page}")
            if store.is_closed():
                tell("the study is closed: who has begun may finish, nobody else begins")
            tell("stop with Ctrl+C; serving again goes on where it stopped")
            run_until_stopped(by_port(app, {private.getsockname()[1]: operator}), listener, private)
    tell("stopped; every acknowledged answer is stored")


def preview(folder: Path, host: str, port: int, *, tell: Tell) -> None:
    """Serve every screen of a study from a folder that is deleted afterwards.

    Raises
    ------
    CollectionError
        If the study file cannot be used, or the address is taken.
    """
    frozen, image_set = draw_design(folder, read_study_file(folder, allow_placeholders=True))
    with (
        listening(host, port) as listener,
        tempfile.TemporaryDirectory(prefix="hmix-preview-") as scratch,
        Store.create(Path(scratch), for_preview(frozen), is_synthetic=True) as store,
    ):
        app = build_app(store, image_set, trial_run=True)
        for task in frozen.study.tasks:
            tell(f"{task}: {address_of(listener)}/?task={task}")
        tell("nothing is kept; stop with Ctrl+C")
        run_until_stopped(app, listener)


def for_preview(frozen: FrozenStudy) -> FrozenStudy:
    """Return a study that takes as many people as look at it, without recruiting ids."""
    recruiting = frozen.study.recruiting.model_copy(update={"required": False})
    batches = tuple(replace(batch, quota=_PREVIEW_PARTICIPANTS) for batch in frozen.batches)
    return replace(frozen, study=frozen.study.model_copy(update={"recruiting": recruiting}), batches=batches)


@contextlib.contextmanager
def listening(host: str, port: int, *, option: str = "--port") -> Iterator[socket.socket]:
    """Listen at an address.

    Raises
    ------
    CollectionError
        If it is taken, or is no address of this computer.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(found[4][:2], family=found[0], backlog=_WAITING)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        msg = f"cannot listen at {host}, port {port}: {said}"
        hint = f"is it in use? take another with {option}, or {option} 0 for a free one"
        raise CollectionError(msg, hint=hint) from None
    with listener:
        # Accepted connections inherit it. Without it every answer waits 40 ms for the browser's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return the address that a browser on this computer opens."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def by_port(app: ASGIApp, others: Mapping[int, ASGIApp]) -> ASGIApp:
    """Return an application that leaves the requests of some ports to others: one event loop serves all listeners."""

    async def serve_one(scope: Scope, receive: Receive, send: Send) -> None:
        # Of the connection's own socket, so nothing that a request says changes it.
        server = scope.get("server")
        await (app if server is None else others.get(server[1], app))(scope, receive, send)

    return serve_one


def run_until_stopped(app: ASGIApp, *listeners: socket.socket) -> None:
    """Run an application until SIGINT or SIGTERM; requests under way are answered first."""
    _allow_many_connections()
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=_WAITING,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=_MOST_HEADERS,
    )
    # What is there now stays until the end; the garbage collector need not look at it while people wait.
    gc.collect()
    gc.freeze()
    with _stopped_by_sigterm(), contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=list(listeners))


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Make SIGTERM end the process as Ctrl+C does, so that the store is closed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _allow_many_connections() -> None:
    """Allow as many open files as the system lets: a browser holds up to six connections."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


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
        """Begin a new connection."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Receive bytes."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with what came after the request that was answered."""
        super().on_response_complete()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the connection."""
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
