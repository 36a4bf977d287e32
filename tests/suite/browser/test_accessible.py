"""Every screen: axe finds nothing, the heading has the focus, what is pressed is large enough, nothing sticks out."""

from itertools import product

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.person import PHONE
from suite_maker.studies import practice_of

from hmix_hub.schema import CIFAR10
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, RATING, SELECT


def test_the_screens_before_and_after_the_trials(serve, on_phone, look, console, hurried):
    console.allow("Failed to load resource")
    form = "# About\nWe look at **pictures**.\n\n- One\n- [Two](https://example.org)\n\n[ ] I am an adult."
    me = on_phone(serve(SELECT, consent={"version": "1", "text": form})).open()
    look(me, "Taking part")
    me.press("I do not agree")
    look(me, "You chose not to take part")
    me.press("Read the consent form again")
    me.press("I agree to take part")
    look(me, focused=False)
    me.page.get_by_role("checkbox").check()
    me.press("I agree to take part")
    look(me, "Instructions")
    me.press("Next")
    me.press("Next")
    look(me, "A few questions about the instructions")
    me.press("Check my answers")
    expect(me.page.locator("input").first).to_be_focused()
    look(me, focused=False)
    me.quiz("Nothing", "Yes")
    look(me, "Not quite right yet")
    me.press("Read the instructions again")
    me.read().quiz()
    me.trial(1)
    hurried(me.page, LISTEN=200)
    other = type(me)(me.page.context.new_page(), me.address).open()
    look(other, "Already open in another tab")
    other.page.close()
    for number in (1, 2, 3, 4):
        me.trial(number)
        me.answer(SELECT)
    look(me, "Comments")
    me.press("Finish")
    me.code()
    look(me)
    me.press("Withdraw")
    look(me, focused=False)
    me.press("Withdraw and delete")
    look(me, "You have withdrawn")


WIDE = {"viewport": {"width": 1300, "height": 900}}


@pytest.mark.parametrize(
    ("task", "screen"),
    [*product(SUITE_TASKS, (PHONE,)), (CHOICE, WIDE), (RATING, WIDE)],
)
def test_the_trials(serve, person, look, task, screen):
    me = person(serve(task), **screen).begin()
    me.trial(1)
    look(me)
    if task == CATEGORICAL:
        me.page.locator("input[name=top]").first.check()
        me.page.locator("input[name=second]").first.check()
        me.page.locator("input[name=ruled-out]").first.check()
        me.page.get_by_label("How probable is it?").fill("banana")
    elif task == CONSTRUCT:
        me.page.keyboard.press("h")
    if task != CONSTRUCT:
        me.press("Submit")
    me.trial(1)
    look(me, focused=False)


def test_practice_breaks_and_parts(serve, on_phone, look):
    around = {"practice": practice_of(CONSTRUCT), "breaks": {"every": 2}}
    sitting = {"tasks": [CONSTRUCT, SELECT], "order": "fixed"}
    me = on_phone(serve(CONSTRUCT, SELECT, design=around, sitting=sitting)).begin()
    for number, forth in ((1, "Next"), (2, "Begin")):
        me.ready(f"Practice {number} of 2 · part 1 of 2")
        me.answer(CONSTRUCT)
        look(me, "About your answer")
        me.press(forth)
    for number in range(1, 5):
        me.ready(f"Trial {number} of 4 · part 1 of 2")
        me.answer(CONSTRUCT)
        if number == 2:
            look(me, "Time for a break")
            me.press("Continue")
    look(me, "Part 2 of 2")


def test_a_hundred_classes(serve, on_phone, look):
    names = [*CIFAR10.names, *(f"thing {number}" for number in range(90))]
    pairs = {"per_class_pair": 3, "classes": ["airplane", "horse"]}
    me = on_phone(serve(CHOICE, design={"pairs": pairs}, pictures={"source": "sample/pictures", "classes": names}))
    me.begin()
    me.trial(1)
    look(me)
    me.page.get_by_label("Type to search").fill("9")
    look(me, focused=False)


def test_a_picture_that_fails_and_a_server_that_is_away(serve, on_phone, look, console, hurried):
    console.allow("Failed to load resource|ERR_CONNECTION")
    served = serve(INFER)
    me = on_phone(served)
    hurried(me.page, AWAY=200)
    me.page.context.route("**/pictures/*", lambda route: route.abort(), times=1)
    me.begin()
    expect(me.page.get_by_text("A picture could not be loaded.")).to_be_visible()
    look(me)
    me.press("Load again")
    for number in (1, 2, 3, 4):
        me.trial(number)
        if number == 4:
            served.stop()
        me.answer(INFER)
    me.press("Finish")
    look(me, "Your answers are safe")


def test_another_language_and_direction(serve, on_phone, look):
    me = on_phone(serve(CONSTRUCT, language="he", words={"submit": "שליחה"})).begin()
    me.trial(1)
    expect(me.page.locator("html")).to_have_attribute("lang", "he")
    expect(me.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(me.page.get_by_role("button", name="שליחה")).to_be_visible()
    left, right = (me.page.locator(f".to-{side}").bounding_box()["x"] for side in ("left", "right"))
    assert left < right
    look(me)


def test_focus_is_seen_and_motion_is_reduced(serve, person):
    me = person(serve(SELECT), **PHONE, reduced_motion="reduce").begin()
    me.trial(1)
    me.page.keyboard.press("Tab")
    ring = me.page.locator(".cell").first.evaluate("(cell) => getComputedStyle(cell).outlineStyle")
    assert ring == "solid"
    assert me.page.evaluate("getComputedStyle(document.querySelector('progress')).transitionDuration") in {"0s", ""}
