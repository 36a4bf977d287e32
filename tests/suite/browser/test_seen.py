"""What is on the screen is what the study says and what the row stores."""

import base64
import json
import re

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.collection import CONSENT, INSTRUCTIONS, QUESTION, QUIZ
from suite.browser.pictures import decoded, enlarged, on_screen, trials_of

from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

LARGE = {"viewport": {"width": 1280, "height": 1000}}
# At the beginning of each frame, before the page changes anything: what the frame before painted.
FRAMES = "left => new Promise(done => { const next = () => (left-- ? requestAnimationFrame(next) : done()); next(); })"
"""Waits for so many frames: each step of a picture has one of its own."""
WATCH = """
  window.painted = [];
  const look = () => {
    const picture = document.querySelector('.single img');
    if (picture && picture.complete && picture.naturalWidth) {
      const name = picture.src.match(/([0-9a-f]{40})\\.png/)[1];
      if (window.painted.at(-1) !== name) window.painted.push(name);
    }
    requestAnimationFrame(look);
  };
  look();
"""


def test_the_picture_that_a_row_stores_was_on_the_screen_pixel_for_pixel(serve, person):
    served = serve(CONSTRUCT)
    me = person(served, **LARGE).begin()
    for number, (keys, position) in enumerate((("h", 10), ("ggggg", 4), ("gh", 9), ("ggggggggg", 0)), 1):
        me.trial(number)
        for key in keys:
            me.page.keyboard.press(key)
        me.page.evaluate(FRAMES, len(keys) + 1)
        shown = trials_of(served)[number - 1]
        seen = on_screen(me.page.locator(f".picture[src*='{shown.names[position]}']"))
        assert np.array_equal(seen, enlarged(shown.pictures[position]))
        me.press("Submit")
        row = served.answers(number)[-1]
        assert row["answer"]["position"] == position
        assert row["pictures"] == [shown.names[position]]


@pytest.mark.parametrize("task", [INFER, CATEGORICAL])
def test_the_mixture_is_on_the_screen_pixel_for_pixel(serve, person, task):
    served = serve(task)
    me = person(served, **LARGE).begin()
    for number in (1, 2, 3, 4):
        me.trial(number)
        assert np.array_equal(
            on_screen(me.page.locator(".picture")), enlarged(trials_of(served)[number - 1].pictures[0])
        )
        me.answer(task)
    assert [row["pictures"] for row in served.answers(4)] == [shown.names for shown in trials_of(served)]


def test_the_grid_is_the_stored_order_pixel_for_pixel(serve, person):
    served = serve(SELECT)
    me = person(served, **LARGE).begin()
    me.trial(1)
    shown = trials_of(served)[0]
    for place, picture in enumerate(me.page.locator(".picture").all()):
        drawn = picture.evaluate("""(picture) => {
            const canvas = document.createElement('canvas');
            canvas.width = picture.naturalWidth;
            canvas.height = picture.naturalHeight;
            const context = canvas.getContext('2d');
            context.drawImage(picture, 0, 0);
            return canvas.toDataURL('image/png').split(',')[1];
        }""")
        assert np.array_equal(decoded(base64.b64decode(drawn)), shown.pictures[place])
    assert me.page.locator(".picture").first.evaluate("(picture) => getComputedStyle(picture).imageRendering") == (
        "pixelated"
    )


def test_every_position_of_a_path_was_painted(serve, person):
    served = serve(CONSTRUCT)
    me = person(served)
    me.page.context.add_init_script(WATCH)
    me.begin()
    me.trial(1)
    me.page.evaluate("""() => {
        const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));
        for (const key of 'ggggggghhhh') press(key);
    }""")
    me.page.keyboard.press("g")
    me.press("Submit")
    me.trial(2)
    (row, *_), (shown, *_) = served.answers(1), trials_of(served)
    path = [position for _, position in row["answer"]["path"]]
    painted = me.page.evaluate("window.painted")
    assert painted[: len(path)] == [shown.names[position] for position in path]
    assert len(path) >= 3


def test_a_held_key_moves_step_by_step(serve, person):
    served = serve(CONSTRUCT)
    me = person(served).begin()
    me.trial(1)
    for _ in range(4):
        me.page.keyboard.down("g")
        me.page.wait_for_timeout(40)
    me.page.keyboard.up("g")
    me.press("Submit")
    me.trial(2)
    assert [position for _, position in served.answers(1)[0]["answer"]["path"]] == [9, 8, 7, 6, 5]


def test_people_read_what_the_study_says(serve, person):
    served = serve(SELECT)
    me = person(served).open()
    me.heading("Taking part")
    assert read(me.page, "#consent-text") == CONSENT
    me.press("I agree to take part")
    me.heading("Instructions")
    assert read(me.page, "#instructions-text") == INSTRUCTIONS[0]
    assert read(me.page, "figcaption") == "From one end to the other."
    me.press("Next")
    expect(me.page.locator("#instructions-text")).to_have_text(INSTRUCTIONS[1])
    me.press("Next")
    me.heading("A few questions about the instructions")
    asked = [
        {
            "question": group.locator("legend span").last.inner_text(),
            "choices": [choice.inner_text() for choice in group.locator("label").all()],
        }
        for group in me.page.locator("fieldset").all()
    ]
    assert asked == [{key: asked[key] for key in ("question", "choices")} for asked in QUIZ]
    me.quiz()
    me.trial(1)
    assert me.page.locator("h1").inner_text() == QUESTION
    assert me.page.title() == f"{QUESTION} \N{EN DASH} What do people see?"


def read(page, selector):
    """Read paragraphs as a person does: line ends within, a blank line between."""
    return "\n\n".join(page.locator(f"{selector} p").all_inner_texts())


@pytest.mark.parametrize("task", [CONSTRUCT, SELECT, INFER, CATEGORICAL])
def test_nothing_tells_the_coefficient(serve, person, task):
    served = serve(task)
    me = person(served)
    told = []
    me.page.on("response", lambda response: told.append((response.url, response)))
    me.begin()
    me.trial(1)
    markup = me.page.content()
    view = next(response for url, response in told if url.endswith("/api/session")).json()
    addresses = [url for url, _ in told if "/pictures/" in url]
    assert addresses
    assert all(re.fullmatch(r"http://[\d.:]+/pictures/[0-9a-f]{40}\.png", address) for address in addresses)
    keys = set(re.findall(r'"(\w+)":', json.dumps([page for page in view["pages"] if page["kind"] == "trial"])))
    assert keys <= {"kind", "index", "number", "of", "pictures", "start", "left", "right", "must_touch", "class_order"}
    for text in (markup, json.dumps(view)):
        assert not re.search(r"coefficient|lambda|repeat(?!ed|ing)|\b0?\.\d", text.replace("width=device-width", ""))
