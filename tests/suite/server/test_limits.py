"""New sessions from one network: so many an hour, in memory alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from suite_maker import study_content

from hmix_hub.suite.server.joining import NetworkLimit
from hmix_hub.suite.server.proxy import DIRECT, Proxy
from hmix_hub.suite.server.replies import Refusal
from hmix_hub.suite.server.serving import serve as serve_collection


class Door:
    """A limit with a clock of its own."""

    def __init__(self, per_hour: int | None, proxy: Proxy = DIRECT) -> None:
        self.now = 0.0
        self.limit = NetworkLimit(lambda: per_hour, proxy, elapsed=lambda: self.now)

    def is_open(self, client: str, forwarded: str | None = None) -> bool:
        """Let somebody begin; gives whether they may."""
        headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
        try:
            self.limit.take({"client": (client, 1), "headers": headers})
        except Refusal as refusal:
            self.wait = int(refusal.headers["Retry-After"])
            return False
        return True


def test_a_network_begins_so_many_at_once_and_then_as_time_goes_by() -> None:
    door = Door(3)
    assert [door.is_open(f"203.0.113.{host}") for host in range(5)] == [True, True, True, False, False]
    assert door.wait == 1200
    door.now = 1199.0
    assert not door.is_open("203.0.113.9")
    door.now = 1200.0
    assert door.is_open("203.0.113.9")
    assert not door.is_open("203.0.113.9")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("203.0.113.1", "203.0.113.254", True),
        ("203.0.113.1", "203.0.114.1", False),
        ("203.0.113.1", "::ffff:203.0.113.9", True),
        ("2001:db8:1:1::1", "2001:db8:1:ffff::2", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
    ],
)
def test_a_network_is_24_bits_of_ipv4_and_48_of_ipv6(one: str, other: str, is_same: bool) -> None:
    door = Door(1)
    assert door.is_open(one)
    assert door.is_open(other) is not is_same


def test_behind_a_proxy_people_are_counted_and_not_the_proxy() -> None:
    door = Door(1, Proxy.of("", ["10.0.0.0/8"]))
    assert [door.is_open("10.0.0.1", f"203.0.{number}.7") for number in range(3)] == [True, True, True]
    assert not door.is_open("10.0.0.2", "203.0.1.8")
    # What somebody writes there who is no proxy counts for nothing.
    assert door.is_open("198.51.100.1", "203.0.9.1")
    assert not door.is_open("198.51.100.1", "203.0.10.1")


@pytest.mark.parametrize(
    ("per_hour", "client"), [(None, "203.0.113.1"), (1, "127.0.0.1"), (1, "::1"), (1, "testclient")]
)
def test_without_a_limit_and_where_nobody_is_seen_everybody_may_begin(per_hour: int | None, client: str) -> None:
    door = Door(per_hour)
    assert all(door.is_open(client) for _ in range(20))


@given(st.lists(st.tuples(st.floats(0, 600), st.integers(0, 2)), max_size=80), st.integers(1, 9))
def test_in_no_hour_do_more_begin_than_twice_the_limit(steps: list[tuple[float, int]], per_hour: int) -> None:
    door = Door(per_hour)
    begun: list[tuple[float, int]] = []
    for wait, network in steps:
        door.now += wait
        if door.is_open(f"203.0.{network}.1"):
            begun.append((door.now, network))
    for start, network in begun:
        assert sum(start <= at <= start + 3600 and of == network for at, of in begun) <= 2 * per_hour + 1


def test_networks_without_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmix_hub.suite.server.joining.MOST_NETWORKS", 100)
    door = Door(1)
    assert all(door.is_open(f"2001:db8:{number:x}::1") for number in range(500))
    assert len(door.limit._buckets) == 100
    assert not door.is_open("2001:db8:1f3::1")


def test_who_has_begun_goes_on_however_many_came_after(serve: Callable[..., Any]) -> None:
    served = serve(recruiting={"per_prefix": 2})
    first, second, third = (served.person() for _ in range(3))
    assert first.join().status == second.join().status == 200
    refused = third.join()
    assert (refused.status, refused.json["error"]) == (429, "crowded")
    assert 0 < int(refused.headers["retry-after"]) <= 1800
    assert first.join().status == 200
    assert first.view()["state"] == "live"
    assert len(served.store.sessions()) == 2


def test_a_limit_that_sees_nobody_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hmix_hub.suite.server.serving.run_until_stopped", lambda *_, **__: None)
    (tmp_path / "collection.yaml").write_text(yaml.safe_dump(study_content(recruiting={"per_prefix": 9})))
    for proxy, is_warned in ((DIRECT, True), (Proxy.of("", ["127.0.0.1"]), False)):
        said: list[str] = []
        serve_collection(tmp_path, "127.0.0.1", 0, proxy=proxy, tell=said.append)
        assert any("per_prefix has no effect" in line for line in said) is is_warned
