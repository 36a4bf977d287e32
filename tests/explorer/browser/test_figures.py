"""Figures and tiles of the page equal the numbers of `hmix report`, of NumPy and of the package."""

from __future__ import annotations

import numpy as np
import pytest

import hmix_hub
from hmix_hub.schema.arrays import matrix
from hmix_hub.tables import arrow_columns
from hmix_hub.tasks.votes import entropies

_FIGURES = """() => hmix.figuresOf(hmix.explorer.view).map((make) => make())
  .map(({ id, points, mean, table }) => ({ id, points, mean, table }))"""
_SUMMARY = """() => {
  const { summary, data, order } = hmix.explorer.view;
  const lists = Object.fromEntries(["n", "mean", "spread", "bias"].map((name) => [name, [...summary[name]]]));
  return { ...lists, ids: data.names, order: [...order] };
}"""


def figures(page, view):
    page.show(view)
    return {figure["id"]: figure for figure in page.ask(_FIGURES)}


def series_of(*datasets, **options):
    found = hmix_hub.report(*datasets, resamples=100, **options)
    return {series.id: series for finding in found.findings for series in finding.series}


def check(figure, series, part=None):
    points = [point for point in figure["points"] if part in {None, point.get("part")}]
    assert np.allclose([point["x"] for point in points], series.levels, rtol=0, atol=1e-9)
    assert np.allclose([point["mean"] for point in points], series.mean, rtol=0, atol=1e-9)
    assert len(points) > 1


@pytest.fixture(scope="module")
def reported(load_sample):
    tasks = ("construct_midpoint", "select_shuffled_midpoint", "infer_mixing_factor", "categorical_soft_labels")
    return series_of(*map(load_sample, tasks))


def test_inferred_coefficients_and_confidence_are_those_of_the_report(sample, reported):
    found = figures(sample, "task=infer_mixing_factor")
    for name in ("infer.means", "confidence.by_shown", "confidence.by_extremeness"):
        check(found[name], reported[name])


def test_midpoints_are_those_of_the_report(sample, reported):
    means = dict(zip(reported["midpoints"].names, reported["midpoints"].mean, strict=True))
    for task, mean in means.items():
        found = figures(sample, f"task={task}")
        assert found["histogram.selected_coefficient"]["mean"] == pytest.approx(mean, abs=1e-9)
    check(figures(sample, "task=construct_midpoint")["construct.start"], reported["construct.start"])


def test_masses_of_soft_labels_are_those_of_the_report(sample, reported):
    found = figures(sample, "task=categorical_soft_labels")["soft.masses"]
    parts = {"soft.image_1": "class of image 1", "soft.image_2": "class of image 2", "soft.outside": "other classes"}
    for name, part in parts.items():
        check(found, reported[name], part)


def test_chosen_classes_are_those_of_the_report(others, other_studies):
    reported = series_of(hmix_hub.load_dataset(str(other_studies[0]), "class_choice", split="train"))
    found = figures(others, "task=class_choice")["chosen.masses"]
    check(found, reported["chosen.image_1"], "class of image 1")
    check(found, reported["chosen.outside"], "other classes")


def test_figures_are_of_the_selection(sample, load_sample):
    reported = series_of(load_sample(labels="dog", repeats=False))
    found = figures(sample, "task=infer_mixing_factor&labels=dog&repeats=false")
    check(found["infer.means"], reported["infer.means"])
    check(found["confidence.by_shown"], reported["confidence.by_shown"])


def test_tables_of_figures_say_what_is_drawn(sample):
    for figure in figures(sample, "task=infer_mixing_factor").values():
        assert len(figure["table"]["headings"]) == len(figure["table"]["rows"][0])
    table = sample.page.locator("[data-figure='infer.means'] table")
    sample.page.locator("[data-figure='infer.means'] summary").click()
    rows = [row.split("\t") for row in table.locator("tbody tr").all_inner_texts()]
    points = figures(sample, "task=infer_mixing_factor")["infer.means"]["points"]
    assert [[float(row[0]), float(row[1])] for row in rows] == [[p["x"], round(p["mean"], 3)] for p in points]


def test_histograms_count_every_judgment_once(sample, load_sample):
    found = figures(sample, "task=infer_mixing_factor&response_time_ms=:5000")
    times = np.array(load_sample()["response_time_ms"])
    assert sum(bin_["all"] for bin_ in found["histogram.response_time_ms"]["points"]) == len(times)
    assert sum(bin_["n"] for bin_ in found["histogram.response_time_ms"]["points"]) == (times <= 5000).sum()
    answers = np.array(load_sample()["inferred_coefficient"])[times <= 5000]
    expected = np.bincount(np.minimum((answers * 20 + 1e-9).astype(int), 19), minlength=20)
    assert [bin_["n"] for bin_ in found["histogram.inferred_coefficient"]["points"]] == expected.tolist()


def test_tiles_say_mean_spread_and_bias_of_each_stimulus(sample, load_sample):
    sample.show("task=infer_mixing_factor")
    found = sample.ask(_SUMMARY)
    by_stimulus = load_sample().to_pandas().groupby("stimulus_id")
    expected = by_stimulus["inferred_coefficient"].agg(["size", "mean", lambda values: values.std(ddof=0)])
    shown = by_stimulus["mixing_coefficient"].first()
    expected, shown = expected.loc[found["ids"]], shown.loc[found["ids"]]
    assert found["n"] == expected["size"].tolist()
    assert np.allclose(found["mean"], expected["mean"], rtol=0, atol=1e-9)
    assert np.allclose(found["spread"], expected.iloc[:, 2], rtol=0, atol=1e-7)
    assert np.allclose(found["bias"], expected["mean"] - shown, rtol=0, atol=1e-9)


def test_disagreement_about_classes_is_the_entropy_of_the_mean_answer(sample, load_sample):
    sample.show("task=categorical_soft_labels")
    found = sample.ask(_SUMMARY)
    dataset = load_sample("categorical_soft_labels")
    labels, ids = matrix(arrow_columns(dataset, ["soft_label"])["soft_label"]), np.array(dataset["stimulus_id"])
    means = np.stack([labels[ids == stimulus].mean(axis=0) for stimulus in found["ids"]])
    assert np.allclose(found["spread"], entropies(means), rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("sort", "key"),
    [("disagreement", "spread"), ("bias", "bias"), ("n", "n"), ("distance", "distance")],
)
def test_stimuli_are_sorted_by_what_was_asked(sample, sort, key):
    for order, sign in (("", 1), ("up", -1)):
        sample.show(f"task=infer_mixing_factor&sort={sort}&order={order}")
        found = sample.ask(_SUMMARY)
        found["distance"] = np.abs(found["bias"])
        values = sign * np.array(found[key])[found["order"]]
        assert (np.diff(values) <= 0).all()
        assert sorted(found["order"]) == list(range(len(found["ids"])))


def test_the_other_tasks_have_their_figures(others):
    assert "ratings" in figures(others, "task=scale_rating")
    assert {"entropy", "shares"} <= set(figures(others, "task=class_votes"))
    assert {"confusion", "confidence.by_shown"} <= set(figures(others, "task=class_choice"))
