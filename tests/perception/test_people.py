"""Effects of participants: their covariance, partial pooling, and predictions for new and for known people."""

import numpy as np
import pytest
from scipy.special import ndtr

import hmix_hub
from hmix_hub import PerceptualModel


@pytest.fixture(scope="module")
def model(release):
    judgments = hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=release)
    return PerceptualModel.fit(judgments)


def test_people_of_the_release_differ_in_slope_more_than_in_offset(model):
    known = [[0.0174, -0.0171], [-0.0171, 0.4484]]
    np.testing.assert_allclose(model.people.covariance, known, atol=2e-4)
    assert model.slope == pytest.approx(1.7260, abs=1e-4)
    assert model.nll == pytest.approx(16945.4413, abs=1e-3)
    assert len(model.person_effects) == 81


def test_a_prediction_for_a_new_person_is_the_integral_over_people(model):
    """What a probit absorbs exactly is compared with quadrature over both effects, 40 by 40 nodes."""
    predicted = model.predict([0.1, 0.5, 0.9], "cat", "dog").mass
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    one, two = np.meshgrid(nodes, nodes)
    effects = np.stack([one.ravel(), two.ravel()], axis=1) @ np.linalg.cholesky(model.people.covariance).T
    share = np.outer(weights, weights).ravel() / weights.sum() ** 2
    eta = model.design([0.1, 0.5, 0.9], "cat", "dog") @ model.coefficients
    sines = np.sin(np.pi * (np.array([0.1, 0.5, 0.9]) - 0.5))
    for row in range(3):
        etas = eta[row] + effects[:, 0] + effects[:, 1] * sines[row]
        below = ndtr(model.thresholds[:, None] - etas) @ share
        np.testing.assert_allclose(predicted[row].cumsum()[:-1], below, atol=1e-9)
