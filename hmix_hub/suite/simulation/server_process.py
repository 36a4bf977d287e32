"""Server process: the real server, started for a simulation and stopped after it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from hmix_hub.errors import CollectionError, Where

_ADDRESS = re.compile(r"(http://\S+?)/\s*$")
_STOPPING_S = 30
_MOST_SAID = 2000


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """Serve a collection of scripted people on a free port of this computer; gives the address.

    Parameters
    ----------
    folder
        The collection folder; its study file may still hold placeholders, and its answers are no data.

    Raises
    ------
    CollectionError
        If the server does not start; with what it said.
    """
    # `serve --trial-run` marks a collection as synthetic from its beginning.
    call = [sys.executable, "-m", "hmix_hub", "collect", "serve", str(folder), "--port", "0", "--trial-run"]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        process = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=errors, text=True)  # noqa: S603
        try:
            yield _address(process) or _refuse(process, errors, folder)
        finally:
            process.terminate()
            try:
                process.wait(_STOPPING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None:
                process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str | None:
    """Wait for the address that the server tells; `None` if it ends before."""
    for line in process.stdout or ():
        if found := _ADDRESS.search(line):
            return found[1]
    return None


def _refuse(process: subprocess.Popen[str], errors: IO[str], folder: Path) -> str:
    status = process.wait()
    errors.seek(0)
    said = errors.read()[-_MOST_SAID:].strip().removeprefix("hmix: ")
    msg = f"the server did not start (exit status {status}): {said or 'it said nothing'}"
    raise CollectionError(msg, where=Where(str(folder)))
