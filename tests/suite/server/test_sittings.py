"""Sittings over HTTP: one way through all parts, one code in the end, and a second task by a second link."""

from __future__ import annotations

from typing import Any

import pytest
from suite_maker import answer_to, chance

from hmix_hub.tasks import CONSTRUCT, INFER

BOTH = {"tasks": [INFER, CONSTRUCT]}


def do_part(person: Any) -> Any:
    """Pass the quiz of a part, answer its trials, and finish it."""
    task = person.view()["task"]
    assert person.quiz(2, 1).json["passed"]
    for page in person.pages():
        assert person.answer(page, answer_to(page, task, person.rng)).json == {"outcome": "stored"}
    return person.ask("POST", "/api/session/finish", {})


ALONE = {"name": "alone", "kind": "choice", "question": "Alone?", "choices": ["Yes", "No"], "screen_out": [2]}
HARD = {"name": "hard", "kind": "choice", "question": "Was it hard?", "choices": ["Yes", "No"]}


@pytest.fixture
def sitting(serve: Any) -> Any:
    return serve(INFER, CONSTRUCT, sitting=BOTH)


def test_a_sitting_goes_from_part_to_part_and_ends_with_one_code(sitting: Any) -> None:
    person = sitting.person()
    begun = person.join().json
    of = {"of": 2, "tasks": BOTH["tasks"], "pages": 20}
    assert (begun["task"], begun["sitting"]) == (INFER, {"part": 1, "pages_before": 0, **of})
    assert {page["kind"] for page in begun["pages"]} == {"instructions", "quiz", "trial"}
    assert do_part(person).json == {"next": True}

    second = person.view()
    assert (second["task"], second["state"], second["held"]) == (CONSTRUCT, "live", [])
    assert second["sitting"] == {"part": 2, "pages_before": 9, **of}
    assert [page["kind"] for page in second["pages"]][:2] == ["part", "instructions"]
    assert second["pages"][-1]["kind"] == "comments"
    # The timeline goes on, and so do the pages of the bar of progress.
    assert [page["index"] for page in second["pages"]] == list(range(10, 21))
    assert second["fallback_code"] == begun["fallback_code"]
    refused = person.ask("POST", "/api/session/finish", {})
    assert (refused.status, refused.json["error"]) == (409, "quiz_not_passed")

    ended = do_part(person)
    assert ended.json["code"] == person.view()["completion"]["code"]
    assert len({session.sitting for session in sitting.store.sessions()}) == 1


def test_an_answer_of_an_earlier_part_that_comes_late_goes_where_it_belongs(sitting: Any) -> None:
    person = sitting.person()
    person.join()
    first = person.pages()[0]
    sent = answer_to(first, INFER, chance(1))
    person.quiz(2, 1)
    person.answer(first, sent)
    for page in person.pages()[1:]:
        person.answer(page, answer_to(page, INFER, person.rng))
    person.ask("POST", "/api/session/finish", {})
    assert person.view()["task"] == CONSTRUCT
    # As by a browser whose reply was lost.
    assert person.answer(first, sent).json == {"outcome": "same"}
    assert person.ask("PUT", "/api/session/trials/99", sent).status == 404


def test_a_link_to_one_task_leads_to_the_whole_sitting(sitting: Any) -> None:
    person = sitting.person()
    assert person.join(CONSTRUCT).json["task"] == INFER


def test_a_second_link_begins_a_second_task_only_if_the_person_says_so(serve: Any) -> None:
    served = serve(INFER, CONSTRUCT)
    person = served.person()
    code = person.take_part(INFER).json["code"]
    sent = {"recruiting_id": None, "task": CONSTRUCT, "consent_sha256": person.consent}
    silent = person.ask("POST", "/api/sessions", sent).json
    assert (silent["task"], silent["state"], silent["sitting"]["tasks"]) == (INFER, "finished", [INFER])

    begun = person.ask("POST", "/api/sessions", sent | {"another": True}).json
    assert (begun["task"], begun["state"]) == (CONSTRUCT, "live")
    assert begun["sitting"] == {"part": 1, "of": 1, "pages_before": 0, "pages": 10, "tasks": [INFER, CONSTRUCT]}
    assert [page["kind"] for page in begun["pages"]] == [
        "instructions",
        "instructions",
        "quiz",
        *["trial"] * 6,
        "comments",
    ]
    assert do_part(person).json["code"] == code
    assert person.ask("DELETE", "/api/session").json == {"withdrawn": True}
    assert served.store.sessions() == []


