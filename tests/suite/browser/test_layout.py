"""Layout: what is asked is in sight at once, on a laptop and on a phone; pictures keep their aspect; one left edge."""

from collections import Counter

import numpy as np
import pytest
import yaml
from PIL import Image

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import expect
from suite.browser.person import PHONE

from hmix_hub.suite.starter import preset_text
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CATEGORICAL, CHOICE, INFER, RATING, SELECT

LAPTOP = {"viewport": {"width": 1366, "height": 657}}
LYING = PHONE | {"viewport": {"width": 740, "height": 360}}
SMALL = PHONE | {"viewport": {"width": 320, "height": 568}}
SCREENS = {"laptop": LAPTOP, "phone": PHONE}
# Boxes of pictures, of whatever can be operated in a trial, and of what surrounds them.
BOXES = """() => {
  const boxes = (what) => [...document.querySelectorAll(what)]
    .map((node) => (node.matches('input') && node.closest('label')) || node)
    .filter((node) => node.getClientRects().length)
    .map((node) => node.getBoundingClientRect())
    .map(({ left, top, right, bottom }) => ({ left, top, right, bottom }));
  return {
    pictures: boxes('.picture'),
    controls: boxes('.trial :is(input, button:not(.main), select)'),
    submit: boxes('.controls > .buttons .main'),
    head: boxes('.top'),
    question: boxes('h1'),
    title: boxes('#title'),
    room: { width: innerWidth, height: innerHeight },
    page: { width: document.documentElement.scrollWidth, height: document.documentElement.scrollHeight },
  };
}"""


@pytest.fixture
def at_trial(serve, person):
    """Let somebody come to the first trial of a task as the starter asks it."""

    def come(task, screen, **more):
        asked = yaml.safe_load(preset_text("starter", "x"))["tasks"][task]["question"]
        me = person(
            serve(task, design={"question": asked}, **more), **(SCREENS | {"lying": LYING, "small": SMALL})[screen]
        ).begin()
        me.trial(1)
        return me

    return come


def is_within(box, room, head):
    return (
        box["top"] >= head["bottom"] - 0.5 and box["bottom"] <= room["height"] + 0.5 and box["right"] <= room["width"]
    )


def test_a_slider_stays_where_it_is_when_it_is_touched_on_a_phone(at_trial):
    me = at_trial(INFER, "phone")
    sliders, submit = me.page.get_by_role("slider"), me.page.locator(".controls .main")
    before = sliders.first.bounding_box(), submit.bounding_box()
    sliders.first.press("ArrowRight")
    sliders.first.press("PageDown")
    assert (sliders.first.bounding_box(), submit.bounding_box()) == before


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("task", SUITE_TASKS)
def test_all_that_is_asked_is_in_sight_from_one_left_edge_and_no_picture_alone_in_a_row(at_trial, task, screen):
    me = at_trial(task, screen)
    if task == CATEGORICAL:
        me.page.locator("input[name=second]").first.check()
        me.page.evaluate("window.scrollTo(0, 0)")
    seen = me.page.evaluate(BOXES)
    (head,) = seen["head"]
    assert len(seen["pictures"]) == (11 if task == SELECT else 1)
    assert len(seen["submit"]) == 1
    assert all(is_within(box, seen["room"], head) for box in [*seen["pictures"], *seen["submit"], *seen["question"]])
    if screen == "laptop":
        title, question, picture = (seen[part][0]["left"] for part in ("title", "question", "pictures"))
        assert question == title
        assert picture - title == pytest.approx(1, abs=0.6)
    if task == SELECT:
        rows = Counter(box["top"] for box in seen["pictures"])
        assert list(rows.values()) == {"laptop": [6, 5], "phone": [3, 3, 3, 2]}[screen]
    # The one form that is longer than its screen: the next test scrolls it.
    if (task, screen) == (CATEGORICAL, "phone"):
        return
    assert seen["controls"]
    assert all(is_within(box, seen["room"], head) for box in seen["controls"])
    assert seen["page"] == seen["room"]


def test_the_picture_submit_and_the_state_of_saving_stay_while_a_long_form_scrolls(at_trial):
    me = at_trial(CATEGORICAL, "phone")
    last = me.page.locator("input[name=ruled-out]").last
    last.scroll_into_view_if_needed()
    seen = me.page.evaluate(BOXES)
    (head,), (picture,), (submit,) = seen["head"], seen["pictures"], seen["submit"]
    assert is_within(picture, seen["room"], head)
    assert is_within(submit, seen["room"], head)
    assert picture["bottom"] - picture["top"] >= 120
    assert seen["controls"][-1]["bottom"] <= submit["top"]
    assert 0 <= me.status().bounding_box()["y"] <= 60
    last.check()


