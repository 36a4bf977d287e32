"""Pages of questions before and after the trials, on the screen; and what is measured of it where people agreed."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import wait_for

from hmix_hub.suite.study.words import WORDS
from hmix_hub.tasks import SELECT

KINDS = [
    {"name": "screen", "kind": "choice", "question": "Which screen?", "choices": ["Phone", "Laptop"]},
    {"name": "seen", "kind": "several", "question": "What do you know?", "choices": ["Cats", "Dogs", "Frogs"]},
    {"name": "years", "kind": "number", "question": "How many years?", "least": 18, "most": 99},
    {"name": "ease", "kind": "scale", "question": "How easy is it?", "low": "not at all", "high": "very"},
    {"name": "remark", "kind": "text", "question": "Anything else?", "required": False, "longest": 40},
]
BEFORE = [{"title": "About you & your screen", "text": "Please answer <all>.", "questions": KINDS}]
AFTER = [{"title": "Looking back", "questions": [KINDS[4] | {"name": "hard", "question": "What was hard?"}]}]
SCREENING = [{"title": "Your screen", "questions": [KINDS[0] | {"screen_out": [1]}]}]
ANSWERS = {"screen": 2, "seen": [1, 3], "years": 40, "ease": 4, "remark": None}


def choose(me, *names):
    for name in names:
        me.page.get_by_text(name, exact=True).click()


def fill_in(me, years="40"):
    choose(me, "Laptop", "Cats", "Frogs")
    me.page.get_by_label("How many years?").fill(years)
    me.page.get_by_role("radio", name="4", exact=True).check(force=True)


def replies(served):
    return [(reply.page, reply.answers) for reply in served.store.replies()]


def test_answers_are_asked_for_beside_their_question_and_stored_before_the_instructions(serve, on_phone, look):
    served = serve(SELECT, before=BEFORE)
    me = on_phone(served).agree()
    look(me, "About you & your screen")
    expect(me.page.get_by_text("Please answer <all>.")).to_be_visible()
    me.press("Next")
    expect(me.page.locator(".fault:not(:empty)")).to_have_text(
        [WORDS[name] for name in ("quiz_open", "question_open", "question_open", "quiz_open")]
    )
    expect(me.page.get_by_role("radio", name="Phone")).to_be_focused()
    look(me, focused=False)
    fill_in(me, years="17")
    me.press("Next")
    expect(me.page.locator(".fault:not(:empty)")).to_have_text(["Please enter a number from 18 to 99."])
    me.page.get_by_label("How many years?").fill("٤٠")
    me.press("Next")
    me.heading("Instructions")
    assert replies(served) == [(0, ANSWERS)]


def test_what_was_filled_in_survives_a_reload_and_is_asked_once(serve, person):
    served = serve(SELECT, before=BEFORE)
    me = person(served).agree().heading("About you & your screen")
    fill_in(me)
    me.page.get_by_label("Anything else?").fill("à demain")
    me.page.keyboard.press("Tab")
    me.page.reload()
    expect(me.page.get_by_role("radio", name="Laptop")).to_be_checked()
    expect(me.page.get_by_role("checkbox", name="Frogs")).to_be_checked()
    me.press("Next")
    me.heading("Instructions")
    me.page.reload()
    me.heading("Instructions")
    assert replies(served) == [(0, ANSWERS | {"remark": "à demain"})]


def test_the_session_of_who_is_not_asked_ends_and_stays_so(serve, on_phone, look):
    served = serve(SELECT, before=SCREENING)
    me = on_phone(served).agree().heading("Your screen")
    choose(me, "Phone")
    me.press("Next")
    look(me, WORDS["screened_out_heading"])
    me.page.reload()
    me.heading(WORDS["screened_out_heading"])
    assert [session.state for session in served.store.sessions()] == ["screened_out"]


def test_a_server_that_is_away_is_told_and_nothing_is_lost(serve, person, console):
    console.allow("Failed to load resource|ERR_CONNECTION")
    served = serve(SELECT, before=SCREENING)
    me = person(served).agree().heading("Your screen")
    choose(me, "Laptop")
    served.stop()
    me.press("Next")
    expect(me.page.locator("#questions-fault")).to_have_text(WORDS["unreachable_text"])
    served.start()
    me.press("Next")
    me.heading("Instructions")
    assert replies(served) == [(0, {"screen": 2})]


def test_answers_after_the_trials_wait_for_the_server_as_all_answers_do(serve, person, console, hurried):
    console.allow("Failed to load resource|ERR_CONNECTION")
    served = serve(SELECT, after=AFTER)
    me = person(served)
    hurried(me.page, AWAY=200)
    me.begin()
    for number in (1, 2, 3, 4):
        me.trial(number)
        me.answer(SELECT)
    me.heading("Looking back")
    wait_for(lambda: len(list(served.store.answers())) == 4)
    served.stop()
    me.page.get_by_label("What was hard?").fill("The frogs.")
    me.press("Next")
    me.heading("Comments")
    me.press("Finish")
    me.heading(WORDS["fallback_heading"])
    served.start()
    me.code()
    assert replies(served) == [(0, {"hard": "The frogs."})]


def test_what_can_never_be_taken_is_asked_again_and_holds_nobody_up(serve, person, console):
    console.allow("Failed to load resource")
    served = serve(SELECT, after=AFTER)
    me = person(served)

    def spoil(route):
        route.continue_(post_data='{"answers": {"other": 1}}')

    me.page.context.route("**/questions/0", spoil, times=1)
    me.begin()
    for number in (1, 2, 3, 4):
        me.trial(number)
        me.answer(SELECT)
    me.heading("Looking back")
    me.press("Next")
    me.heading("Comments")
    me.press("Finish")
    me.heading("Looking back")
    me.press("Next")
    me.code()
    assert replies(served) == [(0, {"hard": None})]


def _agreed(*names):
    named = ", ".join(WORDS[f"recorded_{name}"] for name in names)
    return {"surroundings": list(names), "consent": {"version": "1", "text": f"We store {named}."}}


def test_surroundings_are_measured_once_a_picture_is_drawn(serve, person):
    served = serve(SELECT, **_agreed("window", "picture", "pixel_ratio", "pointer"))
    me = person(served, viewport={"width": 1366, "height": 657}, device_scale_factor=1.25).begin()
    me.trial(1)
    shown = me.page.locator(".picture").first.bounding_box()
    wait_for(served.store.surroundings)
    [measured] = served.store.surroundings().values()
    assert measured == {
        "window_width": 1350,
        "window_height": 650,
        "picture_width": pytest.approx(shown["width"], abs=0.01),
        "picture_height": pytest.approx(shown["height"], abs=0.01),
        "pixel_ratio": 1.25,
        "pointer": "fine",
    }
    sent = []
    me.page.on("request", lambda request: sent.append(request.url) if "session/surroundings" in request.url else None)
    me.page.reload()
    me.trial(1)
    me.answer(SELECT)
    me.trial(2)
    assert sent == []


def test_lost_focus_is_counted_and_timed_in_its_trial(serve, person):
    served = serve(SELECT, **_agreed("focus"))
    me = person(served).begin()
    me.trial(1)
    me.page.evaluate("""async () => {
        dispatchEvent(new Event('blur'));
        await new Promise((resolve) => setTimeout(resolve, 60));
        dispatchEvent(new Event('focus'));
    }""")
    me.answer(SELECT)
    me.trial(2)
    me.answer(SELECT)
    wait_for(lambda: len(list(served.store.answers())) == 2)
    (losses, lost_ms), second = (answer.payload["focus"] for answer in served.store.answers())
    assert losses == 1
    assert 50 < lost_ms <= next(served.store.answers()).payload["response_time_ms"]
    assert second == [0, 0]


def test_nothing_is_measured_where_the_study_does_not_ask(serve, person):
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    me.answer(SELECT)
    wait_for(lambda: list(served.store.answers()))
    [answer] = served.store.answers()
    assert set(answer.payload) == {"response_time_ms", "pictures", "answer"}
    assert served.store.surroundings() == {}
