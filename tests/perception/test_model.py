"""The model of what people see: its optimum on the release, its predictions, and laws that hold of both."""

import numpy as np
import pytest

import hmix_hub
from hmix_hub import PerceptualModel


@pytest.fixture(scope="module")
def judgments(release):
    return hmix_hub.load_dataset("h-mix", "infer_mixing_factor", split="train", source=release)


@pytest.fixture(scope="module")
def sine_model(judgments):
    return PerceptualModel.fit(judgments, classes=False, people=False)


def test_the_sine_model_of_the_release_has_its_known_optimum(sine_model):
    assert sine_model.nll == pytest.approx(17381.668741807, abs=1e-6)
    assert sine_model.slope == pytest.approx(1.557115550, abs=1e-6)
    known = [-1.855040506, -0.148101070, 0.435156068, 1.860329462]
    np.testing.assert_allclose(sine_model.thresholds[[0, 49, 50, 99]], known, atol=1e-6)
    assert sine_model.n_judgments == 4950
    assert sine_model.n_participants == 81
    assert len(sine_model.answers) == 101


def test_probabilities_of_answers_sum_to_one(load_sample):
    model = PerceptualModel.fit(load_sample())
    predicted = model.predict([0.0, 0.1, 0.5, 1.0], "cat", ["dog", "ship", "truck", "frog"])
    np.testing.assert_allclose(predicted.mass.sum(axis=-1), 1, atol=1e-12)
    assert (predicted.mass >= 0).all()
    assert ((predicted.low <= predicted.mean) & (predicted.mean <= predicted.high)).all()
