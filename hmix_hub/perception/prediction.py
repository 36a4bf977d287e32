"""Predictions: what people would answer, as a mean, an interval and the probability of each answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.perception.answers import SHARES
from hmix_hub.schema.arrays import Floats


@dataclass(frozen=True, eq=False)
class Prediction:
    """Predicted answers, in shares of image 1.

    Parameters
    ----------
    mean
        float64 (...): expected answer, 0 to 1.
    low, high
        float64 (...): ends of the central interval of single answers.
    mass
        float64 (..., 101): probability of each answer, 0 to 100 percent; the last axis sums to 1.
    """

    mean: Floats
    low: Floats
    high: Floats
    mass: Floats


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
        Probability inside, 0 to 1. At most half of the rest lies beyond either end.
    """
    total = mass.cumsum(axis=-1)
    tail = (1 - level) / 2
    # Sums of 101 numbers end a few units of the last digit off 1.
    low = (total <= tail - 1e-12).sum(axis=-1)
    high = (total < 1 - tail - 1e-12).sum(axis=-1)
    return SHARES[low], SHARES[np.minimum(high, len(SHARES) - 1)]
