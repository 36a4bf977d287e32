"""Serving: one process, one collection, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.operator.channel import Channel, announced, new_token
from hmix_hub.suite.operator.watch import Watch
from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.server.beginning import begin_collection
from hmix_hub.suite.server.connections import (
    ACCEPTED_AT_ONCE,
    KEEP_ALIVE_SECONDS,
    Connection,
    Connections,
    allow_many_files,
    is_out_of_files,
)
from hmix_hub.suite.server.error_log import ErrorLog
from hmix_hub.suite.server.operator import build_operator_app
from hmix_hub.suite.server.proxy import DIRECT, Proxy
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.reading import read_study_file, study_file_of

Tell = Callable[[str], None]

_GRACE_SECONDS = 10
"""Time for complete requests to be answered when the server stops."""
_TURN_SECONDS = 0.0005
"""Time after which computing threads, such as the dashboard's, yield to the event loop."""
_MOST_HEADERS = 16 * 1024
_WAITING = 2048
"""Length of the system's queue of connections that are not yet accepted."""
_PREVIEW_PARTICIPANTS = 100_000
_PLAIN = (
    "warning: this is plain HTTP outside this computer: anyone on the network path can read and change what people "
    "send; put a server with HTTPS in front (`hmix collect deploy` writes its settings), named with --trusted-proxy"
)
_PLAIN_DASHBOARD = (
    "warning: the dashboard is plain HTTP outside this computer: anyone on the network path can read its token, which "
    "grants full access; omit --dashboard-host, and open a tunnel instead: ssh -L 8099:127.0.0.1:PORT HOST"
)
_UNSEEN = (
    "warning: recruiting.per_prefix has no effect: all requests seem to come from this computer; name the server in "
    "front with --trusted-proxy"
)


def serve(
    folder: Path,
    host: str,
    port: int,
    *,
    dashboard_host: str = "127.0.0.1",
    dashboard_port: int = 0,
    proxy: Proxy = DIRECT,
    trial_run: bool = False,
    tell: Tell,
) -> None:
    """Serve a collection until the process is stopped (SIGINT, SIGTERM).

    Parameters
    ----------
    folder
        The collection folder. Its study file is frozen when it is first served.
    host, port
        Address to listen at; port 0 picks a free one.
    dashboard_host, dashboard_port
        Address of the dashboard and of commands that change something while serving.
    proxy
        The proxy between participants and the server.
    trial_run
        Whether to allow placeholders in texts; pages are marked as a trial run, and the answers never become data.
    tell
        Called with the addresses, and how to stop.

    Raises
    ------
    CollectionError
        If the study file is invalid or was changed, the folder is already being served, or the address is in use.
    """
    study_file_of(folder)
    with (
        folder_lock(folder),
        listening(host, port) as listener,
        listening(dashboard_host, dashboard_port, option="--dashboard-port") as private,
    ):
        store, image_set = begin_collection(folder, trial_run=trial_run)
        channel = Channel(address_of(private), new_token())
        errors = ErrorLog()
        with store, contextlib.closing(Watch(store)) as watch, announced(folder, channel):
            app = build_app(store, image_set, trial_run=trial_run, proxy=proxy)
            operator = build_operator_app(store, watch, channel.token, image_set, errors)
            address = address_of(listener) + proxy.root_path
            tell(f"{'trial run of ' if trial_run else ''}{store.frozen.study.title}: {address}/")
            tell(f"dashboard, only for those who run the study: {channel.page}")
            if store.is_closed():
                tell("the study is closed: participants who have started can finish, but nobody else can start")
            if store.news.is_paused:
                tell("the study is paused: nobody can start or continue until `hmix collect pause --resume`")
            if is_open_to_others(listener) and not proxy.trusted:
                tell(_PLAIN)
            if is_open_to_others(private):
                tell(_PLAIN_DASHBOARD)
            if store.frozen.study.recruiting.per_prefix and not (proxy.trusted or is_open_to_others(listener)):
                tell(_UNSEEN)
            tell("stop with Ctrl+C; serving again continues where it stopped")
            served = by_port(app, {private.getsockname()[1]: operator})
            run_until_stopped(served, listener, private, errors=errors)
    tell("stopped; every acknowledged answer is stored")


