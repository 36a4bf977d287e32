"""scale_rating in the browser: steps and sliders, by keys, mouse and touch; several scales; what is stored."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.keyboard import Keyboard

from hmix_hub.tasks import RATING

ALIKE = {"name": "likeness", "question": "How alike are they?", "low": "not at all", "high": "very", "steps": 7}
LIKED = {"name": "liking", "question": "How much do you like it?", "low": "hardly", "high": "a lot"}
TEN = ALIKE | {"name": "ten", "question": "How odd is it?", "steps": 11}


def ratings(served, number=1):
    [row] = served.answers(number)[-1:]
    return [
        (one["rating"], one["touched"], [value for _, value in one["rating_path"]]) for one in row["answer"]["ratings"]
    ]


def scale(me, name):
    return me.page.get_by_role("radiogroup", name=name)


def test_digits_rate_scale_after_scale(serve, person):
    served = serve(RATING, design={"scales": [ALIKE, TEN]})
    me = person(served).begin()
    me.trial(1)
    me.page.keyboard.press("8")
    expect(me.page.get_by_role("radio", checked=True)).to_have_count(0)
    me.page.keyboard.press("2")
    me.page.keyboard.press("5")
    me.page.keyboard.press("Enter")
    expect(scale(me, "How odd is it?").get_by_role("radio").first).to_be_focused()
    me.page.keyboard.press("0")
    me.page.keyboard.press("Enter")
    me.trial(2)
    assert ratings(served) == [(4, True, [1, 4]), (9, True, [9])]


def test_every_scale_has_to_be_rated(serve, person):
    served = serve(RATING, design={"scales": [ALIKE, LIKED], "must_touch": False})
    me = person(served)
    keyboard = Keyboard(me.page)
    me.begin()
    me.trial(1)
    keyboard.press("Submit")
    expect(scale(me, ALIKE["question"])).to_have_attribute("aria-invalid", "true")
    expect(me.page.get_by_text("Please choose an answer.")).to_be_visible()
    keyboard.keys("ArrowRight")
    expect(me.page.get_by_text("Please choose an answer.")).to_be_hidden()
    keyboard.press("Submit")
    me.trial(2)
    # A slider need not be moved in this study, steps always.
    assert ratings(served) == [(1, True, [1]), (None, False, [])]


def test_a_continuous_scale_by_mouse(serve, person):
    served = serve(RATING, design={"scales": [LIKED]})
    me = person(served).begin()
    me.trial(1)
    slider = me.page.get_by_role("slider", name=LIKED["question"])
    assert slider.get_attribute("aria-valuetext") == "not set"
    me.press("Submit")
    expect(slider).to_be_focused()
    box = slider.bounding_box()
    me.page.mouse.click(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2)
    assert slider.get_attribute("aria-valuetext") == "100 of 100, from “hardly” to “a lot”"
    me.press("Submit")
    me.trial(2)
    assert ratings(served) == [(100, True, [100])]


def test_a_scale_of_many_steps_is_a_slider_with_as_many_places(serve, person):
    served = serve(RATING, design={"scales": [ALIKE | {"steps": 21}]})
    me = person(served).begin()
    me.trial(1)
    slider = me.page.get_by_role("slider")
    slider.press("Home")
    slider.press("ArrowRight")
    me.press("Submit")
    me.trial(2)
    assert ratings(served) == [(1, True, [0, 1])]


def test_by_touch_a_long_scale_stands_upright(serve, on_phone):
    served = serve(RATING, design={"scales": [ALIKE, TEN]})
    me = on_phone(served).begin()
    me.trial(1)
    for name, is_row in ((ALIKE["question"], True), (TEN["question"], False)):
        boxes = [label.bounding_box() for label in scale(me, name).locator("label").all()]
        assert (len({box["y"] for box in boxes}) == 1) == is_row
        assert (len({box["x"] for box in boxes}) == 1) != is_row
    scale(me, ALIKE["question"]).get_by_text("7", exact=True).tap()
    scale(me, TEN["question"]).get_by_text("11", exact=True).tap()
    me.page.get_by_role("button", name="Submit").tap()
    me.trial(2)
    assert ratings(served) == [(6, True, [6]), (10, True, [10])]


def test_the_ends_are_read_with_their_steps_and_nothing_is_translated(serve, person):
    me = person(serve(RATING, design={"scales": [ALIKE]}, language="fa")).begin()
    me.trial(1)
    steps = scale(me, ALIKE["question"]).get_by_role("radio")
    first, last = steps.first.bounding_box(), steps.last.bounding_box()
    # As on a slider, the low end is on the left in every language.
    assert first["x"] < last["x"]
    expect(me.page.get_by_role("radio", name="1 , not at all")).to_have_count(1)
    expect(me.page.get_by_role("radio", name="7 , very")).to_have_count(1)
    texts = me.page.locator("[translate=no]").all_inner_texts()
    assert {"not at all", "very", ALIKE["question"]} <= {text.strip() for text in texts}


def test_a_reload_keeps_what_was_sent_and_asks_the_rest_anew(serve, person):
    served = serve(RATING, design={"scales": [ALIKE]})
    me = person(served).begin()
    me.trial(1)
    me.page.keyboard.press("3")
    me.page.keyboard.press("Enter")
    me.trial(2)
    me.page.keyboard.press("4")
    me.page.reload()
    me.trial(2)
    expect(me.page.get_by_role("radio", checked=True)).to_have_count(0)
    assert ratings(served) == [(2, True, [2])]
