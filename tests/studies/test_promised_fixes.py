"""Promises: what a finding says that `hmix contribute fix` does, it does, in every format and file."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from study_generator.planters import PLANTERS
from study_generator.studies import studies

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.fixing import fix
from hmix_hub.studies.catalogue import catalogue
from hmix_hub.studies.example import example_study
from hmix_hub.studies.rules.changes import cell
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

TABLE = f"judgments/{INFER}.csv"
FIXED = [rule.code for rule in catalogue().values() if rule.automatic_fix]


def promised(report):
    return {(found.rule.code, found.file, found.column) for found in report if report.is_fixable(found)}


@pytest.mark.parametrize("code", FIXED)
def test_what_is_promised_of_a_planted_defect_is_kept(code, put):
    planter = PLANTERS[code]

    @settings(max_examples=2, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
    @given(study=studies(**planter.needs), seed=st.integers(0, 2**32 - 1))
    def plant_and_fix(study, seed):
        planter.plant(study, random.Random(seed))
        folder = put(study)
        before = promised(check_study(Study.open(folder, is_draft=True)))
        fixes, after = fix(Study.open(folder, is_draft=True))
        assert {fix.rule.code for fix in fixes} >= {code for code, _, _ in before}
        assert not before & {(found.rule.code, found.file, found.column) for found in after}

    plant_and_fix()


def people(files):
    rows = files["participants.csv"].decode().split("\n")
    rows[1] = rows[1].replace(",", ", ", 1)
    files["participants.csv"] = "\n".join(rows).encode()


def of_two_classes(files):
    cell("image_1_label", "none", row=0).apply(files)
    cell("image_1_label", "NA", row=1).apply(files)
    names = "[none, automobile, bird, cat, deer, dog, frog, horse, ship, truck]"
    files["study.yaml"] = files["study.yaml"].replace(b"classes: cifar10", f"classes: {names}".encode())


CASES = {
    "a word for nothing among truths": (cell("is_repeat", "n/a").apply, {"HMX545"}),
    "white space in participants.csv": (people, {"HMX546"}),
    "a word for nothing beside a class that is called so": (of_two_classes, {"HMX545"}),
    "text in UTF-16": (
        lambda files: files.update({TABLE: files[TABLE].decode().replace(",", "\t").encode("utf-16")}),
        {"HMX500", "HMX503"},
    ),
    "text in UTF-16 without a mark": (
        lambda files: files.update({TABLE: files[TABLE].decode().encode("utf-16-be")}),
        {"HMX500"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_promised_of_a_file_is_kept(name, write):
    change, codes = CASES[name]
    files = example_study()
    change(files)
    folder = write(files)
    assert {code for code, _, _ in promised(check_study(Study.open(folder)))} <= codes
    fixes, report = fix(Study.open(folder, is_draft=True))
    assert {fix.rule.code for fix in fixes} == codes
    assert not codes & {found.rule.code for found in report}


def test_a_class_that_is_called_as_nothing_is_left_where_a_word_for_nothing_is_taken_away(write):
    files = example_study()
    of_two_classes(files)
    folder = write(files)
    fix(Study.open(folder, is_draft=True))
    first, second = (folder / TABLE).read_text().split("\n")[1:3]
    assert ",none," in first
    assert ",NA," not in second


@pytest.mark.parametrize(("written", "code"), [("1,234", "HMX541"), ("-1,234", "HMX541"), ("0,734", "HMX544")])
def test_a_comma_that_may_mark_thousands_is_for_a_person_to_decide(written, code, write):
    files = example_study()
    cell("response_time_ms", written).apply(files)
    report = check_study(Study.open(write(files)))
    (found,) = [found for found in report if found.column == "response_time_ms" and found.rule.code == code]
    assert report.is_fixable(found) == (code == "HMX544")


def test_nothing_is_promised_of_a_file_that_is_not_fixed(write):
    files = example_study()
    del files[TABLE]
    report = check_study(Study.open(write(files | {f"judgments/{INFER}.jsonl": b'{"participant_id": " p1"}\n'})))
    assert "HMX546" in {found.rule.code for found in report}
    assert promised(report) == set()


def test_nothing_is_promised_of_a_table_that_cannot_be_read_whole(write):
    files = example_study()
    cell("confidence", " 0.5").apply(files)
    lines = files[TABLE].split(b"\n")
    lines[3] += b",one more"
    folder = write(files | {TABLE: b"\n".join(lines)})
    report = check_study(Study.open(folder))
    assert {"HMX505", "HMX546"} <= {found.rule.code for found in report}
    assert promised(report) == set()
    assert fix(Study.open(folder, is_draft=True))[0] == []
