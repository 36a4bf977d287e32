"""Fixing: every rule with a safe fix is fixed, and nothing else is changed."""

from __future__ import annotations

import csv
import io

import pytest
from study_generator.recorded_example import recorded_example

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.fixing import fix
from hmix_hub.studies.catalogue import catalogue
from hmix_hub.studies.example import csv_bytes, example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CONSTRUCT, INFER

FIXED = [rule for rule in catalogue().values() if rule.automatic_fix]
TABLE = f"judgments/{INFER}.csv"
CHANGED = {
    "HMX500": {"p01é"},
    "HMX534": set(),
    "HMX543": set(),
    "HMX545": {""},
    "HMX544": {"0.7"},
    "HMX579": {"likeness", "0.6666666666666666"},
}
"""What the examples leave changed, since they put other values in place of the study's."""
OF_OWN_PICTURES = {"HMX554"}
"""Rules whose examples are another study, which is to become the passing one."""


@pytest.mark.parametrize("rule", FIXED, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_what_breaks_a_rule_with_a_fix_is_fixed_by_it(rule, make_study):
    folder = make_study(rule.example.task, rule.example.failing.apply)
    fixes, report = fix(Study.open(folder, is_draft=True))
    assert [fix.rule.code for fix in fixes] == [rule.code]
    assert rule.code not in {found.rule.code for found in report}


@pytest.mark.parametrize("rule", FIXED, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_after_the_fix_the_table_is_what_it_was(rule, make_study):
    folder = make_study(rule.example.task, rule.example.failing.apply)
    fix(Study.open(folder, is_draft=True))
    path = folder / f"judgments/{rule.example.task}.csv"
    found = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    files = example_study(rule.example.task)
    if rule.code in OF_OWN_PICTURES:
        rule.example.passing.apply(files)
    expected = list(csv.DictReader(io.StringIO(files[path.relative_to(folder).as_posix()].decode())))
    differing = {
        cell
        for row, right in zip(found, expected, strict=True)
        for name, cell in row.items()
        if not same(cell, right.get(name))
    }
    assert differing <= CHANGED.get(rule.code, set())


def same(cell, right):
    try:
        return abs(float(cell) - float(right)) < 1e-9
    except (TypeError, ValueError):
        return cell == right


@pytest.mark.parametrize("rule", FIXED, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_a_dry_run_writes_nothing(rule, make_study):
    folder = make_study(rule.example.task, rule.example.failing.apply)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    fixes, _ = fix(Study.open(folder, is_draft=True), dry_run=True)
    assert [fix.rule.code for fix in fixes] == [rule.code]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


UNFIXED = [rule for rule in catalogue().values() if not rule.automatic_fix and rule.code not in {"HMX511", "HMX520"}]


@pytest.mark.parametrize("rule", UNFIXED, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_what_needs_a_decision_is_left_alone(rule, tmp_path):
    files = example_study(rule.example.task)
    rule.example.failing.apply(files)
    folder = write_files(tmp_path / "study", files)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert fix(Study.open(folder, is_draft=True))[0] == []
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_several_faults_that_hide_each_other_are_fixed_one_after_another(make_study):
    def spoil(files):
        rows = list(csv.DictReader(io.StringIO(files[TABLE].decode())))
        for row in rows:
            row["Confidence "] = f"{100 * float(row.pop('confidence')):g}"
            row["response_time_ms"] = f" {float(row['response_time_ms']) / 1000:.4f}"
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        files[TABLE] = text.getvalue().encode("utf-8-sig")

    folder = make_study(INFER, spoil)
    fixes, report = fix(Study.open(folder, is_draft=True))
    assert {fix.rule.code for fix in fixes} == {"HMX501", "HMX503", "HMX533", "HMX543", "HMX546", "HMX581"}
    assert report.findings == []
    assert check_study(Study.open(folder)).findings == []


def test_a_study_without_faults_is_left_alone(make_study):
    folder = make_study()
    before = (folder / TABLE).read_bytes()
    assert fix(Study.open(folder, is_draft=True))[0] == []
    assert (folder / TABLE).read_bytes() == before


def test_a_pair_that_is_turned_takes_with_it_how_its_answer_came_about(make_study):
    path = f"judgments/{CONSTRUCT}.csv"

    def spoil(files):
        files |= recorded_example(CONSTRUCT)
        rows = list(csv.DictReader(io.StringIO(files[path].decode())))
        row = rows[7]
        for name in ("label", "index"):
            row[f"image_1_{name}"], row[f"image_2_{name}"] = row[f"image_2_{name}"], row[f"image_1_{name}"]
        row |= {"start_coefficient": "0.1", "selected_coefficient": "0.3", "path_times_ms": ""}
        row |= {"path_coefficients": "[0.1, 0.2, 0.3]", "image_1_side": "left"}
        files[path] = csv_bytes(rows)

    folder = make_study(CONSTRUCT, spoil)
    fixes, report = fix(Study.open(folder, is_draft=True))
    assert [fix.rule.code for fix in fixes] == ["HMX564"]
    assert report.findings == []
    row = list(csv.DictReader(io.StringIO((folder / path).read_text())))[7]
    assert (row["path_coefficients"], row["image_1_side"]) == ("[0.9, 0.8, 0.7]", "right")


def test_a_word_for_nothing_among_lists_is_emptied(make_study):
    def spoil(files):
        files |= recorded_example(CONSTRUCT)
        path = f"judgments/{CONSTRUCT}.csv"
        rows = list(csv.DictReader(io.StringIO(files[path].decode())))
        rows[7]["path_coefficients"] = "n/a"
        files[path] = csv_bytes(rows)

    folder = make_study(CONSTRUCT, spoil)
    assert [fix.rule.code for fix in fix(Study.open(folder, is_draft=True))[0]] == ["HMX545"]
    assert check_study(Study.open(folder)).findings == []
