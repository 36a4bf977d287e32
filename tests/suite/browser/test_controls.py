"""Controls mean what they show, in every language and direction: sliders, grids, percentages, names of classes."""

import re

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.pictures import decoded, fill_of, on_screen

from hmix_hub.schema import CIFAR10
from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, SELECT

NOTHING = re.compile(r"\b(null|undefined|false|NaN)\b")
# Texts of the page that name a class and that a browser may translate.
TRANSLATED = """(names) => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (parentElement.translate && names.some((name) => data.includes(name))) found.push(data);
  }
  return found;
}"""


def fills(me, slider):
    return fill_of(on_screen(slider.locator("xpath=preceding-sibling::*[1]")))


def test_the_fill_stands_on_the_side_of_the_class_that_has_more(serve, person):
    me = person(serve(INFER)).begin()
    me.trial(1)
    share, confidence = me.page.get_by_role("slider").all()
    assert fills(me, share) == fills(me, confidence) == []
    for key, steps, of_share, of_confidence in (
        ("Home", 0, [0, 0.5], []),
        ("End", 0, [0.5, 1], [0, 1]),
        ("PageUp", 0, [0.5, 1], [0, 1]),
        ("Home", 20, [0.2, 0.5], [0, 0.2]),
    ):
        for slider in (share, confidence):
            slider.press(key)
            for _ in range(steps):
                slider.press("ArrowRight")
        me.page.locator("h1").click()
        # The thumb covers its end of the fill.
        assert np.allclose(fills(me, share), of_share, atol=0.1)
        assert np.allclose(fills(me, confidence) or [0, 0], of_confidence or [0, 0], atol=0.1)
    said = share.get_attribute("aria-valuetext")
    left, right = me.page.locator(".ends").first.inner_text().split()
    assert said == f"80% {left}, 20% {right}"


def test_a_click_on_the_text_of_a_slider_sets_nothing(serve, person):
    served = serve(INFER, design={"must_touch": False})
    me = person(served).begin()
    me.trial(1)
    for text in ("#share-label", "#confidence-label", ".ends span >> nth=0"):
        me.page.locator(text).click()
    for shown in me.page.locator("output").all():
        expect(shown).to_have_text("not set")
    me.press("Submit")
    me.trial(2)
    assert served.answers(1)[0]["answer"]["touched"] == [False, False]


def test_a_picture_that_was_not_moved_is_no_answer(serve, person):
    served = serve(CONSTRUCT)
    me = person(served).begin()
    me.trial(1)
    me.press("Submit")
    expect(me.page.locator("#construct-fault")).not_to_be_empty()
    expect(me.page.locator(".mover").last).to_be_focused()
    me.page.keyboard.press("h")
    expect(me.page.locator("#construct-fault")).to_be_empty()
    me.page.keyboard.press("g")
    me.press("Submit")
    me.trial(2)
    assert [position for _, position in served.answers(1)[0]["answer"]["path"]] == [9, 10, 9]


def test_where_nothing_has_to_be_touched_the_first_picture_is_an_answer(serve, person):
    served = serve(CONSTRUCT, design={"must_touch": False})
    me = person(served).begin()
    me.trial(1)
    me.press("Submit")
    me.trial(2)
    assert served.answers(1)[0]["answer"] == {"position": 9, "path": [[0, 9]]}


def test_grids_and_examples_begin_at_the_left_in_persian_too(serve, person):
    served = serve(SELECT, language="fa")
    me = person(served, viewport={"width": 1280, "height": 900}).agree()
    me.heading("Instructions")
    expect(me.page.locator(".strip img")).to_have_count(3)
    places = [picture.bounding_box()["x"] for picture in me.page.locator(".strip img").all()]
    assert places == sorted(places)
    me.read().quiz()
    for number in (1, 2):
        me.trial(number)
        boxes = [cell.bounding_box() for cell in me.page.locator(".cell").all()]
        first = min(range(11), key=lambda place: (round(boxes[place]["y"]), boxes[place]["x"]))
        me.page.locator(".cell").nth(first).click()
        if number == 2:
            me.page.keyboard.press("ArrowRight")
            assert boxes[1]["x"] > boxes[0]["x"]
        me.press("Submit")
    assert [row["answer"]["place"] for row in served.answers(2)] == [0, 1]


@pytest.fixture
def form(serve, person):
    served = serve(CATEGORICAL, language="fa")
    me = person(served).begin()
    me.trial(1)
    me.page.locator("input[name=top]").first.check()
    me.page.locator("input[name=second]").first.check()
    me.served = served
    return me


def test_percentages_are_read_in_the_digits_of_any_script(form):
    field, fault = form.page.locator("#top-percent"), form.page.locator("#top-percent-fault")
    seventy = ("70", "\u0667\u0660", "\u06f7\u06f0", "\uff17\uff10", "\u096d\u0966", "\u09ed\u09e6", "070")
    with_sign = (
        "70 %",
        "\u0667\u0660\u066a",
        "\uff17\uff10\uff05",
        "\u200f\u0667\u0660\u200f",
        "70,0",
        "\u06f7\u06f0\u066b\u06f0",
    )
    for typed in (*seventy, *with_sign):
        field.fill(typed)
        expect(fault).to_be_empty()
    for typed in ("7e1", "+70", "70.", ".5", "\u0661\u0660\u0661", "\u4e03\u5341", "\u0667 \u0660", "\u216f"):
        field.fill(typed)
        expect(fault).not_to_be_empty()
    form.page.locator("input[name=second]").nth(1).check()
    form.page.locator("#second-percent").fill("\u0661\u066b\u0665")
    field.fill("\u0667\u0660")
    form.press("Submit")
    form.trial(2)
    answer = form.served.answers(1)[0]["answer"]
    assert (answer["top_percent"], answer["second_percent"]) == (70, 1.5)


