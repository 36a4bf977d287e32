"""Dawid-Skene: what crowd-kit gives, laws that hold for any votes, and bad input."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub.errors import ConfigurationError, PerceptionError
from hmix_hub.perception.dawid_skene import _Votes, dawid_skene

CROWD_KIT = Path(__file__).with_name("crowd_kit.json")


@pytest.fixture(scope="module")
def made_up():
    """Return the made-up votes of the oracle, and the probabilities that crowd-kit gave."""
    stored = json.loads(CROWD_KIT.read_text())
    votes = [np.array(stored[name], dtype=np.int64) for name in ("item", "participant", "vote")]
    return votes, np.array(stored["probabilities"])


def test_probabilities_are_those_of_crowd_kit(made_up):
    votes, expected = made_up
    found = dawid_skene(*votes, 3, tolerance=1e-11)
    assert np.abs(found.posterior - expected).max() < 1e-8


def test_the_default_tolerance_is_close_to_convergence(made_up):
    votes, expected = made_up
    assert np.abs(dawid_skene(*votes, 3).posterior - expected).max() < 1e-3


def test_the_oracle_compares_the_same_made_up_votes(made_up, root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    import oracle_crowdkit

    for ours, theirs in zip(made_up[0], oracle_crowdkit.made_up_votes(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_participant_who_swaps_the_classes_helps_where_a_majority_does_not():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 300)
    items, participants = np.repeat(np.arange(300), 3), np.tile(np.arange(3), 300)
    said = np.where(rng.random(900) < 0.85, truth[items], 1 - truth[items])
    votes = np.where(participants == 2, 1 - said, said)
    found = dawid_skene(items, participants, votes, 2)
    counts = np.bincount(items * 2 + votes, minlength=600).reshape(300, 2)
    assert (counts.argmax(axis=1) == truth).mean() < 0.8
    assert (found.posterior.argmax(axis=1) == truth).mean() > 0.9
    np.testing.assert_allclose(found.confusion[:, 0, 0], [0.85, 0.85, 0.15], atol=0.06)


@st.composite
def votes_of_some(draw):
    n = draw(st.integers(1, 40))
    columns = [draw(st.lists(st.integers(0, most), min_size=n, max_size=n)) for most in (7, 4, 3)]
    items, participants, votes = (np.array(column) for column in columns)
    items, participants = (np.unique(column, return_inverse=True)[1] for column in (items, participants))
    return items, participants, votes


@settings(max_examples=50)
@given(votes_of_some())
def test_probabilities_sum_to_one_and_classes_without_votes_have_none(votes):
    found = dawid_skene(*votes, 5, tolerance=1e-3)
    np.testing.assert_allclose(found.posterior.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(found.prior.sum(), 1, atol=1e-12)
    named = np.isin(np.arange(5), votes[2])
    assert not found.posterior[:, ~named].any()
    np.testing.assert_allclose(found.confusion[:, named].sum(axis=2), 1, atol=1e-12)


@settings(max_examples=30)
@given(votes_of_some(), st.randoms(use_true_random=False))
def test_the_order_of_the_votes_does_not_matter(votes, random):
    order = list(range(len(votes[0])))
    random.shuffle(order)
    one, other = (dawid_skene(*part, 5, tolerance=1e-3) for part in (votes, [column[order] for column in votes]))
    np.testing.assert_allclose(one.posterior, other.posterior, atol=1e-9)


@settings(max_examples=30)
@given(votes_of_some())
def test_each_iteration_raises_the_likelihood(votes):
    counted = _Votes(*votes[:2], np.unique(votes[2], return_inverse=True)[1], len(np.unique(votes[2])))
    posterior, values = counted.shares(), []
    for _ in range(20):
        posterior, value = counted.posterior(*counted.estimates(posterior))
        values.append(value)
    # The floor under expected votes may cost what it is worth.
    assert all(after >= before - 1e-6 for before, after in pairwise(values))


def test_one_vote_is_believed():
    found = dawid_skene(np.array([0]), np.array([0]), np.array([2]), 4)
    np.testing.assert_array_equal(found.posterior, [[0, 0, 1, 0]])


def test_too_few_iterations_are_told_and_give_no_numbers(made_up):
    with pytest.raises(PerceptionError, match="did not converge in 5 iterations"):
        dawid_skene(*made_up[0], 3, iterations=5)


@pytest.mark.parametrize("vote", [-1, 3])
def test_a_vote_for_no_class_is_refused(vote):
    with pytest.raises(ConfigurationError, match=f"votes must be from 0 to 2, not {vote}"):
        dawid_skene(np.zeros(2, dtype=np.int64), np.arange(2), np.array([0, vote]), 3)


def test_no_votes_are_refused():
    nothing = np.zeros(0, dtype=np.int64)
    with pytest.raises(ConfigurationError, match="there are no votes"):
        dawid_skene(nothing, nothing, nothing, 3)
