"""Effects of participants: their covariance, partial pooling, and predictions for new and for known people."""

import numpy as np
import pytest
from scipy.special import ndtr

from hmix_hub import PerceptualModel


@pytest.fixture(scope="module")
def model(released_judgments):
    return PerceptualModel.fit(released_judgments)


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


def test_a_known_person_is_predicted_as_she_answers(simulate):
    """Her prediction lies between that for anybody and what her own judgments alone say."""
    model = PerceptualModel.fit(simulate())
    steep = max(model.person_effects, key=lambda name: model.person_effects[name][1])
    flat = min(model.person_effects, key=lambda name: model.person_effects[name][1])
    anybody = model.predict([0.1, 0.9], "ant", "bee").mean
    spans = {name: np.ptp(model.predict([0.1, 0.9], "ant", "bee", person=name).mean) for name in (steep, flat)}
    assert spans[flat] < np.ptp(anybody) < spans[steep]


def test_effects_of_people_are_shrunk(simulate):
    """The variance of their modes, and what is not known of them, make up the variance between people."""
    model = PerceptualModel.fit(simulate())
    effects = model.people.effects
    assert (effects.var(axis=0) < np.diag(model.people.covariance)).all()
    made_up = (effects.T @ effects + model.people.spread.sum(axis=0)) / len(effects)
    np.testing.assert_allclose(made_up, model.people.covariance, atol=1e-5)


def test_more_judgments_of_a_person_tell_more(simulate):
    few, many = (PerceptualModel.fit(simulate(n_people=40, n_each=count)).people for count in (10, 80))
    assert np.linalg.det(many.spread).mean() < np.linalg.det(few.spread).mean()


def test_people_who_are_alike_are_found_alike(simulate):
    model = PerceptualModel.fit(simulate(n_people=80, people=np.zeros((2, 2))))
    assert np.diag(model.people.covariance).max() < 0.03


def test_people_of_two_studies_are_told_apart(judge):
    rng = np.random.default_rng(0)
    participant = np.repeat(np.arange(10), 20)
    coefficient = rng.choice([0.25, 0.5, 0.75], size=200)
    inferred = np.clip(np.rint(100 * (coefficient + rng.normal(0, 0.2, 200))), 0, 100) / 100
    pair = (rng.integers(4, size=200), rng.integers(4, size=200))
    studies = np.where(participant < 5, "one", "two")
    judgments = judge(coefficient, inferred, pair, participant % 5, study_id=studies)
    model = PerceptualModel.fit(judgments)
    assert model.n_participants == 10
    assert "one/p000" in model.person_effects
    assert "two/p000" in model.person_effects
