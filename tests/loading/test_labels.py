"""Every human label of a picture: over tasks, datasets and image sets, each stimulus that shows it once."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from click.testing import CliRunner

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.errors import CacheWarning, ConfigurationError, SourceNameError
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER

SAMPLE = "sample/pictures"


def labels(index, **options):
    return hmix_hub.labels_of(SAMPLE, index, **{"source": "sample"} | options)


@pytest.fixture(scope="module")
def judged(load_sample):
    """An index that stimuli of every task show."""
    shown = [
        {index for image in ("image_1_index", "image_2_index") for index in load_sample(task)[image]}
        for task in (CONSTRUCT, INFER, CATEGORICAL)
    ]
    return min(set.intersection(*shown))


def test_each_stimulus_that_shows_the_picture_is_a_row(load_sample, judged):
    found = labels(judged)
    for task in (INFER, CATEGORICAL, CONSTRUCT):
        stimuli = hmix_hub.by_stimulus(load_sample(task))
        name = "pair_id" if task == CONSTRUCT else "stimulus_id"
        expected = {row[name]: row for row in stimuli if judged in (row["image_1_index"], row["image_2_index"])}
        rows = found[found.task == task].to_dict("records")
        assert [row["stimulus_id"] for row in rows] == list(expected)
        for row in rows:
            stimulus = expected[row["stimulus_id"]]
            assert {row["index"], row["other_index"]} == {stimulus["image_1_index"], stimulus["image_2_index"]}
            assert (row["n_judgments"], row["n_participants"]) == (stimulus["n_judgments"], stimulus["n_participants"])
            assert row["n_synthetic"] == row["n_judgments"]
            assert row["mixing_coefficient"] == stimulus.get("mixing_coefficient") or task == CONSTRUCT


def test_answers_are_means_and_distributions_sum_to_one(load_sample, judged):
    found = labels(judged)
    names = load_sample(INFER).features["image_1_label"].names
    for row in found.to_dict("records"):
        if row["task"] == CONSTRUCT:
            assert row["label_distribution"] is None
            assert 0 <= row["answer"] <= 1
            continue
        assert sum(row["label_distribution"].values()) == pytest.approx(1)
        stimulus = next(one for one in load_sample(f"{row['task']}_by_stimulus", stimuli=row["stimulus_id"]))
        if row["task"] == CATEGORICAL:
            assert np.isnan(row["answer"])
            shares = {name: share for name, share in zip(names, stimulus["mean_soft_label"], strict=True) if share}
            assert row["label_distribution"] == shares
        else:
            first, second = (names[stimulus[f"image_{which}_label"]] for which in (1, 2))
            mean = stimulus["mean_inferred_coefficient"]
            assert row["answer"] == mean
            assert row["label_distribution"] == {first: mean, second: 1 - mean}


def test_several_pictures_are_in_the_order_given(judged):
    one = labels(judged)
    both = labels(np.array([judged + 1, judged]))
    assert both["index"].tolist() == sorted(both["index"], reverse=True)
    assert both[both["index"] == judged].reset_index(drop=True).equals(one)
    assert len(labels([])) == 0
    assert labels([]).columns.tolist() == one.columns.tolist()


def test_a_picture_that_nobody_judged_has_no_label(made_up):
    hmix_hub.load_dataset("made-up", source=made_up.files)
    assert hmix_hub.labels_of("cifar10/test", 9999, source="sample").empty


def test_more_datasets_by_folder_or_loaded(tmp_path, judged, load_sample, made_up):
    twice = labels(judged, datasets=[load_sample(INFER, participants="sample000000001")])
    assert set(twice.dataset) == {"h-mix", ""}
    folder = write_files(tmp_path / "example-study", example_study(CATEGORICAL))
    study = hmix_hub.load_dataset(folder, split="train")
    index = study[0]["image_1_index"]
    hmix_hub.load_dataset("made-up", source=made_up.files)
    # H-Mix is here as the sample, which is about other pictures.
    found = hmix_hub.labels_of("cifar10/test", index, source="sample", datasets=[folder])
    assert study[0]["stimulus_id"] in found[found.dataset == "example-study"].stimulus_id.tolist()


def test_registered_studies_are_asked_where_they_are_on_this_machine(made_up):
    with pytest.warns(CacheWarning, match="left out, as not on this machine: made-up"):
        assert hmix_hub.labels_of("cifar10/test", 0, source="sample").empty
    hmix_hub.load_dataset("made-up", source=made_up.files)
    # From here on its tables are in the cache, and its files are not needed.
    shutil.rmtree(made_up.files)
    found = hmix_hub.labels_of("cifar10/test", 0, source="sample")
    (row,) = found.to_dict("records")
    assert (row["dataset"], row["label"], row["stimulus_id"]) == ("made-up", "cat", "mixed_1.0_Cat_0")
    assert (row["n_judgments"], row["n_participants"], row["mixing_coefficient"]) == (4, 4, 1)
    assert row["label_distribution"] == {"cat": 0.5, "deer": 0.5}
    assert found["other_index"].isna().all()


@pytest.mark.parametrize("index", [-1, 200, 1.5, "3", None, True, [0, 200], [None]])
def test_an_index_that_is_none_is_refused(index):
    with pytest.raises(ConfigurationError, match="is not an index of a picture of sample/pictures"):
        labels(index)


def test_an_unknown_image_set_is_refused():
    with pytest.raises(SourceNameError, match="no dataset uses an image set") as refused:
        hmix_hub.labels_of("cifar10/tset", 0, source="sample")
    assert "'cifar10/test'" in refused.value.hint


def test_further_calls_read_no_table(judged, monkeypatch):
    labels(judged)
    monkeypatch.setattr("hmix_hub.loading.labels.load_dataset", lambda *_, **__: pytest.fail("a table was loaded"))
    assert len(labels(judged)) == len(labels(judged))


def test_the_command_lists_them(judged):
    run = CliRunner().invoke
    shown = run(main, ["labels", SAMPLE, str(judged), "--source", "sample"], catch_exceptions=False).stdout.splitlines()
    assert shown[0].split() == ["dataset", "task", "stimulus", "judgments", "answer", "labels"]
    assert shown[-1] == f"{len(labels(judged))} stimuli show picture {judged} of {SAMPLE}"
    printed = run(main, ["labels", SAMPLE, str(judged), "--source", "sample", "--json"]).stdout
    assert [row["stimulus_id"] for row in json.loads(printed)] == labels(judged).stimulus_id.tolist()
    assert run(main, ["labels", SAMPLE, "999", "--source", "sample"]).exit_code == 2


def test_a_picture_is_drawn_with_a_panel_for_each_distribution(judged, tmp_path, misplaced_words):
    from hmix_hub.plots.picture_labels import MOST_PANELS, draw_labels

    figure = draw_labels(SAMPLE, judged, tmp_path / "labels.png", source="sample")
    rows = [row for row in labels(judged).to_dict("records") if row["label_distribution"]][:MOST_PANELS]
    panels = [axes for axes in figure.axes if axes.get_xlabel() == "share"]
    assert len(panels) == len(rows) > 0
    for axes, row in zip(panels, rows, strict=True):
        names = [tick.get_text() for tick in axes.get_yticklabels()]
        widths = {name: bar.get_width() for name, bar in zip(names, axes.patches, strict=True) if bar.get_width()}
        assert widths == row["label_distribution"]
    assert misplaced_words(figure) == []
    assert any(text.get_text().startswith("SYNTHETIC") for text in figure.texts)
    drawn = CliRunner().invoke(
        main, ["labels", SAMPLE, str(judged), "--source", "sample", "-o", str(tmp_path / "again.png")]
    )
    assert drawn.exit_code == 0, drawn.output
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "labels.png").read_bytes()
