"""A study below a path of its host, behind nginx and Caddy as `hmix collect deploy` sets them up."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import Served, wait_for
from suite.browser.person import Person

from hmix_hub.suite.deployment import settings
from hmix_hub.suite.server.proxy import Proxy
from hmix_hub.tasks import SELECT

PROGRAMS = f"{os.environ['PATH']}:/usr/sbin"
"""Where proxies are looked for: Debian keeps nginx off the path of ordinary users."""
ID = "5f1c2d3e4b5a69788776655a"
NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/study.conf;
}}
"""


def run_nginx(folder: Path, texts: dict[str, str]) -> list[str]:
    (folder / "study.conf").write_text(texts["nginx.conf"])
    (folder / "main.conf").write_text(NGINX.format(folder=folder))
    return ["nginx", "-p", str(folder), "-c", str(folder / "main.conf")]


def run_caddy(folder: Path, texts: dict[str, str]) -> list[str]:
    # Its own administration would take a port that another Caddy of this computer may have.
    (folder / "Caddyfile").write_text("{\n\tadmin off\n}\n" + texts["Caddyfile"])
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


@contextlib.contextmanager
def behind(command: str, served: Served, folder: Path, path: str) -> Iterator[str]:
    """Let a proxy stand before a study; gives the address that people open."""
    if shutil.which(command, path=PROGRAMS) is None:
        pytest.skip(f"{command} is not installed: on Debian and Ubuntu, apt install {command}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}{path}"
    texts = settings(served.store.folder, at=address, port=served.port)
    words = {"nginx": run_nginx, "caddy": run_caddy}[command](folder, texts)
    environment = {"HOME": str(folder), "PATH": PROGRAMS}
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(words, stdout=said, stderr=said, env=environment)

    def answers() -> bool:
        assert process.poll() is None, (folder / "said").read_text()
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{address}/api/health", timeout=5).ok
        return False

    try:
        wait_for(answers)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def status_of(address: str, path: str) -> int:
    """Ask for a path as it is: other clients take `..` out of it."""
    with contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().status


@pytest.mark.parametrize("command", ["nginx", "caddy"])
def test_a_person_takes_part_below_a_path_behind_a_proxy(command, tmp_path, serve, open_browser):
    around = tmp_path / "proxy"
    around.mkdir()
    served = serve(SELECT, proxy=Proxy.of("/lab/pilot", ["127.0.0.1"]))
    with behind(command, served, around, "/lab/pilot") as address:
        me = Person(open_browser().new_page(), address)
        # As the link of a platform is written: without a slash before the question mark.
        me.page.goto(f"{address}?PROLIFIC_PID={ID}")
        me.press("I agree to take part")
        me.read().quiz()
        me.trial(1)
        me.answer(SELECT)
        me.trial(2)
        me.page.reload()
        me.trial(2)
        for number in (2, 3, 4):
            me.trial(number)
            me.answer(SELECT)
        me.press("Finish")
        me.heading("Thank you")
        expect(me.page).to_have_url(f"{address}/")
        (session,) = served.store.sessions()
        assert me.code() == served.store.key.completion_code(session.id)
        assert status_of(address, "/lab/pilot/api/health") == 200
        assert status_of(address, "/lab/pilot/../pilot/api/health") == 404
        assert status_of(address, "/lab/pilot/%2e%2e/pilot/api/health") == 404
        too_much = requests.post(f"{address}/api/sessions", data=b"x" * 70_000, timeout=10)
        assert too_much.headers["content-type"] == "application/json"
    written = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert ID.encode() not in written


def test_who_is_one_too_many_of_a_network_is_told_and_may_come_back(serve, open_browser, console):
    console.allow("429")
    served = serve(SELECT, recruiting={"per_prefix": 1}, proxy=Proxy.of("", ["127.0.0.1"]))

    def somebody_at(address: str) -> Person:
        return Person(open_browser(extra_http_headers={"X-Forwarded-For": address}).new_page(), served.address)

    first = somebody_at("203.0.113.7").agree().read()
    late = somebody_at("203.0.113.8").agree().heading("Please try again later")
    somebody_at("198.51.100.1").agree().read()
    first.page.reload()
    first.heading("A few questions about the instructions")
    late.press("Try again")
    late.heading("Taking part")
    assert len(served.store.sessions()) == 2
