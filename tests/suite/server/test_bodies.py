from __future__ import annotations

from typing import Any

import pytest
from suite_maker import answer_to, chance

from hmix_hub.suite.server import requests

INFER = "infer_mixing_factor"
JSON = ("Content-Type", "application/json")


@pytest.mark.parametrize("sizes", [[65_537], [40_000, 40_000], [1000] * 66], ids=["one", "two", "many"])
@pytest.mark.parametrize("declared", [True, False], ids=["with its length", "chunked"])
def test_a_body_that_is_too_large_is_refused_wherever_it_goes(shared: Any, sizes: list[int], declared: bool) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    headers = [JSON, ("Content-Length", str(sum(sizes)))] if declared else [JSON, ("Transfer-Encoding", "chunked")]
    for method, path in (
        ("PUT", f"/api/session/trials/{page['index']}"),
        ("PUT", "/api/session/quiz/1"),
        ("PUT", "/api/session/comments"),
        ("POST", "/api/session/finish"),
        ("POST", "/api/sessions"),
    ):
        # The body never ends: what is beyond the bound is not waited for.
        reply = person.ask(method, path, headers=headers, pieces=[b" " * size for size in sizes], ends="open")
        assert (reply.status, reply.json["error"]) == (413, "too_large")
        assert reply.headers["connection"] == "close"
    assert not person.view()["held"]


@pytest.mark.parametrize("declared", ["-1", "1e3", "٣", "99999999999999999999", ""])
def test_a_length_that_is_none(shared: Any, declared: str) -> None:
    person = shared.person()
    person.join()
    headers = [JSON, ("Content-Length", declared)] if declared.isascii() else [JSON, ("Content-Length", "\xb2")]
    assert person.ask("PUT", "/api/session/comments", headers=headers, pieces=[b"{}"]).status == 413


def test_the_largest_body_in_small_pieces_is_taken(shared: Any) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    sent = answer_to(page, INFER, chance(1))
    path = [[number, number % 101] for number in range(1500)]
    sent |= {"response_time_ms": 1500}
    sent["answer"] |= {"share": path[-1][1], "confidence": path[-1][1], "share_path": path, "confidence_path": path}
    body = str(sent).replace("'", '"').replace("True", "true").encode()
    body += b" " * (64 * 1024 - len(body))
    pieces = [body[start : start + 700] for start in range(0, len(body), 700)]
    assert person.answer(page, pieces=pieces).json == {"outcome": "stored"}


def test_a_body_that_does_not_come_is_not_waited_for(shared: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    monkeypatch.setattr(requests, "BODY_SECONDS", 0.02)
    reply = person.answer(page, pieces=[b'{"response'], ends="open")
    assert (reply.status, reply.json["error"]) == (408, "too_slow")
    assert person.view()["held"] == []


def test_a_body_that_breaks_off_is_not_taken(shared: Any) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    assert person.answer(page, pieces=[b'{"response'], ends="disconnect").status == 0
    assert person.view()["held"] == []


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/json; charset=latin-1", "multipart/form-data", "", "application/jsonp"]
)
def test_a_body_of_another_type(shared: Any, kind: str) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    reply = person.answer(page, answer_to(page, INFER, chance(1)), headers=[("Content-Type", kind)])
    assert (reply.status, reply.json["error"]) == (415, "not_json")
    assert person.view()["held"] == []


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_other_spellings_of_the_type(shared: Any, kind: str) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    assert person.answer(page, answer_to(page, INFER, chance(1)), headers=[("Content-Type", kind)]).status == 200