def test_keys_are_shown_where_there_is_a_keyboard(at_trial):
    assert at_trial("class_choice", "laptop").page.locator("kbd").first.is_visible()
    assert not at_trial("class_choice", "phone").page.locator("kbd").first.is_visible()


def test_a_later_trial_with_longer_names_shows_its_picture_as_large(at_trial):
    me = at_trial(INFER, "phone")
    widths = set()
    for number in (1, 2, 3, 4):
        me.trial(number)
        widths.add(me.page.locator(".picture").bounding_box()["width"])
        me.answer(INFER)
    assert len(widths) == 1


@pytest.fixture
def with_own_pictures(tmp_path, serve, person):
    """Let somebody come to the first trial over pictures of one's own: `come((width, height), screen, **pictures)`."""

    def come(shape, screen=LAPTOP, **pictures):
        # Beside the file of the first study that is served.
        stimuli = tmp_path / "study-0" / "stimuli"
        stimuli.mkdir(parents=True)
        rows = ["file,label"]
        for number, name in enumerate(["cat", "dog"] * 8):
            noise = np.random.default_rng(number).integers(0, 256, (shape[1], shape[0], 3), dtype=np.uint8)
            Image.fromarray(noise).save(stimuli / f"{number}.png")
            rows.append(f"{number}.png,{name}")
        (stimuli / "images.csv").write_text("\n".join(rows) + "\n")
        design = {"pairs": {"per_class": 3}, "coefficients": []}
        own = {"source": "own", "classes": ["cat", "dog"], **pictures}
        me = person(serve(CHOICE, design=design, pictures=own), **screen).begin()
        me.trial(1)
        return me

    return come


@pytest.mark.parametrize(
    ("size", "pictures", "shown"),
    [
        ((24, 40), {}, (192, 320)),
        ((100, 60), {}, (300, 180)),
        ((640, 480), {"scaling": "smooth"}, (320, 240)),
        ((60, 30), {"size": 64}, (60, 30)),
    ],
)
def test_own_pictures_keep_their_aspect_by_whole_multiples_or_smoothly(with_own_pictures, size, pictures, shown):
    me = with_own_pictures(size, **pictures)
    picture, place = me.page.locator(".picture").bounding_box(), me.page.locator(".single").bounding_box()
    assert (picture["width"], picture["height"]) == shown
    assert (place["width"], place["height"]) == (shown[0] + 2, shown[1] + 2)
    style = me.page.locator(".picture").evaluate("(picture) => getComputedStyle(picture).imageRendering")
    assert style == ("auto" if "scaling" in pictures else "pixelated")


def test_whole_multiples_are_of_the_pixels_of_the_screen(with_own_pictures):
    me = with_own_pictures((50, 30), PHONE | {"device_scale_factor": 2.5})
    width = me.page.locator(".picture").bounding_box()["width"]
    times = width * 2.5 / 50
    assert times == pytest.approx(round(times), abs=0.01)
    assert me.page.evaluate("document.documentElement.scrollHeight") <= 740


def test_pictures_of_a_grid_are_large_enough_where_the_page_has_to_scroll(at_trial):
    seen = at_trial(SELECT, "lying").page.evaluate(BOXES)
    assert {round(box["right"] - box["left"]) for box in seen["pictures"]} == {96}
    assert seen["page"]["width"] == seen["room"]["width"]


def test_a_small_phone_scrolls_in_one_direction(at_trial):
    seen = at_trial(RATING, "small").page.evaluate(BOXES)
    assert seen["page"]["width"] == seen["room"]["width"] == 320


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_moves_under_a_finger_as_the_pictures_of_an_example_come(serve, person, screen):
    held = []
    me = person(serve(INFER), **SCREENS[screen])
    me.page.context.route("**/pictures/*", lambda route, _request: held.append(route))
    me.agree().heading("Instructions")
    button = me.page.get_by_role("button", name="Next", exact=True)
    before = button.bounding_box()
    assert me.page.locator(".example .picture").count() == 0

    for route in held:
        route.continue_()
    me.page.context.unroute("**/pictures/*")

    expect(me.page.locator(".example .picture")).to_have_count(3)
    assert button.bounding_box() == before
