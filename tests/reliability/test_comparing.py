"""Paired differences: by seed, with intervals and corrected p-values that are known."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest


@pytest.fixture
def result(parts):
    """Make a result whose metrics are all one number."""

    def make(arm, seed, value):
        return parts.results.Result(f"{arm}{seed}", arm, seed, dict.fromkeys(parts.metrics.METRICS, value), 1.0, "cpu")

    return make


def test_a_difference_has_the_interval_of_students_t(parts):
    mean, half_width, p = parts.comparing.paired_difference(np.array([1.0, 2.0, 3.0]))
    # t(0.975, 2) = 4.30265; two-sided p of t = 3.4641 with 2 degrees of freedom.
    assert (mean, half_width) == (2, pytest.approx(4.302653 / math.sqrt(3)))
    assert p == pytest.approx(0.0741799, rel=1e-5)


def test_one_seed_decides_nothing(parts):
    assert parts.comparing.paired_difference(np.array([0.3])) == (0.3, math.inf, 1.0)


def test_differences_that_are_all_the_same_have_no_width(parts):
    assert parts.comparing.paired_difference(np.zeros(4)) == (0, 0, 1)
    assert parts.comparing.paired_difference(np.full(4, 0.5)) == (0.5, 0, 0)


def test_holm_corrects_for_the_number_of_comparisons(parts):
    assert parts.comparing.holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert parts.comparing.holm([0.6, 0.7]) == [1, 1]
    assert parts.comparing.holm([]) == []


def test_arms_are_compared_over_the_seeds_that_both_have(parts, result):
    results = [result("synthetic", seed, 0.5) for seed in (0, 1, 2)]
    results += [result("human", seed, 0.5 + 0.1 * seed) for seed in (1, 2, 3)]
    found = parts.comparing.compare(results)
    assert {(one.arm, one.reference) for one in found} == {("human", "synthetic")}
    assert [one.metric for one in found] == list(parts.metrics.METRICS)
    assert {one.n_seeds for one in found} == {2}
    assert found[0].mean == pytest.approx(0.15)
    assert found[0].adjusted_p == pytest.approx(min(1, len(found) * found[0].p))


def test_the_pairing_takes_away_what_seeds_have_in_common(parts, result):
    rng = np.random.default_rng(0)
    common, own = rng.normal(size=20), 0.01 * rng.normal(size=20)
    results = [result("synthetic", seed, common[seed]) for seed in range(20)]
    results += [result("human", seed, common[seed] + own[seed]) for seed in range(20)]
    assert all(one.half_width < 0.01 for one in parts.comparing.compare(results))


def test_intervals_of_no_difference_exclude_0_as_often_as_they_say(parts):
    rng = np.random.default_rng(1)
    found = [parts.comparing.paired_difference(row) for row in rng.normal(size=(4000, 5))]
    assert np.mean([abs(mean) > half for mean, half, _ in found]) == pytest.approx(0.05, abs=0.01)


def test_the_table_says_how_many_intervals_there_are_and_how_many_hold(parts, result):
    results = [result("synthetic", seed, 0.5 + 0.01 * (seed % 2)) for seed in range(8)]
    results += [result("human", seed, 0.4 + 0.001 * seed) for seed in range(8)]
    differences = parts.comparing.compare(results)
    text = parts.comparing.table_text(results, differences)
    assert "11 of 11 intervals exclude 0 (1 expected by chance if nothing differed)" in text
    assert "11 differences remain after Holm's correction over all 11 (marked *)" in text
    assert "| human labels | 8 | 0.4035 |" in text
    assert text.count(" *") >= 11


def test_a_table_of_one_seed_counts_no_intervals(parts, result):
    results = [result("human", 0, 0.9), result("synthetic", 0, 0.8)]

    text = parts.comparing.table_text(results, parts.comparing.compare(results))

    assert "Intervals of differences need two seeds or more." in text


def test_the_summary_is_json_without_numbers_that_json_lacks(parts, result):
    results = [result("synthetic", 0, 0.5), result("human", 0, 0.75)]
    summary = parts.comparing.as_json(results, parts.comparing.compare(results))
    again = json.loads(json.dumps(summary, allow_nan=False))
    assert again["differences"][0]["mean"] == 0.25
    assert again["differences"][0]["half_width"] is None


def test_a_far_interval_does_not_hide_the_others_in_the_figure(parts, result):
    results = []
    for seed in range(4):
        results += [result("synthetic", seed, 0.01 * seed), result("human", seed, 0.011 * seed)]
        results += [result("shuffled", seed, 0.012 * seed), result("none", seed, 50.0)]
    figure = parts.figure.draw_differences(parts.comparing.compare(results), note="made up")
    assert len(figure.axes) == len(parts.figure.SHOWN)
    assert all(-1 < low < 0 < high < 1 for low, high in (axes.get_xlim() for axes in figure.axes))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [
        "human labels - synthetic labels",
        "human labels - shuffled human labels",
        "synthetic labels - pictures alone",
    ]
