"""Every task by mouse, by keyboard alone and by touch on a small phone; what is stored is what was done."""

from itertools import pairwise

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.keyboard import Keyboard
from suite.browser.pictures import trials_of

from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

FIRST_TRIAL = 4


def first_answer(served):
    """Return the answer to the first trial, once it is stored."""
    return served.answers(1)[0]


def by_keyboard_to_the_trials(me):
    keyboard = Keyboard(me.page)
    me.open()
    me.heading("Taking part")
    keyboard.press("I agree to take part")
    me.heading("Instructions")
    keyboard.press("Next")
    expect(me.page.locator("#advance-text")).to_have_text("Instructions 2 of 2")
    keyboard.press("Next", "Space")
    me.heading("A few questions about the instructions")
    keyboard.tab_to("One picture")
    keyboard.keys("ArrowDown")
    keyboard.tab_to("Yes")
    keyboard.keys("ArrowDown")
    keyboard.press("Check my answers")
    me.trial(1)
    return keyboard


def by_touch_to_the_trials(me):
    me.open()
    for button in ("I agree to take part", "Next", "Next"):
        me.page.get_by_role("button", name=button, exact=True).tap()
        me.page.wait_for_timeout(50)
    me.page.get_by_text("A mixture of two").tap()
    me.page.get_by_text("No", exact=True).tap()
    me.page.get_by_role("button", name="Check my answers").tap()
    me.trial(1)


def test_construct_by_mouse(serve, person):
    served = serve(CONSTRUCT)
    me = person(served).begin()
    me.trial(1)
    left, right = (me.page.locator(f".mover.to-{side}") for side in ("left", "right"))
    for button in (right, right, left, left, left):
        button.click(force=True)
    expect(left).to_be_enabled()
    me.press("Submit")
    me.trial(2)
    row = first_answer(served)
    assert [position for _, position in row["answer"]["path"]] == [9, 10, 9, 8, 7]
    assert row["trial_index"] == FIRST_TRIAL
    assert row["answer"]["path"][0][0] == 0
    assert row["answer"]["path"][-1][0] <= row["response_time_ms"]


def test_construct_by_keyboard_alone(serve, person):
    served = serve(CONSTRUCT)
    me = person(served)
    keyboard = by_keyboard_to_the_trials(me)
    keyboard.keys("g", "g", "h", "ArrowLeft", "ArrowLeft", "ArrowRight", "G")
    keyboard.press("Submit")
    for number in (2, 3, 4):
        me.trial(number)
        keyboard.keys("h")
        keyboard.press("Submit", "Space")
    me.heading("Comments")
    keyboard.tab_to("Is there anything else?")
    me.page.keyboard.type("no <b>")
    keyboard.press("Finish")
    code = me.code()
    (session,) = served.store.sessions()
    assert session.state == "finished"
    assert served.store.key.completion_code(session.id) == code
    assert list(served.store.comments().values()) == ["no <b>"]
    assert [position for _, position in first_answer(served)["answer"]["path"]] == [9, 8, 7, 8, 7, 6, 7, 6]


def test_construct_by_touch(serve, on_phone):
    served = serve(CONSTRUCT)
    me = on_phone(served)
    by_touch_to_the_trials(me)
    for _ in range(3):
        me.page.locator(".mover.to-left").tap()
    me.page.get_by_role("button", name="Submit").tap()
    me.trial(2)
    assert first_answer(served)["answer"]["position"] == 6


def test_the_ends_are_said_and_nothing_is_stored_beyond(serve, person):
    served = serve(CONSTRUCT)
    me = person(served).begin()
    me.trial(1)
    right = me.page.locator(".mover.to-right")
    assert right.get_attribute("aria-disabled") == "false"
    me.page.keyboard.press("h")
    expect(right).to_have_attribute("aria-disabled", "true")
    expect(right).to_contain_text("at the end")
    right.click(force=True)
    me.page.keyboard.press("h")
    me.page.keyboard.press("ArrowRight")
    me.press("Submit")
    me.trial(2)
    assert [position for _, position in first_answer(served)["answer"]["path"]] == [9, 10]


