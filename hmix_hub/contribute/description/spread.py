r"""Spread of answers within stimuli and over all, from weighted judgments: Krippendorff's alpha, the variance within.

Weights say how often the person of a judgment counts, as where people are resampled. Two copies of one judgment are no
two people, so that pairs are of different judgments alone: with :math:`n_s = \sum_i w_i` on stimulus s, there are
:math:`m_s = (n_s^2 - \sum_i w_i^2) / 2` pairs, whose squared distances add up to
:math:`d_s = n_s \sum_i w_i x_i^2 - (\sum_i w_i x_i)^2`. Weights of 1 give the textbook's figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hmix_hub.schema.arrays import Floats
from hmix_hub.schema.groups import Groups

_NO_SPREAD = 1e-12
"""What is left of a sum of squares of equal values is rounding, not spread."""


@dataclass(frozen=True)
class Spread:
    """Weighted judgments by stimulus.

    Parameters
    ----------
    values
        Columns of float64 (N,): the answer; or, of a class, for each class whether it is the answer.
    groups
        Judgments by stimulus; G stimuli.
    weights
        float64 (R, N): R resamplings.
    """

    values: Sequence[Floats]
    groups: Groups
    weights: Floats

    def _sums(self, terms: Floats) -> Floats:
        """Return sums within stimuli of float64 (R, N); float64 (R, G)."""
        return np.add.reduceat(terms[:, self.groups.order], self.groups.offsets[:-1], axis=1)

    def _of_stimuli(self) -> tuple[Floats, Floats, Floats]:
        """Return weights, pairs and squared distances by stimulus; float64 (R, G) each."""
        sizes = self._sums(self.weights)
        pairs = (sizes**2 - self._sums(self.weights**2)) / 2
        distances = np.zeros_like(sizes)
        for column in self.values:
            # About the mean, since large equal terms would cancel.
            centred = column - column.mean()
            distances += sizes * self._sums(self.weights * centred**2) - self._sums(self.weights * centred) ** 2
        return sizes, pairs, distances

    def variance_within(self) -> Floats:
        r"""Return the variance of answers about one stimulus, :math:`\sum_s (d_s / n_s) / \sum_s (2 m_s / n_s)`.

        Unbiased whatever the numbers of answers; with weights of 1 it is :math:`\sum_s Q_s / (N - S)`.

        Returns
        -------
        numpy.ndarray
            float64 (R,), NaN where no stimulus has two answers.
        """
        if not len(self.groups.codes):
            return np.full(len(self.weights), np.nan)
        sizes, pairs, distances = self._of_stimuli()
        with np.errstate(invalid="ignore", divide="ignore"):
            per = np.where(sizes > 0, 1 / sizes, 0)
            return (distances * per).sum(axis=1) / (2 * pairs * per).sum(axis=1)

    def krippendorff_alpha(self) -> Floats:
        r"""Return Krippendorff's alpha: 1 less the distances within stimuli over those within all answers.

        With :math:`D_s = d_s / m_s`, the mean over the pairs about stimulus s, and D that over all pairs, it is
        :math:`1 - \sum_s n_s D_s / (D \sum_s n_s)` over stimuli with two answers or more. Of one column it is the alpha
        for intervals; of a column for each class, the nominal one.

        Source: Hayes and Krippendorff, https://doi.org/10.1080/19312450709336664.

        Returns
        -------
        numpy.ndarray
            float64 (R,), NaN where there is no pair, or all answers are the same.
        """
        if not len(self.groups.codes):
            return np.full(len(self.weights), np.nan)
        sizes, pairs, distances = self._of_stimuli()
        is_paired = pairs > 0
        weights = self.weights * is_paired[:, self.groups.codes]
        whole = Spread(self.values, Groups(np.zeros_like(self.groups.codes)), weights)
        n, all_pairs, all_distances = (part[:, 0] for part in whole._of_stimuli())
        with np.errstate(invalid="ignore", divide="ignore"):
            within = np.where(is_paired, sizes * distances / pairs, 0).sum(axis=1) / n
            apart = all_distances / all_pairs
            return np.where(all_distances / n > _NO_SPREAD, 1 - within / apart, np.nan)
