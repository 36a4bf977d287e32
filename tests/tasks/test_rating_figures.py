"""Figures of ratings: statistics, agreement, the card and what is drawn, of each scale."""

from __future__ import annotations

import numpy as np
import pytest
from made_ratings import ROWS, load, study

import hmix_hub
from hmix_hub.contribute.description.card import card_text
from hmix_hub.contribute.description.statistics import task_statistics
from hmix_hub.errors import SchemaError
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import RATING


def test_figures_are_those_of_each_scale(tmp_path):
    rng = np.random.default_rng(0)
    values = {"likeness": rng.integers(0, 7, (5, 4)) / 6, "beauty": rng.uniform(0, 1, (5, 4)).round(3)}
    rows = [
        (f"p{person}", 10 * picture + number, picture, scale, values[scale][person, picture])
        for person in range(5)
        for picture in range(4)
        for number, scale in enumerate(values)
    ]
    figures = task_statistics([load(study(tmp_path, rows)).data.table], RATING)
    assert (figures["stimuli"], figures["judgments_per_stimulus"]["max"]) == (4, 5)
    assert figures["agreement"]["icc_1"] is None, "pooled, scales that differ would pass for stimuli that do"
    assert [found["scale"] for found in figures["ratings"]] == ["beauty", "likeness"]
    for found in figures["ratings"]:
        given = values[found["scale"]]
        assert found["mean"] == pytest.approx(given.mean(), abs=1e-6)
        assert found["standard_deviation"] == pytest.approx(given.std(ddof=1), abs=1e-6)
        between, within = 5 * given.mean(axis=0).var(ddof=1), given.var(axis=0, ddof=1).mean()
        assert found["agreement"]["icc_1"] == pytest.approx((between - within) / (between + 4 * within), abs=1e-5)
        apart = np.mean([(a - b) ** 2 for column in given.T for i, a in enumerate(column) for b in column[:i]])
        every = given.ravel()
        expected = np.mean([(a - b) ** 2 for i, a in enumerate(every) for b in every[:i]])
        assert found["agreement"]["krippendorff_alpha"] == pytest.approx(1 - apart / expected, abs=1e-5)


def test_a_report_has_the_agreement_of_each_scale(tmp_path):
    report = hmix_hub.report(load(study(tmp_path, ROWS)), resamples=100)
    assert {"agreement.alpha.scale_rating.likeness"} <= set(report.numbers)
    rows = report.explain("agreement.alpha.scale_rating.likeness").rows
    assert {row.values[-1] for row in rows} == {"likeness"}


def test_the_card_tells_the_scales(tmp_path):
    text = card_text(Study.open(study(tmp_path, ROWS)))
    assert "| `likeness` | How alike are they? | not at all | very | 7 | 4 | 0.417 |" in text
    assert "| `beauty` | How beautiful is it? | ugly | beautiful | continuous | 2 | 0.350 |" in text


@pytest.mark.parametrize("name", [RATING, f"{RATING}_by_stimulus"])
def test_ratings_of_single_pictures_and_of_mixtures_are_drawn(name, tmp_path):
    single, mixed = (
        load(study(tmp_path, ROWS), name),
        load(write_files(tmp_path / "example", example_study(RATING)), name),
    )
    of_single, of_mixed = hmix_hub.plot(single).axes[0], hmix_hub.plot(mixed).axes[0]
    assert [label.get_text() for label in of_single.get_yticklabels()] == ["beauty", "likeness"]
    assert [text.get_text() for text in of_single.texts] == ["ugly", "beautiful", "not at all", "very"]
    labels = of_mixed.get_legend_handles_labels()[1]
    assert labels == ["beauty: 0 ugly, 1 beautiful", "likeness: 0 not at all, 1 entirely"]


def test_a_stimulus_of_a_study_is_shown_with_its_ratings(tmp_path, cifar10):
    folder = study(tmp_path, ROWS)
    figure = hmix_hub.show("mixed_1.0_cat_0", tmp_path / "shown.png", dataset=folder, cifar10=cifar10)
    assert (tmp_path / "shown.png").stat().st_size > 10_000
    (panel,) = [axes for axes in figure.axes if axes.get_title("left").startswith("How is it rated? 4 judgments")]
    assert [label.get_text() for label in panel.get_yticklabels()] == ["beauty", "likeness"]
    assert [text.get_text() for text in panel.texts] == ["ugly", "beautiful", "not at all", "very"]
    named = hmix_hub.show("made-study/scale_rating/bob/2", dataset=folder, cifar10=cifar10)
    assert any("bob, trial 2: rated 0.4 on beauty, after" in text.get_text() for text in named.texts)
    for other in ("made-study/scale_rating/bob/9", "made-study/infer_mixing_factor/bob/2", "made-study/"):
        with pytest.raises(SchemaError, match="no judgment"):
            hmix_hub.show(other, dataset=folder, cifar10=cifar10)
