"""Votes by class: frequencies, entropy, majority and smoothing, by their formulas."""

from __future__ import annotations

from fractions import Fraction
from math import isclose, log

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.tasks.votes import entropies, frequencies, leads, majorities, smoothed

COUNTS = st.integers(2, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 10**6), min_size=k, max_size=k).filter(any), min_size=1, max_size=6)
)


@given(COUNTS)
def test_a_frequency_is_the_quotient_to_the_last_bit(counts):
    assert frequencies(np.array(counts)).tolist() == [[votes / sum(row) for votes in row] for row in counts]


@given(COUNTS, st.floats(0.01, 10))
def test_smoothing_adds_votes_to_every_class(counts, a):
    n = np.array([sum(row) for row in counts])
    for row, found in zip(counts, smoothed(frequencies(np.array(counts)), n, a).tolist(), strict=True):
        expected = [(votes + Fraction(a)) / (sum(row) + Fraction(a) * len(row)) for votes in row]
        assert np.allclose(found, [float(share) for share in expected], rtol=1e-12)
        assert isclose(sum(found), 1)


def test_without_smoothing_nothing_changes():
    shares = np.array([[1 / 3, 2 / 3]])
    assert smoothed(shares, np.array([np.nan]), 0) is shares


@given(COUNTS)
def test_entropy_is_that_of_the_votes(counts):
    for row, found in zip(counts, entropies(frequencies(np.array(counts))).tolist(), strict=True):
        assert isclose(found, -sum(v / sum(row) * log(v / sum(row)) for v in row if v), abs_tol=1e-12)


@given(COUNTS)
def test_the_majority_is_the_class_with_the_most_votes_and_null_on_a_tie(counts):
    shares = frequencies(np.array(counts))
    expected = [row.index(max(row)) if row.count(max(row)) == 1 else None for row in counts]
    # Shares that differ by less than a billionth count as equal, which so few votes never do.
    assert majorities(shares).to_pylist() == expected
    assert leads(shares).sum(axis=1).tolist() == [row.count(max(row)) for row in counts]


def test_no_rows_have_no_majority():
    assert majorities(np.zeros((0, 3))).to_pylist() == []
    assert entropies(np.zeros((0, 3))).tolist() == []
