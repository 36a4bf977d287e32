"""The model of what people see: its optimum on the release, its predictions, and laws that hold of both."""

import dataclasses

import numpy as np
import pytest
import torch

import hmix_hub
from hmix_hub import PerceptualModel
from hmix_hub.perception.terms import Terms
from hmix_hub.tables import pick_rows


@pytest.fixture(scope="module")
def sine_model(released_judgments):
    return PerceptualModel.fit(released_judgments, classes=False, people=False)


@pytest.fixture(scope="module")
def model(released_judgments):
    return PerceptualModel.fit(released_judgments)


def test_the_sine_model_of_the_release_has_its_known_optimum(sine_model):
    assert sine_model.nll == pytest.approx(17381.668741807, abs=1e-6)
    assert sine_model.slope == pytest.approx(1.557115550, abs=1e-6)
    known = [-1.855040506, -0.148101070, 0.435156068, 1.860329462]
    np.testing.assert_allclose(sine_model.thresholds[[0, 49, 50, 99]], known, atol=1e-6)
    assert sine_model.n_judgments == 4950
    assert sine_model.n_participants == 81
    assert sine_model.shown_coefficients == (0.1, 0.25, 0.5, 0.75, 0.9)
    np.testing.assert_array_equal(sine_model.answers, np.arange(101) / 100)


def test_classes_of_the_release_differ_in_visibility(model):
    known = {
        "automobile": 0.2943,
        "horse": 0.1745,
        "truck": 0.1535,
        "deer": -0.1867,
        "airplane": -0.1478,
        "cat": -0.1411,
    }
    effects = model.class_effects
    assert {name: effects[name] for name in known} == pytest.approx(known, abs=2e-4)
    assert sum(effects.values()) == pytest.approx(0, abs=1e-12)


def test_held_out_people_and_stimuli_are_predicted_as_well_as_known(released_judgments):
    """Seven folds of whole batches: no participant and no stimulus is in both parts."""
    batches = np.unique(np.array(released_judgments["batch_id"]), return_inverse=True)[1]
    parts = []
    for fold in range(7):
        fitted = PerceptualModel.fit(pick_rows(released_judgments, np.flatnonzero(batches % 7 != fold)))
        parts.append(fitted.score(pick_rows(released_judgments, np.flatnonzero(batches % 7 == fold))))
    weights = np.array([part.n for part in parts]) / 4950
    assert sum(part.n for part in parts) == 4950
    assert weights @ [part.nll for part in parts] <= 3.545
    assert np.sqrt(weights @ [part.rmse**2 for part in parts]) <= 0.2190
    assert 0.88 <= weights @ [part.coverage for part in parts] <= 0.92


def test_a_score_is_that_of_the_predictions(model, released_judgments):
    rows = released_judgments.select(range(500))
    columns = [np.array(rows[name]) for name in ("mixing_coefficient", "image_1_label", "image_2_label")]
    predicted, inferred = model.predict(*columns), np.array(rows["inferred_coefficient"])
    score = model.score(rows)
    own = predicted.mass[np.arange(500), np.rint(100 * inferred).astype(int)]
    assert score.nll == pytest.approx(-np.log(own).mean(), rel=1e-12)
    assert score.rmse == pytest.approx(np.sqrt(((predicted.mean - inferred) ** 2).mean()), rel=1e-12)
    assert score.n == 500


def test_predictions_are_distributions_with_their_mean_and_interval(model):
    predicted = model.predict(np.linspace(0, 1, 11)[:, None], "cat", ["dog", "ship", "frog"])
    assert predicted.mass.shape == (11, 3, 101)
    np.testing.assert_allclose(predicted.mass.sum(axis=-1), 1, atol=1e-12)
    assert (predicted.mass >= 0).all()
    np.testing.assert_allclose(predicted.mean, predicted.mass @ (np.arange(101) / 100), atol=1e-12)
    total = predicted.mass.cumsum(axis=-1)
    low, high = (np.rint(100 * end).astype(int)[..., None] for end in (predicted.low, predicted.high))
    at_low, at_high = (np.take_along_axis(total, end, axis=-1) for end in (low, high))
    before_low = at_low - np.take_along_axis(predicted.mass, low, axis=-1)
    assert (before_low <= 0.05 + 1e-9).all()
    assert (at_low > 0.05 - 1e-9).all()
    assert (at_high >= 0.95 - 1e-9).all()
    assert (at_high - before_low >= 0.9 - 1e-9).all()


def test_one_prediction_is_a_number(model):
    predicted = model.predict(0.5, "Cat", 5)
    assert float(predicted.mean) == pytest.approx(float(model.predict([0.5], ["cat"], ["dog"]).mean[0]))
    assert predicted.mass.shape == (101,)


def test_more_of_an_image_is_seen_as_more(model):
    means = model.predict(np.linspace(0, 1, 101), "deer", "truck").mean
    assert (np.diff(means) > 0).all()


def test_shares_are_the_predicted_means_of_all_pairs(model):
    shares = model.shares([0.1, 0.5, 0.8])
    assert shares.dtype == torch.float64
    assert shares.shape == (3, 10, 10)
    assert float(shares[2, 3, 5]) == pytest.approx(float(model.predict(0.8, "cat", "dog").mean))


