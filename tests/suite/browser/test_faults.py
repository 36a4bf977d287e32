"""What goes wrong is said where it is, and nothing wrong is stored."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import QUIZ

from hmix_hub.schema import CIFAR10
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, SELECT


@pytest.fixture
def form(serve, person):
    served = serve(CATEGORICAL)
    me = person(served).begin()
    me.trial(1)
    me.served = served
    return me


def choose(me, name, text):
    me.page.locator(f"label:has(input[name={name}])").get_by_text(text, exact=True).click()


def test_what_is_no_percentage_is_refused_at_once(form):
    field = form.page.get_by_label("How probable is it?")
    choose(form, "top", "cat")
    choose(form, "second", "no alternative")
    for entered in ("banana", "-3", "120", "1e1", "5 0", "100.5", "0x10", "5,", "Infinity"):
        field.fill("")
        field.press_sequentially(entered)
        expect(form.page.locator("#top-percent-fault")).to_have_text("Please enter a number from 0 to 100.")
        expect(field).to_have_attribute("aria-invalid", "true")
        form.press("Submit")
        expect(field).to_be_focused()
    field.fill("50")
    expect(form.page.locator("#top-percent-fault")).to_be_empty()
    form.press("Submit")
    form.trial(2)
    assert [row["answer"]["top_percent"] for row in form.served.answers(1)] == [50]


def test_an_empty_form_says_what_is_missing(form):
    form.press("Submit")
    said = [fault for fault in form.page.locator(".fault").all_inner_texts() if fault]
    assert said == [
        "Please choose a class.",
        "Please enter a percentage.",
        "Please choose a class or “no alternative”.",
    ]
    expect(form.page.locator("input[name=top]").first).to_be_focused()
    assert form.served.answers() == []


def test_contradictions_are_said_at_once_and_beside_the_field(form):
    choose(form, "top", "cat")
    form.page.get_by_label("How probable is it?").fill("70")
    choose(form, "second", "cat")
    expect(form.page.locator("#second-fault")).to_contain_text("already your most probable class")
    choose(form, "second", "dog")
    expect(form.page.locator("#second-fault")).to_be_empty()
    form.page.get_by_label("How probable is the second?").fill("30.5")
    expect(form.page.locator("#second-percent-fault")).to_contain_text("Together these make 100.5%")
    choose(form, "ruled-out", "dog")
    expect(form.page.locator("#ruled-out-fault")).to_contain_text("also ruled it out: dog")
    form.press("Submit")
    form.trial(1)
    choose(form, "ruled-out", "dog")
    form.page.get_by_label("How probable is the second?").fill("30")
    form.press("Submit")
    form.trial(2)
    assert form.served.answers(1)[0]["answer"]["second_percent"] == 30


def test_a_click_on_every_class_name_chooses_it(form):
    for group in ("top", "second", "ruled-out"):
        for code, name in enumerate(CIFAR10.names):
            choose(form, group, name)
            expect(form.page.locator(f"input[name={group}][value='{code}']")).to_be_checked()


def test_a_picture_that_fails_can_be_loaded_again(serve, person, console):
    console.allow("Failed to load resource")
    served = serve(CONSTRUCT)
    me = person(served)
    broken = []

    def fail(route):
        broken.append(route.request.url)
        route.abort()

    me.page.context.route("**/pictures/*", fail, times=11)
    me.begin()
    expect(me.page.get_by_text("A picture could not be loaded.")).to_be_visible()
    me.page.keyboard.press("h")
    expect(me.page.get_by_role("button", name="Submit")).to_be_disabled()
    expect(me.page.locator(".mover").first).to_be_disabled()
    me.press("Load again")
    me.trial(1)
    me.answer(CONSTRUCT)
    me.trial(2)
    assert len(broken) == 11
    assert [position for _, position in served.answers(1)[0]["answer"]["path"]] == [9, 10]


def test_nothing_can_be_answered_before_the_pictures_are_drawn(serve, person):
    served = serve(SELECT)
    me = person(served)
    held = []
    me.page.context.route("**/pictures/*", lambda route, _request: held.append(route))
    me.begin()
    expect(me.page.locator("#advance-text")).to_have_text("Trial 1 of 4")
    me.page.wait_for_timeout(400)
    expect(me.page.get_by_role("button", name="Submit")).to_be_disabled()
    expect(me.page.locator("input[name=place]").first).to_be_disabled()
    for route in held:
        route.continue_()
    me.page.context.unroute("**/pictures/*")
    me.trial(1)
    me.answer(SELECT)
    me.trial(2)
    assert served.answers(1)[0]["response_time_ms"] < 5000


def test_a_task_that_does_not_load_is_loaded_when_asked_again(serve, person, console):
    console.allow("Failed to load resource")
    served = serve(SELECT)
    me = person(served)
    me.page.context.route("**/static/tasks/*", lambda route: route.abort())
    me.agree()
    expect(me.page.get_by_text("The server cannot be reached.")).to_be_visible()
    me.page.context.unroute("**/static/tasks/*")
    me.press("I agree to take part")
    me.read().quiz()
    me.finish(SELECT)
    assert len(served.store.sessions()) == 1


def test_a_failed_quiz_says_what_was_wrong_and_reads_again(serve, person):
    served = serve(SELECT)
    me = person(served).agree().read()
    me.press("Check my answers")
    expect(me.page.get_by_text("Please choose an answer.")).to_have_count(2)
    me.quiz("One picture", "No")
    me.heading("Not quite right yet")
    assert me.page.locator(".wrong li").all_inner_texts() == [QUIZ[0]["question"]]
    expect(me.page.locator(".wrong li")).to_have_attribute("value", "1")
    me.press("Read the instructions again")
    me.read().quiz()
    me.trial(1)
    assert served.store.sessions()[0].quiz_attempts == 2


def test_a_quiz_failed_too_often_ends_the_session(serve, person):
    served = serve(SELECT, design={"quiz": {"questions": QUIZ, "attempts": 1}})
    me = person(served).agree().read()
    me.quiz("One picture", "Yes")
    me.heading("The study ends here")
    me.page.reload()
    me.heading("The study ends here")
    assert served.store.sessions()[0].state == "failed_quiz"


def test_declining_stores_nothing(serve, person):
    served = serve(SELECT)
    me = person(served).open()
    me.press("I do not agree")
    me.heading("You chose not to take part")
    assert served.store.sessions() == []
    me.press("Read the consent form again")
    me.heading("Taking part")


def test_a_link_to_a_task_that_is_not_there_says_so(serve, person, console):
    console.allow("400")
    person(serve(SELECT)).agree("?task=no_such_task").heading("This link is incomplete")


def test_a_closed_study_says_so(serve, person):
    served = serve(SELECT)
    served.store.set_closed(True)
    person(served).open().heading("The study is closed")


def test_a_study_that_closes_meanwhile_says_so(serve, person, console):
    console.allow("409")
    served = serve(SELECT)
    me = person(served).open()
    me.heading("Taking part")
    served.store.set_closed(True)
    me.press("I agree to take part")
    me.heading("The study is closed")
