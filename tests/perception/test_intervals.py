"""Intervals by resampling participants: what they are on the release, what they follow from, and what is refused."""

import json
import math
import warnings

import numpy as np
import pytest
import torch
from scipy.special import stdtrit

import hmix_hub
from hmix_hub import PerceptualModel
from hmix_hub.errors import PerceptionError
from hmix_hub.perception import intervals
from hmix_hub.perception.mixtures import observe
from hmix_hub.perception.probit import one_thread


@pytest.fixture(scope="module")
def fitted(released_judgments):
    return PerceptualModel.fit(released_judgments)


@pytest.fixture(scope="module")
def sample(load_sample):
    return load_sample()


@pytest.fixture(scope="module")
def plain(sample):
    """A model of the sample study without effects of participants."""
    return PerceptualModel.fit(sample, people=False)


@pytest.fixture(scope="module")
def parts(released_judgments, fitted):
    seen = observe(released_judgments)
    with one_thread():
        return intervals._parts(fitted, seen, None, seen.cluster)


def test_intervals_of_the_released_judgments(released_judgments, fitted):
    found = fitted.intervals(released_judgments)
    assert (found.level, found.resamples, found.n_clusters) == (0.9, 1000, 35)
    assert (found.slope.low, found.slope.high) == pytest.approx((1.597, 1.849), abs=0.01)
    effects = found.class_effects
    assert {name for name, effect in effects.items() if effect.low > 0} == {"automobile", "horse", "truck"}
    assert {name for name, effect in effects.items() if effect.high < 0} == {"airplane", "cat", "deer", "ship"}
    slopes = found.person["slope"]
    assert (slopes.value, slopes.low, slopes.high) == pytest.approx((0.670, 0.573, 0.762), abs=0.01)
    assert len(found.thresholds) == 100
    assert all(estimate.low < estimate.value < estimate.high for estimate in found.thresholds.values())


def test_intervals_are_as_wide_as_the_covariance_by_clusters_says(released_judgments, fitted):
    found = fitted.intervals(released_judgments, resamples=4000)
    reach = stdtrit(found.n_clusters - 1, 0.95)
    errors = np.sqrt(np.diag(fitted.terms.basis @ fitted.covariance[1:, 1:] @ fitted.terms.basis.T))
    for estimate, error in zip(found.class_effects.values(), errors, strict=True):
        assert estimate.high - estimate.low == pytest.approx(2 * reach * error, rel=0.1)


def covariance_of(parts, pull):
    with one_thread():
        return intervals._covariances(parts, pull[None], torch.ones((1, len(pull)), dtype=torch.float64))[0].numpy()


def test_without_weights_the_covariance_of_people_is_the_one_that_was_fitted(parts, fitted):
    np.testing.assert_allclose(covariance_of(parts, parts.pull), fitted.people.covariance, atol=2e-5)


def test_the_covariance_of_people_who_do_not_differ_is_nothing(parts):
    assert np.abs(covariance_of(parts, torch.zeros_like(parts.pull))).max() < 1e-6


def test_a_higher_level_is_wider_and_a_seed_decides(sample, plain):
    wide, narrow = (plain.intervals(sample, level=level) for level in (0.95, 0.5))
    assert wide.slope.low < narrow.slope.low < narrow.slope.high < wide.slope.high
    assert plain.intervals(sample, level=0.95).slope == wide.slope
    assert plain.intervals(sample, level=0.95, seed=1).slope != wide.slope


def test_a_model_that_was_stored_has_the_same_intervals(sample, plain, tmp_path):
    plain.save(tmp_path / "model.json")
    again = PerceptualModel.load(tmp_path / "model.json")
    assert again.intervals(sample) == plain.intervals(sample)


def test_the_order_of_judgments_and_of_classes_does_not_matter(sample, plain):
    shuffled = sample.select(np.random.default_rng(0).permutation(len(sample)))
    turned = hmix_hub.align_labels(sample, sorted(plain.classes, reverse=True))
    first = plain.intervals(sample)
    for other in (shuffled, turned):
        found = plain.intervals(other)
        for name, estimate in first.class_effects.items():
            # Clusters are numbered as they come, and so have other weights.
            assert found.class_effects[name].low == pytest.approx(estimate.low, abs=0.05)
            assert found.class_effects[name].value == estimate.value


def test_many_clusters_are_dealt_into_fewer(sample, plain, monkeypatch):
    expected = plain.intervals(sample).slope
    monkeypatch.setattr(intervals, "_MOST_CLUSTERS", 10)
    found = plain.intervals(sample).slope
    assert found.high - found.low == pytest.approx(expected.high - expected.low, rel=0.5)


def test_features_have_intervals_too(sample):
    differences = np.random.default_rng(0).standard_normal(len(sample))
    model = PerceptualModel.fit(sample, people=False, pictures={"noise": differences})
    found = model.intervals(sample, features={"noise": differences})
    assert set(found.features) == {"noise", "noise x ambiguity"}
    assert all(abs(estimate.value) < 0.2 for estimate in found.features.values())
    with pytest.raises(PerceptionError, match="not those that the model was fitted to"):
        model.intervals(sample, features={"noise": differences[::-1]})


def test_other_judgments_than_those_of_the_fit_are_refused(sample, plain, released_judgments, fitted):
    for dataset in (sample.select(range(400)), released_judgments):
        with pytest.raises(PerceptionError, match="not those that the model was fitted to"):
            plain.intervals(dataset)
    people = np.array(released_judgments["participant_id"])
    with pytest.raises(PerceptionError, match="not those that the model was fitted to"):
        fitted.intervals(released_judgments.select(np.flatnonzero(people != people[0])))


def test_judgments_of_one_participant_have_no_intervals(sample):
    alone = hmix_hub.filter(sample, participants=sample[0]["participant_id"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = PerceptualModel.fit(alone, people=False, classes=False)
    with pytest.raises(PerceptionError, match="one participant"):
        model.intervals(alone)


@pytest.mark.parametrize("options", [{"level": 90}, {"level": 0.0}, {"resamples": 10}, {"resamples": 1000.0}])
def test_options_out_of_range_are_refused(options, sample, plain):
    with pytest.raises(PerceptionError):
        plain.intervals(sample, **options)


def test_intervals_print_as_a_table_and_go_into_json(sample, plain):
    found = plain.intervals(sample)
    said = str(found)
    assert said.startswith("90% intervals, 1000 resamplings of")
    assert all(name in said for name in ("slope", *plain.classes))
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["slope"]["low"] == found.slope.low
    assert set(stored["class_effects"]) == set(plain.classes)
    assert not any(math.isnan(estimate.low) for estimate in found.class_effects.values())
