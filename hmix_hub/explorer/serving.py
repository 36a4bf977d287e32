"""Serves an explorer: one folder, to browsers on this computer only, until stopped."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from hmix_hub.errors import ConfigurationError

HOST = "127.0.0.1"
_HEADERS = {
    # Another site's page may neither read the folder nor frame it.
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    # The next explorer at this address holds other judgments.
    "Cache-Control": "no-store",
}

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}
"""Content types by extension; those registered in the system can differ."""


class _Handler(SimpleHTTPRequestHandler):
    """Serves the files of the folder without listing its folders."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "hmix", ""

    def send_head(self) -> Any:
        """Send the headers of a file, or refuse a request that was addressed to another host name.

        A web site can make its own name resolve to this computer (DNS rebinding), and its pages would then share this
        origin; the header `Host` still has that name.
        """
        port = self.connection.getsockname()[1]
        own = {f"{name}{end}" for name in (HOST, "localhost") for end in (f":{port}", *([""] if port == 80 else []))}
        if self.headers.get("Host") not in own:
            self.send_error(HTTPStatus.MISDIRECTED_REQUEST)
            return None
        return super().send_head()

    def guess_type(self, path: Any) -> str:
        """Return the content type of a file by its extension."""
        return _TYPES.get(Path(path).suffix, "application/octet-stream")

    def list_directory(self, path: Any) -> None:
        """Refuse to list a folder."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def end_headers(self) -> None:
        """Add the headers of every response."""
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, *args: Any, **named: Any) -> None:
        """Log nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # Fail if another process listens at the port, rather than share it.
    allow_reuse_port = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore browsers that closed the connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextlib.contextmanager
def listening(folder: Path, port: int = 0) -> Iterator[tuple[_Server, str]]:
    """Listen on this computer for requests for the files of a folder.

    Parameters
    ----------
    folder
        The folder.
    port
        Port; 0 takes a free one.

    Yields
    ------
    tuple
        The server, not yet running, and the address of the page.

    Raises
    ------
    ConfigurationError
        If the port is in use or invalid.
    """
    try:
        server = _Server((HOST, port), partial(_Handler, directory=str(folder)))
    except (OSError, OverflowError) as error:
        msg = f"cannot listen at {HOST}, port {port}: {getattr(error, 'strerror', None) or error}"
        raise ConfigurationError(msg, hint="is it in use? --port names another, --port 0 a free one") from None
    with server:
        yield server, f"http://{HOST}:{server.server_port}/"


def serve(folder: Path, port: int, *, opened: Callable[[str], None]) -> None:
    """Serve a folder until Ctrl+C.

    Parameters
    ----------
    folder, port
        See `listening`.
    opened
        Called with the address before serving begins.
    """
    with listening(folder, port) as (server, address), contextlib.suppress(KeyboardInterrupt):
        opened(address)
        server.serve_forever(poll_interval=0.1)