def preview(folder: Path, host: str, port: int, *, tell: Tell) -> None:
    """Serve every screen of a study from a folder that is deleted afterwards.

    Raises
    ------
    CollectionError
        If the study file is invalid, or the address is in use.
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
        tell("nothing is stored; stop with Ctrl+C")
        run_until_stopped(app, listener)


def for_preview(frozen: FrozenStudy) -> FrozenStudy:
    """Return a study without recruiting ids and without a limit on participants."""
    recruiting = frozen.study.recruiting.model_copy(update={"required": False, "per_prefix": None, "links": "off"})
    batches = tuple(replace(batch, quota=_PREVIEW_PARTICIPANTS) for batch in frozen.batches)
    return replace(frozen, study=frozen.study.model_copy(update={"recruiting": recruiting}), batches=batches)


@contextlib.contextmanager
def listening(host: str, port: int, *, option: str = "--port") -> Iterator[socket.socket]:
    """Listen at an address.

    Raises
    ------
    CollectionError
        If it is in use, or is not an address of this computer.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.create_server(found[4][:2], family=found[0], backlog=_WAITING)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or error
        msg = f"cannot listen at {host}, port {port}: {said}"
        hint = f"is it in use? choose another with {option}, or {option} 0 for a free one"
        raise CollectionError(msg, hint=hint) from None
    with listener:
        # Accepted connections inherit it; without it, every reply waits 40 ms for the browser's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser on this computer."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_open_to_others(listener: socket.socket) -> bool:
    """Return whether other computers can reach an address."""
    return not ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback


def by_port(app: ASGIApp, others: Mapping[int, ASGIApp]) -> ASGIApp:
    """Return an application that passes requests at some ports to others: one event loop serves all listeners."""

    async def serve_one(scope: Scope, receive: Receive, send: Send) -> None:
        # From the connection's socket, so that requests cannot influence it.
        server = scope.get("server")
        await (app if server is None else others.get(server[1], app))(scope, receive, send)

    return serve_one


def run_until_stopped(app: ASGIApp, *listeners: socket.socket, errors: ErrorLog | None = None) -> None:
    """Run an application until SIGINT or SIGTERM; requests in progress are answered first."""
    config = uvicorn.Config(
        app,
        http=Connection,
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=ACCEPTED_AT_ONCE,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        h11_max_incomplete_event_size=_MOST_HEADERS,
    )
    sys.setswitchinterval(_TURN_SECONDS)
    # Existing objects live until the end, so the garbage collector need not scan them while participants wait.
    gc.collect()
    gc.freeze()
    errors = errors or ErrorLog()
    with errors.attached(), _stopped_by_sigterm(), contextlib.suppress(KeyboardInterrupt):
        Server(config, Connections(allow_many_files()), errors).run(sockets=list(listeners))


class Server(uvicorn.Server):
    """A server whose connections are counted and whose errors are written once a minute."""

    def __init__(self, config: uvicorn.Config, connections: Connections, errors: ErrorLog) -> None:
        super().__init__(config)
        self.server_state = self._connections = connections
        self._errors = errors

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start accepting connections."""
        asyncio.get_running_loop().set_exception_handler(self._failed)
        await super().startup(sockets)
        for listener in sockets or []:
            # Uvicorn uses one number both for connections accepted at once and for the system's queue.
            listener.listen(_WAITING)

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self._errors.of_loop(loop, context)
        if is_out_of_files(context.get("exception")):
            self._connections.shed()


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Make SIGTERM end the process like Ctrl+C, so that the store is closed."""
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