def test_questions_are_asked_once_at_the_beginning_and_at_the_end_of_the_sitting(serve: Any) -> None:
    served = serve(INFER, CONSTRUCT, sitting=BOTH, before=[{"questions": [ALONE]}], after=[{"questions": [HARD]}])
    person = served.person()
    first = [page["kind"] for page in person.join().json["pages"]]
    assert (first[0], first.count("questions"), first.count("comments")) == ("questions", 1, 0)
    person.ask("PUT", "/api/session/questions/0", {"answers": {"alone": 1}})
    assert do_part(person).json == {"next": True}
    second = person.view()
    kinds = [page["kind"] for page in second["pages"]]
    assert (kinds[0], kinds[-2:], kinds.count("questions")) == ("part", ["questions", "comments"], 1)
    assert second["pages"][-1]["index"] == second["sitting"]["pages"]
    assert do_part(person).json["error"] == "questions_missing"
    person.ask("PUT", "/api/session/questions/1", {"answers": {"hard": 2}})
    assert "code" in person.ask("POST", "/api/session/finish", {}).json


def test_who_is_screened_out_ends_all_parts(serve: Any) -> None:
    served = serve(INFER, CONSTRUCT, sitting=BOTH, before=[{"questions": [ALONE]}])
    person = served.person()
    person.join()
    person.ask("PUT", "/api/session/questions/0", {"answers": {"alone": 2}})
    assert [session.state for session in served.store.sessions()] == ["screened_out"] * 2
    assert all(count.open_places == count.quota for count in served.store.counts())


def test_whoever_was_excluded_is_so_in_the_next_task_too(serve: Any) -> None:
    served = serve(INFER, CONSTRUCT)
    person = served.person()
    person.take_part(INFER)
    served.store.exclude(served.store.session(person.token_hash).id, "a bot").result(30)
    sent = {"consent_sha256": served.frozen.consent_sha256, "task": CONSTRUCT, "another": True}
    assert person.ask("POST", "/api/sessions", sent).status == 200
    assert person.quiz(2, 1).json["passed"]
    assert [session.excluded for session in served.store.sessions()] == ["a bot"] * 2
    assert [count.finished + count.live for count in served.store.counts()] == [0] * 4


def test_answers_to_questions_of_the_first_part_may_wait_in_a_browser(serve: Any) -> None:
    served = serve(INFER, CONSTRUCT, sitting=BOTH, before=[{"questions": [ALONE]}])
    person = served.person()
    person.join()
    sent = {"answers": {"alone": 1}}
    assert person.ask("PUT", "/api/session/questions/0", sent).json == {"outcome": "stored"}
    assert do_part(person).json == {"next": True}
    # As by a browser whose reply was lost.
    assert person.ask("PUT", "/api/session/questions/0", sent).json == {"outcome": "same"}


def test_another_task_takes_no_place_that_is_kept_for_somebody_else(serve: Any) -> None:
    served = serve(INFER, CONSTRUCT, quota=1, batches=1)
    first, second = (served.store.key.link(number) for number in served.store.issue_links(2).result(30))

    def join(person: Any, **sent: Any) -> int:
        return int(person.ask("POST", "/api/sessions", {"consent_sha256": served.frozen.consent_sha256, **sent}).status)

    person, invited = served.person(), served.person()
    assert join(person, link=first, task=INFER) == 200
    assert person.take_part(INFER).status == 200
    assert (join(person, link=first, task=CONSTRUCT, another=True), served.store.is_full()) == (409, True)
    assert join(invited, link=second) == 200
    assert invited.view()["task"] == CONSTRUCT