def test_shares_of_all_pairs_take_no_row_for_each_of_them(simulate, monkeypatch):
    """Of 200 classes and the 201 coefficients of a table that would be 8 million rows, 13 GB."""
    feature = np.random.default_rng(0).normal(size=2400)
    own = PerceptualModel.fit(simulate(), pictures={"own": feature})
    expected = own.predict(np.array([0, 0.3, 1])[:, None, None], np.arange(4)[:, None], np.arange(4)).mean
    rows = []
    monkeypatch.setattr(Terms, "rows", lambda *given, rows_of=Terms.rows: rows.append(len(given[1])) or rows_of(*given))
    np.testing.assert_allclose(own.shares([0, 0.3, 1]).numpy(), expected, atol=1e-12)
    assert rows == [3 * 4]


def test_design_and_coefficients_make_eta(model):
    rows = model.design([0.1, 0.5], "automobile", "deer")
    effects = model.class_effects
    difference = effects["automobile"] - effects["deer"]
    sines = np.sin(np.pi * np.array([-0.4, 0.0]))
    np.testing.assert_allclose(rows @ model.coefficients, model.slope * sines + difference, atol=1e-12)
    assert model.covariance.shape == (rows.shape[1], rows.shape[1])
    assert (np.linalg.eigvalsh(model.covariance) > 0).all()


def test_information_is_the_expected_squared_score(model):
    """The score is differentiated numerically, from the probabilities of a shifted eta."""
    step = 1e-4
    up, down = (
        dataclasses.replace(model, thresholds=model.thresholds - shift).predict([0.1, 0.4], "cat", "dog").mass
        for shift in (step, -step)
    )
    mass = model.predict([0.1, 0.4], "cat", "dog").mass
    scores = (np.log(up) - np.log(down)) / (2 * step)
    np.testing.assert_allclose(model.information([0.1, 0.4], "cat", "dog"), (mass * scores**2).sum(axis=1), rtol=1e-5)


def test_models_and_predictions_are_printed_in_short(model):
    printed = repr(model)
    assert printed.startswith("PerceptualModel(slope=1.726, 10 classes, participant effects, 4,950 judgments by 81 ")
    assert len(printed) < 150
    predicted = model.predict(np.linspace(0, 1, 1000), "cat", "dog")
    assert "mass=float64 (1000, 101)" in repr(predicted)
    assert len(repr(predicted)) < 250


def test_a_model_cannot_be_changed(model):
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.nll = 0.0
    with pytest.raises(ValueError, match="read-only"):
        model.thresholds[0] = 0.0


def _same(one, other, atol=1e-6):
    np.testing.assert_allclose(one.thresholds, other.thresholds, atol=atol)
    assert one.slope == pytest.approx(other.slope, abs=atol)
    assert one.class_effects == pytest.approx(other.class_effects, abs=atol)
    assert one.nll == pytest.approx(other.nll, abs=atol)
    np.testing.assert_allclose(np.diag(one.covariance), np.diag(other.covariance), atol=atol)


def test_the_order_of_rows_does_not_matter(simulate):
    judgments = simulate()
    one, other = PerceptualModel.fit(judgments), PerceptualModel.fit(judgments.shuffle(seed=1))
    _same(one, other)
    assert one.person_effects.keys() == other.person_effects.keys()


def test_calling_the_second_image_the_first_mirrors_the_model(simulate):
    frame = hmix_hub.to_pandas(simulate())
    swapped = frame.copy()
    swapped["image_1_label"], swapped["image_2_label"] = frame["image_2_label"], frame["image_1_label"]
    for name in ("mixing_coefficient", "inferred_coefficient"):
        swapped[name] = 1 - frame[name]
    classes = ["ant", "bee", "cow", "elk"]
    one, other = (PerceptualModel.fit(hmix_hub.from_pandas(part, classes=classes)) for part in (frame, swapped))
    np.testing.assert_allclose(one.thresholds, -other.thresholds[::-1], atol=1e-6)
    assert one.class_effects == pytest.approx(other.class_effects, abs=1e-6)
    np.testing.assert_allclose(
        one.predict([0.2, 0.7], "ant", "cow").mean, 1 - other.predict([0.8, 0.3], "cow", "ant").mean, atol=1e-6
    )


def test_what_people_follow_is_recovered(simulate):
    model = PerceptualModel.fit(simulate(n_people=150, n_each=60))
    errors = np.sqrt(np.diag(model.covariance))
    assert abs(model.slope - 1.6) < 3.5 * errors[0]
    effects = np.array(list(model.class_effects.values()))
    np.testing.assert_allclose(effects, [0.5, 0.1, -0.2, -0.4], atol=0.08)
    np.testing.assert_allclose(model.people.covariance, [[0.05, 0], [0, 0.3]], atol=0.1)


def test_joined_vocabularies_fit_as_one(load_sample):
    sample = load_sample()
    frame = hmix_hub.to_pandas(sample, sample.column_names)
    labels = ["image_1_label", "image_2_label"]
    frame[labels] = "toy " + frame[labels].astype(str)
    frame["study_id"] = "other"
    frame["judgment_id"] = "other" + frame["judgment_id"].str.removeprefix("sample")
    toys = hmix_hub.from_pandas(frame, classes=[f"toy {name}" for name in sample.features["image_1_label"].names])
    with pytest.warns(hmix_hub.errors.PerceptionWarning, match="comparable only within groups") as said:
        model = PerceptualModel.fit(hmix_hub.join([sample, toys]))
    assert len(said) == 1
    alone = PerceptualModel.fit(sample)
    assert model.n_participants == 2 * alone.n_participants
    for prefix in ("", "toy "):
        same = {name: model.class_effects[prefix + name] for name in alone.classes}
        assert same == pytest.approx(alone.class_effects, abs=1e-4)
    assert model.score(toys).nll == pytest.approx(alone.score(sample).nll, abs=1e-4)
