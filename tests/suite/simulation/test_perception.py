"""Perception: answers whose mean has the planted bias, whatever the noise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.errors import ConfigurationError
from hmix_hub.suite.tasks.perception import LEAST, Perception

DRAWS = 4000


def mean_and_error(draw, seed):
    rng = np.random.default_rng(seed)
    drawn = np.array([draw(rng) for _ in range(DRAWS)])
    return drawn, drawn.mean(), drawn.std() / np.sqrt(DRAWS) + 1e-9


@pytest.mark.parametrize("noise", [0, 0.05, 0.12, 0.3])
@pytest.mark.parametrize(("coefficient", "bias"), [(0.5, 0.08), (0.25, -0.1), (0.9, 0.05)])
def test_the_mean_share_is_the_coefficient_and_the_bias(noise, coefficient, bias):
    perception = Perception(noise=noise)
    drawn, mean, error = mean_and_error(lambda rng: perception.seen_share(coefficient, bias, rng), seed=1)
    assert abs(mean - (coefficient + bias)) < 4 * error
    assert drawn.min() >= 0
    assert drawn.max() <= 1


def test_in_the_middle_the_noise_is_the_standard_deviation():
    perception = Perception(noise=0.12)
    drawn, *_ = mean_and_error(lambda rng: perception.seen_share(0.5, 0, rng), seed=2)
    assert abs(drawn.std() - 0.12) < 0.005


def test_what_would_be_beyond_an_end_is_at_its_edge():
    perception = Perception(noise=0)
    rng = np.random.default_rng(0)
    assert perception.seen_share(0.9, 0.3, rng) == 1 - LEAST
    assert perception.seen_share(0.1, -0.3, rng) == LEAST


@pytest.mark.parametrize("noise", [0, 0.05, 0.12])
@pytest.mark.parametrize("bias", [0, 0.08, -0.13])
def test_the_mean_step_is_the_middle_and_the_bias(noise, bias):
    perception = Perception(noise=noise)
    _, mean, error = mean_and_error(lambda rng: perception.midpoint_step(None, bias, rng) / 10, seed=3)
    assert abs(mean - (0.5 + bias)) < 4 * error


def test_hysteresis_pulls_towards_the_start():
    perception = Perception(noise=0.05, hysteresis=0.25)
    means = [
        mean_and_error(lambda rng, start=start: perception.midpoint_step(start, 0, rng) / 10, seed=4)[1]
        for start in (0.1, 0.9)
    ]
    assert means == pytest.approx([0.4, 0.6], abs=0.01)


def test_own_biases_spread_around_the_planted_one():
    perception = Perception(bias=0.08, spread=0.05)
    own = np.array([perception.own_bias(np.random.default_rng(person)) for person in range(DRAWS)])
    assert own.mean() == pytest.approx(0.08, abs=0.004)
    assert own.std() == pytest.approx(0.05, abs=0.004)


@given(st.floats(0, 1), st.floats(-0.3, 0.3), st.floats(0, 0.45), st.integers(0, 1000))
def test_whatever_the_bias_answers_stay_in_range(coefficient, bias, noise, seed):
    perception, rng = Perception(noise=noise), np.random.default_rng(seed)
    assert 0 <= perception.seen_share(coefficient, bias, rng) <= 1
    assert perception.midpoint_step(coefficient, bias, rng) in range(11)


@pytest.mark.parametrize("wrong", [{"bias": 0.4}, {"noise": -0.1}, {"noise": 0.5}, {"spread": 1}, {"hysteresis": 2}])
def test_a_value_out_of_range_is_refused(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Perception(**wrong)
