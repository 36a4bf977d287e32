r"""Spread of answers within stimuli and overall, with weighted participants: Krippendorff's alpha, variance within.

Weights are how often a participant counts, for resampling. Two copies of a judgment are not two participants, so pairs
consist of different judgments only: with :math:`n_s = \sum_i w_i` on stimulus s, there are :math:`m_s = (n_s^2 - \sum_i
w_i^2) / 2` pairs, whose squared distances add up to :math:`d_s = n_s \sum_i w_i x_i^2 - (\sum_i w_i x_i)^2`. With
weights of 1, these are the textbook figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hmix_hub.schema.arrays import Floats, Ints, Mask
from hmix_hub.schema.groups import Groups, encode_key

_NO_SPREAD = 1e-12
"""Threshold below which a sum of squares is rounding, not spread."""


def summing(groups: Groups, people: Ints, terms: Floats) -> Any:
    """Return the matrix that maps weights of participants to weighted sums of terms within groups.

    Parameters
    ----------
    groups
        N rows by group; G groups.
    people
        int64 (N,): participant of each row, 0 to U - 1.
    terms
        float64 (N,).

    Returns
    -------
    scipy.sparse.csr_array
        (G, U): multiplied by weights, float64 (U, R), it yields the sums, float64 (G, R).
    """
    from scipy.sparse import csr_array

    order = groups.order
    shape = (len(groups.sizes), int(people.max(initial=-1)) + 1)
    return csr_array((terms[order], people[order], groups.offsets), shape=shape)


@dataclass(frozen=True)
class Spread:
    """Judgments by stimulus, from participants who may count more than once.

    Parameters
    ----------
    values
        Columns of float64 (N,): the answer; or, for classes, whether each class is the answer.
    groups
        Judgments by stimulus; G stimuli.
    people
        int64 (N,): the participant of each judgment, 0 to U - 1. Not relevant if all weights are 1.
    """

    values: Sequence[Floats]
    groups: Groups
    people: Ints

    @classmethod
    def unweighted(cls, values: Sequence[Floats], groups: Groups) -> Spread:
        """Return judgments that all count once, with a single weight of 1."""
        return cls(values, groups, np.zeros_like(groups.codes))

    @property
    def width(self) -> int:
        """Number of values that its figures compute per resampling."""
        return len(self.groups.sizes) * (len(self.values) + 3)

    @cached_property
    def counts(self) -> Any:
        """Number of judgments of each participant about each stimulus; (G, U), see `summing`."""
        return summing(self.groups, self.people, np.ones(len(self.people)))

    @cached_property
    def _moments(self) -> list[tuple[Any, Any]]:
        """Sums of values and of their squares for each column; (G, U) each."""
        # About the mean, to avoid cancellation of large equal terms.
        centred = [column - column.mean() for column in self.values]
        return [(summing(self.groups, self.people, c), summing(self.groups, self.people, c**2)) for c in centred]

    def _sums(self, weights: Floats) -> tuple[Floats, Floats, list[Floats], Floats]:
        """Return sums by stimulus of weights, squared weights, values (of each column) and squared values; (G, R)."""
        of_people = np.ascontiguousarray(weights.T)
        squares = np.zeros((len(self.groups.sizes), len(weights)))
        for _, second in self._moments:
            squares += second @ of_people
        firsts = [first @ of_people for first, _ in self._moments]
        return self.counts @ of_people, self.counts @ of_people**2, firsts, squares

    def variance_within(self, weights: Floats) -> Floats:
        r"""Return the variance of answers about one stimulus, :math:`\sum_s (d_s / n_s) / \sum_s (2 m_s / n_s)`.

        Unbiased for any numbers of answers; with weights of 1 it is :math:`\sum_s Q_s / (N - S)`.

        Parameters
        ----------
        weights
            float64 (R, U): how often each participant counts in each of R resamplings.

        Returns
        -------
        numpy.ndarray
            float64 (R,), NaN if no stimulus has two answers.
        """
        sizes, same, firsts, squares = self._sums(weights)
        with np.errstate(invalid="ignore", divide="ignore"):
            # With copies of only one participant, nothing but rounding would be left.
            per = np.where(sizes**2 > same, 1 / sizes, 0)
            within = (sizes * per) * squares - per * sum(first**2 for first in firsts)
            return np.maximum(within.sum(axis=0), 0) / (per * (sizes**2 - same)).sum(axis=0)

    def krippendorff_alpha(self, weights: Floats) -> Floats:
        r"""Return Krippendorff's alpha: 1 minus the ratio of distances within stimuli to those among all answers.

        With :math:`D_s = d_s / m_s`, the mean over the pairs about stimulus s, and D that over all pairs, it is
        :math:`1 - \sum_s n_s D_s / (D \sum_s n_s)` over stimuli with two answers or more. With one column, it is the
        alpha for intervals; with a column per class, the nominal one.

        Source: Hayes and Krippendorff, https://doi.org/10.1080/19312450709336664.

        Parameters
        ----------
        weights
            float64 (R, U): how often each participant counts in each of R resamplings.

        Returns
        -------
        numpy.ndarray
            float64 (R,), NaN if there are no pairs, or all answers are the same.
        """
        sizes, same, firsts, squares = self._sums(weights)
        is_paired = sizes**2 > same
        whole, whole_same, whole_squares = ((part * is_paired).sum(axis=0) for part in (sizes, same, squares))
        of_all = whole * whole_squares - sum((first * is_paired).sum(axis=0) ** 2 for first in firsts)
        with np.errstate(invalid="ignore", divide="ignore"):
            distances = sizes * squares - sum(first**2 for first in firsts)
            within = np.where(is_paired, sizes * distances / (sizes**2 - same), 0).sum(axis=0) / whole
            apart = of_all / (whole**2 - whole_same)
            return np.where(of_all / whole > _NO_SPREAD, 1 - within / apart, np.nan)


def pairwise_distances(values: Floats, groups: Groups) -> Floats:
    """Sum |x_i - x_j| over the pairs of each group: sorted, each value counts once per value below minus above."""
    order = np.lexsort((values, groups.codes))
    ranks = np.arange(len(values)) - np.repeat(groups.offsets[:-1], groups.sizes)
    terms = (2 * ranks + 1 - np.repeat(groups.sizes, groups.sizes)) * values[order]
    return np.bincount(groups.codes[order], terms, minlength=len(groups.sizes)).astype(np.float64)


@dataclass(frozen=True)
class Answers:
    """Participants and stimuli of answers."""

    people: Ints
    stimuli: Ints
    presentations: Ints
    """int64 (N,): number of each row's participant and stimulus, and the presentation to the participant, from 1."""
    is_repeat: Mask
    """bool (N,): whether it is an intended repeat."""

    def of(self, rows: Ints) -> Answers:
        """Return some rows, int64 (M,), with participants and stimuli renumbered."""
        people, stimuli = (np.unique(all_[rows], return_inverse=True)[1] for all_ in (self.people, self.stimuli))
        return Answers(people, stimuli, self.presentations[rows], self.is_repeat[rows])

    def between_participants(self) -> tuple[Ints, Groups]:
        """Return first answers about stimuli with at least two participants: rows, int64 (M,), and groups."""
        first = np.flatnonzero(self.presentations == 1)
        sizes = np.bincount(self.stimuli[first], minlength=1)
        rows = first[sizes[self.stimuli[first]] > 1]
        return rows, Groups(encode_key([self.stimuli[rows]]))

    def within_participants(self) -> tuple[Ints, Ints]:
        """Return the rows of first answers, int64 (P,), and of the participant's marked repeat of each, int64 (P,)."""
        keys = encode_key([self.people, self.stimuli])
        first_of = np.full(len(keys), -1, dtype=np.int64)
        first = np.flatnonzero(self.presentations == 1)
        first_of[keys[first]] = first
        again = np.flatnonzero(self.is_repeat & (self.presentations > 1))
        again = again[first_of[keys[again]] >= 0]
        return first_of[keys[again]], again
