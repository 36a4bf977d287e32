"""Answers in percent: which of the 101 occur in the judgments of a fit, and what the others are given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hmix_hub.schema.arrays import Floats, Ints

PERCENT = 100
N_ANSWERS = PERCENT + 1
"""Answers of a slider, 0 to 100 percent."""
SHARES: Floats = np.arange(N_ANSWERS) / PERCENT
"""The answers as shares of image 1; float64 (101,)."""
_LENT = 0.5
"""Judgments that an answer lends to those nearest to it that never occurred."""


def to_percent(inferred: Floats) -> Ints:
    """Return inferred coefficients, 0 to 1, as whole percent; int64 of their shape."""
    return np.rint(inferred * PERCENT).astype(np.int64)


@dataclass(frozen=True, eq=False)
class AnswerScale:
    """Answers that occur, and how often.

    Parameters
    ----------
    percent
        int64 (A,): the answers, increasing.
    counts
        int64 (A,): judgments of each, 1 or more.
    """

    percent: Ints
    counts: Ints

    @classmethod
    def of(cls, percent: Ints) -> tuple[AnswerScale, Ints]:
        """Return the scale of answers, int64 (N,), and each answer's place on it, int64 (N,)."""
        occurring, places, counts = np.unique(percent, return_inverse=True, return_counts=True)
        return cls(occurring, counts), places

    @cached_property
    def spread(self) -> Floats:
        """Share of each occurring answer's mass that each of the 101 answers is given; float64 (A, 101).

        An answer that occurred in c judgments lends `.5 / (c + .5)` of its mass to those that never occurred and are
        nearest to it, halves where two are as near. Where all 101 occur, nothing is lent.
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
        """Return the probability of all 101 answers, float64 (N, 101), from that of those that occur, (N, A)."""
        return occurring @ self.spread
