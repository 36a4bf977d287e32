"""Features of pictures in a model of perception: from pixels, from the user, and pictures that are not given."""

import numpy as np
import pytest
import torch

import hmix_hub
from hmix_hub import PerceptualModel
from hmix_hub.errors import HMixError, PerceptionError
from hmix_hub.perception.picture_features import VISIBILITY, endpoint_features


@pytest.fixture(scope="module")
def sample(load_sample):
    return load_sample()


@pytest.fixture(scope="module")
def model(sample):
    return PerceptualModel.fit(sample, pictures=True)


@pytest.fixture(scope="module")
def pictures(load_sample):
    tensors = hmix_hub.to_tensors(load_sample(images="endpoints"), ["image_1", "image_2"])
    return tensors["image_1"], tensors["image_2"]


def test_sharper_and_more_colourful_pictures_of_the_release_are_seen_as_more(released_judgments, cifar10):
    model = PerceptualModel.fit(released_judgments, pictures=True, cifar10=cifar10)
    weights = dict(zip(model.terms.names, model.coefficients.tolist(), strict=True))
    # The second weight is of an even mixture: cos(0) is 1.
    for name, known in (("edge_energy", (-0.0667, 0.3215)), ("colourfulness", (-0.0283, 0.2100))):
        assert (weights[name], weights[f"{name} x ambiguity"]) == pytest.approx(known, abs=2e-3)
    plain = PerceptualModel.fit(released_judgments)
    assert plain.nll - model.nll > 150
    assert model.score(released_judgments, cifar10=cifar10).rmse < plain.score(released_judgments).rmse - 0.005


def test_held_out_judgments_of_the_release_are_predicted_better_with_pictures(released_judgments, cifar10):
    batches = np.unique(np.array(released_judgments["batch_id"]), return_inverse=True)[1]
    fitted = PerceptualModel.fit(
        released_judgments.select(np.flatnonzero(batches % 7 > 0)), pictures=True, cifar10=cifar10
    )
    held_out = released_judgments.select(np.flatnonzero(batches % 7 == 0))
    plain = PerceptualModel.fit(released_judgments.select(np.flatnonzero(batches % 7 > 0)))
    assert fitted.score(held_out, cifar10=cifar10).nll < plain.score(held_out).nll - 0.01


def test_pictures_given_by_hand_are_those_of_the_judgments(model, sample, pictures):
    columns = [np.array(sample[name]) for name in ("mixing_coefficient", "image_1_label", "image_2_label")]
    predicted = model.predict(*columns, *pictures)
    percent = np.rint(100 * np.array(sample["inferred_coefficient"])).astype(int)
    own = predicted.mass[np.arange(len(percent)), percent]
    assert model.score(sample).nll == pytest.approx(-np.log(own).mean(), rel=1e-12)
    one = model.predict(columns[0][3], int(columns[1][3]), int(columns[2][3]), pictures[0][3], pictures[1][3].numpy())
    assert float(one.mean) == pytest.approx(predicted.mean[3], rel=1e-12)


def test_features_of_ones_own_are_fitted_as_those_of_pixels(model, sample):
    first, second = endpoint_features(sample)
    by_name = dict(zip(VISIBILITY, (first - second).T, strict=True))
    own = PerceptualModel.fit(sample, pictures=by_name)
    assert own.terms.names == model.terms.names
    np.testing.assert_allclose(own.coefficients, model.coefficients, rtol=1e-9)
    given = {name: values[:4] for name, values in reversed(by_name.items())}
    predicted = own.predict([0.1, 0.2, 0.5, 0.9], "cat", "dog", features=given)
    as_array = own.predict([0.1, 0.2, 0.5, 0.9], "cat", "dog", features=(first - second)[:4])
    np.testing.assert_array_equal(predicted.mass, as_array.mass)
    for_all = own.predict([0.1, 0.2], "cat", "dog", features=(first - second)[0])
    assert float(for_all.mean[0]) == pytest.approx(float(predicted.mean[0]), rel=1e-12)
    assert own.score(sample, features=by_name).nll == pytest.approx(model.score(sample).nll, rel=1e-9)


def test_a_picture_that_is_not_given_is_any_of_its_class(model, sample, pictures):
    """The mean over pictures of two classes is near the prediction for the classes."""
    labels = np.array(sample["image_1_label"])
    all_pictures = {code: pictures[0][torch.from_numpy(np.flatnonzero(labels == code))] for code in (0, 3)}
    one = torch.cat([picture[None].expand(20, -1, -1, -1) for picture in all_pictures[0][:20]])
    two = all_pictures[3][:20].repeat(20, 1, 1, 1)
    means = model.predict(0.5, np.zeros(400, dtype=int), 3, one, two).mean
    assert means.std() > 0
    assert float(model.predict(0.5, 0, 3).mean) == pytest.approx(means.mean(), abs=0.05)


def test_swapping_pictures_classes_and_coefficient_swaps_eta(model, pictures):
    rows = model.terms.rows
    difference = np.array([[0.3, -0.1]])
    one = rows(np.array([0.3]), np.array([1]), np.array([2]), difference)
    other = rows(np.array([0.7]), np.array([2]), np.array([1]), -difference)
    np.testing.assert_allclose(one, -other, atol=1e-12)


def test_features_by_name_are_taken(sample):
    model = PerceptualModel.fit(sample, people=False, pictures=("saturation", "edge_energy"))
    assert model.terms.names_of_features == ("saturation", "edge_energy")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda p: (p[0][:1].float().div(255) * float("nan"), p[1][:1]), "not finite"),
        (lambda p: (p[0][:1], None), "pass both"),
        (lambda p: (p[0][:3], p[1][:3]), "3 pairs of pictures were passed for 2 predictions"),
        (lambda p: (p[0][:1].permute(0, 2, 3, 1), p[1][:1]), "height"),
    ],
)
def test_pictures_that_are_none_are_refused(model, pictures, change, message):
    with pytest.raises(HMixError, match=message):
        model.predict([0.2, 0.5], "cat", "dog", *change(pictures))


def test_a_feature_that_the_model_does_not_know_is_offered_the_nearest(sample):
    logit = np.random.default_rng(0).normal(size=len(sample))
    model = PerceptualModel.fit(sample, people=False, pictures={"logit": logit})
    with pytest.raises(PerceptionError, match="did you mean 'logit'"):
        model.predict(0.5, "cat", "dog", features={"logits": 1.0})
    with pytest.raises(PerceptionError, match="features="):
        model.predict(0.5, "cat", "dog", np.zeros((3, 32, 32), np.uint8), np.zeros((3, 32, 32), np.uint8))
    with pytest.raises(PerceptionError, match="2 features were passed"):
        model.predict(0.5, "cat", "dog", features=[[1.0, 2.0]])
