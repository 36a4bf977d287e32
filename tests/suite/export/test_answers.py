"""Answers as columns: what each task's page sends, on either side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.infer_mixing_factor import inferred_coefficient
from hmix_hub.suite.tasks.trial import Trial
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

SIDES = st.sampled_from(["left", "right"])
STEPS = st.integers(0, 10)


def test_construct_with_image_1_left_counts_steps_from_the_right():
    trial = Trial(4, 0, False, image_1_side="left", start_step=1)
    sent = {"position": 7, "path": [[0, 9], [812.52, 8], [1200, 7]]}
    assert SUITE_TASKS[CONSTRUCT].columns(sent, trial) == {
        "start_coefficient": 0.1,
        "selected_coefficient": 0.3,
        "image_1_side": "left",
        "path_coefficients": [0.1, 0.2, 0.3],
        "path_times_ms": [0.0, 812.5, 1200.0],
    }


def test_construct_with_image_1_right_counts_them_from_the_left():
    trial = Trial(4, 0, False, image_1_side="right", start_step=9)
    sent = {"position": 10, "path": [[0, 9], [300, 10]]}
    found = SUITE_TASKS[CONSTRUCT].columns(sent, trial)
    assert (found["start_coefficient"], found["selected_coefficient"], found["image_1_side"]) == (0.9, 1.0, "right")
    assert found["path_coefficients"] == [0.9, 1.0]


def test_select_takes_the_picture_at_the_place_of_the_grid():
    trial = Trial(4, 0, False, grid_steps=(3, 10, 0, 1, 2, 4, 5, 6, 7, 8, 9))
    assert SUITE_TASKS[SELECT].columns({"place": 1}, trial) == {
        "selected_coefficient": 1.0,
        "grid_coefficients": [0.3, 1.0, 0.0, 0.1, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    }


@pytest.mark.parametrize(("side", "inferred"), [("left", [1 - 50 / 100, 1 - 37 / 100]), ("right", [0.5, 0.37])])
def test_infer_gives_the_share_of_image_1(side, inferred):
    trial = Trial(4, 0, False, image_1_side=side)
    sent = {
        "share": 37,
        "confidence": 80,
        "touched": [True, True],
        "share_path": [[500, 50], [900.04, 37]],
        "confidence_path": [[1500, 80]],
    }
    assert SUITE_TASKS[INFER].columns(sent, trial) == {
        "inferred_coefficient": inferred[1],
        "confidence": 0.8,
        "image_1_side": side,
        "inferred_touched": True,
        "confidence_touched": True,
        "inferred_path": inferred,
        "inferred_path_times_ms": [500.0, 900.0],
        "confidence_path": [0.8],
        "confidence_path_times_ms": [1500.0],
    }


def test_an_untouched_slider_is_in_the_middle_and_says_so():
    trial = Trial(4, 0, False, image_1_side="left")
    sent = {"share": None, "confidence": 50, "touched": [False, True], "share_path": [], "confidence_path": [[9, 50]]}
    found = SUITE_TASKS[INFER].columns(sent, trial)
    assert (found["inferred_coefficient"], found["inferred_touched"], found["inferred_path"]) == (0.5, False, [])
    assert (found["confidence"], found["confidence_touched"], found["confidence_path"]) == (0.5, True, [0.5])


def test_an_untouched_slider_of_confidence_gives_no_confidence():
    trial = Trial(4, 0, False, image_1_side="left")
    sent = {"share": 50, "confidence": None, "touched": [True, False], "share_path": [[9, 50]], "confidence_path": []}
    found = SUITE_TASKS[INFER].columns(sent, trial)
    assert (found["inferred_coefficient"], found["inferred_touched"]) == (0.5, True)
    assert (found["confidence"], found["confidence_touched"], found["confidence_path"]) == (None, False, [])


def test_categorical_with_a_second_class():
    trial = Trial(4, 0, False, class_order=(2, 0, 1))
    sent = {"top": 2, "top_percent": 70, "second": 0, "second_percent": 12.5, "ruled_out": [1]}
    assert SUITE_TASKS[CATEGORICAL].columns(sent, trial) == {
        "top_class": 2,
        "top_probability": 0.7,
        "second_class": 0,
        "second_probability": 0.125,
        "impossible_classes": [1],
        "class_order": [2, 0, 1],
    }


def test_categorical_without_an_alternative():
    trial = Trial(4, 0, False, class_order=(0, 1))
    sent = {"top": 0, "top_percent": 100, "second": None, "second_percent": None, "ruled_out": []}
    found = SUITE_TASKS[CATEGORICAL].columns(sent, trial)
    assert (found["second_class"], found["second_probability"], found["impossible_classes"]) == (None, None, [])


@given(st.integers(0, 100), SIDES)
def test_a_place_of_the_slider_can_be_told_from_the_coefficient(share, side):
    trial = Trial(4, 0, False, image_1_side=side)
    coefficient = inferred_coefficient(share, trial)
    assert 0 <= coefficient <= 1
    back = 100 * coefficient
    assert round(100 - back if side == "left" else back) == share


@given(st.integers(0, 100))
def test_on_the_releases_side_the_arithmetic_is_the_releases(share):
    trial = Trial(4, 0, False, image_1_side="left")
    assert inferred_coefficient(share, trial) == 1 - share / 100


@given(STEPS, SIDES, st.lists(st.sampled_from([-1, 1]), max_size=40))
def test_a_path_begins_at_the_start_and_ends_at_the_answer_in_neighbouring_tenths(start, side, moves):
    trial = Trial(4, 0, False, image_1_side=side, start_step=start)
    places = [trial.position_of(start)]
    for move in moves:
        places.append(min(max(places[-1] + move, 0), 10))
    sent = {"position": places[-1], "path": [[10 * time, place] for time, place in enumerate(places)]}
    found = SUITE_TASKS[CONSTRUCT].columns(sent, trial)
    path = found["path_coefficients"]
    assert path[0] == found["start_coefficient"] == start / 10
    assert path[-1] == found["selected_coefficient"]
    assert [trial.position_of(round(10 * coefficient)) for coefficient in path] == places
    assert found["path_times_ms"] == [10.0 * time for time in range(len(places))]


@given(st.permutations(range(11)), STEPS)
def test_what_was_selected_is_what_stood_at_the_place(order, place):
    trial = Trial(4, 0, False, grid_steps=tuple(order))
    found = SUITE_TASKS[SELECT].columns({"place": place}, trial)
    assert found["grid_coefficients"][place] == found["selected_coefficient"]
    assert sorted(found["grid_coefficients"]) == [step / 10 for step in range(11)]
