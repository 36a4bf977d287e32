"""Questions over HTTP: what is taken once, what ends the session, and what comes before what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TASK = "class_choice"
BEFORE = [
    {
        "title": "About your screen",
        "questions": [
            {
                "name": "screen",
                "kind": "choice",
                "question": "Which?",
                "choices": ["Phone", "Laptop"],
                "screen_out": [1],
            },
            {"name": "check", "kind": "choice", "question": "Choose blue.", "choices": ["red", "blue"], "answer": 2},
        ],
    },
    {"preset": "demographics"},
]
AFTER = [{"title": "Looking back", "questions": [{"name": "remark", "kind": "text", "question": "What was hard?"}]}]
STAYS = {"screen": 2, "check": 2}
ABOUT = {"age_group": 1, "gender": 2, "eyesight": 1, "colour_vision": 4}
NAMED = ("window", "picture", "pixel_ratio", "pointer", "focus")
MEASURED = {"window": [1366, 657.5], "picture": [320, 320.333], "pixel_ratio": 1.25, "pointer": "fine"}


@pytest.fixture
def asking(serve: Callable[..., Any]) -> Any:
    return serve(TASK, before=BEFORE, after=AFTER)


def _answer(person: Any, page: int, answers: Any) -> Any:
    return person.ask("PUT", f"/api/session/questions/{page}", {"answers": answers})


def _begun(served: Any) -> Any:
    person = served.person()
    assert person.join(TASK).status == 200
    return person


def test_pages_stand_around_the_trials_and_tell_neither_right_answers_nor_whom_they_turn_away(asking: Any) -> None:
    view = _begun(asking).view()
    kinds = [page["kind"] for page in view["pages"]]
    assert kinds == [
        *["questions"] * 2,
        "instructions",
        "instructions",
        "quiz",
        *["trial"] * 6,
        "questions",
        "comments",
    ]
    assert [page["index"] for page in view["pages"]] == list(range(1, len(kinds) + 1))
    [screen, check] = view["pages"][0]["questions"]
    assert screen == {
        "name": "screen",
        "kind": "choice",
        "question": "Which?",
        "required": True,
        "choices": ["Phone", "Laptop"],
    }
    assert set(check) == set(screen)


def test_answers_are_stored_once_and_the_first_ones_stay(asking: Any) -> None:
    person = _begun(asking)
    assert _answer(person, 0, STAYS).json == {"outcome": "stored"}
    assert _answer(person, 0, STAYS).json == {"outcome": "same"}
    assert _answer(person, 0, STAYS | {"check": 1}).status == 409
    assert person.view()["replied"] == [0]
    [kept] = asking.store.replies()
    assert (kept.page, kept.answers) == (0, STAYS)
    [aside] = asking.store.aside()
    assert (aside.kind, aside.place) == ("questions", 0)


@pytest.mark.parametrize(
    "answers", [{}, {"screen": 2}, STAYS | {"screen": 3}, STAYS | {"more": 1}, STAYS | {"check": None}]
)
def test_what_is_no_answer_is_refused_and_not_stored(asking: Any, answers: dict[str, Any]) -> None:
    person = _begun(asking)
    assert _answer(person, 0, answers).status == 400
    assert asking.store.replies() == []
    assert person.view()["replied"] == []


@pytest.mark.parametrize("page", ["3", "x", "-1", "00"])
def test_a_page_that_there_is_not_is_not_found(asking: Any, page: str) -> None:
    assert _answer(_begun(asking), page, STAYS).status == 404  # type: ignore[arg-type]


def test_who_is_screened_out_gives_the_place_back_and_can_answer_nothing_more(asking: Any) -> None:
    person = _begun(asking)
    assert _answer(person, 0, STAYS | {"screen": 1}).json == {"outcome": "stored"}
    assert person.view()["state"] == "screened_out"
    assert not any(count.live for count in asking.store.counts())
    assert _answer(person, 1, ABOUT).json["error"] == "refused"
    assert person.quiz(2, 1).status == 409
    assert person.ask("POST", "/api/session/finish", {}).json["error"] == "screened_out"
    assert person.view()["state"] == "screened_out"


def test_the_quiz_waits_for_the_questions_before_it(asking: Any) -> None:
    person = _begun(asking)
    assert person.quiz(2, 1).json["error"] == "questions_missing"
    _answer(person, 0, STAYS)
    assert person.quiz(2, 1).json["error"] == "questions_missing"
    _answer(person, 1, ABOUT)
    assert person.quiz(2, 1).json["passed"]


def test_an_answer_to_a_trial_before_the_questions_is_kept_aside(asking: Any) -> None:
    person = _begun(asking)
    [page, *_] = person.pages()
    assert person.answer(page).json["fault"] == "the questions before were not answered"


def test_nobody_finishes_without_the_questions_after_the_trials(asking: Any) -> None:
    person = _begun(asking)
    _answer(person, 0, STAYS)
    _answer(person, 1, ABOUT)
    person.quiz(2, 1)
    for page in person.pages():
        assert person.answer(page).status == 200
    finished = person.ask("POST", "/api/session/finish", {})
    assert (finished.json["error"], finished.json["missing"]) == ("questions_missing", [2])
    assert _answer(person, 2, {"remark": "Nothing."}).status == 200
    assert person.ask("POST", "/api/session/finish", {}).status == 200


def test_attention_checks_are_marked_as_passed_or_failed(asking: Any) -> None:
    for check in (2, 1):
        _answer(_begun(asking), 0, STAYS | {"check": check})
    with asking.store._reading() as database:
        assert database.execute("SELECT passed FROM replies ORDER BY arrival").fetchall() == [(1,), (0,)]


def _agreed(names: tuple[str, ...]) -> dict[str, Any]:
    from hmix_hub.suite.study.words import WORDS

    named = ", ".join(WORDS[f"recorded_{name}"] for name in names)
    return {"surroundings": list(names), "consent": {"version": "2", "text": f"We store {named}."}}


def test_surroundings_are_stored_where_the_study_asks_for_them_and_windows_coarsely(serve: Callable[..., Any]) -> None:
    served = serve(TASK, **_agreed(NAMED))
    person = _begun(served)
    view = person.view()
    assert (view["surroundings"], view["watches_focus"]) == (list(NAMED[:-1]), True)
    for measured in (MEASURED, MEASURED | {"pointer": "coarse"}):
        assert person.ask("PUT", "/api/session/surroundings", {"surroundings": measured}).status == 200
    assert person.view()["surroundings"] == []
    assert list(served.store.surroundings().values()) == [
        {"window_width": 1350, "window_height": 650, "picture_width": 320, "picture_height": 320.33}
        | {"pixel_ratio": 1.25, "pointer": "fine"}
    ]


@pytest.mark.parametrize(
    "measured", [{}, MEASURED | {"pointer": "Mozilla"}, MEASURED | {"window": [1]}, MEASURED | {"more": 1}]
)
def test_surroundings_that_cannot_be_are_not_stored_and_nobody_is_held_up(
    serve: Callable[..., Any], measured: dict[str, Any]
) -> None:
    served = serve(TASK, **_agreed(NAMED))
    assert _begun(served).ask("PUT", "/api/session/surroundings", {"surroundings": measured}).status == 202
    assert served.store.surroundings() == {}


def test_nothing_of_surroundings_is_taken_where_the_study_does_not_ask(asking: Any) -> None:
    person = _begun(asking)
    assert person.ask("PUT", "/api/session/surroundings", {"surroundings": {}}).json["error"] == "no_surroundings"
    assert person.view()["surroundings"] == []


@pytest.mark.parametrize(
    ("focus", "fault"),
    [
        ([2, 100.5], None),
        (None, "focus is not a number of losses and their milliseconds"),
        ([1, 10**9], "focus is not a number from 0 to"),
        ([0.5, 1], "focus is not a whole number"),
    ],
)
def test_lost_focus_comes_with_each_answer_where_the_study_asks(
    serve: Callable[..., Any], focus: Any, fault: str | None
) -> None:
    from suite_maker import answer_to

    served = serve(TASK, **_agreed(("focus",)))
    person = served.person()
    [page, *_] = person.begin(TASK)
    reply = person.answer(page, answer_to(page, TASK, person.rng) | {"focus": focus})
    assert reply.status == (202 if fault else 200)
    assert reply.json.get("fault", "").startswith(fault or "")


def test_a_withdrawal_leaves_no_answer_to_a_question(serve: Callable[..., Any]) -> None:
    served = serve(TASK, before=BEFORE, **_agreed(NAMED))
    person = _begun(served)
    _answer(person, 0, STAYS)
    person.ask("PUT", "/api/session/surroundings", {"surroundings": MEASURED})
    assert person.ask("DELETE", "/api/session").status == 200
    assert (served.store.replies(), served.store.surroundings()) == ([], {})


def test_whoever_was_screened_out_gives_no_answers_that_are_data(serve: Any) -> None:
    alone = {"name": "alone", "kind": "choice", "question": "Alone?", "choices": ["Yes", "No"], "screen_out": [2]}
    served = serve(TASK, before=[{"questions": [alone]}], design={"quiz": None})
    person = _begun(served)
    for choice, outcome in ((2, "stored"), (1, "conflict")):
        assert _answer(person, 0, {"alone": choice}).json == {"outcome": outcome}
    told = person.answer(person.pages()[0])
    assert (told.status, told.json["fault"]) == (202, "the session had ended before its trials")
    stored, aside = served.kept_of(person)
    assert (stored, [record.kind for record in aside]) == ([], ["trial", "questions"])
