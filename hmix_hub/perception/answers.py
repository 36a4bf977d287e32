"""Answers in percent: answers in the data, predicted answers, and scores of predictions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmix_hub.errors import PerceptionError
from hmix_hub.schema.arrays import Floats, Ints

PERCENT = 100
N_ANSWERS = PERCENT + 1
"""Number of slider positions, 0 to 100 percent."""
SHARES: Floats = np.arange(N_ANSWERS) / PERCENT
"""The answers as shares of image 1; float64 (101,)."""
_LENT = 0.5
"""Pseudo-judgments that each answer gives to the nearest unobserved answers."""


def to_percent(inferred: Floats) -> Ints:
    """Round inferred coefficients, 0 to 1, to percent; int64."""
    return np.rint(inferred * PERCENT).astype(np.int64)


@dataclass(frozen=True, eq=False)
class AnswerScale:
    """Answers that occur in the data, with their counts.

    Parameters
    ----------
    percent
        int64 (A,): the answers, increasing.
    counts
        int64 (A,): number of judgments with each answer, at least 1.
    """

    percent: Ints
    counts: Ints

    @classmethod
    def of(cls, percent: Ints) -> tuple[AnswerScale, Ints]:
        """Return the scale of answers, int64 (N,), and the rank of each answer on it, int64 (N,)."""
        occurring, places, counts = np.unique(percent, return_inverse=True, return_counts=True)
        return cls(occurring, counts), places

    @cached_property
    def spread(self) -> Floats:
        """Return the smoothing matrix from answers that occur to all 101 answers; float64 (A, 101), rows sum to 1.

        An answer with count c gives `.5 / (c + .5)` of its probability to the unobserved answers nearest to it; an
        answer halfway between two gets half from each. If all 101 answers occur, this is the identity.
        """
        distances = np.abs(self.percent[:, None] - np.arange(N_ANSWERS)).astype(np.float64)
        nearest = distances == distances.min(axis=0)
        owned = nearest / nearest.sum(axis=0)
        owned[:, self.percent] = 0.0
        total = owned.sum(axis=1, keepdims=True)
        lent = np.where(total[:, 0] > 0, _LENT / (self.counts + _LENT), 0.0)
        spread = lent[:, None] * owned / np.where(total > 0, total, 1.0)
        spread[np.arange(len(self.percent)), self.percent] = 1 - lent
        return spread

    def masses(self, occurring: Floats) -> Floats:
        """Return the probabilities of all 101 answers, float64 (N, 101), from those of the A that occur, (N, A)."""
        return occurring @ self.spread


_LAST_DIGITS = 1e-12
"""Rounding error of sums of 101 probabilities."""


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """Predicted answers, as shares of image 1.

    Parameters
    ----------
    mean
        float64 (...): expected answer, 0 to 1.
    low, high
        float64 (...): ends of the central prediction interval of a single answer, inclusive.
    mass
        float64 (..., 101): probability of each answer from 0 to 100 percent; the last axis sums to 1.
    """

    mean: Floats
    low: Floats
    high: Floats
    mass: Floats

    def __repr__(self) -> str:
        parts = [
            f"{name}={np.array2string(np.asarray(getattr(self, name)), precision=3, separator=', ', threshold=12)}"
            for name in ("mean", "low", "high")
        ]
        return f"Prediction({', '.join(parts)}, mass=float64 {self.mass.shape})"


@dataclass(frozen=True)
class Score:
    """How well a model predicts judgments.

    Parameters
    ----------
    nll
        Mean negative log probability of the answers (of 101 possible ones), in nats per judgment.
    rmse
        Root mean square difference between answer and predicted mean, as a share of image 1.
    coverage
        Share of answers inside the central prediction interval. An answer whose probability straddles an end of the
        interval counts in proportion: since answers pile up at 0, .5 and 1, closed intervals are conservative.
    n
        Number of judgments.
    """

    nll: float
    rmse: float
    coverage: float
    n: int


def check_level(level: float) -> None:
    """Check that the level of an interval is between 0 and 1."""
    if not isinstance(level, int | float | np.number) or not 0 < level < 1:
        msg = f"the level of an interval must be between 0 and 1, not {level!r}"
        raise PerceptionError(msg, hint="for 90 % intervals, use level=0.9")


def predict_from(mass: Floats, level: float) -> Prediction:
    """Return the prediction with given probabilities of the answers, float64 (..., 101)."""
    low, high = interval(mass, level)
    return Prediction(mass @ SHARES, low, high, mass)


def interval(mass: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the ends of the central interval of answers; float64 (...) each.

    Parameters
    ----------
    mass
        float64 (..., 101): probabilities of the answers.
    level
        Minimum probability of the closed interval; at most (1 - level) / 2 lies beyond either end.
    """
    total = mass.cumsum(axis=-1)
    tail = (1 - level) / 2
    low = (total <= tail - _LAST_DIGITS).sum(axis=-1)
    high = (total < 1 - tail - _LAST_DIGITS).sum(axis=-1)
    return SHARES[low], SHARES[np.minimum(high, len(SHARES) - 1)]


def score_of(parts: Iterable[tuple[Floats, Ints, Floats]], level: float) -> Score:
    """Score predictions.

    Parameters
    ----------
    parts
        Chunks of judgments: probabilities (M, 101), answers in percent (M,), answers as shares of image 1 (M,).
    level
        Nominal coverage of the prediction intervals.
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
    """Return the part of each answer's probability inside the central interval; float64 (N,), 0 to 1.

    Parameters
    ----------
    mass
        float64 (N, 101).
    answers
        int64 (N,), percent.
    level
        Probability of the interval.
    """
    rows = np.arange(len(answers))
    own = mass[rows, answers]
    end = mass.cumsum(axis=1)[rows, answers]
    tail = (1 - level) / 2
    inside = np.minimum(end, 1 - tail) - np.maximum(end - own, tail)
    return np.clip(inside / np.maximum(own, np.finfo(np.float64).tiny), 0, 1)