def test_a_sum_is_rounded_before_it_is_shown(form):
    form.page.locator("input[name=second]").nth(1).check()
    form.page.locator("#top-percent").fill("0.4")
    form.page.locator("#second-percent").fill("99.9")
    assert 0.4 + 99.9 != 100.3
    expect(form.page.locator("#second-percent-fault")).to_contain_text("100.3%")


@pytest.mark.parametrize("task", [CONSTRUCT, INFER, CATEGORICAL, CHOICE])
def test_no_class_name_is_translated_by_a_browser(serve, person, task):
    me = person(serve(task, design={"class_order": "fixed"} if task in {CATEGORICAL, CHOICE} else {})).begin()
    names = list(CIFAR10.names)
    me.trial(1)
    if task == CATEGORICAL:
        for group in ("top", "second", "ruled-out"):
            me.page.locator(f"input[name={group}]").first.check()
        expect(me.page.locator("#ruled-out-fault")).to_contain_text(names[0])
    for slider in me.page.get_by_role("slider").all():
        slider.press("End")
        assert slider.evaluate("(node) => node.translate") is False
    assert me.page.evaluate(TRANSLATED, names) == []
    assert any(name in me.page.inner_text(".trial") for name in names)


def test_pages_stay_light_where_a_browser_darkens_all_others(serve, person):
    me = person(serve(INFER), color_scheme="dark", viewport={"width": 1000, "height": 900})
    session = me.page.context.new_cdp_session(me.page)
    session.send("Emulation.setAutoDarkModeOverride", {"enabled": True})
    me.page.set_content("<body style='background: #f4f5f7'>")
    assert decoded(me.page.screenshot())[600, 4].max() < 100
    me.begin()
    me.trial(1)
    assert decoded(me.page.screenshot())[850, 4].tolist() == [0xF4, 0xF5, 0xF7]


def test_no_page_of_somebody_with_a_recruiting_id_shows_a_nothing_or_a_translated_code(serve, person):
    served = serve(INFER, design={"must_touch": False})
    me = person(served)

    def check():
        assert not NOTHING.search(me.page.inner_text("body"))

    me.agree("?PROLIFIC_PID=5f3c9e8ab1d2c34e5f6071aa").heading("Instructions")
    check()
    me.read()
    check()
    me.quiz()
    for number in range(1, 5):
        me.trial(number)
        check()
        me.press("Submit")
    me.heading("Comments")
    check()
    me.press("Finish")
    assert me.page.evaluate(TRANSLATED, [me.code()]) == []
    check()
    me.page.reload()
    me.code()
    check()
    me.page.locator("#withdraw").click()
    check()


def test_names_of_one_task_tell_nothing_of_another(serve, person):
    served = serve(
        CONSTRUCT,
        SELECT,
        INFER,
        CATEGORICAL,
        design={"pairs": {"per_class_pair": 1, "classes": ["cat", "dog", "ship"]}},
    )
    names = []
    for task in (CONSTRUCT, SELECT, INFER, CATEGORICAL, CONSTRUCT):
        me = person(served)
        with me.page.expect_response("**/api/sessions") as told:
            me.agree(f"?task={task}")
        pages = told.value.json()["pages"]
        names += [name for page in pages for name in page.get("pictures", ())]
        me.heading("Instructions")
        expect(me.page.locator(".strip img").first).to_be_visible()
    assert len(names) == 4 * (11 + 11 + 1 + 1 + 11)
    assert len(set(names)) == len(names)


def test_each_list_of_a_hundred_classes_is_searched_by_typing(serve, person):
    classes = [*CIFAR10.names, *(f"thing number {number}" for number in range(90))]
    pairs = {"per_class_pair": 1, "classes": ["cat", "dog", "ship"]}
    pictures = {"source": "sample/pictures", "classes": classes}
    served = serve(CATEGORICAL, design={"class_order": "fixed", "pairs": pairs}, pictures=pictures)
    me = person(served).begin()
    me.trial(1)
    groups = me.page.locator("fieldset.asked").all()
    searched = [group.locator(".search") for group in groups]
    assert [field.count() for field in searched] == [1, 1, 1]
    me.press("Submit")
    expect(searched[0]).to_be_focused()
    searched[0].fill("NUMBER 42")
    expect(groups[0].locator("label:visible", has=me.page.locator("input[type=radio]"))).to_have_count(1)
    searched[0].press("Enter")
    me.page.locator("#top-percent").fill("60")
    searched[1].press_sequentially("truck")
    searched[1].press("Enter")
    me.page.locator("#second-percent").fill("40")
    for name in ("thing number 77", "thing number 78"):
        searched[2].press_sequentially(name)
        searched[2].press("Enter")
    expect(groups[2].locator("label:visible", has=me.page.locator("input[type=checkbox]"))).to_have_count(2)
    me.press("Submit")
    me.trial(2)
    answer = served.answers(1)[0]["answer"]
    assert (classes[answer["top"]], classes[answer["second"]]) == ("thing number 42", "truck")
    assert [classes[code] for code in answer["ruled_out"]] == ["thing number 77", "thing number 78"]
