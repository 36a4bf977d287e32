"""Predictions: what people would answer, as a mean, an interval and probabilities; and how good they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import SHARES
from hmix_hub.schema.arrays import Floats, Ints

_LAST_DIGITS = 1e-12
"""By how much sums of 101 probabilities may be off."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted answers, in shares of image 1.

    Parameters
    ----------
    mean
        float64 (...): expected answer, 0 to 1.
    low, high
        float64 (...): ends of the central interval of single answers, both inside.
    mass
        float64 (..., 101): probability of each answer, 0 to 100 percent; the last axis sums to 1.
    """

    mean: Floats
    low: Floats
    high: Floats
    mass: Floats


@dataclass(frozen=True)
class Score:
    """How well a model predicts judgments.

    Parameters
    ----------
    nll
        Mean negative log probability of the answers among all 101, in nats.
    rmse
        Root mean square of answer minus predicted mean, in shares of image 1.
    coverage
        Share of answers inside the central interval. An answer whose probability lies across an end of the interval
        counts with the part inside: answers pile up at 0, .5 and 1, so that closed intervals hold more than they say.
    n
        Judgments.
    """

    nll: float
    rmse: float
    coverage: float
    n: int


def check_level(level: float) -> float:
    """Check that a level is a probability strictly between 0 and 1."""
    if not 0 < level < 1:
        msg = f"the level of an interval is a probability between 0 and 1, not {level!r}"
        raise PerceptionError(msg, hint="0.9 for intervals that hold nine answers of ten")
    return float(level)


def predict_from(mass: Floats, level: float) -> Prediction:
    """Return the prediction that the probabilities of answers, float64 (..., 101), amount to."""
    low, high = interval(mass, level)
    return Prediction(mass @ SHARES, low, high, mass)


def interval(mass: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the central interval of answers; float64 (...) each.

    Parameters
    ----------
    mass
        float64 (..., 101).
    level
        Least probability inside. At most half of the rest lies beyond either end.
    """
    total = mass.cumsum(axis=-1)
    tail = (1 - level) / 2
    low = (total <= tail - _LAST_DIGITS).sum(axis=-1)
    high = (total < 1 - tail - _LAST_DIGITS).sum(axis=-1)
    return SHARES[low], SHARES[np.minimum(high, len(SHARES) - 1)]


def score_of(parts: Iterable[tuple[Floats, Ints, Floats]], level: float) -> Score:
    """Return how good predictions are.

    Parameters
    ----------
    parts
        Some judgments at a time: probabilities (M, 101), answers in percent (M,), and as shares of image 1 (M,).
    level
        Probability inside the interval whose coverage is computed.
    """
    count, sums = 0, np.zeros(3)
    for mass, answers, inferred in parts:
        count += len(answers)
        own = mass[np.arange(len(answers)), answers]
        likelihood = -np.log(np.maximum(own, np.finfo(np.float64).tiny))
        squares = (mass @ SHARES - inferred) ** 2
        sums += [part.sum() for part in (likelihood, squares, share_inside(mass, answers, level))]
    nll, square, coverage = (sums / count).tolist()
    return Score(nll, square**0.5, coverage, count)


def share_inside(mass: Floats, answers: Ints, level: float) -> Floats:
    """Return which part of each answer's probability lies in the central interval; float64 (N,).

    Parameters
    ----------
    mass
        float64 (N, 101).
    answers
        int64 (N,), percent.
    level
        Probability inside.
    """
    rows = np.arange(len(answers))
    own = mass[rows, answers]
    end = mass.cumsum(axis=1)[rows, answers]
    tail = (1 - level) / 2
    inside = np.minimum(end, 1 - tail) - np.maximum(end - own, tail)
    return np.clip(inside / np.maximum(own, np.finfo(np.float64).tiny), 0, 1)
