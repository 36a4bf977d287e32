"""From the screen to the dataset: what a person saw and did in the browser is what the exported study says."""

import re

import numpy as np
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from suite.browser.pictures import enlarged, on_screen, trials_of
from suite_maker import rows_of_a_trial

import hmix_hub
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, SELECT, TASKS
from hmix_hub.tasks.midpoint import WALK

LARGE = {"viewport": {"width": 1280, "height": 1000}}
TRIALS = 4


class Session:
    """A whole session in the browser: what was on the screen, and the rows that it became."""

    def __init__(self, served, me, task, target):
        self.screens, self.orders, self.classes = [], [], []
        self.image_set = served.image_set
        me.begin()
        for number in range(1, TRIALS + 1):
            me.trial(number)
            self._look(me.page, task)
            if task == CONSTRUCT:
                me.page.keyboard.press("h")
                me.page.keyboard.press("g")
                me.press("Submit")
            else:
                me.answer(task)
        me.press("Finish")
        me.code()
        export_study(served.store.folder, target)
        assert not Study.open(target).report.findings
        self.batch = served.store.frozen.batches[served.store.sessions()[0].batch]
        self.trials = list(trials_of(served))
        self.rows = hmix_hub.load_dataset(target, task, split="train")
        self.per_trial = rows_of_a_trial(task)
        assert self.rows["trial_index"][:] == list(range(4, 4 + TRIALS * self.per_trial))

    def _look(self, page, task):
        pictures = page.locator(".picture").all()
        self.orders.append([re.search("[0-9a-f]{40}", picture.get_attribute("src"))[0] for picture in pictures])
        self.screens.append(on_screen(pictures[0]))
        if task == CATEGORICAL:
            self.classes.append(page.locator("label:has(input[name=top]) span").all_inner_texts())
        elif task == CHOICE:
            self.classes.append(page.locator("label:has(input[name=class]) span").all_inner_texts())


@pytest.fixture(scope="module")
def sessions():
    """Sessions by task: each is gone through once, and then looked at from several sides."""
    return {}


@pytest.fixture
def take_part(serve, person, tmp_path, sessions):
    def begin(task):
        if task not in sessions:
            served = serve(task)
            sessions[task] = Session(served, person(served, **LARGE), task, tmp_path / "exported")
        return sessions[task]

    return begin


@pytest.mark.parametrize("task", SUITE_TASKS)
def test_a_pair_comes_twice_only_where_the_row_says_so_and_the_condition_names_the_batch(take_part, task):
    session = take_part(task)
    is_repeat, presentation = [False, False, False, True], [1, 1, 1, 2]
    assert session.rows["is_repeat"][:] == list(np.repeat(is_repeat, session.per_trial))
    assert session.rows["presentation"][:] == list(np.repeat(presentation, session.per_trial))
    assert len(set(session.rows[TASKS[task].stimulus_column])) == TRIALS - 1
    assert set(session.rows["condition"]) == {session.batch.condition}
    shown = set(zip(session.rows["image_1_index"], session.rows["image_2_index"], strict=True))
    assert shown == {(stimulus.image_1_index, stimulus.image_2_index) for stimulus in session.batch.stimuli}


@pytest.mark.parametrize("task", [task for task in SUITE_TASKS if task != SELECT])
def test_what_the_rows_render_was_on_the_screen(take_part, task):
    session = take_part(task)
    rows = session.rows.select(range(0, len(session.rows), session.per_trial))
    for drawn, screen in zip(hmix_hub.render(rows).numpy(), session.screens, strict=True):
        assert np.array_equal(enlarged(drawn.transpose(1, 2, 0)), screen)


def test_the_grid_of_the_rows_was_on_the_screen(take_part):
    session = take_part(SELECT)
    for row, order, shown in zip(session.rows, session.orders, session.trials, strict=True):
        by_name = dict(zip(shown.names, shown.pictures, strict=True))
        for name, drawn in zip(order, grid_of(row, session.image_set.pictures), strict=True):
            assert np.array_equal(by_name[name], drawn.transpose(1, 2, 0))


@pytest.mark.parametrize("task", [CATEGORICAL, CHOICE])
def test_the_classes_of_the_rows_stood_in_this_order(take_part, task):
    session = take_part(task)
    names = session.rows.features["image_1_label"].names
    assert [[names[code] for code in order] for order in session.rows["class_order"]] == session.classes


def grid_of(row, pictures):
    """Draw the grid that a row stores, as anybody can who has the row and the image set."""
    one, two = (pictures[row[f"image_{i}_index"]].astype(np.float64) for i in (1, 2))
    for coefficient in row["grid_coefficients"]:
        share = WALK[round(coefficient * 10)]
        yield ((share * one + (1 - share) * two) / 255 * 255).astype(np.uint8)
