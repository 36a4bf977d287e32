"""Scales of a study file: needed by ratings, refused elsewhere, each with a name of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from suite.study.files import STUDY, write_study

from hmix_hub.errors import StudyFileError
from hmix_hub.suite.design.drawing import draw_design
from hmix_hub.suite.design.overview import overview_of
from hmix_hub.suite.study.manifest import manifest_of
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.study.reading import read_study_file
from hmix_hub.tasks import CHOICE, RATING

ODD = "{name: odd, question: How odd is it?, low: not at all, high: very}"
FINE = "{name: fine, question: How fine is it?, low: not at all, high: very, steps: 5}"


def _read(folder: Path, scales: str, *, task: str = RATING) -> StudyFile:
    text = STUDY[: STUDY.index("  construct_midpoint:")] + f"  {task}:\n    question: What?\n    people_per_batch: 2\n"
    text += f"{scales}    batch_size: 8\n    pairs: {{per_class: 2}}\n    instructions: [{{text: Look.}}]\n"
    return read_study_file(write_study(folder, text))


def test_ratings_need_scales(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match=r"tasks\.scale_rating\.scales: scale_rating requires this key"):
        _read(tmp_path, "")


def test_other_tasks_refuse_them(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="scales: class_choice does not have this key; it is for scale_rating"):
        _read(tmp_path, f"    scales: [{ODD}]\n", task=CHOICE)


def test_two_of_one_name_are_told_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="two scales have the same name") as told:
        _read(tmp_path, f"    scales: [{ODD}, {ODD}]\n")
    assert told.value.where.line


def test_ends_that_are_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(StudyFileError, match="both ends of the scale are 'very'"):
        _read(tmp_path, f"    scales: [{ODD.replace('not at all', 'very')}]\n")


def test_the_export_says_what_was_rated_and_check_counts_a_judgment_on_each(tmp_path: Path) -> None:
    study = _read(tmp_path, f"    scales: [{ODD}, {FINE}]\n")
    manifest = manifest_of(study, first="2026-01", last="2026-01", is_synthetic=False)
    assert [(scale["name"], scale.get("steps")) for scale in manifest["scales"]] == [("odd", None), ("fine", 5)]
    [overview] = overview_of(draw_design(tmp_path, study)[0])
    assert (overview.trials, overview.judgments) == ((8, 8), overview.people * 8 * 2)
