"""Baselines of the benchmark on perception: other forecasts of an inferred coefficient, of the shown one alone.

Each takes the shown coefficients and answers of some judgments, and gives the probability of each of the 101 answers to
others.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar
from scipy.special import betainc, expit, ndtr

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Forecast = Callable[[Floats], Floats]
"""From shown coefficients, float64 (M,), to probabilities of answers, float64 (M, 101)."""

N_ANSWERS = 101
HALF = 0.5
"""Judgments that a count of answers begins with, as that of the model does, so that no answer is impossible."""
_EDGES = (np.arange(N_ANSWERS + 1) - 0.5) / (N_ANSWERS - 1)


def identity(shown: Floats, answers: Ints) -> Forecast:
    """Forecast the shown coefficient with a normal error; what lies beyond 0 and 1 is answered there.

    The standard deviation of the error is the one of the largest likelihood.
    """
    edges = np.concatenate([[-np.inf], _EDGES[1:-1], [np.inf]])

    def masses(coefficients: Floats, deviation: float) -> Floats:
        return _smoothed(np.diff(ndtr((edges - coefficients[:, None]) / deviation), axis=1), len(answers))

    counts, levels = _table(shown, answers)

    def loss(deviation: float) -> float:
        return -float((counts * np.log(masses(levels, deviation))).sum())

    best = float(minimize_scalar(loss, bounds=(0.02, 1.0), method="bounded").x)
    return lambda coefficients: masses(coefficients, best)


def histogram(shown: Floats, answers: Ints) -> Forecast:
    """Forecast the answers that were given at the same shown coefficient."""
    counts, levels = _table(shown, answers)
    masses = counts + HALF
    masses /= masses.sum(axis=1, keepdims=True)

    def forecast(coefficients: Floats) -> Floats:
        return masses[np.abs(coefficients[:, None] - levels).argmin(axis=1)]

    return forecast


def ordered_beta(shown: Floats, answers: Ints) -> Forecast:
    """Forecast by ordered beta regression on the sine of the shown coefficient.

    0 and 1 are the outer categories of an ordered logit, everything between follows a beta distribution whose mean has
    the same predictor. Source: Kubinec, *Ordered beta regression*, Political Analysis, 2022.
    """
    counts, levels = _table(shown, answers)

    def masses(coefficients: Floats, parameters: Floats) -> Floats:
        intercept, slope, lowest, log_gap, log_precision = parameters
        eta = intercept + slope * np.sin(np.pi * (coefficients - 0.5))
        above_0, at_1 = expit(eta - lowest), expit(eta - lowest - np.exp(log_gap))
        mean, precision = np.clip(expit(eta), 1e-6, 1 - 1e-6)[:, None], np.exp(log_precision)
        cells = np.diff(betainc(mean * precision, (1 - mean) * precision, _EDGES[1:-1]), axis=1)
        cells /= cells.sum(axis=1, keepdims=True)
        parts = [1 - above_0[:, None], (above_0 - at_1)[:, None] * cells, at_1[:, None]]
        return _smoothed(np.concatenate(parts, axis=1), len(answers))

    def loss(parameters: Floats) -> float:
        return -float((counts * np.log(masses(levels, parameters))).sum()) / len(answers)

    best = minimize(loss, np.array([0.0, 1.5, -3.0, 1.8, 1.0]), method="L-BFGS-B", bounds=[(-8, 8)] * 5)
    if not best.success:
        msg = f"ordered beta regression did not converge: {best.message}"
        raise RuntimeError(msg)
    fitted: Any = best.x
    return lambda coefficients: masses(coefficients, fitted)


def _table(shown: Floats, answers: Ints) -> tuple[Floats, Floats]:
    """Return how often each answer was given at each shown coefficient, (L, 101), and these, (L,)."""
    levels, number = np.unique(shown, return_inverse=True)
    cells = np.bincount(number * N_ANSWERS + answers, minlength=len(levels) * N_ANSWERS)
    return cells.reshape(len(levels), N_ANSWERS).astype(np.float64), levels


def _smoothed(masses: Floats, n: int) -> Floats:
    return (n * masses + HALF) / (n + HALF * N_ANSWERS)
