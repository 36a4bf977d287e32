"""Reports on the sample, on contributed studies wherever they lie, on joined ones, and on selections."""

from __future__ import annotations

import hashlib
import math
import tempfile
from pathlib import Path

import pytest
from hub_server.fixtures import hub, login, waits
from hypothesis import HealthCheck, given
from hypothesis import settings as set_up
from study_generator.changed_example import of_people
from study_generator.studies import studies

import hmix_hub
from hmix_hub.contribute.building import build
from hmix_hub.contribute.description.statistics import task_statistics
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, RATING, RELEASED_FORMS, SELECT

__all__ = ["hub", "login", "waits"]

FEW = 100
EVERY_FINDING = [
    "midpoints",
    "inferred-against-shown",
    "confidence",
    "class-visibility",
    "soft-label-mass",
    "test-retest",
    "agreement",
    "deviation",
    "noise-ceilings",
]
MIDPOINTS = {"midpoints", "test-retest", "agreement"}


@pytest.fixture(scope="module")
def of_sample():
    return hmix_hub.report("h-mix", source="sample", resamples=FEW)


@pytest.fixture
def study(tmp_path):
    """The example study of infer_mixing_factor, as if participants had given its answers."""
    return write_files(tmp_path / "example-study", of_people(example_study(INFER)))


def test_the_sample_has_every_finding(of_sample):
    assert [finding.id for finding in of_sample.findings] == EVERY_FINDING
    assert of_sample.missing == ()
    assert [file.task for file in of_sample.sources] == list(RELEASED_FORMS)
    assert all(file.sha256 for file in of_sample.sources)
    assert list(of_sample.numbers) == [number.id for finding in of_sample.findings for number in finding.numbers]


def test_every_number_counts_the_rows_and_people_behind_it(of_sample):
    for number in of_sample.numbers.values():
        table = of_sample.tables[number.rows.table]
        picked = table.take(number.rows.rows)
        assert picked.num_rows == number.n_judgments > 0
        assert len(picked["participant_id"].unique()) == number.n_participants
        assert set(number.rows.columns) <= set(table.column_names)
        assert number.low is None or number.low <= number.high


def test_numbers_of_tables_and_series_are_numbers_of_the_report(of_sample):
    for finding in of_sample.findings:
        known = {number.id for number in finding.numbers}
        assert len(known) == len(finding.numbers)
        cells = [cell for table in finding.tables for row in table.rows for cell in row]
        assert {cell.id for cell in cells if not isinstance(cell, str)} <= known
        assert all(len(row) == len(table.columns) for table in finding.tables for row in table.rows)
        for series in finding.series:
            assert len({len(part) for part in (series.levels, series.mean, series.low, series.high)}) == 1
            assert set(series.numbers) <= known
            assert len(series.names) in {0, len(series.levels)}
        assert finding.text.endswith(".")


def test_the_same_seed_gives_the_same_intervals(of_sample):
    again = hmix_hub.report("h-mix", source="sample", resamples=FEW)
    other = hmix_hub.report("h-mix", source="sample", resamples=FEW, seed=1)
    assert again.findings[1].numbers == of_sample.findings[1].numbers
    assert other.number("infer.bias").value == of_sample.number("infer.bias").value
    assert other.number("infer.bias").low != of_sample.number("infer.bias").low


@pytest.fixture(params=["folder", "built", "hub"])
def place(request, study, tmp_path):
    if request.param == "folder":
        return study
    if request.param == "built":
        return build(Study.open(study), tmp_path / "built").path
    request.getfixturevalue("hub")
    publish(Study.open(study), "lab/example-study", push=True)
    return "lab/example-study"


def test_a_study_is_explained_by_its_own_files(place, study, tmp_path):
    report = hmix_hub.report(place, resamples=FEW)
    assert [finding.id for finding in report.findings] == [
        finding for finding in EVERY_FINDING if finding not in {"midpoints", "soft-label-mass"}
    ]
    assert f"There are no judgments of {CONSTRUCT}." in report.missing
    assert f"Omitted: soft labels outside the endpoints (there are no judgments of {CATEGORICAL})." in report.missing
    (file,) = report.sources
    explained = report.explain("infer.bias").rows
    assert {(row.file, row.sha256) for row in explained} == {(file.file, file.sha256)}
    assert [row.row for row in explained] == list(range(file.judgments))
    folder = {study: study, "lab/example-study": None}.get(place, tmp_path / "built")
    if folder is not None:
        assert hashlib.sha256((folder / file.file).read_bytes()).hexdigest() == file.sha256
    assert not any(str(tmp_path) in text for text in (*report.datasets, file.file))


