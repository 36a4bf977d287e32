"""Metrics, against values computed by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn


@pytest.fixture
def metrics(parts):
    return parts.metrics


@pytest.fixture
def logits():
    """Probabilities .9 and .1, .6 and .4, .2 and .8."""
    return torch.tensor([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], dtype=torch.float64).log()


LABELS = torch.tensor([0, 1, 1])


def test_accuracy_nll_and_brier(metrics, logits):
    assert metrics.accuracy(logits, LABELS) == pytest.approx(2 / 3)
    assert metrics.nll(logits, LABELS) == pytest.approx(-(math.log(0.9) + math.log(0.4) + math.log(0.8)) / 3)
    assert metrics.brier(logits, LABELS) == pytest.approx((2 * 0.1**2 + 2 * 0.6**2 + 2 * 0.2**2) / 3)


def test_the_calibration_error_weighs_the_gap_of_each_bin(metrics):
    # Two bins of five: (.6, .8] holds .7 right and .8 wrong, (.8, 1] holds .9 right and .9 right.
    probability = torch.tensor([0.7, 0.8, 0.9, 0.9], dtype=torch.float64)
    logits = torch.stack([probability, 1 - probability], 1).log()
    labels = torch.tensor([0, 1, 0, 0])
    expected = (abs(1 - 1.5) + abs(2 - 1.8)) / 4
    assert metrics.expected_calibration_error(logits, labels, bins=5) == pytest.approx(expected)


def test_a_probability_of_one_is_in_the_last_bin(metrics):
    assert metrics.expected_calibration_error(torch.tensor([[1000.0, 0.0]]), torch.tensor([0])) == 0


def test_soft_cross_entropy_of_one_hot_labels_is_the_nll(metrics, logits):
    one_hot = torch.nn.functional.one_hot(LABELS, 2)
    assert metrics.soft_cross_entropy(logits, one_hot).item() == pytest.approx(metrics.nll(logits, LABELS))


def test_soft_cross_entropy_is_least_where_probabilities_are_the_shares(metrics):
    shares = torch.tensor([[0.3, 0.7]])
    assert metrics.soft_cross_entropy(shares.log(), shares).item() == pytest.approx(
        -(0.3 * math.log(0.3) + 0.7 * math.log(0.7))
    )


@pytest.mark.parametrize("true", [0.5, 1.0, 4.0])
def test_the_temperature_that_logits_were_multiplied_with_is_found(metrics, true):
    # Labels in just the numbers that the probabilities say.
    probabilities = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    logits, labels = probabilities.log().expand(10, 3), torch.tensor([0] * 5 + [1] * 3 + [2] * 2)
    assert metrics.temperature(logits * true, labels) == pytest.approx(true, rel=1e-6)


def test_a_temperature_never_raises_the_nll_it_is_fitted_to(metrics):
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(50, 4, generator=generator, dtype=torch.float64)
    labels = (logits + torch.randn(50, 4, generator=generator)).argmax(1)
    fitted = metrics.temperature(logits, labels)
    least = metrics.nll(logits / fitted, labels)
    assert all(
        least <= metrics.nll(logits / (fitted * factor), labels) for factor in (0.9, 0.99, 1.01, 1.1, 1 / fitted)
    )


def test_the_attack_moves_each_number_by_its_strength_against_the_label(parts):
    # A network that compares mean red with mean green: against class 0, red falls and green rises.
    network = parts.network.Classifier(1, nn.Identity(), 3, 2)
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]]))
    images = torch.full((1, 3, 4, 4), 100, dtype=torch.uint8)
    images[0, 1] = 254
    attacked = parts.scoring.predict_attacked(network, images, torch.tensor([0]), 4 / 255)
    moved = torch.full((1, 3, 4, 4), 100, dtype=torch.uint8)
    moved[0, 0], moved[0, 1] = 96, 255
    torch.testing.assert_close(attacked, parts.scoring.predict(network, moved))


def test_all_metrics_are_computed_for_each_network_of_a_stack(parts, made_up):
    network = parts.network.make_network("small", [0, 1], 3).eval()
    settings = parts.settings.Settings(attacked=4)
    together = parts.scoring.score(network, made_up, settings)
    alone = parts.scoring.score(parts.network.make_network("small", [1], 3).eval(), made_up, settings)
    assert set(together[0]) == {*parts.metrics.METRICS, "temperature"}
    assert together[1] == pytest.approx(alone[0], rel=1e-3)
    # Labels that are uniform: the cross-entropy to them is at least their entropy.
    assert min(one["people"] for one in together) >= math.log(3)