def test_select_by_mouse(serve, person):
    served = serve(SELECT)
    me = person(served).begin()
    me.trial(1)
    me.press("Submit")
    expect(me.page.get_by_text("Please choose a picture.")).to_be_visible()
    me.page.get_by_role("img", name="Picture 7 of 11").click()
    me.page.get_by_role("img", name="Picture 8 of 11").click()
    me.press("Submit")
    me.trial(2)
    assert first_answer(served)["answer"] == {"place": 7}
    assert first_answer(served)["pictures"] == trials_of(served)[0].names


def test_select_by_keyboard_alone(serve, person):
    served = serve(SELECT)
    me = person(served, viewport={"width": 1280, "height": 900})
    keyboard = by_keyboard_to_the_trials(me)
    keyboard.tab_to("Picture 1 of 11")
    tops = [cell.bounding_box()["y"] for cell in me.page.locator(".cell").all()]
    columns = tops.count(tops[0])
    keyboard.keys("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft")
    assert keyboard.name() == f"Picture {columns + 2} of 11"
    keyboard.keys("ArrowDown", "ArrowUp", "ArrowUp")
    assert keyboard.name() == "Picture 2 of 11"
    keyboard.keys("ArrowDown")
    keyboard.tab_to("Submit")
    keyboard.keys("Enter")
    me.trial(2)
    keyboard.tab_to("Picture 1 of 11")
    keyboard.keys("Space")
    keyboard.press("Submit")
    me.trial(3)
    assert [row["answer"]["place"] for row in served.answers(2)] == [columns + 1, 0]


def test_select_by_touch(serve, on_phone):
    served = serve(SELECT)
    me = on_phone(served)
    by_touch_to_the_trials(me)
    me.page.get_by_role("img", name="Picture 11 of 11").tap()
    me.page.get_by_role("button", name="Submit").tap()
    me.trial(2)
    assert first_answer(served)["answer"] == {"place": 10}


def test_infer_by_mouse(serve, person):
    served = serve(INFER)
    me = person(served).begin()
    me.trial(1)
    share, confidence = me.page.get_by_role("slider").all()
    box = share.bounding_box()
    me.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    me.page.mouse.down()
    for tenth in range(3, 8):
        me.page.mouse.move(box["x"] + box["width"] * tenth / 10, box["y"] + box["height"] / 2)
        me.page.wait_for_timeout(50)
    me.page.mouse.up()
    confidence.click()
    me.press("Submit")
    me.trial(2)
    answer = first_answer(served)["answer"]
    times = [at for at, _ in answer["share_path"]]
    assert 68 <= answer["share"] <= 72
    assert len(times) >= 4
    assert all(after - before >= 40 for before, after in pairwise(times[:-1]))
    assert answer["confidence"] == 50
    assert len(answer["confidence_path"]) == 1
    assert answer["touched"] == [True, True]


def test_infer_by_keyboard_alone(serve, person):
    served = serve(INFER)
    me = person(served)
    keyboard = by_keyboard_to_the_trials(me)
    share, confidence = me.page.get_by_role("slider").all()
    assert share.get_attribute("aria-valuetext") == "not set"
    keyboard.tab_to("How much of each?")
    assert share.get_attribute("aria-valuetext") == "not set"
    keyboard.keys("Space")
    names = me.page.locator(".ends").first.inner_text().split()
    assert share.get_attribute("aria-valuetext") == f"50% {names[0]}, 50% {names[1]}"
    keyboard.press("Submit")
    expect(me.page.locator("#confidence-fault")).to_contain_text("Please set this slider")
    expect(confidence).to_be_focused()
    keyboard.keys("Home", "ArrowRight")
    keyboard.press("Submit")
    me.trial(2)
    answer = first_answer(served)["answer"]
    assert (answer["share"], answer["confidence"]) == (50, 1)


def test_infer_by_touch(serve, on_phone):
    served = serve(INFER)
    me = on_phone(served)
    by_touch_to_the_trials(me)
    share, confidence = me.page.get_by_role("slider").all()
    share.tap(position={"x": 5, "y": 20})
    confidence.tap()
    me.page.get_by_role("button", name="Submit").tap()
    me.trial(2)
    answer = first_answer(served)["answer"]
    assert answer["share"] <= 2
    assert answer["confidence"] == 50


