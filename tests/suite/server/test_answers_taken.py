from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from suite_maker import TASKS, answer_to, chance
from suite_maker.studies import practice_of

from hmix_hub.suite.store.records import Outcome

INFER = "infer_mixing_factor"


@pytest.mark.parametrize("task", TASKS)
def test_an_answer_is_stored_as_it_came_and_twice_is_harmless(shared: Any, task: str) -> None:
    person = shared.person()
    page = person.begin(task)[0]
    sent = answer_to(page, task, chance(1))
    assert (person.answer(page, sent).status, person.answer(page, sent).json) == (200, {"outcome": "same"})
    spelled_otherwise = json.dumps(dict(reversed(sent.items())), indent=2).encode()
    assert person.answer(page, pieces=[spelled_otherwise]).json == {"outcome": "same"}
    [stored] = shared.kept_of(person)[0]
    assert (stored.payload, stored.trial_index) == (sent, page["index"])
    assert not shared.kept_of(person)[1]


def test_a_second_answer_that_differs_is_kept_aside_and_not_over_the_first(shared: Any) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    first, second = (answer_to(page, INFER, chance(seed)) for seed in (1, 2))
    person.answer(page, first)
    for _ in range(2):
        conflict = person.answer(page, second)
        assert (conflict.status, conflict.json) == (409, {"outcome": "conflict"})
    assert [stored.payload for stored in shared.kept_of(person)[0]] == [first]
    [kept] = shared.kept_of(person)[1]
    assert (kept.kind, kept.place, kept.fault) == ("trial", page["index"], None)
    assert person.view()["held"] == [page["index"]]


def test_an_answer_with_a_fault_is_quarantined_and_the_fault_is_told(shared: Any) -> None:
    person = shared.person()
    pages = person.begin(INFER)
    sent = answer_to(pages[0], INFER, chance(1))
    sent["answer"]["share"] = "banana"
    reply = person.answer(pages[0], sent)
    assert (reply.status, reply.json["outcome"]) == (202, "quarantined")
    assert "share is not a whole number" in reply.json["fault"]
    assert person.view()["held"] == [pages[0]["index"]]
    assert not shared.kept_of(person)[0]
    [kept] = shared.kept_of(person)[1]
    assert json.loads(kept.payload) == sent
    assert person.answer(pages[0]).json == {"outcome": "stored"}
    for page in pages[1:]:
        assert person.answer(page, {"nothing": "of use"}).status == 202
    assert person.ask("POST", "/api/session/finish", {}).status == 200


MALFORMED = [
    b"",
    b"{",
    b"nonsense",
    b"\xff\xfe{}",
    b'{"a": 1, "a": 1}',
    b'{"a": NaN}',
    b'{"a": 1e999}',
    b"[" * 20 + b"]" * 20,
    b"[" * 60_000,
    b"9" * 6000,
]


@pytest.mark.parametrize("body", MALFORMED, ids=lambda body: repr(body[:12]))
def test_a_body_that_is_no_json_is_quarantined_for_a_trial_and_refused_elsewhere(shared: Any, body: bytes) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    for _ in range(2):
        reply = person.answer(page, pieces=[body])
        assert (reply.status, reply.json["outcome"]) == (202, "quarantined")
    [kept] = shared.kept_of(person)[1]
    assert json.loads(kept.payload) == {"unreadable": body.decode("utf-8", "backslashreplace")}
    for method, path in (
        ("POST", "/api/sessions"),
        ("POST", "/api/session/finish"),
        ("PUT", "/api/session/quiz/1"),
        ("PUT", "/api/session/comments"),
    ):
        refused = person.ask(method, path, pieces=[body])
        assert (refused.status, refused.json["error"]) == (400, "malformed")


