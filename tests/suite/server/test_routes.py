from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from hmix_hub.suite.server.replies import HEADERS
from hmix_hub.suite.tasks import SUITE_TASKS

ROUTES = {
    "/": {"GET"},
    "/static/main.js": {"GET"},
    "/favicon.ico": {"GET"},
    "/pictures/" + "0" * 40 + ".png": {"GET"},
    "/api/health": {"GET"},
    "/api/study": {"GET"},
    "/api/sessions": {"POST"},
    "/api/session": {"GET", "DELETE"},
    "/api/session/finish": {"POST"},
    "/api/session/quiz/1": {"PUT"},
    "/api/session/trials/4": {"PUT"},
    "/api/session/comments": {"PUT"},
}
OF_A_SESSION = [
    (method, path) for path, methods in ROUTES.items() for method in sorted(methods) if "/session/" in f"{path}/"
]


def test_the_page_and_its_files_have_their_types_and_are_asked_for_again(shared: Any) -> None:
    for path, kind in {
        "/": "text/html; charset=utf-8",
        "/static/main.js": "text/javascript; charset=utf-8",
        "/static/icon.svg": "image/svg+xml",
        **{f"/static/tasks/{task}.js": "text/javascript; charset=utf-8" for task in SUITE_TASKS},
    }.items():
        reply = shared.ask("GET", path)
        assert (reply.status, reply.headers["content-type"], reply.headers["cache-control"]) == (200, kind, "no-cache")
        tag = reply.headers["etag"]
        for known in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
            again = shared.ask("GET", path, headers=[("If-None-Match", known)])
            assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert shared.ask("GET", path, headers=[("If-None-Match", '"other"')]).status == 200


@pytest.mark.parametrize(
    ("accepted", "is_sent"),
    [("gzip, deflate, br", True), ("br;q=1.0, GZIP;q=0.5", True), ("gzip;q=0", False), ("gzip; q=0.0, br", False)],
)
def test_files_are_sent_compressed_to_whom_takes_them_so(shared: Any, accepted: str, is_sent: bool) -> None:
    plain = shared.ask("GET", "/static/main.js")
    reply = shared.ask("GET", "/static/main.js", headers=[("Accept-Encoding", accepted)])
    assert "content-encoding" not in plain.headers
    assert (reply.headers.get("content-encoding") == "gzip") == is_sent
    assert (gzip.decompress(reply.body) if is_sent else reply.body) == plain.body
    assert plain.headers["vary"] == reply.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "name",
    [
        *("none.js", "__init__.py", "../app.py", "..%2fapp.py", "%2e%2e/app.py", "index.html", "", "a/b.js"),
        *("tasks", "tasks/", "tasks/none.js", "tasks/../api.js", "tasks/%2e%2e/api.js", "tasks/main.js", "//main.js"),
    ],
)
def test_no_other_file_is_served(shared: Any, name: str) -> None:
    assert shared.ask("GET", f"/static/{name}").status == 404


def test_the_study_is_told_with_the_hash_of_its_consent_form(serve: Callable[..., Any]) -> None:
    served = serve(words={"agree": "Ja"}, language="de", recruiting={"parameter": "PID", "required": True})
    told = served.ask("GET", "/api/study").json
    assert told.pop("words")["agree"] == "Ja"
    assert told == {
        "place": served.frozen.consent_sha256[:16],
        "title": "Mixed pictures",
        "contact": served.frozen.study.about.contact,
        "language": "de",
        "consent": {
            "text": "I agree to <Please click> here & there.",
            "version": "1",
            "sha256": served.frozen.consent_sha256,
        },
        "recruiting": {"parameter": "PID", "required": True, "links": "optional"},
        "redirect": False,
        "outcomes": {"declined": None, "full": None},
        "trial_run": False,
        "state": "open",
        "is_paused": False,
        "message": None,
    }
    assert serve(trial_run=True).ask("GET", "/api/study").json["trial_run"] is True
    assert served.ask("GET", "/api/health").json == {"ok": True}
    assert served.ask("GET", "/favicon.ico").status == 204


