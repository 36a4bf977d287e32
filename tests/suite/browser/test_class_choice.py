"""class_choice in the browser: keys, mouse and touch, a hundred classes, reloads, other languages; what is stored."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.keyboard import Keyboard

CHOICE = "class_choice"
WIDE = {"viewport": {"width": 1300, "height": 900}}
TEN = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
OF_THREE = {"per_class_pair": 1, "classes": ["cat", "dog", "ship"]}
HUNDRED = [*TEN, *(f"thing number {number}" for number in range(88)), "Vélo", "bicycle"]


def fixed(**changed):
    return {"class_order": "fixed", "confidence": False} | changed


def answers(served, number):
    return [row["answer"] for row in served.answers(number)]


def chosen(me):
    return me.page.get_by_role("radio", checked=True)


def test_a_key_chooses_and_enter_submits(serve, person):
    served = serve(CHOICE, design=fixed())
    me = person(served, **WIDE).begin()
    me.trial(1)
    expect(me.page.locator("label.choice kbd")).to_have_text(list("1234567890"))
    me.page.keyboard.press("4")
    expect(chosen(me)).to_be_focused()
    assert chosen(me).evaluate("(node) => node.labels[0].querySelector('span').innerText") == "cat"
    me.page.keyboard.press("0")
    me.page.keyboard.press("Enter")
    me.trial(2)
    me.page.keyboard.press("Enter")
    expect(me.page.get_by_text("Please choose a class.")).to_be_visible()
    # As on a French keyboard, where the digits stand behind Shift.
    me.page.dispatch_event("h1", "keydown", {"key": "é", "code": "Digit2", "bubbles": True})
    me.page.keyboard.press("Control+3")
    me.press("Submit")
    me.trial(3)
    assert answers(served, 2) == [{"chosen": 9}, {"chosen": 1}]


def test_letters_come_behind_the_digits(serve, person):
    names = [*TEN, *(f"thing {number}" for number in range(20))]
    pictures = {"source": "sample/pictures", "classes": names}
    served = serve(CHOICE, design=fixed(pairs=OF_THREE), pictures=pictures)
    me = person(served, **WIDE).begin()
    me.trial(1)
    me.page.keyboard.press("T")
    me.page.keyboard.press("Enter")
    me.trial(2)
    assert answers(served, 1) == [{"chosen": 29}]


def test_the_confidence_has_to_be_set_where_the_study_asks_for_it(serve, person):
    served = serve(CHOICE, design=fixed(confidence=True))
    me = person(served)
    keyboard = Keyboard(me.page)
    me.begin()
    me.trial(1)
    keyboard.tab_to("airplane")
    keyboard.keys("ArrowDown", "Enter")
    expect(me.page.get_by_role("slider")).to_be_focused()
    expect(me.page.locator("#confidence-fault")).to_contain_text("Please set this slider")
    keyboard.keys("End", "ArrowLeft")
    keyboard.press("Submit")
    me.trial(2)
    [answer] = answers(served, 1)
    times = [at for at, _ in answer.pop("confidence_path")]
    assert answer == {"chosen": 1, "confidence": 99, "touched": True}
    assert times == sorted(times)


def test_by_touch_and_a_confidence_that_need_not_be_set(serve, on_phone):
    served = serve(CHOICE, design=fixed(confidence=True, must_touch=False))
    me = on_phone(served).begin()
    me.trial(1)
    expect(me.page.locator("label.choice kbd").first).to_be_hidden()
    me.page.get_by_text("horse", exact=True).tap()
    me.page.get_by_role("button", name="Submit").tap()
    me.trial(2)
    assert answers(served, 1) == [{"chosen": 7, "confidence": None, "touched": False, "confidence_path": []}]


def test_among_a_hundred_classes_one_is_found_by_typing(serve, person):
    pictures = {"source": "sample/pictures", "classes": HUNDRED}
    served = serve(CHOICE, design=fixed(pairs=OF_THREE), pictures=pictures)
    me = person(served, **WIDE).begin()
    me.trial(1)
    find, shown = me.page.get_by_label("Type to search"), me.page.locator("label.choice:visible")
    expect(shown).to_have_count(100)
    # Submit stands on the first screen all the same.
    assert me.page.get_by_role("button", name="Submit").bounding_box()["y"] < 900
    find.fill("NUMBER 8")
    expect(shown).to_have_count(9)
    expect(me.page.get_by_text("9 of 100")).to_be_visible()
    find.fill("velo")
    expect(shown).to_have_count(1)
    find.press("Enter")
    expect(chosen(me)).to_be_focused()
    find.fill("nothing")
    expect(shown).to_have_count(1)
    find.press("Enter")
    find.press("Escape")
    expect(shown).to_have_count(100)
    me.press("Submit")
    me.trial(2)
    assert answers(served, 1) == [{"chosen": 98}]


def test_a_reload_comes_back_to_the_same_trial_with_the_same_order(serve, person):
    served = serve(CHOICE, design=fixed(class_order="shuffled"))
    me = person(served).begin()
    me.trial(1)
    me.page.keyboard.press("1")
    me.page.keyboard.press("Enter")
    me.trial(2)
    before = me.page.locator("label.choice").all_inner_texts()
    me.page.keyboard.press("2")
    me.page.reload()
    me.trial(2)
    assert me.page.locator("label.choice").all_inner_texts() == before
    expect(chosen(me)).to_have_count(0)
    assert len(served.answers(1)) == 1


def test_class_names_are_not_translated_and_stand_from_right_to_left_in_hebrew(serve, on_phone):
    names = {"cat": "חתול", "dog": "כלב"}
    pictures = {"source": "sample/pictures", "class_names": names}
    me = on_phone(serve(CHOICE, design=fixed(), language="he", pictures=pictures)).begin()
    me.trial(1)
    group = me.page.get_by_role("radiogroup", name="Classes")
    expect(group.locator(".choices")).to_have_attribute("translate", "no")
    first, second = (me.page.locator("label.choice").nth(place).bounding_box()["x"] for place in range(2))
    assert second < first
    # By the key's place, whatever letters the keyboard has.
    me.page.keyboard.press("4")
    assert chosen(me).evaluate("(node) => node.labels[0].innerText").strip() == "חתול"


def test_single_pictures_are_shown_as_they_are(serve, person):
    served = serve(CHOICE, design=fixed(pairs={"per_class": 1}, coefficients=[]))
    me = person(served).begin()
    for number in range(1, 5):
        me.trial(number)
        me.page.keyboard.press("1")
        me.page.keyboard.press("Enter")
    me.heading("Comments")
    (session,) = served.store.sessions()
    stimuli = served.store.frozen.batches[session.batch].stimuli
    assert {(one.image_2_index, one.image_2_label, one.mixing_coefficient) for one in stimuli} == {(None, None, 1.0)}