@pytest.mark.parametrize("index", ["0", "3", "10", "999999999", "9999999999", "-4", "04", "4.0", "٤", "4 ", "x", "4/4"])
def test_a_trial_that_the_session_has_not(shared: Any, index: str) -> None:
    person = shared.person()
    page = person.begin(INFER)[0]
    refused = person.ask("PUT", f"/api/session/trials/{index}", answer_to(page, INFER, chance(1)))
    assert refused.status == 404
    assert not person.view()["held"]
    assert not shared.kept_of(person)[1]


def test_practice_and_breaks_take_no_answer(serve: Any) -> None:
    around = {"practice": practice_of(INFER), "breaks": {"every": 4}}
    served = serve(INFER, design=around)
    person = served.person()
    first, *_ = person.begin(INFER)
    view = person.view()
    [practice, *_], [pause] = (
        [page for page in view["pages"] if page["kind"] == kind] for kind in ("practice", "break")
    )
    assert answer_to(practice, INFER, chance(1))["pictures"]
    for page in (practice, pause):
        refused = person.answer(page, answer_to(first, INFER, chance(1)))
        assert (refused.status, refused.json["error"]) == (404, "no_such_trial")
    assert (served.kept_of(person), person.view()["held"]) == (([], []), [])
    assert [person.answer(page).json["outcome"] for page in person.pages()] == ["stored"] * 6
    assert "code" in person.ask("POST", "/api/session/finish", {}).json


def test_answers_before_the_quiz_was_passed_are_kept_aside(shared: Any) -> None:
    person = shared.person()
    person.join(INFER)
    reply = person.answer(person.pages()[0])
    assert (reply.status, reply.json["fault"]) == (202, "the quiz was not passed before")
    assert not shared.kept_of(person)[0]


def test_an_answer_to_one_trial_is_none_to_another_nor_in_another_session(served: Any) -> None:
    person, other = served.person(), served.person(seed=1)
    pages, others = person.begin("construct_midpoint"), other.begin("construct_midpoint")
    assert person.view()["fallback_code"] != other.view()["fallback_code"]
    sent = answer_to(pages[0], "construct_midpoint", chance(1))
    names = set(pages[0]["pictures"])
    foreign = next(page for page in [*pages, *others] if not names & set(page["pictures"]))
    asked = person if foreign in pages else other
    assert asked.answer(foreign, sent).status == 202


def test_the_quiz_tells_what_was_wrong_until_it_is_passed(shared: Any) -> None:
    person = shared.person()
    person.join(INFER)
    assert person.quiz(1, 3).json == {"passed": False, "wrong": [1, 2], "ended": False}
    assert person.quiz(1, 3).json == {"passed": False, "wrong": [1, 2], "ended": False}
    assert person.quiz(2, 1).json == {"outcome": "conflict"}
    assert person.view()["quiz"] == {"attempts_made": 1, "passed": False}
    assert person.quiz(2, 1, attempt=3).json["error"] == "wrong_attempt"
    assert person.quiz(2, 1, attempt=0).json["error"] == "wrong_attempt"
    passed = person.quiz(2, 1, attempt=2).json
    assert passed == {"passed": True, "wrong": [], "ended": False, "view": person.view()}
    assert person.quiz(2, 1, attempt=2).json == passed
    assert person.quiz(1, 1, attempt=3).json["error"] == "quiz_over"
    assert person.view()["quiz"] == {"attempts_made": 2, "passed": True}


def test_a_session_ends_with_the_last_attempt_and_gives_its_place_back(serve: Callable[..., Any]) -> None:
    served = serve(INFER, batches=1, quota=1)
    person = served.person()
    person.join()
    ends = [person.quiz(1, 1, attempt=attempt).json["ended"] for attempt in (1, 2, 3, 3)]
    assert ends == [False, False, True, True]
    assert person.view()["state"] == "failed_quiz"
    assert person.quiz(2, 1, attempt=4).json["error"] == "quiz_over"
    assert person.answer(person.pages()[0]).status == 202
    assert person.ask("POST", "/api/session/finish", {}).json["error"] == "failed_quiz"
    assert served.person().join().status == 200


