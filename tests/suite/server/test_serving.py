"""The command as it runs: a process, a socket, signals."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from suite_maker import TASKS, answer_to, chance, study_content

from hmix_hub.errors import CollectionError
from hmix_hub.suite.operator.actions import Close, Look
from hmix_hub.suite.operator.channel import CHANNEL_NAME, Channel, carry_out, read_channel
from hmix_hub.suite.server.serving import address_of, listening
from hmix_hub.suite.store.store import Store

INFER = "infer_mixing_factor"
TOKEN = {"Authorization": f"Bearer {'T' * 43}"}


def run(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "hmix_hub", "collect", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for the end; what the first line said was read before."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        said, complained = process.stdout.read(), process.stderr.read()
    return process.wait(timeout=20), said, complained


def stop(process: subprocess.Popen[str], how: int = signal.SIGTERM) -> tuple[int, str, str]:
    process.send_signal(how)
    return ended(process)


def first_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://[^/\s]+", line)
    assert found, line
    return found[0]


@contextlib.contextmanager
def running(*words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = run(*words, "--port", 0)
    try:
        yield process, first_address(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "collection.yaml").write_text(yaml.safe_dump(study_content()))
    return tmp_path


def join(address: str) -> Any:
    consent = requests.get(f"{address}/api/study", timeout=10).json()["consent"]["sha256"]
    sent = {"recruiting_id": "someone-4711", "task": INFER, "consent_sha256": consent}
    return requests.post(f"{address}/api/sessions", json=sent, headers=TOKEN, timeout=10)


def channel_of(folder: Path, address: str) -> Channel:
    """Carry out actions over the channel; the server of the people takes none."""
    channel = read_channel(folder)
    assert channel is not None
    assert stat.S_IMODE((folder / CHANNEL_NAME).stat().st_mode) == 0o600
    assert carry_out(folder, Close())["is_closed"]
    assert requests.get(f"{address}/api/study", timeout=10).json()["state"] == "closed"
    assert carry_out(folder, Close(reopen=True)) == {"was_closed": True, "is_closed": False, "live": 1}
    with pytest.raises(CollectionError, match="no participant has this id"):
        carry_out(folder, Look(code="F-0000-0000"))
    assert requests.post(f"{address}/api/actions/close", json={}, timeout=10).status_code == 404
    assert "dashboard/main.js" in requests.get(channel.address, timeout=10).text
    return channel


def test_a_server_that_is_stopped_and_started_again_goes_on_where_it_was(folder: Path) -> None:
    with running("serve", folder) as (process, address):
        joined = join(address)
        assert (joined.status_code, "server" in joined.headers) == (200, False)
        assert "date" in joined.headers
        quiz = requests.put(f"{address}/api/session/quiz/1", json={"answers": [2, 1]}, headers=TOKEN, timeout=10)
        assert quiz.json()["passed"]
        page = next(page for page in joined.json()["pages"] if page["kind"] == "trial")
        body = json.dumps(answer_to(page, INFER, chance(1))).encode()

        channel = channel_of(folder, address)

        second = run("serve", folder, "--port", 0)
        status, said, complained = ended(second)
        assert (status, said) == (1, "")
        assert "already being served" in complained

        port = urlsplit(address).port
        other = folder / "other"
        other.mkdir()
        shutil.copy(folder / "collection.yaml", other)
        taken = run("serve", other, "--port", port)
        status, _, complained = ended(taken)
        assert status == 1
        assert f"cannot listen at 127.0.0.1, port {port}" in complained

        # An answer that is under way when the server is stopped is taken and acknowledged.
        chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:40], body[40:])]
        head = f"PUT /api/session/trials/{page['index']} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        head += f"Authorization: {TOKEN['Authorization']}\r\nTransfer-Encoding: chunked\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port or 0)) as connection:
            connection.sendall(head.encode() + chunks[0])
            assert requests.get(f"{address}/api/health", timeout=10).json() == {"ok": True}
            process.send_signal(signal.SIGTERM)
            connection.sendall(chunks[1] + b"0\r\n\r\n")
            connection.settimeout(10)
            came = b""
            while part := connection.recv(4096):
                came += part
        assert came.startswith(b"HTTP/1.1 200")
        assert came.endswith(b'{"outcome":"stored"}')
        status, said, complained = ended(process)
        assert (status, complained) == (0, "")
        assert "stopped; every acknowledged answer is stored" in said
        assert f"dashboard, only for those who run the study: {channel.page}\n" in said
    assert not {path.name for path in folder.iterdir()} & {"collection.sqlite-wal", CHANNEL_NAME}
    with running("serve", folder) as (process, address):
        view = requests.get(f"{address}/api/session", headers=TOKEN, timeout=10).json()
        assert view["held"] == [page["index"]]
        assert join(address).json() == view
        assert stop(process, signal.SIGINT)[0] == 0
    with Store.open(folder, read_only=True) as store:
        assert len(list(store.answers())) == 1
    stored = b"".join(file.read_bytes() for file in folder.iterdir() if file.is_file())
    assert b"someone-4711" not in stored
    assert b"127.0.0.1" not in stored


def test_bodies_over_a_real_connection(folder: Path) -> None:
    with running("serve", folder, "--trial-run") as (process, address):
        assert requests.get(f"{address}/api/study", timeout=10).json()["trial_run"] is True
        view = join(address).json()
        page = next(page for page in view["pages"] if page["kind"] == "trial")
        place = f"{address}/api/session/trials/{page['index']}"
        kind = {**TOKEN, "Content-Type": "application/json"}
        pieces = (b" " * 1000 for _ in range(64))
        assert requests.put(place, data=pieces, headers=kind, timeout=10).status_code == 202
        assert requests.put(place, data=b" " * 65_537, headers=kind, timeout=10).status_code == 413
        picture = requests.get(f"{address}/pictures/{page['pictures'][0]}.png", timeout=10)
        assert picture.headers["content-type"] == "image/png"
        status, said, complained = stop(process)
        assert (status, complained) == (0, "")
        assert said.splitlines()[1:] == [
            "stop with Ctrl+C; serving again continues where it stopped",
            "stopped; every acknowledged answer is stored",
        ]


def test_a_preview_links_every_task_and_leaves_nothing(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with running("preview", folder) as (process, address):
        for task in TASKS:
            consent = requests.get(f"{address}/api/study", timeout=10).json()["consent"]["sha256"]
            sent = {"recruiting_id": None, "task": task, "consent_sha256": consent}
            headers = {"Authorization": "Bearer " + task.ljust(43, "x")}
            assert (
                requests.post(f"{address}/api/sessions", json=sent, headers=headers, timeout=10).json()["task"] == task
            )
        assert list(scratch.iterdir())
        status, said, complained = stop(process, signal.SIGINT)
    assert (status, complained) == (0, "")
    for task in sorted(TASKS)[1:]:
        assert f"{task}: {address}/?task={task}\n" in said
    assert not list(scratch.iterdir())
    assert [file.name for file in folder.iterdir()] == ["collection.yaml"]


def test_addresses_that_cannot_be_listened_at() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert address_of(listener) == f"http://127.0.0.1:{port}"
        with pytest.raises(CollectionError, match=f"port {port}"), listening("127.0.0.1", port):
            pass
    with pytest.raises(CollectionError, match=r"host\.invalid"), listening("host.invalid", 0):
        pass


def test_how_connections_are_kept_and_what_is_not_logged(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import uvicorn

    from hmix_hub.suite.server.serving import run_until_stopped

    kept: list[uvicorn.Config] = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: kept.append(server.config))
    with listening("127.0.0.1", 0) as listener:
        run_until_stopped(served.asker.app, listener)
    [config] = kept
    assert config.timeout_keep_alive == 150
    assert not config.access_log
    assert not config.server_header
    assert not config.proxy_headers
    assert config.workers == 1


@pytest.mark.parametrize("verb", ["serve", "preview"])
@pytest.mark.parametrize("name", ["uvicorn", "starlette"])
def test_what_is_not_installed_is_told(folder: Path, name: str, verb: str) -> None:
    code = f"import sys; sys.modules[{name!r}] = None; from hmix_hub.cli.main import main; main()"
    words = [sys.executable, "-c", code, "collect", verb, str(folder), "--port", "0"]
    refused = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"hmix: serving needs {name}")
    assert "hmix-hub[suite]" in refused.stderr
    assert [file.name for file in folder.iterdir()] == ["collection.yaml"]


def test_answers_do_not_wait_for_the_acknowledgement_of_their_headers():
    # asyncio sets it on connections of sockets that say they are TCP; those of `socket.create_server` do not.
    with listening("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
