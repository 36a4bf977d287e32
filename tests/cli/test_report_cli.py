"""`hmix report` and `hmix explain`: the summary, the page, and the judgments behind a number."""

import csv
import hashlib
import io
import json

import pyarrow as pa
import pytest
from click.testing import CliRunner
from made_report import inferred, judgments, made_report, number

import hmix_hub
from hmix_hub.cli.main import main
from hmix_hub.findings.finding import Finding

GOOD, CALL_IS_WRONG = 0, 2
ROWS = 4


def hmix(*arguments, status=GOOD):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == status, result.output
    return result


@pytest.fixture(scope="module")
def of_sample():
    return hmix_hub.report("h-mix", source="sample", resamples=100)


@pytest.fixture
def reporting(monkeypatch):
    """Return one report, whatever is asked, and what was asked."""

    def remember(report):
        asked = []

        def answer(*datasets, **options):
            asked.append((datasets, options))
            return report

        monkeypatch.setattr("hmix_hub.findings.report.report", answer)
        return asked

    return remember


@pytest.fixture
def of_hand(reporting):
    return reporting(made_report())


def test_the_summary_and_the_page(reporting, of_sample, tmp_path):
    calls = reporting(of_sample)
    result = hmix("report", "--source", "sample", "-o", tmp_path / "out")
    assert calls == [(("h-mix",), {"source": "sample", "seed": 0, "client": None})]
    assert "infer.mean.0.25 " in result.stdout
    assert f"wrote {tmp_path / 'out' / 'report.html'} and report.json" in result.stdout
    assert "SYNTHETIC: made by a program, not by people" in result.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    assert "hmix explain infer.mean.0.25 --source sample</code>" in page
    assert all(f'id="{name}"' in page for name in of_sample.numbers)


def test_json_is_what_is_written(reporting, tmp_path):
    reporting(made_report(table=judgments(flags=["synthetic"])))
    result = hmix("report", "--json", "-o", tmp_path)
    assert result.stdout == (tmp_path / "report.json").read_text()
    assert json.loads(result.stdout)["synthetic"]
    assert "wrote" in result.stderr


def test_without_a_folder_the_summary_alone(of_hand):
    result = hmix("report", "one", "two/three", "--seed", "5")
    assert of_hand == [(("one", "two/three"), {"source": None, "seed": 5, "client": None})]
    assert "wrote" not in result.stdout


def test_commands_of_the_page_name_no_place_of_this_machine(of_hand, tmp_path):
    study = tmp_path / "my-study"
    study.mkdir()
    hmix("report", study, "--source", tmp_path, "--seed", "3", "-o", tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text()
    assert "hmix explain infer.mean.0.25 my-study --source SOURCE --seed 3</code>" in page
    assert str(tmp_path) not in page


def test_a_file_is_no_folder(of_hand, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    assert "is a file" in hmix("report", "-o", file, status=CALL_IS_WRONG).stderr


def test_explain_lists_rows_files_and_hashes(reporting, of_sample):
    reporting(of_sample)
    text = hmix("explain", "infer.mean.0.25", "--source", "sample").stdout
    explained = of_sample.explain("infer.mean.0.25")
    first = explained.rows[0]
    assert first.sha256 in text
    assert f"from {len(explained.rows)} judgments by {explained.number.n_participants} participants" in text
    assert f"{len(explained.rows) - 20} more; --all lists them" in text
    lines = [line.split() for line in text.splitlines() if line.startswith(first.file)]
    assert len(lines) == 20
    assert lines[0][:3] == [first.file, str(first.row), first.participant_id]
    everything = hmix("explain", "infer.mean.0.25", "--all").stdout
    assert len([line for line in everything.splitlines() if line.startswith(first.file)]) == len(explained.rows)


@pytest.mark.parametrize("name", ["infer.mean.0.25", "soft.outside", "construct.start.0.1"])
def test_explained_rows_stand_in_the_file_that_has_the_hash(reporting, of_sample, name):
    """Open the named file, check its hash, and find every participant in the row that is named."""
    from hmix_hub.sources import resolve_source

    reporting(of_sample)
    listed = list(csv.DictReader(io.StringIO(hmix("explain", name, "--format", "csv").stdout)))
    as_json = json.loads(hmix("explain", name, "--format", "json").stdout)
    number = of_sample.number(name)
    assert len(listed) == len(as_json["judgments_behind_it"]) == number.n_judgments
    assert as_json["value"] == number.value
    (file,) = {row["file"] for row in listed}
    content = resolve_source("sample").path(file).read_bytes()
    assert {row["sha256"] for row in listed} == {hashlib.sha256(content).hexdigest()}
    raw = list(csv.DictReader(io.StringIO(content.decode())))
    assert all(raw[int(row["row"])]["subject"] == row["participant_id"] for row in listed)


def test_files_of_two_studies_are_told_apart(reporting):
    table = pa.concat_tables([judgments(study="one"), judgments(study="two")])
    table = table.append_column("file", table["source_file"]).append_column("row", table["source_row"])
    table = table.append_column("sha256", [["00"] * ROWS + ["11"] * ROWS])
    mean = number("mean", 0.5, n=(2 * ROWS, 4), rows=range(2 * ROWS))
    reporting(made_report(Finding("of-both", "Of both", "", (mean,)), table=table))
    lines = [line.split() for line in hmix("explain", "mean").stdout.splitlines()]
    assert ["one", "raw.csv", "4", "00"] in lines
    assert ["two", "raw.csv", "4", "11"] in lines
    assert ["two", "raw.csv", "3", "p2", "0.7"] in lines


def test_an_unknown_number_is_offered_the_nearest(of_hand):
    result = hmix("explain", "infer.meen.0.25", status=CALL_IS_WRONG)
    assert "did you mean 'infer.mean.0.25'" in result.stderr


def test_names_from_anywhere_do_not_steer_the_terminal(reporting):
    hostile = "\x1b[31mred\u202e"
    table = judgments(people=(hostile, "p2"))
    table = table.append_column("file", table["source_file"]).append_column("row", table["source_row"])
    table = table.append_column("sha256", [["00"] * ROWS])
    reporting(made_report(inferred(hostile), table=table, missing=(hostile,)))
    for call in (["report"], ["explain", "infer.mean.0.5"]):
        output = hmix(*call).output
        assert "\\x1b[31mred\\x202e" in output
        assert all(c.isprintable() or c == "\n" for c in output)
