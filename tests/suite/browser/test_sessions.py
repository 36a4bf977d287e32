"""Sessions that the server knows otherwise than the browser: answers are kept, and the person is told."""

import time

import pytest
import requests
import yaml

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.pictures import trials_of

from hmix_hub.suite.operator.actions import Amend
from hmix_hub.tasks import INFER, SELECT

AWAY = r"Failed to load resource|ERR_CONNECTION"
NO_STORAGE = "Object.defineProperty(window, 'localStorage', { get() { throw new Error('SecurityError'); } });"
SAVED = "Saved"


def test_an_answer_that_was_given_before_is_not_sent_for_ever(serve, person, console):
    console.allow("409")
    served = serve(SELECT)
    served.expects_aside = True
    me = person(served).begin()
    me.trial(1)
    token = me.page.evaluate("localStorage.getItem(Object.keys(localStorage).find((key) => key.endsWith('.token')))")
    first = {"response_time_ms": 900, "pictures": trials_of(served)[0].names, "answer": {"place": 9}}
    headers = {"Authorization": f"Bearer {token}"}
    reply = requests.put(f"{me.address}/api/session/trials/4", json=first, headers=headers, timeout=10)
    assert reply.json() == {"outcome": "stored"}
    me.answer(SELECT)
    me.trial(2)
    expect(me.status()).to_have_text(SAVED)
    assert [row["answer"] for row in served.answers(1)] == [{"place": 9}]
    assert len(served.store.aside()) == 1


@pytest.fixture
def unknown(serve, person, console):
    """Somebody who is told that the server does not know the session, with an answer that waits."""
    console.allow("401")
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    refusal = {"status": 401, "json": {"error": "unknown_session", "message": "This session does not exist."}}
    me.page.context.route("**/api/session/**", lambda route: route.fulfill(**refusal))
    me.answer(SELECT)
    me.heading("We cannot find your session")
    return served, me


def test_a_session_that_the_server_does_not_know_is_said_and_its_answers_are_kept(unknown):
    served, me = unknown
    assert me.page.evaluate("Object.keys(localStorage).filter((key) => key.includes('.answer.')).length") == 1
    me.page.context.unroute("**/api/session/**")
    me.page.reload()
    me.trial(2)
    expect(me.status()).to_have_text(SAVED)
    assert len(served.answers(1)) == 1


def test_who_begins_anew_keeps_answers_of_a_session_that_is_not_known(unknown):
    served, me = unknown
    me.page.context.unroute("**/api/session/**")
    me.press("Start again")
    me.press("I agree to take part")
    me.heading("Instructions")
    # The server knows the first session after all, and has its answer now.
    assert len(served.answers(1)) == 1
    assert len(served.store.sessions()) == 2


def test_a_session_whose_time_is_over_shows_no_trial(serve, person, monkeypatch):
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    monkeypatch.setattr(served.store, "is_expired", lambda _session: True)
    me.page.reload()
    me.heading("Your time has run out")


def test_a_trial_run_says_so_and_begins_anew_for_another_task(serve, person):
    served = serve(SELECT, INFER)
    me = person(served)

    def as_trial_run(route):
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | {"trial_run": True})

    me.page.context.route("**/api/study", as_trial_run)
    me.agree(f"?task={INFER}").heading("Instructions")
    expect(me.page.get_by_text("Trial run: your answers do not count.")).to_be_visible()
    me.open(f"?task={INFER}").heading("Instructions")
    me.open(f"?task={SELECT}").heading("Taking part")


def test_a_session_withdrawn_elsewhere_is_said(serve, person, console):
    console.allow("410")
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    served.store.withdraw(served.store.sessions()[0].id).result(10)
    me.answer(SELECT)
    me.heading("You have withdrawn")
    time.sleep(0.1)
    assert served.answers() == []


def test_who_agreed_before_the_texts_changed_goes_on_with_them_after_a_reload(serve, person):
    served = serve(SELECT)
    early = person(served).begin()
    early.trial(1)
    early.answer(SELECT)
    path = served.store.folder / "collection.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["tasks"][SELECT]["question"] = "Which picture is an even mix?"
    content["consent"] = {"version": "4", "text": "You agree to more."}
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    Amend().carry_out(served.store)
    early.page.reload()
    early.trial(2)
    expect(early.page.get_by_text("Which picture is an even mix?")).to_have_count(0)
    late = person(served).open()
    late.heading("Taking part")
    expect(late.page.get_by_text("You agree to more.")).to_be_visible()
    late.begin().trial(1)
    expect(late.page.get_by_text("Which picture is an even mix?")).to_be_visible()
