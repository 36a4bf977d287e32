"""Chosen classes and ratings: a planted bias goes through the server, out as a valid study, and is found again."""

from __future__ import annotations

import numpy as np
import pytest
from suite.export.studies import study_file, write_study
from suite_maker import SCALES

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.study import Study
from hmix_hub.suite.export.layouts import export_study
from hmix_hub.suite.simulation.recovery import recover_bias
from hmix_hub.suite.simulation.simulate import simulate
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.perception import Mind, Perception, Scene
from hmix_hub.suite.tasks.trial import Stimulus
from hmix_hub.tasks import CHOICE, RATING

TASKS = (CHOICE, RATING)
BIAS, PEOPLE, TRIALS = 0.2, 16, 14
COEFFICIENTS = [0.25, 0.5, 0.75]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("choices")
    design = {"coefficients": COEFFICIENTS, "batches": 1, "people_per_batch": PEOPLE}
    study = write_study(root / "study", study_file(TASKS, design=design))
    done = simulate(study, root / "collection", perception=Perception(bias=BIAS), seed=3)
    assert done.answers == len(TASKS) * PEOPLE * TRIALS
    return export_study(root / "collection", root / "export").path


@pytest.fixture
def judgments(exported):
    return lambda task: hmix_hub.load_dataset(str(exported), task, split="train")


def test_the_export_is_a_valid_contribution(exported) -> None:
    study = Study.open(exported)
    assert check_study(study).findings == []
    assert [scale.model_dump() for scale in study.manifest.scales] == [{"steps": None} | scale for scale in SCALES]


@pytest.mark.parametrize("task", TASKS)
def test_the_planted_bias_is_recovered_and_none_is_not(judgments, task: str) -> None:
    found = recover_bias(judgments(task), task)
    assert found.people == PEOPLE
    assert found.holds(BIAS)
    assert not found.holds(0)


def test_on_every_scale(judgments) -> None:
    for scale in SCALES:
        of_scale = hmix_hub.filter(judgments(RATING), scale=scale["name"])
        assert len(of_scale) == PEOPLE * TRIALS
        assert recover_bias(of_scale, RATING).holds(BIAS)


def test_a_rating_that_comes_again_is_a_repeat_of_its_scale_alone(judgments) -> None:
    rows = judgments(RATING).with_format("pandas")[:]
    assert rows.groupby("participant_id")["trial_index"].apply(lambda index: (index.diff().dropna() == 1).all()).all()
    again = rows.groupby(["participant_id", "stimulus_id", "scale"])["presentation"].max()
    assert set(again) == {1, 2}
    assert (rows["is_repeat"] == (rows["presentation"] == 2)).all()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(("coefficient", "bias"), [(0.5, 0.1), (0.75, -0.25), (0.25, 0)])
def test_the_mean_answer_is_the_coefficient_and_the_bias(task: str, coefficient: float, bias: float) -> None:
    suite_task, mind = SUITE_TASKS[task], Mind(Perception(spread=0, bias=bias), 0, 0)
    scene = Scene(Stimulus(3, 9, 4, 7, coefficient), (coefficient,), None)
    page = {"pictures": ["name"], "confidence": False, "class_order": range(10), "scales": [{"most": 6}]}
    rng = np.random.default_rng(5)
    answers = [suite_task.respond(page, scene, mind, rng)["answer"] for _ in range(3000)]
    if task == CHOICE:
        shares = np.array([answer["chosen"] == 4 for answer in answers], dtype=float)
        assert {answer["chosen"] for answer in answers} == {4, 7}
    else:
        shares = np.array([answer["ratings"][0]["rating"] / 6 for answer in answers])
    assert abs(shares.mean() - (coefficient + bias)) < 4 * shares.std() / np.sqrt(len(shares))


def test_a_single_picture_is_called_by_its_class() -> None:
    scene = Scene(Stimulus(3, None, 4, None, 1.0), (1.0,), None)
    page = {"pictures": ["name"], "confidence": True, "class_order": range(10)}
    mind = Mind(Perception(), 0, 0)
    answers = [SUITE_TASKS[CHOICE].respond(page, scene, mind, np.random.default_rng(n))["answer"] for n in range(20)]
    assert {answer["chosen"] for answer in answers} == {4}