def test_a_quiz_without_limit_goes_on(serve: Callable[..., Any]) -> None:
    quiz = {"questions": [{"question": "One?", "choices": ["yes", "no"], "answer": 1}]}
    person = serve(INFER, design={"quiz": quiz}).person()
    assert person.join().json["pages"][2]["attempts"] is None
    assert [person.quiz(2, attempt=attempt).json["ended"] for attempt in range(1, 8)] == [False] * 7


@pytest.mark.parametrize("answers", [[], [1], [2, 1, 1], [2, 4], [0, 1], [2, True], ["2", 1], [2.0, 1], None, {}, "21"])
def test_a_quiz_that_is_answered_by_something_else(shared: Any, answers: object) -> None:
    person = shared.person()
    person.join(INFER)
    assert person.ask("PUT", "/api/session/quiz/1", {"answers": answers}).json["error"] == "malformed"
    assert person.view()["quiz"]["attempts_made"] == 0


@pytest.mark.parametrize("text", ["", "Fine.", "<b>a & b</b>", "\U0001f600 é", "x" * 5000])
def test_comments_are_kept_as_they_were_written(served: Any, text: str) -> None:
    person = served.person()
    person.join(INFER)
    assert person.ask("PUT", "/api/session/comments", {"text": text}).json == {"outcome": "stored"}
    assert person.ask("PUT", "/api/session/comments", {"text": text}).json == {"outcome": "same"}
    assert person.ask("PUT", "/api/session/comments", {"text": text + "!"}).status in {400, 409}
    assert list(served.store.comments().values()) == [text]
    assert person.view()["comments_held"] is True


@pytest.mark.parametrize(
    ("text", "kept"), [("a\ud800b", "a\N{REPLACEMENT CHARACTER}b"), ("a\0b", "a\N{REPLACEMENT CHARACTER}b")]
)
def test_comments_that_no_file_can_hold_are_kept_as_far_as_they_can(served: Any, text: str, kept: str) -> None:
    person = served.person()
    person.join(INFER)
    assert person.ask("PUT", "/api/session/comments", {"text": text}).status == 200
    assert list(served.store.comments().values()) == [kept]


@pytest.mark.parametrize(
    "sent", [{}, {"text": None}, {"text": 5}, {"text": "x" * 5001}, {"text": "", "more": 1}, [], "text"]
)
def test_comments_that_are_none(shared: Any, sent: object) -> None:
    person = shared.person()
    person.join(INFER)
    assert person.ask("PUT", "/api/session/comments", sent).json["error"] == "malformed"


def test_nothing_changes_after_the_end(shared: Any) -> None:
    person = shared.person()
    person.take_part(INFER)
    before = [answer.payload for answer in shared.kept_of(person)[0]]
    page = person.pages()[0]
    assert person.answer(page, before[0]).json == {"outcome": Outcome.SAME.value}
    assert person.answer(page, answer_to(page, INFER, chance(77))).status == 409
    assert [answer.payload for answer in shared.kept_of(person)[0]] == before
    assert person.view()["state"] == "finished"


@pytest.mark.parametrize("is_first_good", [True, False])
def test_however_many_faulty_answers_come_each_is_acknowledged_so_that_no_browser_sends_for_ever(
    shared: Any, is_first_good: bool
) -> None:
    person = shared.person()
    first, second, *_ = person.begin(INFER)
    if is_first_good:
        person.answer(first)
    for number in range(12):
        for page in (first, second):
            reply = person.answer(page, {"rubbish": number})
            assert (reply.status, reply.json["outcome"]) == (202, "quarantined")
    for seed in range(12):
        reply = person.answer(first, answer_to(first, INFER, chance(seed)))
        assert reply.json["outcome"] in {"stored", "same", "conflict"}
    assert person.view()["held"] == [first["index"], second["index"]]
    kept = shared.kept_of(person)[1]
    assert [sum(one.place == page["index"] and one.fault is not None for one in kept) for page in (first, second)] == [
        5,
        5,
    ]
    assert sum(one.fault is None for one in kept) == 5
