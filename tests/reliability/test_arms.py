"""Arms: each labels the judged mixtures exactly as it says."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import hmix_hub


@pytest.fixture
def arms(parts, made_up, monkeypatch):
    monkeypatch.setattr(
        parts.arms, "OutsideCurve", SimpleNamespace(fit=lambda _: lambda shown: np.full(len(shown), 0.2))
    )
    fitted = []

    def fit(judgments, *, classes, people):
        fitted.append(classes)
        return SimpleNamespace(
            classes=("a", "b", "c"), shares=lambda grid: torch.tensor(grid)[:, None, None].expand(-1, 3, 3)
        )

    monkeypatch.setattr(hmix_hub.PerceptualModel, "fit", fit)
    made = parts.arms.make_arms(made_up, torch.device("cpu"))
    assert fitted == [True, False]
    parts.arms.make_arms(made_up, torch.device("cpu"), ["human", "mixup"])
    assert fitted == [True, False], "models are fitted for arms that nobody asked for"
    return made


def labels(arms, name, made_up, seed=0):
    return arms[name].labels(made_up.mixtures, seed).tolist()


def test_arms_are_those_that_are_compared(parts, arms):
    assert list(arms) == list(parts.questions.ARMS)
    compared = {name for one in parts.questions.COMPARISONS for name in (one.arm, one.reference)}
    assert compared == set(arms)


def test_synthetic_labels_are_the_coefficients(arms, made_up):
    expected = [[0.25, 0.75, 0], [0.25, 0, 0.75], [0, 0.25, 0.75], [0.25, 0.75, 0]]
    assert labels(arms, "synthetic", made_up) == expected


def test_human_labels_are_what_people_inferred(arms, made_up):
    expected = [[0.1, 0.9, 0], [0.4, 0, 0.6], [0, 0.3, 0.7], [0, 1, 0]]
    np.testing.assert_allclose(labels(arms, "human", made_up), expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["human", "synthetic"])
def test_confidence_smooths_as_the_authors_do(arms, made_up, kind):
    y = np.array(labels(arms, kind, made_up))
    k = 50 * 1e-4 ** made_up.mixtures.confidence[:, None]
    # Theirs is of ten classes: 10 stands for the number of them.
    np.testing.assert_allclose(labels(arms, f"{kind}_confidence", made_up), (3 * y + k) / (3 + 3 * k), atol=1e-6)


@pytest.mark.parametrize("kind", ["human", "synthetic"])
def test_mass_outside_goes_to_the_other_classes(arms, made_up, kind):
    first = np.array(labels(arms, f"{kind}_outside", made_up)[0])
    one, two = np.array(labels(arms, kind, made_up)[0])[:2]
    np.testing.assert_allclose(first, [0.8 * one, 0.8 * two, 0.2], atol=1e-6)


def test_shuffled_labels_are_those_of_mixtures_with_the_same_coefficient(parts, made_up):
    values, levels = made_up.mixtures.perceived, made_up.mixtures.shown
    seen = {tuple(parts.arms.shuffle_within(values, levels, seed)) for seed in range(20)}
    first, last = [(0.1, 0.4), (0.4, 0.1)], [(0.7, 1.0), (1.0, 0.7)]
    assert seen == {one + two for one in first for two in last}


def test_uniform_labels_say_nothing(arms, made_up):
    np.testing.assert_allclose(labels(arms, "uniform", made_up), np.full((4, 3), 1 / 3), atol=1e-6)


def test_a_fingerprint_changes_with_the_labels_and_with_nothing_else(parts, arms, made_up):
    found = {name: arm.fingerprint(made_up) for name, arm in arms.items()}
    assert len(set(found.values())) == len(arms)
    again = parts.arms.Arm("human", arms["human"].labels)
    assert again.fingerprint(made_up) == found["human"]
    assert parts.arms.Arm("human", arms["synthetic"].labels).fingerprint(made_up) != found["human"]