def test_a_study_is_open_then_full_and_closed_when_it_is_closed(serve: Callable[..., Any]) -> None:
    served = serve("infer_mixing_factor", batches=1, quota=1)
    assert served.ask("GET", "/api/study").json["state"] == "open"
    served.person().begin("infer_mixing_factor")
    assert served.ask("GET", "/api/study").json["state"] == "full"
    served.store.set_closed(True)
    assert served.ask("GET", "/api/study").json["state"] == "closed"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_methods_that_an_address_has_not(shared: Any, method: str) -> None:
    for path, methods in ROUTES.items():
        reply = shared.ask(method, path, {})
        if method in methods:
            assert reply.status != 405
        else:
            assert (reply.status, reply.json["error"]) == (405, "wrong_method")
            assert methods <= set(reply.headers["allow"].split(", "))


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/api",
        "/api/",
        "/api/study/",
        "/api/session/",
        "/api/session/quiz/",
        "//api/study",
        "/api/%00",
        "/pictures/",
    ],
)
def test_addresses_that_there_are_not(shared: Any, path: str) -> None:
    reply = shared.ask("GET", path)
    assert (reply.status, reply.json["error"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/" + "a" * 600, "/static/" + "%61" * 300, "/?" + "a" * 5000])
def test_addresses_are_bounded(shared: Any, path: str) -> None:
    assert shared.ask("GET", path).json["error"] == "address_too_long"


FORGED = [
    None,
    "",
    "Bearer",
    "Bearer ",
    "Bearer " + "A" * 42,
    "Bearer " + "A" * 44,
    "Bearer " + "A" * 42 + "=",
    "Bearer " + "A" * 42 + "+",
    "Bearer " + "A" * 42 + "\xe9",
    "Bearer " + "A" * 43 + " x",
    "Basic " + "A" * 43,
    "A" * 43,
]


@pytest.mark.parametrize("authorization", FORGED)
def test_a_token_that_is_missing_or_malformed(shared: Any, authorization: str | None) -> None:
    before = shared.store.sessions()
    headers = [] if authorization is None else [("Authorization", authorization)]
    for method, path in [*OF_A_SESSION, ("POST", "/api/sessions")]:
        reply = shared.ask(method, path, {}, headers=headers)
        assert (reply.status, reply.json["error"]) == (401, "unknown_session")
    assert shared.store.sessions() == before


def test_a_token_that_nobody_was_given(shared: Any) -> None:
    person = shared.person()
    view = person.join().json
    twice = [("Authorization", f"Bearer {person.token}")] * 2
    for method, path in OF_A_SESSION:
        reply = shared.ask(method, path, {}, token="A" * 43)
        assert (reply.status, reply.json["error"]) == (401, "unknown_session")
        assert shared.ask(method, path, {}, headers=twice).status == 401
    assert person.view() == view


def test_headers_of_safety_stand_on_every_reply_and_no_cookie_does(shared: Any) -> None:
    person = shared.person()
    person.take_part("infer_mixing_factor")
    picture = person.pages()[0]["pictures"][0]
    replies = [
        *person.replies,
        *[shared.ask(method, path) for path in ROUTES for method in ("GET", "DELETE", "BREW")],
        shared.ask("GET", f"/pictures/{picture}.png"),
        shared.ask("GET", "/" + "a" * 600),
        shared.ask("GET", "/nothing"),
        shared.ask("PUT", "/api/session/comments", pieces=[b"x" * 70_000], token=person.token),
    ]
    assert {200, 401, 404, 405, 413, 414} <= {reply.status for reply in replies}
    for reply in replies:
        assert {name: reply.headers.get(name.lower()) for name in HEADERS} == HEADERS
        assert "set-cookie" not in reply.headers
        assert "server" not in reply.headers
        if reply.headers.get("content-type") == "application/json":
            assert reply.headers["cache-control"] == "no-store"
        if reply.status >= 400:
            assert set(reply.json) == {"error", "message"}
