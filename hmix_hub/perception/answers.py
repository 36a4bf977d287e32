"""The answer scale in percent: the answers that occur in the data, and smoothing over those that do not."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmix_hub.schema.arrays import Floats, Ints

PERCENT = 100
N_ANSWERS = PERCENT + 1
"""Number of slider positions, 0 to 100 percent."""
SHARES: Floats = np.arange(N_ANSWERS) / PERCENT
"""The answers as shares of image 1; float64 (101,)."""
_LENT = 0.5
"""Pseudo-judgments that each answer shares with the unobserved answers nearest to it."""


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
        """Smoothing matrix from the answers that occur to all 101 answers; float64 (A, 101), rows sum to 1.

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
