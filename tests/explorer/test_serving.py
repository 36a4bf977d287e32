"""Tests of the explorer's server: its folder's files for this computer alone, and nothing else."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import threading

import pytest

import hmix_hub
from hmix_hub.explorer.serving import listening


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served") / "explorer"
    (folder / "data").mkdir(parents=True)
    (folder / "index.html").write_text("the page")
    (folder / "data" / "a.arrow").write_bytes(b"arrow")
    (folder.parent / "secret.txt").write_text("secret")
    with listening(folder) as (server, address):
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        assert address == f"http://127.0.0.1:{server.server_address[1]}/"
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def test_the_page_and_its_tables_are_served_with_their_types(port):
    status, headers, content = ask(port, "/")
    assert (status, headers["Content-Type"], content) == (200, "text/html; charset=utf-8", b"the page")
    status, headers, content = ask(port, "/data/a.arrow")
    assert (status, headers["Content-Type"], content) == (200, "application/vnd.apache.arrow.stream", b"arrow")


def test_other_sites_may_neither_read_nor_frame_it(port):
    headers = ask(port, "/")[1]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1", ""])
def test_a_name_that_is_led_here_is_refused(port, host):
    assert ask(port, "/", Host=f"{host}:1" if host else "")[0] == 421


def test_this_computer_may_be_called_localhost(port):
    assert ask(port, "/", Host=f"localhost:{port}")[0] == 200


@pytest.mark.parametrize("path", ["/data/", "/data", "/../secret.txt", "/%2e%2e/secret.txt", "//etc/passwd", "/none"])
def test_nothing_outside_and_no_list_is_served(port, path):
    status, _, content = ask(port, path)
    assert status in {301, 404}
    assert b"secret" not in content
    assert b"a.arrow" not in content


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(port, method):
    assert ask(port, "/", method)[0] == 501


def test_a_port_in_use_is_told(port, tmp_path):
    with pytest.raises(hmix_hub.HMixError, match="cannot listen"), listening(tmp_path, port):
        pass


def test_it_ends_as_by_ctrl_c_and_leaves_no_folder(tmp_path):
    command = [sys.executable, "-m", "hmix_hub", "explore", "--source", "sample", "--no-browser"]
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        address = process.stdout.readline()
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", address)[1])
        status, _, content = ask(port, "/data/explorer.js")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    assert (status, process.returncode) == (200, 0)
    assert b"SYNTHETIC" in content
    assert "Traceback" not in said
    assert not list(tmp_path.glob("hmix-explore-*"))