@pytest.mark.parametrize("task", [CONSTRUCT, SELECT])
def test_a_study_of_one_midpoint_task(task, tmp_path):
    report = hmix_hub.report(write_files(tmp_path / "study", of_people(example_study(task))), resamples=FEW)
    assert {finding.id for finding in report.findings} == MIDPOINTS
    left_out = [words for sentence in report.missing[3:] for words in sentence.partition(" (")[0].split("; ")]
    assert len(left_out) == len(EVERY_FINDING) - len(MIDPOINTS)
    assert ("construct.start.difference" in report.numbers) == (task == CONSTRUCT)


def test_a_study_of_another_kind_is_not_told_the_tasks_of_h_mix(tmp_path):
    report = hmix_hub.report(write_files(tmp_path / "study", of_people(example_study(RATING))), resamples=FEW)
    assert not any(sentence.startswith("There are no judgments") for sentence in report.missing)
    reasons = [sentence.partition(" (")[2] for sentence in report.missing]
    assert len(set(reasons)) == len(reasons)


def test_a_study_of_soft_labels(tmp_path):
    report = hmix_hub.report(write_files(tmp_path / "study", of_people(example_study(CATEGORICAL))), resamples=FEW)
    assert [finding.id for finding in report.findings] == ["soft-label-mass", "test-retest", "agreement"]
    assert 0 < report.number("soft.outside").value < 1


def test_studies_are_joined_by_task_over_all_their_classes(study, tmp_path):
    text = (study / "study.yaml").read_text(encoding="utf-8")
    classes = "airplane, automobile, bird, cat, yak, dog, frog, horse, ship, truck"
    text = text.replace("classes: cifar10", f"classes: [{classes}]").replace("source: cifar10/test", "source: own")
    (study / "study.yaml").write_text(text, encoding="utf-8")
    judgments = study / "judgments" / f"{INFER}.csv"
    judgments.write_text(judgments.read_text(encoding="utf-8").replace("deer", "yak"), encoding="utf-8")
    alone = hmix_hub.report(study, resamples=FEW)
    joined = hmix_hub.report("h-mix", study, source="sample", resamples=FEW)
    sample = hmix_hub.report("h-mix", source="sample", resamples=FEW)
    assert [finding.id for finding in joined.findings] == EVERY_FINDING
    counts = [report.number("infer.bias").n_judgments for report in (alone, sample, joined)]
    assert counts[2] == sum(counts[:2])
    assert {"class.visibility.yak", "class.visibility.deer"} <= set(joined.numbers)
    assert {row.sha256 for row in joined.explain("class.visibility.yak").rows} == {alone.sources[0].sha256}
    assert joined.datasets == (*sample.datasets, "example-study")


def test_selections_are_explained_by_the_rows_of_the_file(load_sample):
    kept = load_sample(mixing_coefficient=[0.5, 0.75], repeats=False)
    report = hmix_hub.report(kept, resamples=FEW)
    assert [name for name in report.numbers if name.startswith("infer.mean")] == ["infer.mean.0.5", "infer.mean.0.75"]
    assert "test-retest" not in {finding.id for finding in report.findings}
    explained = report.explain("infer.mean.0.75").rows
    assert [row.row for row in explained] == [row.source_row for row in explained]
    assert all(row.values[1] == 0.75 for row in explained)
    assert report.sources[0].sha256 == hmix_hub.report(load_sample(), resamples=FEW).sources[0].sha256


def test_files_of_other_datasets_are_named_and_their_hashes_are_not_known(study):
    report = hmix_hub.report(hmix_hub.load_dataset(study, split="train"), resamples=FEW)
    assert [(file.study_id, file.sha256) for file in report.sources] == [("example-study", None)]
    assert report.explain("infer.bias").rows[0].sha256 is None


