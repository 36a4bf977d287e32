"""Answering: the same person gives the same answer to the same stimulus, whatever the server does."""

from itertools import pairwise

import numpy as np
import pytest
from suite.export.studies import answer, frozen_study

from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.perception import Mind, Perception, Scene
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER


@pytest.fixture(scope="module")
def frozen():
    return frozen_study()


def answers(frozen, task, *, seed=0, person=0, plan_seed=0, **perception):
    """Return answers by stimulus and showing, without the names of the pictures, which every page has for itself."""
    batch = next(batch for batch in frozen.batches if batch.task == task)
    mind = Mind(Perception(**perception), seed, person)
    plan = draw_plan(frozen, batch, 0, seed=plan_seed)
    return {
        (trial.stimulus, trial.is_repeat): answer(frozen, batch, trial, mind, int(trial.is_repeat)) | {"pictures": ...}
        for trial in plan.trials
    }


def test_the_order_of_the_trials_changes_no_answer(frozen):
    one, other = (answers(frozen, INFER, plan_seed=seed) for seed in (1, 2))
    shared = set(one) & set(other)
    assert len(shared) >= 12
    assert {key: one[key] for key in shared} == {key: other[key] for key in shared}


@pytest.mark.parametrize("changed", [{"seed": 1}, {"person": 1}])
def test_another_seed_or_person_answers_otherwise(frozen, task, changed):
    assert answers(frozen, task) != answers(frozen, task, **changed)


def test_a_repeat_is_answered_anew(frozen):
    found = answers(frozen, INFER)
    again = [stimulus for stimulus, is_repeat in found if is_repeat]
    assert len(again) == 2
    assert all(found[stimulus, True] != found[stimulus, False] for stimulus in again)


def test_some_people_overshoot_and_come_back(frozen):
    found = [given["answer"] for person in range(4) for given in answers(frozen, CONSTRUCT, person=person).values()]
    turned = [given for given in found if len(given["path"]) > abs(given["path"][0][1] - given["position"]) + 1]
    assert 0.1 < len(turned) / len(found) < 0.5


def test_who_sees_the_midpoint_at_the_start_leaves_it_and_comes_back(frozen):
    batch = next(batch for batch in frozen.batches if batch.task == CONSTRUCT)
    mind, trial = Mind(Perception(), 0, 0), draw_plan(frozen, batch, 0, seed=0).trials[0]
    for start in range(11):
        coefficients = tuple(abs(step - start) / 20 + 0.5 for step in range(11))
        page = {"pictures": list(range(11)), "start": start, "must_touch": True}
        scene = Scene(batch.stimuli[trial.stimulus], coefficients, None)
        given = SUITE_TASKS[CONSTRUCT].respond(page, scene, mind, np.random.default_rng(start))["answer"]
        assert len(given["path"]) > 1
        assert given["path"][-1][1] == given["position"]
        assert all(abs(one[1] - other[1]) == 1 for one, other in pairwise(given["path"]))


def test_some_people_see_no_alternative(frozen):
    found = [given["answer"] for person in range(4) for given in answers(frozen, CATEGORICAL, person=person).values()]
    alone = [given for given in found if given["second"] is None]
    assert 0 < len(alone) < len(found) / 2
    assert all(given["second_percent"] is None for given in alone)


def test_with_no_noise_the_answer_is_the_share(frozen):
    batch = next(batch for batch in frozen.batches if batch.task == INFER)
    found = answers(frozen, INFER, noise=0, spread=0, bias=0)
    for (stimulus, _), given in found.items():
        # Number 0 of a batch has image 1 on the left, and the slider begins there.
        assert given["answer"]["share"] == round(100 - 100 * batch.stimuli[stimulus].mixing_coefficient)
