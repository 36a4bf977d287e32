"""The four tasks of the paper in Firefox: what is stored is what was done, and sliders look as in Chromium."""

import os
import shutil

import numpy as np
import pytest
from suite.browser.collection import QUESTION
from suite.browser.firefox import Firefox
from suite.browser.pictures import fill_of, trials_of

from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

HOME, END, SPACE, RIGHT = "\ue011", "\ue010", " ", "\ue014"
MAIN = "main button.main:not(:disabled)"
TRIAL = ".trial:not([aria-busy])"


@pytest.fixture(scope="module")
def firefox(tmp_path_factory):
    path = os.environ.get("HMIX_FIREFOX") or shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        pytest.skip("firefox-esr is not installed: install it, or name a Firefox with HMIX_FIREFOX")
    opened = Firefox(path, tmp_path_factory.mktemp("firefox"))
    yield opened
    opened.close()


@pytest.fixture
def at_trials(serve, firefox):
    """Go through consent, instructions and quiz of a study."""

    def begin(task, **more):
        served = serve(task, **more)
        firefox.ask("WebDriver:Navigate", {"url": served.address})
        for shown in ("#consent-text", "#instructions-text", "#instructions-text"):
            firefox.find(shown)
            firefox.click(MAIN)
        for place in (1, 4):
            firefox.click("label.choice", place)
        firefox.click(MAIN)
        firefox.find(TRIAL)
        return served

    return begin


def submit(firefox, served, number):
    """Submit a trial, and give its answer once it is stored; the next trial or the comments are there then."""
    firefox.click(MAIN)
    firefox.wait(
        "!document.querySelector('#main .trial') || document.querySelector('#advance-text').textContent"
        ".includes(arguments[0])",
        str(number + 1),
    )
    firefox.find(TRIAL if number < 4 else "#comments")
    return served.answers(number)[number - 1]["answer"]


def test_construct(firefox, at_trials):
    served = at_trials(CONSTRUCT)
    assert firefox.run("return document.querySelector('h1').innerText") == QUESTION
    firefox.click(MAIN)
    firefox.wait("document.querySelector('#construct-fault').textContent")
    firefox.type("h1", "ggh")
    firefox.click(".mover", 0)
    answer = submit(firefox, served, 1)
    assert [position for _, position in answer["path"]] == [9, 8, 7, 8, 7]
    firefox.type("h1", "hh")
    firefox.wait("document.querySelectorAll('.mover')[1].getAttribute('aria-disabled') === 'true'")
    seen, picture = firefox.see(".picture"), trials_of(served)[1].pictures[10]
    times = len(seen) // len(picture)
    assert times > 1
    assert np.array_equal(seen, picture.repeat(times, axis=0).repeat(times, axis=1))
    assert [position for _, position in submit(firefox, served, 2)["path"]] == [9, 10]


def test_select(firefox, at_trials):
    served = at_trials(SELECT, language="fa")
    firefox.click(MAIN)
    firefox.wait("document.querySelector('#select-fault').textContent")
    boxes = firefox.run(
        "return [...document.querySelectorAll('.cell')].map((cell) => [cell.offsetTop, cell.offsetLeft])"
    )
    assert boxes == sorted(boxes)
    firefox.click(".cell", 6)
    assert submit(firefox, served, 1) == {"place": 6}
    firefox.click(".cell", 0)
    firefox.type(".cell input", RIGHT)
    assert submit(firefox, served, 2) == {"place": 1}


def test_infer_to_the_code(firefox, at_trials):
    served = at_trials(INFER)
    for place, label in enumerate(("#share-label", "#confidence-label")):
        firefox.click(label)
        assert fill_of(firefox.see(".track", place)) == []
    firefox.click(MAIN)
    firefox.wait("document.querySelectorAll('.fault:not(:empty)').length === 2")
    for key, fills in ((END, ([0.5, 1], [0, 1])), (HOME + RIGHT * 20, ([0.2, 0.5], [0, 0.2]))):
        for place, fill in enumerate(fills):
            firefox.type("[type=range]", key, place)
            assert np.allclose(fill_of(firefox.see(".track", place)), fill, atol=0.1)
    answer = submit(firefox, served, 1)
    assert (answer["share"], answer["confidence"], answer["touched"]) == (20, 20, [True, True])
    for number in (2, 3, 4):
        firefox.type("[type=range]", SPACE, 0)
        firefox.click("[type=range]", 1)
        assert submit(firefox, served, number)["share"] == 50
    firefox.click(MAIN)
    code = firefox.run("return arguments[0].innerText", firefox.find("output.code"))
    (session,) = served.store.sessions()
    assert code == served.store.key.completion_code(session.id)
    assert "null" not in firefox.run("return document.body.innerText")


def test_categorical(firefox, at_trials):
    served = at_trials(CATEGORICAL, design={"class_order": "fixed"})
    firefox.click("label:has([name=top])", 2)
    firefox.type("#top-percent", "\u0667\u0660")
    firefox.click("label:has([name=second])", 0)
    firefox.type("#second-percent", "banana")
    firefox.click(MAIN)
    firefox.wait("document.querySelector('#second-percent-fault').textContent")
    firefox.run("arguments[0].value = ''", firefox.find("#second-percent"))
    firefox.type("#second-percent", "30")
    firefox.click("label:has([name=ruled-out])", 5)
    answer = submit(firefox, served, 1)
    assert answer == {"top": 2, "top_percent": 70, "second": 0, "second_percent": 30, "ruled_out": [5]}
