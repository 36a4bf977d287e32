"""Units: what is in another one is told, and fixed only where it is certain."""

from __future__ import annotations

import csv
import io

import pytest

from hmix_hub.contribute.fixing import fix
from hmix_hub.studies.example import csv_bytes
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER


@pytest.mark.parametrize("largest", [5, 10, 20])
def test_a_scale_of_one_to_five_is_no_percentage(make_study, largest):
    def change(files):
        rows = list(csv.DictReader(io.StringIO(files[f"judgments/{INFER}.csv"].decode())))
        for number, row in enumerate(rows):
            row["confidence"] = str(1 + number % largest)
        files[f"judgments/{INFER}.csv"] = csv_bytes(rows)

    study = make_study(change=change)
    assert fix(Study.open(study, is_draft=True))[0] == []
    (found,) = Study.open(study).report.errors
    assert (found.rule.code, "another scale" in found.spots[0].note) == ("HMX542", True)


@pytest.mark.parametrize("in_percent", [20, 70, 140])
def test_a_column_of_two_units_is_not_fixed(make_study, in_percent):
    def change(files):
        rows = list(csv.DictReader(io.StringIO(files[f"judgments/{INFER}.csv"].decode())))
        for row in rows[:in_percent]:
            row["confidence"] = f"{100 * float(row['confidence']):g}"
        files[f"judgments/{INFER}.csv"] = csv_bytes(rows)

    study = make_study(change=change)
    assert fix(Study.open(study, is_draft=True))[0] == []
    (found,) = Study.open(study).report.errors
    assert (found.rule.code, "two units" in found.spots[0].note) == ("HMX542", True)


@pytest.mark.parametrize("in_seconds", [20, 70, 140])
def test_response_times_of_two_units_are_not_fixed(make_study, in_seconds):
    def change(files):
        rows = list(csv.DictReader(io.StringIO(files[f"judgments/{INFER}.csv"].decode())))
        for row in rows[:in_seconds]:
            row["response_time_ms"] = f"{float(row['response_time_ms']) / 1000:.4f}"
        files[f"judgments/{INFER}.csv"] = csv_bytes(rows)

    study = make_study(change=change)
    assert fix(Study.open(study, is_draft=True))[0] == []
    assert [found.rule.code for found in Study.open(study).report.errors] == ["HMX586"]
