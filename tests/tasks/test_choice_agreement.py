"""Agreement of chosen classes: with one another, with labels and over repeats, and what they are pooled to."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from compared_answers import agreement_of
from made_choices import PAGES, THREE, dataset, judged

import hmix_hub
from hmix_hub.comparisons import CHOICES, dominant_classes
from hmix_hub.contribute.description.statistics import task_statistics
from hmix_hub.errors import ConfigurationError
from hmix_hub.tasks import CHOICE


@pytest.mark.parametrize("method", ["mean", "majority"])
def test_aggregates_of_choices_are_their_shares(method):
    labels = hmix_hub.aggregate(dataset(THREE), method)
    assert labels["soft_label"][:] == [[2 / 3, 1 / 3, 0], [0, 1, 0]]
    assert labels["top_class"][:] == [0, 1]


def test_dawid_skene_takes_choices_as_votes():
    rows = [(f"p{p}", s, PAGES[s % 3], PAGES[(s + (p == 2)) % 3]) for s in range(6) for p in range(3)]
    labels = hmix_hub.aggregate(dataset(rows), "dawid_skene")
    assert labels["top_class"][:] == [0, 1, 2, 0, 1, 2]
    with pytest.raises(ConfigurationError, match="'median' does not apply"):
        hmix_hub.aggregate(dataset(rows), "median")


def test_labels_are_compared_with_choices():
    ds = dataset([(f"p{p}", s, PAGES[s % 3], PAGES[(s + (p == 2)) % 3]) for s in range(6) for p in range(3)])
    pooled = hmix_hub.by_stimulus(ds)
    own = hmix_hub.human_fit(hmix_hub.soft_labels(ds), ds)
    assert (own.rmse.value, own.cross_entropy.value) == (0, 0)
    shares = hmix_hub.human_fit(hmix_hub.soft_labels(pooled), pooled)
    assert shares.n_judgments == len(ds)
    # Two of three chose each picture's class: the entropy of their shares.
    assert math.isclose(shares.cross_entropy.value, pooled["entropy"][0])


def test_fleiss_kappa_is_that_of_the_published_example():
    # Ten subjects, fourteen raters, five categories: kappa .210. Source: the example table of Fleiss' kappa,
    # https://en.wikipedia.org/wiki/Fleiss%27_kappa.
    counts = [
        *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1]),
        *([7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
    ]
    chosen = np.concatenate([np.repeat(np.arange(5), row) for row in counts])
    found = agreement_of(CHOICES, np.repeat(np.arange(10), 14), top=chosen)
    assert round(found["fleiss_kappa"], 3) == 0.21
    assert found["pairs"] == 10 * 91
    # With as many answers to each, agreement of pairs is that of Fleiss, and alpha corrects for the finite sample.
    assert math.isclose(found["same_top_class"], 0.378, abs_tol=5e-4)
    expected = 1 - (1 - found["fleiss_kappa"]) * 139 / 140
    assert math.isclose(found["krippendorff_alpha"], expected, abs_tol=1e-6)


def test_where_all_chose_one_class_nothing_is_beyond_chance():
    found = agreement_of(CHOICES, [0, 0, 1, 1], top=[2, 2, 2, 2])
    assert (found["same_top_class"], found["fleiss_kappa"], found["krippendorff_alpha"]) == (1.0, None, None)
    none = agreement_of(CHOICES, [0], top=[2])
    assert (none["pairs"], none["same_top_class"], none["fleiss_kappa"]) == (0, None, None)


def test_a_repeat_counts_for_the_retest_alone():
    rows = [
        ("a", 0, PAGES[0], PAGES[0]),
        ("b", 0, PAGES[0], PAGES[0]),
        ("a", 0, PAGES[0], PAGES[1], {"is_repeat": True}),
    ]
    figures = task_statistics([judged(rows)], CHOICE)
    assert figures["agreement"]["same_top_class"] == 1
    assert figures["retest"]["same_top_class"] == 0
    assert figures["retest"]["pairs"] == 1


def test_choices_are_compared_with_the_class_that_a_picture_is_most_of():
    table = pa.table(
        {
            "image_1_label": pa.array([0, 0, 0, 1, 1]),
            "image_2_label": pa.array([None, 1, 1, 1, 2]),
            "mixing_coefficient": [1.0, 0.75, 0.5, 0.5, 0.25],
        }
    )
    labels = dominant_classes(table)
    # Of two halves there is none, unless both are of one class.
    assert labels.tolist() == [0, 0, -1, 1, 2]


def test_statistics_hold_agreement_confidence_and_what_was_chosen():
    rows = [(p, s, PAGES[s], PAGES[(s + (p == "c")) % 3], {"confidence": 0.5}) for s in range(3) for p in "abc"]
    figures = task_statistics([judged(rows)], CHOICE)
    assert figures["agreement"]["same_top_class"] == round(1 / 3, 6)
    assert figures["of_label"]["share"] == round(2 / 3, 6)
    assert figures["confidence"]["mean"] == 0.5
    (level,) = figures["mass"]
    assert (level["image_1"], level["others"]) == (round(2 / 3, 6), round(1 / 3, 6))