def test_bad_calls(load_sample, study):
    with pytest.raises(ConfigurationError, match=r"no number 'infer.mean.0.3'(.|\n)*did you mean"):
        hmix_hub.report(load_sample(), resamples=FEW).explain("infer.mean.0.3")
    with pytest.raises(ConfigurationError, match=r"no dataset .hmix."):
        hmix_hub.report("hmix")
    with pytest.raises(ConfigurationError, match="an integer of at least 100"):
        hmix_hub.report(study, resamples=10)
    with pytest.raises(ConfigurationError, match=r"DatasetDict(.|\n)*choose a split"):
        hmix_hub.report(hmix_hub.load_dataset(study))
    with pytest.raises(ConfigurationError, match="nothing to report on"):
        hmix_hub.report(load_sample().select([]))
    with pytest.raises(SchemaError, match="columns are missing from the dataset: confidence"):
        hmix_hub.report(load_sample().remove_columns("confidence"))
    with pytest.raises(SchemaError, match="one row per judgment"):
        hmix_hub.report(hmix_hub.by_stimulus(load_sample()))
    with pytest.raises(SchemaError, match="both hold judgment"):
        hmix_hub.report(study, study)


@set_up(max_examples=6, suppress_health_check=list(HealthCheck))
@given(study=studies())
def test_any_valid_study_is_reported_on(study):
    with tempfile.TemporaryDirectory() as folder:
        report = hmix_hub.report(write_files(Path(folder) / "study", study.written()), resamples=FEW)
    assert len(report.numbers) == sum(len(finding.numbers) for finding in report.findings)
    for number in report.numbers.values():
        assert number.value is None or math.isfinite(number.value)
        assert not number.has_interval or number.n_participants > 1
        assert len(report.explain(number.id).rows) == number.n_judgments > 0


def test_flagged_participants_are_apart_only_where_some_are(load_sample):
    construct = load_sample(CONSTRUCT)
    flagged = [number for number, flags in enumerate(construct["flags"]) if "straightlining" in flags]
    assert flagged
    others = construct.select([number for number in range(len(construct)) if number not in set(flagged)])
    whole, without, alone = (
        hmix_hub.report(part, resamples=FEW) for part in (construct, others, construct.select(flagged))
    )
    assert whole.number("construct.mean.attentive").value == pytest.approx(without.number("construct.mean").value)
    for report in (without, alone):
        assert not any(name.endswith(".attentive") for name in report.numbers)
    assert [name for name in without.numbers if name.startswith("construct.flagged.")] == []
    assert len([name for name in alone.numbers if name.startswith("construct.flagged.")]) == len(
        set(construct.select(flagged)["participant_id"])
    )


@pytest.mark.parametrize("value", [math.nan, 1.7, -0.2, None])
def test_an_answer_that_is_none_is_named_not_left_out(value):
    frame = hmix_hub.to_pandas(hmix_hub.load_dataset("h-mix", split="train", source="sample"))
    frame.loc[3, "inferred_coefficient"] = value
    judgments = hmix_hub.from_pandas(frame)
    for compute in (hmix_hub.report, hmix_hub.aggregate):
        with pytest.raises(SchemaError, match="row 3, column inferred_coefficient"):
            compute(judgments)


def test_a_study_of_chosen_classes_is_reported_on(tmp_path):
    place = write_files(tmp_path / "choices", of_people(example_study(CHOICE)))
    report = hmix_hub.report(str(place), resamples=FEW)
    assert {finding.id for finding in report.findings} == {"soft-label-mass", "test-retest", "agreement"}
    ds = hmix_hub.load_dataset(str(place), CHOICE, split="train")
    shown = zip(ds["image_1_label"], ds["image_2_label"], strict=True)
    outside = [chosen not in pair for chosen, pair in zip(ds["chosen_class"], shown, strict=True)]
    assert report.numbers["chosen.outside"].value == pytest.approx(sum(outside) / len(outside))
    figures = task_statistics([ds.data.table], CHOICE)
    assert report.numbers[f"agreement.alpha.{CHOICE}"].value == pytest.approx(
        figures["agreement"]["krippendorff_alpha"], abs=1e-6
    )
    assert report.numbers[f"retest.same_top_class.{CHOICE}"].value == pytest.approx(
        figures["retest"]["same_top_class"], abs=1e-6
    )
    page = hmix_hub.write_report(report, tmp_path / "report").read_text(encoding="utf-8")
    assert "Classes that people chose" in page
    assert "Test-retest of chosen classes" in page
