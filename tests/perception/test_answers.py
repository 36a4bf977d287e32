"""What lies around the likelihood: answers that never occurred, directions of class effects, clusters, intervals."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub.perception.answers import AnswerScale, interval, share_inside, to_percent
from hmix_hub.perception.mixtures import find_clusters, observe
from hmix_hub.perception.terms import class_basis, groups_of_classes

answers = st.lists(st.integers(0, 100), min_size=1, max_size=60).map(np.array)


@given(answers)
def test_answers_that_never_occurred_borrow_from_their_neighbours(percent):
    scale, places = AnswerScale.of(percent)
    np.testing.assert_array_equal(scale.percent[places], percent)
    np.testing.assert_allclose(scale.spread.sum(axis=1), 1, atol=1e-12)
    assert (scale.spread.sum(axis=0) > 0).all()
    # An answer that occurred keeps two thirds of its mass or more.
    assert (scale.spread[np.arange(len(scale.percent)), scale.percent] > 0.66).all()


@given(answers)
def test_answers_from_the_other_side_are_treated_alike(percent):
    one, other = AnswerScale.of(percent)[0], AnswerScale.of(100 - percent)[0]
    np.testing.assert_allclose(one.spread, other.spread[::-1, ::-1], atol=1e-12)


def test_where_all_answers_occur_nothing_is_borrowed():
    scale, _ = AnswerScale.of(np.arange(101))
    np.testing.assert_array_equal(scale.spread, np.eye(101))


def test_the_mass_of_a_scale_of_three_is_spread_by_hand():
    scale, _ = AnswerScale.of(np.array([0, 50, 50, 50, 100]))
    masses = scale.masses(np.array([[0.2, 0.5, 0.3]]))[0]
    np.testing.assert_allclose(masses[0], 0.2 * 1 / 1.5, rtol=1e-12)
    # 26 to 74 are nearest to 50, and half of 25 and 75.
    np.testing.assert_allclose(masses[30], 0.5 * 0.5 / 3.5 / 49, rtol=1e-12)
    np.testing.assert_allclose(masses[25], 0.5 * 0.5 / 3.5 / 49 / 2 + 0.2 * 0.5 / 1.5 / 24.5 / 2, rtol=1e-12)


def test_coefficients_of_the_slider_are_whole_percent():
    np.testing.assert_array_equal(to_percent(1 - np.arange(101) / 100), 100 - np.arange(101))


@settings(max_examples=50)
@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_class_effects_have_the_sum_zero_in_each_group_of_classes(n_classes, seed):
    rng = np.random.default_rng(seed)
    class_1, class_2 = rng.integers(n_classes, size=(2, 12))
    basis = class_basis(n_classes, class_1, class_2, rng.normal(size=(12, 1)))
    groups = groups_of_classes(n_classes, class_1, class_2)
    assert sorted(code for group in groups for code in group) == list(range(n_classes))
    assert basis.shape == (n_classes, n_classes - len(groups))
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-9)
    for group in groups:
        np.testing.assert_allclose(basis[group].sum(axis=0), 0, atol=1e-9)


def test_classes_of_one_side_alone_cannot_be_told_from_the_thresholds():
    ones = np.ones((4, 1))
    assert class_basis(2, np.zeros(4, dtype=int), np.ones(4, dtype=int), ones).shape == (2, 0)
    assert class_basis(2, np.array([0, 0, 0, 1]), np.array([1, 1, 1, 0]), ones).shape == (2, 1)


def test_clusters_of_the_release_are_its_batches(released_judgments):
    found = observe(released_judgments).cluster
    batches = np.unique(np.array(released_judgments["batch_id"]), return_inverse=True)[1]
    assert len(np.unique(found)) == 35
    assert len(np.unique(np.stack([found, batches]), axis=1).T) == 35


def test_people_who_were_all_shown_the_same_are_clusters_of_their_own():
    people = np.repeat(np.arange(12), 3)
    np.testing.assert_array_equal(find_clusters(people, np.tile(np.arange(3), 12)), people)
    halves = find_clusters(people, people // 2 * 3 + np.tile(np.arange(3), 12))
    np.testing.assert_array_equal(halves, people)
    many = np.repeat(np.arange(40), 3)
    np.testing.assert_array_equal(find_clusters(many, many // 2), many // 2)


def test_an_interval_holds_its_level_and_counts_a_pile_in_part():
    mass = np.zeros((1, 101))
    mass[0, [0, 50, 100]] = [0.2, 0.6, 0.2]
    low, high = interval(mass, 0.9)
    assert (low[0], high[0]) == (0.0, 1.0)
    low, high = interval(mass, 0.5)
    assert (low[0], high[0]) == (0.5, 0.5)
    # Of the 20 % at 0, the lowest 5 % lie outside.
    np.testing.assert_allclose(share_inside(mass, np.array([0]), 0.9), 0.75)
    inside = [share_inside(mass, np.array([answer]), 0.9)[0] for answer in (0, 50, 100)]
    np.testing.assert_allclose(inside @ mass[0, [0, 50, 100]], 0.9)


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
def test_expected_coverage_of_a_true_prediction_is_the_level(seed, level):
    mass = np.random.default_rng(seed).dirichlet(np.full(101, 0.1), size=1)
    every = np.repeat(mass, 101, axis=0)
    np.testing.assert_allclose(share_inside(every, np.arange(101), level) @ mass[0], level, atol=1e-9)
