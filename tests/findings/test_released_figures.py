"""Findings on the release: the figures that an independent implementation reached."""

from __future__ import annotations

import hashlib
import json

import pytest

import hmix_hub

INFERRED = {
    "0.1": (0.137568389, 0.1191, 0.1567),
    "0.25": (0.206971751, 0.1845, 0.2292),
    "0.5": (0.476343402, 0.4607, 0.4918),
    "0.75": (0.755506198, 0.7323, 0.7780),
    "0.9": (0.830258216, 0.8070, 0.8517),
}


@pytest.fixture(scope="module")
def report(release):
    return hmix_hub.report("h-mix", source=release)


@pytest.mark.parametrize("shown", INFERRED)
def test_mean_inferred_coefficients_and_their_intervals(report, shown):
    number = report.number(f"infer.mean.{shown}")
    value, low, high = INFERRED[shown]
    assert number.value == pytest.approx(value, abs=1e-9)
    assert (number.low, number.high) == pytest.approx((low, high), abs=0.003)


def test_intervals_that_leave_out_the_shown_coefficient_are_named(report):
    left_out = [shown for shown in INFERRED if not report.number(f"infer.mean.{shown}").contains(float(shown))]
    assert left_out == ["0.1", "0.25", "0.5", "0.9"]
    text = next(finding.text for finding in report.findings if finding.id == "inferred-against-shown")
    assert "excludes the shown coefficient at 0.1, 0.25, 0.5 and 0.9;" in text


@pytest.mark.parametrize(
    ("name", "value", "digits"),
    [
        ("retest.icc.infer_mixing_factor", 0.855071464, 1e-9),
        ("retest.icc.confidence", 0.663199403, 1e-9),
        ("retest.icc.construct_midpoint", 0.755849605, 1e-9),
        ("retest.icc.select_shuffled_midpoint", 0.446327684, 1e-9),
        ("agreement.alpha.infer_mixing_factor", 0.723174682, 1e-9),
        ("agreement.alpha.construct_midpoint", 0.279006897, 1e-9),
        ("agreement.alpha.select_shuffled_midpoint", 0.359917138, 1e-9),
        ("deviation.total", 0.051052, 5e-7),
        ("deviation.curve", 3.2, 0.05),
        ("deviation.stimulus", 30.7, 0.05),
        ("deviation.people", 66.2, 0.05),
        ("ceiling.identity", 0.2259, 5e-5),
        ("ceiling.coefficient_mean", 0.2223, 5e-5),
        ("ceiling.new_person", 0.1838, 5e-5),
        ("ceiling.same_person", 0.1373, 5e-5),
        ("confidence.accuracy.pooled", 0.03, 0.005),
    ],
)
def test_figures(report, name, value, digits):
    number = report.number(name)
    assert number.value == pytest.approx(value, abs=digits)
    assert number.low < number.value < number.high


def test_the_effect_of_the_start_is_one_careless_participant(report):
    whole, attentive, without_one = (
        report.number(f"construct.start.difference{suffix}") for suffix in ("", ".attentive", ".without_one")
    )
    assert whole.value == pytest.approx(0.025, abs=5e-4)
    assert "61rpt4g7xxz6heg" in without_one.note
    assert abs(without_one.value) < 0.005
    assert without_one.contains(0)
    assert attentive.contains(0)
    assert report.number("construct.flagged.61rpt4g7xxz6heg").value == pytest.approx(0.99375)
    assert report.number("construct.mean.endpoint_not_shown").n_judgments == 36


def test_parts_of_the_deviation_add_up(report):
    for suffix in ("", ".corrected"):
        parts = [report.number(f"deviation.{part}{suffix}").value for part in ("curve", "stimulus")]
        assert sum(parts) + report.number("deviation.people").value == pytest.approx(100)


def test_pairs_of_classes_are_counted_against_chance(report):
    assert report.number("pair.tested").value == 45
    assert report.number("pair.by_chance").value == pytest.approx(2.25)
    assert report.number("pair.discoveries").value <= report.number("pair.excluding_zero").value
    assert sum(number.id.startswith("class.visibility.") for number in report.numbers.values()) == 10
    # People miss airplanes and deer, and see cars, trucks and horses.
    assert report.number("class.visibility.automobile").low > 0 > report.number("class.visibility.deer").high


@pytest.mark.parametrize(
    ("name", "task", "n"), [("infer.mean.0.25", "infer", 885), ("retest.icc.construct_midpoint", "construct", 180)]
)
def test_every_row_behind_a_number_is_a_row_of_the_file(report, release, name, task, n):
    explanation = report.explain(name)
    assert len(explanation.rows) == explanation.number.n_judgments == n
    assert len({row.judgment_id for row in explanation.rows}) == n
    files = {row.file for row in explanation.rows}
    assert len(files) == 1
    content = (release / files.pop()).read_bytes()
    assert {row.sha256 for row in explanation.rows} == {hashlib.sha256(content).hexdigest()}
    # Behind the header; no cell of these files holds a line break.
    lines = content.decode().splitlines()[1:]
    assert all(row.participant_id in lines[row.row] for row in explanation.rows)


def test_a_mean_follows_from_the_rows_behind_it(report):
    explanation = report.explain("infer.mean.0.75")
    inferred, shown = zip(*(row.values for row in explanation.rows), strict=True)
    assert explanation.columns == ("inferred_coefficient", "mixing_coefficient")
    assert set(shown) == {0.75}
    assert sum(inferred) / len(inferred) == pytest.approx(explanation.number.value)


def test_values_of_explained_rows_are_json(report):
    json.dumps(
        [row.values for name in ("soft.outside", "pair.visibility.cat-dog") for row in report.explain(name).rows]
    )
    assert report.explain("pair.visibility.cat-dog").rows[0].values[2:] == ("cat", "dog")
