from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from suite_maker import TASKS

from hmix_hub.suite.store.writer import Times

HOUR = 3600.0


@dataclass
class Hands:
    """A clock that is set by hand."""

    at: float = 1_800_000_000.0

    def times(self) -> Times:
        return Times(lambda: self.at, lambda: self.at)


@pytest.mark.parametrize("task", TASKS)
def test_a_whole_session_ends_with_a_code_of_its_own(served: Any, task: str) -> None:
    person = served.person()
    end = person.take_part(task)
    assert end.status == 200
    assert re.fullmatch(r"[0-9A-Z]{4}-[0-9A-Z]{4}", end.json["code"])
    assert end.json | {"code": ""} == {"code": "", "url": None, "text": "Thank you. Your answers are stored."}
    assert person.ask("POST", "/api/session/finish", {}).json == end.json
    view = person.view()
    assert (view["state"], view["completion"], view["comments_held"]) == ("finished", end.json, True)
    assert view["held"] == [page["index"] for page in person.pages()] == [4, 5, 6, 7, 8, 9]
    [session] = served.store.sessions()
    assert (session.task, session.state) == (task, "finished")
    assert [answer.trial_index for answer in served.store.answers(session.id)] == view["held"]


def test_pages_stand_in_the_order_of_the_timeline(shared: Any) -> None:
    person = shared.person()
    view = person.join("construct_midpoint").json
    kinds = [page["kind"] for page in view["pages"]]
    assert kinds == ["instructions", "instructions", "quiz", *["trial"] * 6, "comments"]
    assert [page["index"] for page in view["pages"]] == list(range(1, 11))
    assert [(page["number"], page["of"]) for page in person.pages()] == [(number, 6) for number in range(1, 7)]
    assert person.pages("quiz")[0]["questions"][1] == {"question": "Two?", "choices": ["yes", "no", "perhaps"]}
    assert person.pages("comments")[0]["question"] == "Anything to tell?"
    assert (view["state"], view["expired"], view["held"], view["completion"]) == ("live", False, [], None)
    assert view["quiz"] == {"attempts_made": 0, "passed": False}
    assert re.fullmatch(r"F-[0-9A-Z]{4}-[0-9A-Z]{4}", view["fallback_code"])
    assert view["classes"][:2] == ["airplane", "automobile"]


def test_the_same_token_again_is_the_same_session(served: Any) -> None:
    person = served.person()
    first = person.join("infer_mixing_factor")
    assert person.join("construct_midpoint").json == first.json == person.view()
    assert len(served.store.sessions()) == 1


def test_a_recruiting_id_opens_nothing_elsewhere_and_is_stored_nowhere(served: Any) -> None:
    person, elsewhere = served.person(), served.person()
    person.join("infer_mixing_factor", recruiting_id="someone-4711")
    refused = elsewhere.join("infer_mixing_factor", recruiting_id=" someone-4711 ")
    assert (refused.status, refused.json["error"]) == (409, "id_taken")
    assert elsewhere.ask("GET", "/api/session").status == 401
    assert elsewhere.ask("DELETE", "/api/session").status == 401
    assert person.join("infer_mixing_factor", recruiting_id="someone-4711").json == person.view()
    assert len(served.store.sessions()) == 1
    served.store.close()
    stored = b"".join(path.read_bytes() for path in served.store.folder.iterdir())
    assert b"someone-4711" not in stored
    assert person.token.encode() not in stored


@pytest.mark.parametrize("recruiting_id", [None, "", "  ", "{{%PROLIFIC_PID%}}", "${e://Field/ID}", "ID_NOT_AVAILABLE"])
def test_a_study_that_needs_recruiting_ids_turns_others_away(
    serve: Callable[..., Any], recruiting_id: str | None
) -> None:
    served = serve(recruiting={"required": True})
    refused = served.person().join(recruiting_id=recruiting_id)
    assert (refused.status, refused.json["error"]) == (403, "recruiting_id_missing")
    assert served.person().join(recruiting_id="someone").status == 200


@pytest.mark.parametrize("recruiting_id", ["a" * 201, "a\nb", "a\0", "\ud800"])
def test_recruiting_ids_that_are_none(shared: Any, recruiting_id: str) -> None:
    refused = shared.person().join(recruiting_id=recruiting_id)
    assert (refused.status, refused.json["error"]) == (400, "bad_recruiting_id")


def test_joining_needs_the_consent_form_that_is_shown(served: Any) -> None:
    person = served.person()
    person.consent = "0" * 64
    refused = person.join()
    assert (refused.status, refused.json["error"]) == (409, "consent_changed")
    assert not served.store.sessions()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        [],
        None,
        {"recruiting_id": None, "task": None},
        {"recruiting_id": 5, "task": None, "consent_sha256": ""},
        {"recruiting_id": None, "task": True, "consent_sha256": ""},
        {"recruiting_id": None, "task": None, "consent_sha256": None},
        {"recruiting_id": None, "task": None, "consent_sha256": "", "seed": 1},
    ],
)
def test_joining_with_other_fields(shared: Any, sent: object) -> None:
    refused = shared.person().ask("POST", "/api/sessions", pieces=[repr(sent).replace("'", '"').encode()])
    assert (refused.status, refused.json["error"]) == (400, "malformed")


