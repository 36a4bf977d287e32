import gzip
import hashlib
import http.server
import subprocess
import sys
import threading

import pytest
import requests
from at_once import run_at_once

from hmix_hub.errors import SourceError
from hmix_hub.sources import RELEASE, RELEASE_URL, SAMPLE, SourceFile, Study, choose_source, resolve_source
from hmix_hub.sources import source as module

NAME = "hmix_infer_mixing_factor.csv"
CONTENT = b"a,b\n1,2\n"
STUDY = Study(
    "study", "a study", "pictures", {NAME: SourceFile(NAME, len(CONTENT), hashlib.sha256(CONTENT).hexdigest())}
)


class Server:
    """A server on this machine that answers each request by the next of its replies, then by the last for ever."""

    def __init__(self, *replies):
        self.replies, self.requests = list(replies), 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, body, length = outer.replies[min(outer.requests, len(outer.replies) - 1)]
                outer.requests += 1
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.http.shutdown()
        self.http.server_close()

    @property
    def web(self):
        return module.Web(STUDY, f"http://127.0.0.1:{self.http.server_port}/")


def reply(body=CONTENT, status=200, length=None):
    return status, body, len(body) if length is None else length


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("HMIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def waits(monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def cached(cache):
    return [p for p in cache.rglob("*") if p.is_file()]


def test_a_file_is_downloaded_once(cache):
    with Server(reply()) as server:
        assert server.web.path(NAME).read_bytes() == CONTENT
        assert server.web.path(NAME).read_bytes() == CONTENT
        assert server.requests == 1
    assert cached(cache) == [cache / "study" / NAME]


def test_once_cached_no_network_is_needed():
    with Server(reply()) as server:
        web = server.web
        web.path(NAME)
    assert web.path(NAME).read_bytes() == CONTENT


def test_failures_are_tried_again_after_growing_waits(waits):
    with Server(reply(b"", 503), reply(b"", 500), reply()) as server:
        assert server.web.path(NAME).read_bytes() == CONTENT
        assert server.requests == 3
    assert waits == [1, 2]


def test_a_broken_off_download_is_tried_again(waits):
    with Server(reply(CONTENT[:3], length=len(CONTENT)), reply()) as server:
        assert server.web.path(NAME).read_bytes() == CONTENT


def test_a_server_that_stays_away_is_told_with_what_to_do(waits, cache):
    with Server(reply(b"", 503)) as server, pytest.raises(SourceError, match="503") as caught:
        server.web.path(NAME)
    assert "HMIX_SOURCE" in caught.value.hint
    assert cached(cache) == []


@pytest.mark.parametrize("wrong", [b"a,b\n1,3\n", b"a,b\n", b"", b"<html>not found</html>"])
def test_a_changed_download_is_named_and_not_kept(wrong, cache, waits):
    with Server(reply(wrong)) as server, pytest.raises(SourceError) as caught:
        server.web.path(NAME)
    message = str(caught.value)
    file = STUDY.files[NAME]
    assert f"expected {file.size} bytes, sha256 {file.sha256}" in message
    # Of what is longer than the file no more is read.
    found = f"found {len(wrong)} bytes, sha256 {hashlib.sha256(wrong).hexdigest()}"
    assert ("the server sends more" if len(wrong) > file.size else found) in message
    assert "nothing was cached" in message
    assert cached(cache) == []
    assert waits == []


def test_a_file_that_never_ends_is_read_to_its_size_alone(cache, waits):
    endless = b"x" * 2**22
    with Server(reply(endless, length=2**40)) as server, pytest.raises(SourceError, match="sends more") as caught:
        server.web.path(NAME)
    assert server.requests == 1
    assert caught.value.hint
    assert cached(cache) == []


def test_a_file_that_comes_too_slowly_is_given_up(cache, waits, monkeypatch):
    times = iter(range(0, 10**6, module.DOWNLOAD_LIMIT_S))
    monkeypatch.setattr(module, "monotonic", lambda: next(times))
    monkeypatch.setattr(module, "_PIECE", 1)
    with Server(reply()) as server, pytest.raises(SourceError, match="bytes in 600 s"):
        server.web.path(NAME)
    assert cached(cache) == []


def test_a_file_that_is_packed_is_not_unpacked(cache, waits):
    bomb = gzip.compress(bytes(10**6))
    with Server(reply(bomb)) as server, pytest.raises(SourceError, match="sends more"):
        server.web.path(NAME)
    assert cached(cache) == []


def test_a_cached_file_that_was_changed_is_downloaded_again(cache):
    with Server(reply()) as server:
        server.web.path(NAME).write_bytes(b"tampered")
        assert server.web.path(NAME).read_bytes() == CONTENT


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_offline_means_offline(variable, monkeypatch):
    monkeypatch.setenv(variable, "1")
    with Server(reply()) as server, pytest.raises(SourceError, match="nothing is downloaded"):
        server.web.path(NAME)
    assert server.requests == 0


def test_the_release_is_pinned_to_a_commit_and_to_hashes():
    assert "5a022730a270b6785355f9e57b6d2620075bfbab" in RELEASE_URL
    assert len(RELEASE.files) == 6
    assert all(len(f.sha256) == 64 for f in RELEASE.files.values())


def test_a_source_is_a_name_an_address_or_a_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("HMIX_SOURCE", raising=False)
    assert resolve_source().base_url == RELEASE_URL
    assert resolve_source("sample").study is SAMPLE
    assert resolve_source("https://mirror.example/h_mix").base_url == "https://mirror.example/h_mix/"
    assert resolve_source(tmp_path).folder == tmp_path
    monkeypatch.setenv("HMIX_SOURCE", "sample")
    assert resolve_source().study is SAMPLE
    assert resolve_source("release").study is RELEASE


def test_an_unknown_source_is_refused():
    with pytest.raises(SourceError) as caught:
        resolve_source("sampel")
    assert "'sample'" in caught.value.hint
    with pytest.raises(SourceError, match="neither a known name nor a folder"):
        resolve_source("")


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)
    return folder


