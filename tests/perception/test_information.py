"""Information: what answers are expected to tell, and stimuli chosen by it."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub import PerceptualModel, load_dataset
from hmix_hub.errors import PerceptionError
from hmix_hub.perception.information import (
    Candidates,
    choose,
    expected_information,
    prediction_weights,
    random_worth,
)
from hmix_hub.tasks import INFER


@pytest.fixture(scope="module")
def model(load_sample):
    return PerceptualModel.fit(load_sample(), people=False)


@st.composite
def problems(draw):
    """Return candidates, what is known and what is wanted, all of small whole numbers, so that many tie."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, size = draw(st.integers(3, 25)), draw(st.integers(1, 4))
    root, wanted = rng.normal(size=(2, size, size))
    candidates = Candidates(
        rng.integers(-2, 3, (n, size)).astype(np.float64),
        rng.integers(1, 3, n) / 2,
        rng.integers(0, draw(st.integers(1, n)), n),
        rng.integers(0, draw(st.integers(1, 3)), n),
    )
    return candidates, root @ root.T + 0.1 * np.eye(size), wanted @ wanted.T


def naive(candidates, covariance, weights, number, limit=None):
    """Choose by inverting the whole information for every candidate."""
    information, rows = np.linalg.inv(covariance), []
    for _ in range(number):
        counts = np.bincount(candidates.class_pairs[rows], minlength=int(candidates.class_pairs.max()) + 1)
        free = [
            n
            for n in range(len(candidates))
            if candidates.pairs[n] not in candidates.pairs[rows]
            and (limit is None or counts[candidates.class_pairs[n]] < limit)
        ]
        added = [np.outer(candidates.design[n], candidates.design[n]) * candidates.information[n] for n in free]
        left = np.array([np.trace(np.linalg.inv(information + more) @ weights) for more in added])
        # The first of those that leave least.
        best = int(np.flatnonzero(left <= left.min() + 1e-9)[0])
        rows.append(free[best])
        information = information + added[best]
    return rows, np.trace(np.linalg.inv(information) @ weights)


@settings(max_examples=60)
@given(problems(), st.integers(1, 5))
def test_each_choice_leaves_the_least_variance_and_ties_go_to_the_first(problem, number):
    candidates, covariance, weights = problem
    number = min(number, len(np.unique(candidates.pairs)))
    found = choose(candidates, covariance, weights, number)
    rows, left = naive(candidates, covariance, weights, number)
    assert found.variance[-1] == pytest.approx(left, rel=1e-6, abs=1e-9)
    assert (np.diff(found.variance) <= 1e-12).all()
    assert len(np.unique(candidates.pairs[found.rows])) == number
    if found.variance[0] - left > 1e-3:
        assert found.rows[0] == rows[0]


@settings(max_examples=60)
@given(problems(), st.integers(1, 5), st.integers(1, 3))
def test_within_a_limit_of_each_class_pair_the_best_are_chosen(problem, number, limit):
    candidates, covariance, weights = problem
    # Pairs of pictures have one pair of classes each.
    candidates = Candidates(
        candidates.design, candidates.information, candidates.pairs, candidates.pairs % (1 + number)
    )
    try:
        chosen = choose(candidates, covariance, weights, number, limit)
    except PerceptionError:
        classes = [len(set(candidates.pairs[candidates.class_pairs == c])) for c in set(candidates.class_pairs)]
        assert number > sum(min(size, limit) for size in classes)
        return
    assert np.bincount(candidates.class_pairs[chosen.rows]).max() <= limit
    rows, variance = naive(candidates, covariance, weights, number, limit)
    assert chosen.rows.tolist() == rows
    assert chosen.variance[-1] == pytest.approx(variance)


def test_of_candidates_that_tell_the_same_the_first_are_chosen():
    candidates = Candidates(np.ones((6, 1)), np.ones(6), np.array([0, 0, 1, 2, 2, 3]), np.zeros(6, np.int64))
    assert choose(candidates, np.eye(1), np.eye(1), 4).rows.tolist() == [0, 2, 3, 5]


def test_more_stimuli_than_pairs_cannot_be_chosen():
    candidates = Candidates(np.ones((4, 1)), np.ones(4), np.array([0, 0, 1, 1]), np.zeros(4, np.int64))
    with pytest.raises(PerceptionError, match="cannot choose 3 stimuli from 2 pairs of pictures"):
        choose(candidates, np.eye(1), np.eye(1), 3)