def test_a_task_that_the_study_has_not(serve: Callable[..., Any]) -> None:
    refused = serve("infer_mixing_factor").person().join("construct_midpoint")
    assert (refused.status, refused.json["error"]) == (400, "no_such_task")


def test_a_full_and_a_closed_study_take_nobody_new_and_everybody_they_know(serve: Callable[..., Any]) -> None:
    served = serve("infer_mixing_factor", batches=1, quota=1)
    known, new = served.person(), served.person()
    known.begin("infer_mixing_factor")
    first = known.join()
    assert (new.join().status, new.join().json["error"]) == (409, "full")
    served.store.set_closed(True)
    assert (new.join().status, new.join().json["error"]) == (409, "closed")
    assert known.join().json == first.json


def test_a_withdrawn_session_is_gone_and_says_so(served: Any) -> None:
    person, other = served.person(), served.person(seed=1)
    page = person.begin("construct_midpoint")[0]
    person.answer(page)
    other.begin("construct_midpoint")
    before = other.view()
    assert person.ask("DELETE", "/api/session").json == {"withdrawn": True}
    assert person.ask("DELETE", "/api/session").json == {"withdrawn": True}
    for method, path in (
        ("GET", ""),
        ("PUT", "/trials/4"),
        ("PUT", "/quiz/1"),
        ("PUT", "/comments"),
        ("POST", "/finish"),
    ):
        reply = person.ask(method, f"/api/session{path}", {})
        assert (reply.status, reply.json["error"]) == (410, "withdrawn")
    assert person.join().status == 410
    assert not list(served.store.answers())
    assert other.view() == before


def test_finishing_needs_every_answer_and_the_quiz(served: Any) -> None:
    person = served.person()
    person.join("select_shuffled_midpoint")
    refused = person.ask("POST", "/api/session/finish", {})
    assert (refused.status, refused.json["error"]) == (409, "quiz_not_passed")
    person.quiz(2, 1)
    pages = person.pages()
    person.answer(pages[2])
    refused = person.ask("POST", "/api/session/finish", {})
    assert (refused.status, refused.json["error"]) == (409, "missing")
    assert refused.json["missing"] == [page["index"] for page in pages if page is not pages[2]]
    assert person.view()["completion"] is None
    assert person.ask("POST", "/api/session/finish", {"really": True}).status == 400


def test_a_code_for_all_and_an_address_with_it(serve: Callable[..., Any]) -> None:
    served = serve(completion={"code": "C0DE", "url": "https://example.org/end?cc={code}", "text": "Thanks."})
    end = served.person().take_part("infer_mixing_factor").json
    assert end == {"code": "C0DE", "url": "https://example.org/end?cc=C0DE", "text": "Thanks."}


def test_a_place_that_was_given_back_is_taken_again_on_return_and_a_session_expires(serve: Callable[..., Any]) -> None:
    hands = Hands()
    served = serve("infer_mixing_factor", batches=1, quota=1, times=hands.times())
    person, other = served.person(), served.person()
    pages = person.begin("infer_mixing_factor")
    hands.at += 2 * HOUR
    assert served.store.sessions()[0].state == "lapsed"
    assert person.view()["state"] == "live"
    assert served.store.sessions()[0].state == "live"
    hands.at += 2 * HOUR
    assert other.take_part("infer_mixing_factor").status == 200
    assert person.view()["state"] == "live"
    hands.at += 25 * HOUR
    assert (person.view()["expired"], person.view()["state"]) == (True, "live")
    for page in pages:
        assert person.answer(page).json == {"outcome": "stored"}
    assert person.ask("POST", "/api/session/finish", {}).status == 200
    assert person.view()["expired"] is False
    assert served.store.sessions()[0].is_late


def test_a_study_without_quiz_and_comments(serve: Callable[..., Any]) -> None:
    served = serve("infer_mixing_factor", comments=None, design={"quiz": None})
    person = served.person()
    view = person.join().json
    assert [page["kind"] for page in view["pages"]] == ["instructions", "instructions", *["trial"] * 6]
    assert view["quiz"]["passed"] is True
    assert person.quiz(1).json["error"] == "no_quiz"
    assert person.ask("PUT", "/api/session/comments", {"text": ""}).json["error"] == "no_comments"
    for page in person.pages():
        assert person.answer(page).status == 200
    assert person.ask("POST", "/api/session/finish", {}).status == 200
