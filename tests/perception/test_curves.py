"""Curves over the mixing coefficient: confidence, and the mass outside the two classes."""

import json

import numpy as np
import pytest
from datasets import concatenate_datasets
from hypothesis import given
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.perception.curves import ConfidenceCurve, OutsideCurve

CURVES = [ConfidenceCurve, OutsideCurve]


@given(st.floats(0, 1))
def test_a_curve_is_the_same_for_a_coefficient_and_its_complement(coefficient):
    curve = ConfidenceCurve((0.5, 0.75, 0.9), (0.6, 0.7, 0.8))
    assert curve(coefficient) == pytest.approx(curve(1 - coefficient), abs=1e-15)
    assert 0.6 <= curve(coefficient) <= 0.8


def test_between_points_it_is_linear_and_beyond_them_constant():
    curve = ConfidenceCurve((0.5, 0.75, 0.9), (0.6, 0.7, 0.8))
    np.testing.assert_allclose(curve([0, 0.05, 0.1, 0.25, 0.375, 0.5]), [0.8, 0.8, 0.8, 0.7, 0.65, 0.6])


@pytest.mark.parametrize("kind", CURVES)
def test_stored_as_json_it_comes_back_to_the_last_bit(kind):
    curve = kind((0.5, 2 / 3, 0.9), (0.1 + 0.2, 1 / 3, 1 / 7))
    assert kind.from_json(json.loads(json.dumps(curve.to_json()))) == curve


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"coefficients": [0.5], "values": "ab"},
        {"coefficients": [0.4], "values": [0.1]},
        {"coefficients": [0.9, 0.5], "values": [0.1, 0.2]},
        {"coefficients": [0.5], "values": [1.5]},
        {"coefficients": [0.5], "values": [float("nan")]},
        {"coefficients": [], "values": []},
        {"coefficients": [0.5, 0.6], "values": [0.1]},
    ],
)
def test_what_is_no_curve_is_refused(stored):
    with pytest.raises(SchemaError):
        ConfidenceCurve.from_json(stored)


def test_confidence_is_the_mean_of_first_presentations(load_sample):
    dataset = load_sample()
    curve = ConfidenceCurve.fit(dataset)
    rows = [row for row in dataset.to_list() if row["presentation"] == 1]
    assert len(rows) < len(dataset)
    assert curve.coefficients == (0.5, 0.75, 0.9)
    for point, value in zip(curve.coefficients, curve.values, strict=True):
        told = [row["confidence"] for row in rows if abs(abs(row["mixing_coefficient"] - 0.5) - point + 0.5) < 1e-9]
        assert value == pytest.approx(np.mean(told))


def test_without_confidences_there_is_no_curve(load_sample):
    dataset = load_sample()
    assert ConfidenceCurve.fit(dataset.remove_columns("confidence")) is None
    unsaid = dataset.map(lambda row: {"confidence": None})
    assert ConfidenceCurve.fit(unsaid) is None
    assert ConfidenceCurve.fit(concatenate_datasets([unsaid, dataset])) == ConfidenceCurve.fit(dataset)
    assert ConfidenceCurve.fit(dataset.select([])) is None
    with pytest.raises(SchemaError, match="mixing_coefficient"):
        ConfidenceCurve.fit(load_sample("construct_midpoint"))


def test_rows_that_do_not_tell_their_presentation_all_count(load_sample):
    dataset = load_sample().filter(lambda row: row["presentation"] == 1)
    assert ConfidenceCurve.fit(dataset.remove_columns("presentation")) == ConfidenceCurve.fit(dataset)


def test_mass_outside_lies_between_the_means_of_coefficients(load_sample):
    dataset = load_sample("categorical_soft_labels")
    curve = OutsideCurve.fit(dataset)
    means = {}
    for row in dataset.to_list():
        inside = row["soft_label"][row["image_1_label"]] + row["soft_label"][row["image_2_label"]]
        if row["presentation"] == 1:
            own = means.setdefault(round(abs(row["mixing_coefficient"] - 0.5) + 0.5, 9), {})
            own.setdefault(row["stimulus_id"], []).append(1 - inside)
    plain = {point: np.mean([np.mean(one) for one in own.values()]) for point, own in means.items()}
    assert curve.coefficients == tuple(sorted(plain))
    assert min(plain.values()) <= min(curve.values) <= max(curve.values) <= max(plain.values())
    shrunk = np.ptp(curve.values) / np.ptp(list(plain.values()))
    assert 0 <= shrunk < 1


def test_one_coefficient_gives_a_constant(load_sample):
    dataset = hmix_hub.filter(load_sample("categorical_soft_labels"), mixing_coefficient=0.5)
    curve = OutsideCurve.fit(dataset)
    assert curve.coefficients == (0.5,)
    assert curve(0.1) == curve(0.5) == curve.values[0]


def test_classes_may_be_counted_in_another_order(load_sample):
    dataset = load_sample("categorical_soft_labels")
    names = dataset.features["image_1_label"].names
    turned = hmix_hub.align_labels(dataset, names[::-1])
    np.testing.assert_allclose(OutsideCurve.fit(turned).values, OutsideCurve.fit(dataset).values, atol=1e-12)


def test_datasets_without_soft_labels_of_mixtures_are_refused(load_sample):
    with pytest.raises(SchemaError, match="soft_label"):
        OutsideCurve.fit(load_sample())
    with pytest.raises(SchemaError, match="soft_label"):
        OutsideCurve.fit(hmix_hub.by_stimulus(load_sample("categorical_soft_labels")))
    with pytest.raises(SchemaError, match="no soft labels of mixtures"):
        OutsideCurve.fit(load_sample("categorical_soft_labels").select([]))
    with pytest.raises(ConfigurationError, match="list"):
        OutsideCurve.fit([0.5])


def test_the_release_has_these_curves(release):
    infer, categorical = (
        hmix_hub.load_dataset("h-mix", name, split="train", source=release)
        for name in ("infer_mixing_factor", "categorical_soft_labels")
    )
    confidence, outside = ConfidenceCurve.fit(infer), OutsideCurve.fit(categorical)
    assert confidence.coefficients == (0.5, 0.75, 0.9)
    np.testing.assert_allclose(confidence.values, [0.627502, 0.721851, 0.788623], atol=2e-6)
    assert outside.coefficients == (0.5, 0.75)
    assert 0.37 < outside.values[1] < outside.values[0] < 0.4