def test_a_press_that_began_elsewhere_sets_no_slider(serve, person):
    served = serve(INFER, design={"must_touch": False})
    me = person(served).begin()
    me.trial(1)
    for slider in me.page.get_by_role("slider").all():
        me.page.locator("h1").hover()
        me.page.mouse.down()
        slider.hover(force=True)
        me.page.mouse.up()
    me.press("Submit")
    me.trial(2)
    answer = first_answer(served)["answer"]
    assert (answer["share"], answer["confidence"], answer["touched"]) == (None, None, [False, False])


def test_a_finger_sets_no_slider_before_the_picture_is_there(serve, on_phone):
    served = serve(INFER, design={"must_touch": False})
    me = on_phone(served)
    held = []
    me.page.context.route("**/pictures/*", lambda route, _request: held.append(route))
    me.begin()
    expect(me.page.get_by_role("slider")).to_have_count(2)
    for slider in me.page.get_by_role("slider").all():
        slider.dispatch_event("pointerup", {"pointerType": "touch"})
    for route in held:
        route.continue_()
    me.page.context.unroute("**/pictures/*")
    me.trial(1)
    me.press("Submit")
    me.trial(2)
    assert first_answer(served)["answer"]["touched"] == [False, False]


def test_sliders_that_need_not_be_touched_are_stored_as_untouched(serve, person):
    served = serve(INFER, design={"must_touch": False})
    me = person(served).begin()
    me.trial(1)
    me.page.get_by_role("slider").nth(1).press("End")
    me.press("Submit")
    me.trial(2)
    answer = first_answer(served)["answer"]
    assert (answer["share"], answer["confidence"], answer["touched"]) == (None, 100, [False, True])
    assert answer["share_path"] == []


def test_categorical_by_mouse(serve, person):
    served = serve(CATEGORICAL)
    me = person(served).begin()
    me.trial(1)
    top, second, ruled_out = (me.page.locator("fieldset.asked").nth(place) for place in range(3))
    top.get_by_text("frog", exact=True).click()
    me.page.get_by_label("How probable is it?").fill("62,5")
    second.get_by_text("cat", exact=True).click()
    me.page.get_by_label("How probable is the second?").fill("20 %")
    for name in ("ship", "airplane"):
        ruled_out.get_by_text(name, exact=True).click()
    me.press("Submit")
    me.trial(2)
    answer = first_answer(served)["answer"]
    assert answer | {"ruled_out": sorted(answer["ruled_out"])} == {
        "top": 6,
        "top_percent": 62.5,
        "second": 3,
        "second_percent": 20,
        "ruled_out": [0, 8],
    }


def test_categorical_by_keyboard_alone(serve, person):
    served = serve(CATEGORICAL, design={"class_order": "fixed"})
    me = person(served)
    keyboard = by_keyboard_to_the_trials(me)
    keyboard.tab_to("airplane")
    keyboard.keys("ArrowDown", "ArrowDown")
    keyboard.tab_to("How probable is it?")
    me.page.keyboard.type("80")
    keyboard.tab_to("airplane")
    keyboard.keys("Space")
    keyboard.tab_to("How probable is the second?")
    me.page.keyboard.type("0")
    keyboard.tab_to("dog")
    keyboard.keys("Space")
    keyboard.press("Submit")
    me.trial(2)
    assert first_answer(served)["answer"] == {
        "top": 2,
        "top_percent": 80,
        "second": 0,
        "second_percent": 0,
        "ruled_out": [5],
    }


def test_categorical_by_touch(serve, on_phone):
    served = serve(CATEGORICAL, design={"class_order": "fixed"})
    me = on_phone(served)
    by_touch_to_the_trials(me)
    top, second, _ = (me.page.locator("fieldset.asked").nth(place) for place in range(3))
    top.get_by_text("truck").tap()
    me.page.get_by_label("How probable is it?").fill("100")
    second.get_by_text("no alternative").tap()
    expect(me.page.get_by_label("How probable is the second?")).to_be_hidden()
    me.page.get_by_role("button", name="Submit").tap()
    me.trial(2)
    assert first_answer(served)["answer"]["top"] == 9
    assert first_answer(served)["answer"]["second"] is None
