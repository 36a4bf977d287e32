"""Soft labels of studies: study.yaml says what was asked and which procedure is the study's, and all follow it."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import StudyError
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.example import csv_bytes, example_study
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL
from hmix_hub.tasks.categorical_soft_labels import EXAMPLE_MANIFEST as SOFT_LABELS

TABLE = f"judgments/{CATEGORICAL}.csv"
HARD = {"top_probability": "1", "second_class": "", "second_probability": "", "impossible_classes": ""}
NOTHING_ASKED = "soft_labels:\n  asked: []\n  procedure: one_hot\n"


@pytest.fixture
def make(write):
    """Write the categorical example: columns set to a value or left out (`None`), and what its manifest states."""

    def make_study(stated=SOFT_LABELS, **columns):
        files = example_study(CATEGORICAL)
        rows = [row | columns for row in csv.DictReader(io.StringIO(files[TABLE].decode()))]
        kept = [name for name in rows[0] if columns.get(name, "") is not None]
        files[TABLE] = csv_bytes([{name: row[name] for name in kept} for row in rows])
        files["study.yaml"] = files["study.yaml"].replace(SOFT_LABELS.encode(), stated.encode())
        return write(files)

    return make_study


def load(folder, **options):
    return hmix_hub.load_dataset(str(folder), CATEGORICAL, split="train", **options)


def told(folder, **options):
    return {(found.rule.code, found.column): found for found in check_study(Study.open(folder, **options)).errors}


def one_hot(dataset):
    return np.eye(len(CIFAR10))[np.array(dataset["top_class"][:])]


HARD_STUDIES = {
    "silent": ("", HARD),
    "stated": (NOTHING_ASKED, HARD),
    "empty cells": (NOTHING_ASKED, HARD | {"top_probability": ""}),
    "no columns": (NOTHING_ASKED, dict.fromkeys(HARD)),
}


@pytest.mark.parametrize("name", HARD_STUDIES)
def test_a_chosen_class_is_a_one_hot_label_and_means_are_shares_of_answers(name, make):
    stated, columns = HARD_STUDIES[name]
    dataset = load(make(stated, **columns))
    assert (hmix_hub.soft_labels(dataset) == one_hot(dataset)).all()
    assert set(dataset["top_probability"]) == {1.0}
    assert all(row == [] for row in dataset["impossible_classes"])
    named = list(zip(dataset["stimulus_id"], dataset["top_class"], strict=True))
    for row in hmix_hub.by_stimulus(dataset):
        chosen = [top for stimulus, top in named if stimulus == row["stimulus_id"]]
        shares = [chosen.count(code) / len(chosen) for code in range(len(CIFAR10))]
        assert row["mean_soft_label"] == pytest.approx(shares, abs=1e-15)


@pytest.mark.parametrize("procedure", ["cifar10s", "one_hot"])
def test_the_column_follows_the_studys_procedure_in_every_place_and_version(procedure, make, tmp_path):
    folder = make(SOFT_LABELS.replace("released", procedure))
    raw = load(folder)
    assert (hmix_hub.soft_labels(raw) == hmix_hub.soft_labels(raw, procedure)).all()
    build(Study.open(folder), tmp_path / "built")
    built = load(tmp_path / "built")
    assert (hmix_hub.soft_labels(built) == hmix_hub.soft_labels(raw)).all()
    older = load(tmp_path / "built", schema_version="2.0.0")
    assert (hmix_hub.soft_labels(older) == hmix_hub.soft_labels(raw)).all()
    (stimulus, *_) = hmix_hub.load_dataset(str(folder), f"{CATEGORICAL}_by_stimulus", split="train")
    of_stimulus = np.array(raw["stimulus_id"][:]) == stimulus["stimulus_id"]
    assert (np.array(stimulus["soft_labels"]) == hmix_hub.soft_labels(raw)[of_stimulus]).all()


def test_a_study_that_states_nothing_keeps_the_released_procedure_where_more_than_a_class_was_answered(make):
    dataset = load(make(""))
    assert (hmix_hub.soft_labels(dataset) == hmix_hub.soft_labels(dataset, "released")).all()
    only_ruled_out = load(make("", **HARD | {"impossible_classes": "cat"}))
    assert (hmix_hub.soft_labels(only_ruled_out) == hmix_hub.soft_labels(only_ruled_out, "released")).all()


@pytest.mark.parametrize(
    ("columns", "suggested"),
    [
        (HARD, "soft_labels: {asked: [], procedure: one_hot}"),
        (HARD | {"impossible_classes": "frog"}, "soft_labels: {asked: [impossible_classes], procedure: released}"),
        ({}, "soft_labels: {asked: [probabilities, second_class, impossible_classes], procedure: released}"),
    ],
)
def test_a_study_that_states_nothing_is_told_what_to_write_and_writing_it_is_enough(columns, suggested, make):
    (found,) = told(make("", **columns)).values()
    assert (found.rule.code, found.file) == ("HMX526", "study.yaml")
    assert f"`{suggested}`" in found.spots[0].note
    assert told(make(suggested + "\n", **columns)) == {}


UNASKED = {
    "top_probability": ("second_class, impossible_classes", {"second_probability": ""}, "0.5"),
    "second_class": ("probabilities, impossible_classes", {"second_class": "", "second_probability": ""}, "cat"),
    "second_probability": ("second_class, impossible_classes", {"top_probability": "1", "second_probability": ""}, "0"),
    "impossible_classes": ("probabilities, second_class", {"impossible_classes": ""}, "cat"),
}


@pytest.mark.parametrize("column", UNASKED)
def test_an_answer_to_what_was_not_asked_is_an_error_with_its_row_and_column(column, write):
    asked, nothing, answer = UNASKED[column]
    files = example_study(CATEGORICAL)
    rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
    rows = [row | {"top_probability": "1"} | nothing for row in rows]
    rows[5] |= {"second_class": "horse" if column == "second_probability" else rows[5]["second_class"], column: answer}
    files[TABLE] = csv_bytes(rows)
    files["study.yaml"] = files["study.yaml"].replace(
        b"probabilities, second_class, impossible_classes", asked.encode()
    )
    folder = write(files)
    found = told(folder)
    assert set(found) == {("HMX587", column)}
    assert [spot.row for spot in found["HMX587", column].spots] == [5]
    with pytest.raises(StudyError, match="HMX587") as refused:
        load(folder)
    assert (refused.value.where.row, refused.value.where.column) == (5, column)


def test_what_was_asked_may_not_be_left_out(make):
    found = told(make(impossible_classes=None))
    assert set(found) == {("HMX530", "impossible_classes")}
    assert "`soft_labels: asked:`" in found["HMX530", "impossible_classes"].spots[0].note
    assert set(told(make(top_probability=""))) == {("HMX540", "top_probability")}


@pytest.mark.parametrize(
    "stated",
    [
        "soft_labels: {asked: [], procedure: released}",
        "soft_labels: {asked: [], procedure: cifar10s}",
        "soft_labels: {asked: [second_class, second_class], procedure: one_hot}",
        "soft_labels: {asked: [confidence], procedure: one_hot}",
        "soft_labels: {asked: [], procedure: clamp}",
        "soft_labels: {asked: []}",
        "soft_labels: {procedure: one_hot}",
    ],
)
def test_what_was_asked_and_the_procedure_must_fit_together(stated, make):
    assert {code for code, _ in told(make(f"{stated}\n", **HARD))} == {"HMX522"}


def test_one_hot_needs_no_objection_where_more_was_asked(make):
    assert told(make(SOFT_LABELS.replace("released", "one_hot"))) == {}
