"""Fits in blocks and on a cluster's workers: the same model, bit for bit; resamplings too."""

from dataclasses import fields

import numpy as np
import pytest
from dask_workers import alone

from hmix_hub import PerceptualModel
from hmix_hub.errors import PerceptionError
from hmix_hub.perception import estimation
from hmix_hub.perception.mixtures import observe
from hmix_hub.perception.terms import Terms


@pytest.fixture
def in_blocks(monkeypatch):
    """Cut judgments into blocks of 200, so that even few of them are several."""
    monkeypatch.setattr(estimation, "BLOCK_ROWS", 200)


@pytest.fixture
def judgments(simulate):
    return simulate(n_people=14, n_each=25, answers=11)


def parts_of(model):
    """Return all numbers of a model."""
    people = (
        {}
        if model.people is None
        else {f"people.{f.name}": getattr(model.people, f.name) for f in fields(model.people)}
    )
    return people | {name: getattr(model, name) for name in ("thresholds", "coefficients", "covariance", "nll")}


def assert_identical(one, other):
    for name, value in parts_of(one).items():
        assert np.array_equal(value, parts_of(other)[name]), name


@pytest.mark.parametrize(("options", "numbers"), [({}, (1, 2, 4)), ({"people": False}, (2,))], ids=["people", "none"])
def test_a_model_is_the_same_with_any_number_of_workers_and_without(judgments, options, numbers, in_blocks, dask):
    here = PerceptualModel.fit(judgments, **options)
    for n_workers in numbers:
        with alone(dask, n_workers):
            assert_identical(PerceptualModel.fit(judgments, client=dask, **options), here)


def test_blocks_change_a_model_by_rounding_alone(judgments, monkeypatch):
    whole = PerceptualModel.fit(judgments)
    monkeypatch.setattr(estimation, "BLOCK_ROWS", 200)
    for name, value in parts_of(PerceptualModel.fit(judgments)).items():
        if name == "people.names":
            assert value == whole.people.names
        else:
            np.testing.assert_allclose(value, parts_of(whole)[name], rtol=1e-6, atol=1e-9, err_msg=name)


def test_blocks_are_whole_participants_and_hold_every_judgment_once(simulate, monkeypatch):
    monkeypatch.setattr(estimation, "BLOCK_ROWS", 70)
    judgments = simulate(n_people=20, n_each=17).shuffle(seed=0)
    seen = observe(judgments)
    terms = Terms(seen.classes, np.zeros((len(seen.classes), 0)))
    blocks = list(estimation._blocks(seen, terms, np.arange(len(seen)), None, 2))
    assert np.array_equal(np.sort(np.concatenate([block.places for block in blocks])), np.arange(len(seen)))
    people = [set(block.participant.tolist()) for block in blocks]
    assert sum(map(len, people)) == len(set().union(*people)) == 20
    assert all(70 - 17 < len(block.places) < 70 + 17 for block in blocks[:-1])
    assert [block.first for block in blocks] == [min(own) for own in people]


def test_feature_differences_go_with_their_judgments(judgments, in_blocks, dask):
    rng = np.random.default_rng(0)
    own = {"contrast": rng.standard_normal(len(judgments))}
    here = PerceptualModel.fit(judgments, pictures=own)
    assert_identical(PerceptualModel.fit(judgments, pictures=own, client=dask), here)


def test_intervals_are_the_same_with_a_client_and_without(judgments, dask_address):
    model = PerceptualModel.fit(judgments)
    assert model.intervals(judgments, resamples=300, client=dask_address) == model.intervals(judgments, resamples=300)


def test_answers_that_are_separable_are_told_from_workers_too(judgments, in_blocks, dask):
    judgments = judgments.map(lambda row: {"inferred_coefficient": float(row["mixing_coefficient"] > 0.5)})
    with pytest.raises(PerceptionError) as here:
        PerceptualModel.fit(judgments)
    with pytest.raises(PerceptionError) as there:
        PerceptualModel.fit(judgments, client=dask)
    assert str(there.value) == str(here.value)