@given(st.floats(0.01, 1), st.floats(0, 0.9), st.integers(1, 50), st.integers(0, 50))
def test_further_answers_about_a_stimulus_tell_less_and_less(information, own_share, answers, asked):
    def told(count, before=0):
        return expected_information(np.array([information]), count, asked=before, own_share=own_share)[0]

    assert told(1) == pytest.approx(min(information, 1 / own_share if own_share else np.inf))
    assert told(answers, asked) == pytest.approx(told(answers + asked) - (told(asked) if asked else 0), abs=1e-12)
    assert told(1, asked + 1) <= told(1, asked) + 1e-12
    assert told(answers) <= answers * information + 1e-12


def test_no_number_of_answers_tells_more_than_the_stimulus_effect_allows():
    told = expected_information(np.array([0.8]), 10**6, asked=0, own_share=0.25)
    assert told == pytest.approx(4, rel=1e-4)


@pytest.mark.parametrize(
    ("answers", "asked", "own_share"), [(0, 0, 0.3), (1, -1, 0.3), (1, 0, 1.0), (1, 0, -0.1), (1, 0, float("nan"))]
)
def test_impossible_numbers_are_refused(answers, asked, own_share):
    with pytest.raises(PerceptionError, match=f"invalid: answers={answers}, asked={asked}"):
        expected_information(np.ones(1), answers, asked=asked, own_share=own_share)


def test_the_average_variance_is_over_all_class_pairs_and_coefficients(model):
    shown = [0.1, 0.5, 0.9]
    pairs = [(one, two) for one in range(10) for two in range(one + 1, 10)]
    rows = np.concatenate([model.design(share, *pair) for share in shown for pair in pairs])
    expected = np.mean([row @ model.covariance @ row for row in rows])
    assert np.trace(model.covariance @ prediction_weights(model, shown)) == pytest.approx(expected)


def test_a_stimulus_that_was_asked_about_gives_way_to_one_like_it(model):
    candidates = Candidates.of(model, [0.25] * 3, ["cat"] * 3, ["dog"] * 3, asked=np.array([4, 1, 0]))
    assert choose(candidates, model.covariance, prediction_weights(model, [0.25]), 3).rows.tolist() == [2, 1, 0]


def mixtures(model, per_class_pair):
    one, two = np.triu_indices(10, 1)
    shown = np.array(model.shown_coefficients)
    pair = np.arange(45 * per_class_pair).repeat(len(shown))
    return Candidates.of(
        model, np.tile(shown, 45 * per_class_pair), one[pair % 45], two[pair % 45], pairs=pair
    ), prediction_weights(model, shown)


def test_ten_thousand_candidates_take_seconds(model):
    candidates, weights = mixtures(model, 45)
    started = time.perf_counter()
    found = choose(candidates, model.covariance, weights, 500)
    assert time.perf_counter() - started < 10
    assert len(candidates) >= 10_000
    assert len(set(found.rows.tolist())) == 500


def test_random_stimuli_are_worth_less_than_chosen_ones(model):
    candidates, weights = mixtures(model, 40)
    left = choose(candidates, model.covariance, weights, 40).variance[-1]
    worth = random_worth(candidates, model.covariance, weights, left, number=40, seeds=5)
    assert worth.min() > 40
    again = random_worth(candidates, model.covariance, weights, left, number=40, seeds=5)
    np.testing.assert_array_equal(worth, again)


def test_what_no_number_of_random_stimuli_tells_is_infinitely_many(model):
    candidates, weights = mixtures(model, 1)
    assert np.isinf(random_worth(candidates, model.covariance, weights, 0.0, number=2, seeds=2)).all()


def test_after_the_release_100_chosen_stimuli_tell_as_much_as_190_random_ones(release):
    model = PerceptualModel.fit(load_dataset("h-mix", INFER, split="train", source=release))
    candidates, weights = mixtures(model, 100)
    found = choose(candidates, model.covariance, weights, 100)
    worth = random_worth(candidates, model.covariance, weights, found.variance[-1], number=100)
    assert 180 < worth.mean() < 205
    assert np.sqrt(found.variance[0]) == pytest.approx(0.085, abs=0.003)


def test_a_fit_to_answers_about_chosen_stimuli_has_smaller_errors(model, root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from benchmarks import design

    errors = design.simulated_errors(model, before=1000, asked=100, repetitions=25)
    assert errors.ratio < 0.9


def test_the_benchmark_prints_what_chosen_stimuli_are_worth(load_sample, root, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(root / "scripts"))
    from benchmarks import design

    monkeypatch.setattr(design, "NUMBERS", (5,))
    monkeypatch.setattr(design, "REPETITIONS", 2)
    design.print_design(load_sample())
    printed = capsys.readouterr().out
    assert "| 5 | 1 | 1,125 |" in printed
    assert "(2 repetitions)" in printed
