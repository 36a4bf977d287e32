"""Valid studies, whatever they hold and in whatever format: nothing is found, and every value comes back."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given, settings
from study_generator.studies import ENDINGS, studies

from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.studies.study import Study

_LABELS = ("_label", "_class")
_LISTS = ("_classes", "class_order")


def read(folder):
    checked = Study.open(folder)
    (task,) = checked.folder.judgments
    return read_judgments(checked.folder, checked.manifest, task)


def values(table, column, classes):
    given = table[column].to_pylist()
    if column == "scale":
        return [name.lower() for name in given]
    if column.endswith(_LABELS):
        return [None if code is None else classes[code].lower() for code in given]
    if column.endswith(_LISTS):
        return [codes if codes is None else [classes[code].lower() for code in codes] for codes in given]
    return given


def expected(study, column):
    given = [row.get(column) for row in study.rows]
    if column == "scale" or column.endswith(_LABELS):
        return [value and value.lower() for value in given]
    if column.endswith(_LISTS):
        return [names if names is None else [name.lower() for name in names] for names in given]
    return given


@settings(max_examples=20)
@given(study=studies())
def test_nothing_is_found_in_a_valid_study_but_what_is_so(study, put):
    report = check_study(Study.open(put(study)))
    told = {found.rule.name: {spot.value for spot in found.spots} for found in report}
    morphed = {"morph"} & {study.manifest["stimuli"]["mixing"]}
    truth = {"few-rows": study.few, "straightlining": study.alike, "mixtures-absent": morphed}
    assert told == {name: people for name, people in truth.items() if people}
    assert report.rows == {study.path: len(study.rows)}


@settings(max_examples=8)
@given(study=studies(tasks=("class_votes",), is_recorded=False))
def test_votes_are_valid_and_come_back_with_what_follows_from_them(study, put):
    folder = put(study)
    morphed = {"morph"} & {study.manifest["stimuli"]["mixing"]}
    told = {found.rule.name for found in check_study(Study.open(folder))}
    assert told == ({"mixtures-absent"} if morphed else set())
    table = read(folder)
    for row, found in zip(study.rows, table.to_pylist(), strict=True):
        counts = row["class_counts"]
        assert found["class_counts"] == counts
        if counts is None:
            assert found["n_votes"] == row["n_votes"]
            assert abs(sum(found["class_frequencies"]) - 1) < 1e-9
        else:
            assert found["n_votes"] == sum(counts)
            assert found["class_frequencies"] == [votes / sum(counts) for votes in counts]


@settings(max_examples=20)
@given(study=studies())
def test_every_value_comes_back_as_it_was_given(study, put):
    table = read(put(study))
    for column in study.columns:
        if column != "image_set":
            assert values(table, column, study.classes) == expected(study, column), column


@settings(max_examples=8)
@given(study=studies())
def test_the_table_is_the_same_whatever_the_format(study, put):
    tables = [read(put(study.in_format(ending))).drop_columns("source_file") for ending in ENDINGS]
    for table in tables[1:]:
        # A key of JSON that is left out in the first rows comes later.
        assert table.select(tables[0].column_names).equals(tables[0])


@settings(max_examples=8)
@given(study=studies(is_recorded=True))
def test_how_answers_came_about_may_be_told_whole(study, put):
    report = check_study(Study.open(put(study)))
    assert report.errors == []


def test_checking_a_study_imports_nothing_that_loads_draws_or_publishes():
    heavy = ("datasets", "matplotlib", "huggingface_hub", "torch")
    code = f"import sys, hmix_hub.contribute.checking; print(*(name for name in {heavy} if name in sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == []
