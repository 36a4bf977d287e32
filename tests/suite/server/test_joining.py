"""Joining over HTTP: links that are forged, shared or replayed, ids that others know, and many who only join."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

INFER = "infer_mixing_factor"
ID = "5f3c9e8ab1d2c34e5f607182"


def join(served: Any, person: Any = None, **sent: Any) -> tuple[Any, Any]:
    """Join somehow; gives the person and the reply."""
    person = person or served.person()
    return person, person.ask("POST", "/api/sessions", {"consent_sha256": served.frozen.consent_sha256, **sent})


def link_of(served: Any) -> str:
    (number,) = served.store.issue_links(1).result(30)
    return str(served.store.key.link(number))


@pytest.fixture
def linked(serve: Callable[..., Any]) -> Any:
    return serve(INFER, recruiting={"links": "required"})


def test_a_link_opens_one_session_and_asks_in_another_browser(linked: Any) -> None:
    link = link_of(linked)
    person, first = join(linked, link=link)
    assert first.status == 200
    other, refused = join(linked, link=link)
    assert (refused.status, refused.json["error"]) == (409, "link_opened")
    assert other.ask("GET", "/api/session").status == 401
    _, taken = join(linked, other, link=link, takes_over=True)
    assert taken.json["pages"] == first.json["pages"]
    for method, path in (("GET", ""), ("PUT", "/quiz/1"), ("POST", "/finish"), ("DELETE", "")):
        reply = person.ask(method, f"/api/session{path}", {} if method != "GET" else None)
        assert (reply.status, reply.json["error"]) == (401, "moved"), path
    assert len(linked.store.sessions()) == 1


def test_what_the_browser_before_has_still_to_send_is_stored(serve: Callable[..., Any]) -> None:
    served = serve(INFER, recruiting={"links": "optional"})
    link = link_of(served)
    person, _ = join(served, link=link)
    page = person.begin(INFER)[0]
    join(served, link=link, takes_over=True)
    stored = person.answer(page)
    assert (stored.status, stored.json) == (200, {"outcome": "stored", "moved": True})


@pytest.mark.parametrize(
    "change", [lambda link: link[:-1] + "?", lambda link: "2" + link, lambda link: link * 20, str.upper]
)
def test_a_forged_link_is_refused(linked: Any, change: Callable[[str], str]) -> None:
    _, refused = join(linked, link=change(link_of(linked)))
    assert (refused.status, refused.json["error"]) == (403, "bad_link")


def test_a_link_is_needed_where_the_study_says_so_and_not_read_where_it_is_off(
    linked: Any, serve: Callable[..., Any]
) -> None:
    _, refused = join(linked)
    assert (refused.status, refused.json["error"]) == (403, "link_missing")
    without = serve(INFER, recruiting={"links": "off"})
    assert join(without, link="nonsense")[1].status == 200


def test_who_has_a_link_needs_no_id_and_is_not_counted_against_the_network(serve: Callable[..., Any]) -> None:
    served = serve(INFER, recruiting={"platform": "prolific", "required": True, "per_prefix": 1})
    assert join(served)[1].json["error"] == "recruiting_id_missing"
    assert join(served, recruiting_id=ID.upper())[1].json["error"] == "recruiting_id_missing"
    assert [join(served, link=link_of(served))[1].status for _ in range(2)] == [200, 200]
    assert [join(served, recruiting_id=given)[1].status for given in (ID, f"{ID[:-1]}9")] == [200, 429]


def test_an_id_that_others_know_reads_nothing_and_deletes_nothing(serve: Callable[..., Any]) -> None:
    served = serve(INFER, recruiting={"platform": "prolific"})
    victim, joined = join(served, recruiting_id=ID)
    for page in victim.begin(INFER):
        victim.answer(page)
    code = victim.ask("POST", "/api/session/finish", {}).json["code"]
    attacker, refused = join(served, recruiting_id=ID)
    assert (refused.status, refused.json["error"]) == (409, "id_taken")
    assert code not in str(refused.json)
    assert attacker.ask("DELETE", "/api/session").status == 401
    assert victim.view()["completion"]["code"] == code
    assert joined.status == 200


def test_an_end_before_the_trials_has_the_code_of_the_platform(serve: Callable[..., Any]) -> None:
    served = serve(INFER, completion={"failed": {"code": "F1"}, "full": {"code": "FULL"}}, batches=1, quota=1)
    failed, winner, late = served.person(), served.person(), served.person()
    for person in (failed, winner, late):
        person.join()
    for attempt in (1, 2, 3):
        failed.quiz(1, 1, attempt=attempt)
    assert failed.view()["outcome"] == {"code": "F1", "url": None}
    winner.quiz(2, 1)
    assert late.quiz(2, 1).json["view"]["state"] == "full"
    assert late.view()["outcome"] == {"code": "FULL", "url": None}
    assert late.ask("POST", "/api/session/finish", {}).json["error"] == "full"
    assert served.ask("GET", "/api/study").json["outcomes"]["full"] == {"code": "FULL", "url": None}


def test_only_scripted_people_may_pretend_that_time_went_by(serve: Callable[..., Any]) -> None:
    served = serve(INFER)
    person = served.person()
    page = person.begin(INFER)[0]
    person.answer(page, headers=[("Pretended-Ms", "3600000")])
    (answer,) = served.store.answers()
    (session,) = served.store.sessions()
    assert session.elapsed_ms(answer) < 60_000