def test_a_mirror_is_read_where_it_lies(mirror, cache):
    assert module.Folder(STUDY, mirror).path(NAME) == mirror / NAME
    assert cached(cache) == []


@pytest.mark.parametrize("damage", ["changed", "truncated", "missing", "a folder"])
def test_a_damaged_mirror_is_named_with_expected_and_found(mirror, damage):
    path = mirror / NAME
    if damage == "changed":
        path.write_bytes(CONTENT.replace(b"1", b"7"))
    elif damage == "truncated":
        path.write_bytes(CONTENT[:-1])
    else:
        path.unlink()
    if damage == "a folder":
        path.mkdir()
    with pytest.raises(SourceError) as caught:
        module.Folder(STUDY, mirror).path(NAME)
    assert str(path) in str(caught.value)
    assert STUDY.files[NAME].sha256 in str(caught.value)


def test_a_study_folder_given_as_source_is_told_to_be_a_dataset(tmp_path):
    (tmp_path / "study.yaml").write_text("id: my-study\n", encoding="utf-8")
    with pytest.raises(SourceError) as refused:
        resolve_source(tmp_path).path(NAME)
    assert f"load_dataset({str(tmp_path)!r})" in refused.value.hint


def test_the_choice_for_a_first_try(monkeypatch):
    monkeypatch.delenv("HMIX_SOURCE", raising=False)
    asked = []

    def unreachable(url, timeout):
        asked.append((url, timeout))
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", unreachable)
    assert choose_source()[0] == "sample"
    assert len(asked) == 1
    assert asked[0][1] <= 3
    monkeypatch.setattr(requests, "head", lambda url, timeout: Reached())
    assert choose_source()[0] == "release"
    monkeypatch.setenv("HMIX_SOURCE", "elsewhere")
    assert choose_source()[0] == "elsewhere"


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"])
def test_the_first_try_asks_nobody_when_it_is_told_to_stay_offline(variable, monkeypatch):
    monkeypatch.delenv("HMIX_SOURCE", raising=False)
    monkeypatch.setenv(variable, "1")
    monkeypatch.setattr(requests, "head", lambda *_, **__: pytest.fail("the network was asked"))
    assert choose_source()[0] == "sample"


class Reached:
    def raise_for_status(self):
        pass


FETCH = """
from hmix_hub.sources import resolve_source
print(resolve_source("sample").path("hmix_infer_mixing_factor.csv").stat().st_size)
"""


def test_eight_processes_on_an_empty_cache_all_get_the_file(cache):
    assert run_at_once(FETCH, "hmix_hub.sources", "pooch") == [str(SAMPLE.files[NAME].size)] * 8
    assert [p.name for p in cached(cache)] == [NAME]


def test_a_killed_download_leaves_nothing_that_is_taken_for_the_file(cache):
    script = """
import os, signal
from hmix_hub.sources import source, resolve_source
def half(self, name, output_file):
    Path(output_file).write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
source.Generated._make = half
resolve_source("sample").path("hmix_infer_mixing_factor.csv")
"""
    killed = subprocess.run([sys.executable, "-c", script], check=False)
    assert killed.returncode != 0
    assert not (cache / "sample" / NAME).exists()
    assert resolve_source("sample").path(NAME).stat().st_size == SAMPLE.files[NAME].size


def test_an_unwritable_cache_is_told(cache, tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("HMIX_CACHE", str(blocked))
    with pytest.raises(SourceError):
        resolve_source("sample").path(NAME)


def test_names_from_outside_never_leave_the_folder(mirror):
    with pytest.raises(KeyError):
        module.Folder(STUDY, mirror).path("../secret")
