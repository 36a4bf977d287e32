"""Numbers of a report computed again, by definitions written down once more, from the rows that explain them alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import hmix_hub

SHOWN, INFERRED = "mixing_coefficient", "inferred_coefficient"
SELECTED, START = "selected_coefficient", "start_coefficient"


def first(rows):
    """Return the mean of the first column."""
    return rows.iloc[:, 0].mean()


def of_starts(rows):
    means = rows.groupby(START)[SELECTED].mean()
    return means.iloc[-1] - means.iloc[0]


def correlation(rows, other, *, within):
    confidence = rows["confidence"]
    if within:
        confidence, other = (part - part.groupby(rows["person"]).transform("mean") for part in (confidence, other))
    return np.corrcoef(confidence, other)[0, 1]


def extremeness(rows):
    return (rows[INFERRED] - 0.5).abs()


def accuracy(rows):
    return -(rows[INFERRED] - rows[SHOWN]).abs()


def mass(rows, part):
    one, two = (
        np.array([soft[CIFAR.index(name)] for soft, name in zip(rows["soft_label"], rows[label], strict=True)])
        for label in ("image_1_label", "image_2_label")
    )
    return {"image_1": one, "image_2": two, "outside": 1 - one - two}[part].mean()


def pairs(rows):
    """Return the first answers and the marked repeats, matched by participant and stimulus."""
    key = ["person", rows.columns[1]]
    both = rows[~rows["is_repeat"]].merge(rows[rows["is_repeat"]], on=key, validate="one_to_one")
    value = rows.columns[0]
    return both[f"{value}_x"], both[f"{value}_y"]


def icc(rows):
    table = np.stack(pairs(rows), axis=1)
    n, k = table.shape
    mean = table.mean()
    of_rows = k * ((table.mean(axis=1) - mean) ** 2).sum() / (n - 1)
    of_columns = n * ((table.mean(axis=0) - mean) ** 2).sum() / (k - 1)
    rest = (((table - mean) ** 2).sum() - (n - 1) * of_rows - (k - 1) * of_columns) / ((n - 1) * (k - 1))
    return (of_rows - rest) / (of_rows + (k - 1) * rest + k / n * (of_columns - rest))


def difference(rows):
    one, two = pairs(rows)
    return two - one


def alpha(rows, distance):
    value, stimulus = rows.columns[:2]
    groups = [group.to_numpy() for _, group in rows.groupby(stimulus)[value]]
    observed = sum(distance(group[:, None], group).sum() / (len(group) - 1) for group in groups)
    every, counts = np.unique(np.concatenate(groups), return_counts=True)
    n = counts.sum()
    expected = (distance(every[:, None], every) * np.outer(counts, counts)).sum() / (n - 1)
    return 1 - observed / expected


def parts(rows):
    """Return total, curve, stimulus and people."""
    deviation, stimulus = rows[INFERRED] - rows[SHOWN], rows["stimulus_id"]
    total, curve = (deviation**2).mean(), (deviation.groupby(rows[SHOWN]).transform("mean") ** 2).mean()
    own = rows[INFERRED] - rows[INFERRED].groupby(stimulus).transform("mean")
    people = (own**2).sum() / (len(rows) - stimulus.nunique())
    return np.array([total, curve, total - curve - people, people])


def variation(rows):
    one, two = (np.stack(side) for side in pairs(rows))
    return 0.5 * np.abs(one - two).sum(axis=1).mean()


RULES = {
    **dict.fromkeys(["construct.mean", "construct.start.0.1", "construct.start.0.9", "select.mean"], first),
    **dict.fromkeys(["infer.mean.0.5", "confidence.mean.0.25", "confidence.by_extremeness.0.1"], first),
    "construct.start.difference": of_starts,
    "infer.bias": lambda rows: (rows[INFERRED] - rows[SHOWN]).mean(),
    "infer.absolute_error": lambda rows: -accuracy(rows).mean(),
    "confidence.extremeness.pooled": lambda rows: correlation(rows, extremeness(rows), within=False),
    "confidence.extremeness.within": lambda rows: correlation(rows, extremeness(rows), within=True),
    "confidence.accuracy.within": lambda rows: correlation(rows, accuracy(rows), within=True),
    "soft.outside": lambda rows: mass(rows, "outside"),
    "soft.image_1.0.25": lambda rows: mass(rows, "image_1"),
    "soft.image_2.0.75": lambda rows: mass(rows, "image_2"),
    "soft.outside.0.5": lambda rows: mass(rows, "outside"),
    **{
        f"retest.{name}.{answer}": rule
        for answer in ("infer_mixing_factor", "confidence", "construct_midpoint", "select_shuffled_midpoint")
        for name, rule in {
            "icc": icc,
            "mae": lambda rows: difference(rows).abs().mean(),
            "bias": lambda rows: difference(rows).mean(),
            "limit.high": lambda rows: difference(rows).mean() + 1.96 * difference(rows).std(),
        }.items()
    },
    "retest.same_top_class.categorical_soft_labels": lambda rows: np.equal(*pairs(rows)).mean(),
    "retest.total_variation.categorical_soft_labels": variation,
    **{
        f"agreement.alpha.{task}": lambda rows: alpha(rows, lambda one, two: (one - two) ** 2)
        for task in ("infer_mixing_factor", "construct_midpoint", "select_shuffled_midpoint")
    },
    "agreement.alpha.categorical_soft_labels": lambda rows: alpha(rows, lambda one, two: 1.0 * (one != two)),
    "deviation.total": lambda rows: parts(rows)[0],
    "deviation.curve": lambda rows: 100 * parts(rows)[1] / parts(rows)[0],
    "deviation.stimulus": lambda rows: 100 * parts(rows)[2] / parts(rows)[0],
    "deviation.people": lambda rows: 100 * parts(rows)[3] / parts(rows)[0],
    "ceiling.identity": lambda rows: parts(rows)[0] ** 0.5,
    "ceiling.coefficient_mean": lambda rows: (parts(rows)[0] - parts(rows)[1]) ** 0.5,
    "ceiling.new_person": lambda rows: parts(rows)[3] ** 0.5,
    "ceiling.same_person": lambda rows: ((difference(rows) ** 2).mean() / 2) ** 0.5,
}
CIFAR = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


@pytest.fixture(scope="module", params=["sample", "release"])
def report(request):
    source = "sample" if request.param == "sample" else request.getfixturevalue("release")
    return hmix_hub.report("h-mix", source=source, resamples=100)


@pytest.mark.parametrize("name", RULES)
def test_a_number_follows_from_the_rows_that_explain_it(report, name):
    explanation = report.explain(name)
    rows = pd.DataFrame([row.values for row in explanation.rows], columns=list(explanation.columns))
    rows["person"] = [row.participant_id for row in explanation.rows]
    assert explanation.number.value == pytest.approx(RULES[name](rows), abs=1e-9)


def test_numbers_of_classes_name_the_other_judgments_that_they_depend_on(report):
    for name, told in (("pair.raw.cat-dog", "curve"), ("class.visibility.cat", "pooled with them")):
        assert told in report.number(name).note


def test_distances_from_one_half_are_rounded_alike_on_both_sides(report):
    """In floating point .55 is farther from one half than .45, and neither is .05 from it."""
    for tenth, (low, high) in {"0": (0, 0.045), "0.1": (0.05, 0.145), "0.5": (0.45, 0.5)}.items():
        rows = report.explain(f"confidence.by_extremeness.{tenth}").rows
        distances = np.array([abs(row.values[1] - 0.5) for row in rows])
        assert distances.min() == pytest.approx(low, abs=0.0101)
        assert low - 1e-9 <= distances.min()
        assert distances.max() <= high + 1e-9
