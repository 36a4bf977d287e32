"""Deployment: settings files for nginx, Caddy, systemd and Docker, filled in for one collection."""

from __future__ import annotations

import re
import shutil
import sys
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from hmix_hub.errors import CollectionError, Where
from hmix_hub.files import new_file
from hmix_hub.suite.server.proxy import Proxy
from hmix_hub.suite.study.reading import read_study_file

FILES = ("nginx.conf", "Caddyfile", "hmix-collect.service", "Dockerfile")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", re.ASCII)
_NO_PATH = re.compile(r"[\"'\\$;{}\s]")
"""Characters with a special meaning in one of the files."""
_HERE = ("127.0.0.1", "::1")
_IN_CONTAINER = "0.0.0.0"  # noqa: S104
"""All addresses of the container: Docker does not forward to its loopback. On the host, ports bind to the loopback."""
_CONTAINERS = ("172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8")
"""Networks that Docker assigns to containers; the proxy connects from their gateway, the host."""


def write_settings(folder: Path, target: Path, *, at: str, port: int = 8000) -> list[Path]:
    """Write the settings files for a collection into a folder.

    Parameters
    ----------
    folder
        The collection folder.
    target
        Where to write; existing files are never overwritten.
    at
        Address that participants will open, "https://study.example.org/pilot".
    port
        Port on this computer at which the collection is served.

    Returns
    -------
    list
        The files, in the order of `FILES`.

    Raises
    ------
    CollectionError
        If the address cannot be served, or a file already exists.
    StudyFileError
        If the study file is invalid.
    """
    texts = settings(folder.resolve(), at=at, port=port)
    written = []
    target.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        try:
            new_file(target / name, text.encode(), mode=0o644)
        except FileExistsError:
            msg = f"{name} already exists"
            hint = "files are not overwritten; name another folder with --to"
            raise CollectionError(msg, where=Where(str(target)), hint=hint) from None
        written.append(target / name)
    return written


def settings(folder: Path, *, at: str, port: int) -> dict[str, str]:
    """Return the settings files by name; see `write_settings`."""
    import jinja2

    address = _address(at)
    hmix = shutil.which("hmix") or str(Path(sys.executable).with_name("hmix"))
    for path in (str(folder), hmix):
        if _NO_PATH.search(path):
            msg = f"{path!r} contains spaces or characters with a special meaning in settings files"
            raise CollectionError(msg, hint="move it to a path that consists of letters, digits, - . _ and /")
    root_path = Proxy.of(address.path).root_path
    known = {
        "study": read_study_file(folder, allow_placeholders=True).id,
        "at": at,
        "site": f"{address.scheme}://{address.netloc}" if address.scheme == "http" else address.netloc,
        "https": address.scheme == "https",
        "host": address.hostname,
        "at_port": address.port or {"http": 80, "https": 443}[address.scheme],
        "root_path": root_path,
        "port": port,
        "folder": folder,
        "hmix": hmix,
        "version": version("hmix-hub"),
        "options": _options("127.0.0.1", port, root_path, _HERE),
        "container": [
            *("hmix", "collect", "serve", "/study", "--dashboard-host", _IN_CONTAINER, "--dashboard-port", "8001"),
            *_options(_IN_CONTAINER, 8000, root_path, _CONTAINERS),
        ],
    }
    return {
        name: jinja2.Template(
            files("hmix_hub.suite").joinpath("deployment_files", name).read_text(encoding="utf-8"),
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            keep_trailing_newline=True,
        ).render(known)
        for name in FILES
    }


def _address(at: str) -> SplitResult:
    try:
        address = urlsplit(at)
        is_whole = address.scheme in {"http", "https"} and address.port != 0
    except ValueError:
        is_whole = False
    if (
        not is_whole
        or not _HOST.fullmatch(address.hostname or "")
        or address.username is not None
        or {"?", "#"} & {*at}
    ):
        msg = f"a study cannot be served at {at!r}"
        raise CollectionError(msg, hint="write it as --at https://study.example.org or https://example.org/pilot")
    return address


def _options(host: str, port: int, root_path: str, proxies: tuple[str, ...]) -> list[str]:
    options = ["--host", host, "--port", str(port)]
    if root_path:
        options += ["--root-path", root_path]
    return options + [part for proxy in proxies for part in ("--trusted-proxy", proxy)]
