"""Connection of a scripted participant to a real server: the same calls and retries as the page."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from hmix_hub.errors import CollectionError, Where

TIMEOUT_S = 30.0
PATIENCE_S = 60.0
"""How long a call is retried while the server is unreachable or its disk is full."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0
_BUSY = (502, 503, 504)
_ADDRESS = re.compile(r"(http://\S+?)/\s*$")
_STOPPING_S = 30
_MOST_SAID = 2000


class Connection:
    """Connection to a server, with its own token.

    Parameters
    ----------
    stopped
        Once set, no more calls are made.
    """

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S, stopped: threading.Event | None = None) -> None:
        self.url = url.rstrip("/")
        self.token = secrets.token_urlsafe(32)
        self._patience_s = patience_s
        self._stopped = stopped or threading.Event()
        self._session = requests.Session()
        # Ignore the proxies and credentials of this machine.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {self.token}"

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        also: tuple[int, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Call the server until it answers.

        Parameters
        ----------
        body
            Sent as JSON; `None`: nothing is.
        also
            Expected statuses besides 200.
        headers
            Additional headers.

        Returns
        -------
        tuple
            Status and JSON of the answer.

        Raises
        ------
        CollectionError
            If the server replies with another status, or not at all for a minute.
        """
        response = self._persistent(method, path, body, headers)
        if response.status_code != 200 and response.status_code not in also:
            msg = f"the server answered {response.status_code} to {method} {path}: {_said(response)}"
            raise CollectionError(msg, where=Where(self.url))
        return response.status_code, response.json()

    def picture(self, name: str) -> bytes:
        """Get a picture by its name, PNG."""
        response = self._persistent("GET", f"/pictures/{name}.png", None)
        if response.status_code != 200:
            msg = f"the server answered {response.status_code} for a picture of a page"
            raise CollectionError(msg, where=Where(self.url))
        return response.content

    def _persistent(
        self, method: str, path: str, body: object, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        end, wait = time.monotonic() + self._patience_s, _FIRST_WAIT_S
        while not self._stopped.is_set():
            try:
                response = self._session.request(method, self.url + path, json=body, headers=headers, timeout=TIMEOUT_S)
                if response.status_code not in _BUSY or time.monotonic() > end:
                    return response
            except requests.RequestException as error:
                if time.monotonic() > end:
                    msg = f"the server does not respond: {type(error).__name__}"
                    hint = "start it with `hmix collect serve`, and check its address"
                    raise CollectionError(msg, where=Where(self.url), hint=hint) from None
            self._stopped.wait(wait)
            wait = min(2 * wait, _LONGEST_WAIT_S)
        msg = "the simulation was stopped"
        raise CollectionError(msg, where=Where(self.url))


def _said(response: requests.Response) -> str:
    try:
        return str(response.json().get("error"))
    except (ValueError, AttributeError):
        return "no JSON"


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Serve a collection for scripted participants on a free port of this computer; yields its address.

    Parameters
    ----------
    folder
        The collection folder; its study file may contain placeholders, and its answers are not data.

    Raises
    ------
    CollectionError
        If the server does not start, with its output.
    """
    # `serve --trial-run` marks a collection as synthetic from its beginning.
    call = [sys.executable, "-m", "hmix_hub", "collect", "serve", str(folder), "--port", "0", "--trial-run"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603
        try:
            found = next(filter(None, map(_ADDRESS.search, process.stdout or ())), None)
            if found is None:
                status = process.wait()
                errors.seek(0)
                said = errors.read()[-_MOST_SAID:].strip().removeprefix("hmix: ") or "no output"
                msg = f"the server did not start (exit status {status}): {said}"
                raise CollectionError(msg, where=Where(str(folder)))
            yield found[1]
        finally:
            process.terminate()
            try:
                process.wait(_STOPPING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
