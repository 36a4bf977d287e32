"""Behind a proxy: below a path of its host, and who it says asks it."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import yaml
from suite_maker import Asker, frozen_study, sample_pictures, study_content

from hmix_hub.errors import CollectionError
from hmix_hub.suite.server import serving
from hmix_hub.suite.server.app import build_app
from hmix_hub.suite.server.proxy import Proxy
from hmix_hub.suite.server.serving import is_open_to_others, listening
from hmix_hub.suite.store.store import Store


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    with Store.create(tmp_path_factory.mktemp("below"), frozen_study()) as store:
        app = build_app(store, sample_pictures(), proxy=Proxy.of("/lab/pilot/"))
        with Asker(app) as asker:
            yield asker


@pytest.mark.parametrize("path", ["/", "/api/study", "/static/main.js", "/static/tasks/infer_mixing_factor.js"])
def test_a_study_is_served_below_its_path_whether_the_proxy_takes_it_out_or_not(below: Asker, path: str) -> None:
    reply = below.ask("GET", f"/lab/pilot{path}")
    assert reply.status == 200
    assert reply.body == below.ask("GET", path).body


def test_the_path_without_its_slash_leads_to_the_page_with_what_the_link_says(below: Asker) -> None:
    reply = below.ask("GET", "/lab/pilot?PROLIFIC_PID=a%2Fb&task=x")
    assert (reply.status, reply.headers["location"]) == (308, "/lab/pilot/?PROLIFIC_PID=a%2Fb&task=x")
    assert below.ask("GET", "/lab/pilot").headers["location"] == "/lab/pilot/"
    assert "content-security-policy" in reply.headers


@pytest.mark.parametrize("path", ["/lab/pilots/", "/lab/", "/lab/pilot/lab/pilot/", "/other/"])
def test_other_paths_are_nothing(below: Asker, path: str) -> None:
    assert below.ask("GET", path).status == 404


@pytest.mark.parametrize(
    "path",
    [
        "/lab/pilot/../../etc/passwd",
        "/lab/pilot/static/../../collection.key",
        "/lab/pilot/%2e%2e/api/study",
        "/../api/study",
        "/lab/./pilot/",
        "/lab/pilot/..",
    ],
)
def test_a_path_that_leads_out_of_its_folder_is_refused(below: Asker, path: str) -> None:
    reply = below.ask("GET", path)
    assert (reply.status, reply.json["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    "path", ["/../x", "/a/./b", "/a//b", "pilot", "/a b", "/a%2e", "/ä", "https://example.org/a", "."]
)
def test_a_root_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(CollectionError, match="a study cannot be served below"):
        Proxy.of(path)


@pytest.mark.parametrize("path", ["", "/"])
def test_the_top_of_the_host_is_no_root_path(path: str) -> None:
    assert Proxy.of(path) == Proxy()


@pytest.mark.parametrize("address", ["proxy.example.org", "10.0.0.1/8", "", "127.0.0.1:80"])
def test_a_proxy_has_an_address(address: str) -> None:
    with pytest.raises(CollectionError, match="not the address of a proxy"):
        Proxy.of("", [address])


@pytest.mark.parametrize(
    ("client", "forwarded", "person"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        # Who is no proxy says nothing about anybody.
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        # What people wrote themselves stands before what the proxy added.
        ("127.0.0.1", ["192.0.2.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["192.0.2.1", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["192.0.2.1, 198.51.100.1, 10.2.0.9"], "198.51.100.1"),
        ("::ffff:127.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        # Some proxies add the port.
        ("127.0.0.1", ["192.0.2.1, 198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::7]:4711"], "2001:db8::7"),
        ("127.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, unknown"], None),
        ("", [], None),
    ],
)
def test_the_person_is_who_the_last_proxy_that_is_trusted_names(
    client: str, forwarded: list[str], person: str | None
) -> None:
    proxy = Proxy.of("", ["127.0.0.1", "10.0.0.0/8"])
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope: dict[str, Any] = {"client": (client, 4711) if client else None, "headers": headers}
    assert proxy.person_of(scope) == (ip_address(person) if person else None)


@pytest.mark.parametrize(("host", "is_open"), [("127.0.0.1", False), ("localhost", False), ("0.0.0.0", True)])
def test_whether_others_can_reach_an_address(host: str, is_open: bool) -> None:
    with listening(host, 0) as listener:
        assert is_open_to_others(listener) is is_open


def test_serving_plain_http_to_others_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "run_until_stopped", lambda *_, **__: None)
    (tmp_path / "collection.yaml").write_text(yaml.safe_dump(study_content()))

    def told(host: str, proxy: Proxy, dashboard_host: str = "127.0.0.1") -> list[str]:
        said: list[str] = []
        serving.serve(tmp_path, host, 0, dashboard_host=dashboard_host, proxy=proxy, tell=said.append)
        return said

    everywhere, trusting = "0.0.0.0", Proxy.of("", ["10.0.0.0/8"])
    [warning] = [line for line in told(everywhere, Proxy()) if "warning" in line]
    assert warning.startswith("warning: this is plain HTTP outside this computer")
    for said in (told("127.0.0.1", Proxy()), told(everywhere, trusting)):
        assert not any("warning" in line for line in said)
    [warning] = [line for line in told("127.0.0.1", trusting, everywhere) if "warning" in line]
    assert warning.startswith("warning: the dashboard is plain HTTP outside this computer")
    assert told("127.0.0.1", Proxy.of("/pilot"))[0].endswith("/pilot/")
