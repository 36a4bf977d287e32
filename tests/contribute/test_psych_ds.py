"""Psych-DS: a study as CSV files that one JSON file describes, by the convention's rules and by its validator."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import subprocess

import pytest
from click.testing import CliRunner
from study_generator.own_pictures import with_own_pictures

from hmix_hub.cli.main import main
from hmix_hub.contribute.psych_ds import file_name, write_psych_ds
from hmix_hub.errors import ConfigurationError, StudyError
from hmix_hub.schema import CIFAR10
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, INFER, TASKS

DATA_FILE = re.compile(r"([a-z]+-[a-zA-Z0-9]+)(_[a-z]+-[a-zA-Z0-9]+)*_data\.csv")
OFFICIAL = {"study", "site", "subject", "session", "task", "condition", "trial", "stimulus", "description"}
COMMAND = "HMIX_PSYCHDS"
"""Names a command that validates a folder, as npm's psychds-validator does: `validate FOLDER --json`."""


@pytest.fixture
def written(tmp_path):
    """Write the example study of a task, changed, as a dataset; return its folder."""

    def write(task=INFER, change=None):
        files = example_study(task)
        if change is not None:
            change(files)
        folder = write_files(tmp_path / "a-study", files)
        write_psych_ds(Study.open(folder), tmp_path / "out")
        return tmp_path / "out"

    return write


def described(out):
    return json.loads((out / "dataset_description.json").read_text(encoding="utf-8"))


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("task", TASKS)
def test_files_are_named_by_keywords_of_the_convention(written, task):
    names = [path.name for path in (written(task) / "data").iterdir()]
    assert file_name("example-study", task) in names
    for name in names:
        assert DATA_FILE.fullmatch(name)
        assert {part.split("-")[0] for part in name.removesuffix("_data.csv").split("_")} <= OFFICIAL
    assert file_name("my-own_2nd-study", "infer_mixing_factor") == "study-myOwn2ndStudy_task-inferMixingFactor_data.csv"


@pytest.mark.parametrize("task", TASKS)
def test_every_column_is_described_once_and_every_description_has_its_column(written, task):
    out = written(task)
    variables = described(out)["variableMeasured"]
    names = [variable["name"] for variable in variables]
    assert len(set(names)) == len(names)
    assert set(names) == {name for path in (out / "data").iterdir() for name in rows_of(path)[0]}
    for variable in variables:
        assert variable["@type"] == "PropertyValue"
        assert variable["description"]
        assert set(variable) <= {"@type", "name", "description", "unitText", "minValue", "maxValue"}


def test_the_description_is_of_schema_org(written):
    found = described(written())
    assert (found["@context"], found["@type"]) == ("https://schema.org/", "Dataset")
    assert found["name"] == "Mixed pictures, an example study"
    assert found["author"] == [
        {
            "@type": "Person",
            "name": "Ada Example",
            "identifier": "https://orcid.org/0000-0002-1825-0097",
            "affiliation": {"@type": "Organization", "name": "Example University"},
        }
    ]
    assert found["license"] == "https://spdx.org/licenses/CC0-1.0.html"
    assert found["citation"] == found["identifier"] == "https://doi.org/10.5281/zenodo.1234567"
    assert found["temporalCoverage"] == "2025-03/2025-05"
    assert "synthetic" in found["keywords"]
    response_time = next(v for v in found["variableMeasured"] if v["name"] == "response_time_ms")
    assert (response_time["unitText"], response_time["minValue"]) == ("ms", 0)


def test_cells_are_those_of_the_judgment_table(written, tmp_path):
    out = written(CATEGORICAL)
    rows = rows_of(out / "data" / file_name("example-study", CATEGORICAL))
    table = Study.open(tmp_path / "a-study").table(CATEGORICAL).to_pylist()
    assert len(rows) == len(table)
    for row, judged in zip(rows, table, strict=True):
        assert row["judgment_id"] == judged["judgment_id"]
        assert row["top_class"] == CIFAR10.names[judged["top_class"]]
        second = judged["second_class"]
        assert row["second_class"] == ("" if second is None else CIFAR10.names[second])
        assert row["impossible_classes"] == "|".join(CIFAR10.names[code] for code in judged["impossible_classes"])
        assert [float(row[f"soft_label_{name}"]) for name in CIFAR10.names] == judged["soft_label"]
        assert row["flags"] == "|".join(judged["flags"])
        assert float(row["response_time_ms"]) == judged["response_time_ms"]
    # What was never recorded is no column of the file.
    assert "class_order" not in rows[0]


def test_own_columns_and_participants_are_there(written):
    def with_own_column(files):
        name = f"judgments/{INFER}.csv"
        lines = files[name].decode().splitlines()
        lines = [f"{lines[0]},x_note", *(f'{line},"a ""quoted"", cell"' for line in lines[1:])]
        files[name] = "\n".join([*lines, ""]).encode()

    out = written(change=with_own_column)
    rows = rows_of(out / "data" / file_name("example-study", INFER))
    assert {row["x_note"] for row in rows} == {'a "quoted", cell'}
    people = rows_of(out / "data/study-exampleStudy_description-participants_data.csv")
    assert {row["participant_id"] for row in people} == {row["participant_id"] for row in rows}


def test_own_pictures_are_materials(written):
    out = written(change=with_own_pictures)
    pictures = sorted(path.relative_to(out).as_posix() for path in (out / "materials").rglob("*.png"))
    assert pictures == [f"materials/stimuli/pictures/{number}.png" for number in range(4)]
    assert (out / "materials/stimuli/images.csv").is_file()
    assert (out / "documentation/study.yaml").is_file()


def test_a_study_with_errors_and_a_folder_that_holds_something_are_refused(tmp_path):
    folder = write_files(tmp_path / "a-study", example_study(INFER))
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("mine")
    for place, told in (
        (tmp_path / "full", "is not an empty folder"),
        (folder / "inside", "cannot be in the study folder"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            write_psych_ds(Study.open(folder), place)
    assert (tmp_path / "full/file").read_text() == "mine"
    table = folder / f"judgments/{INFER}.csv"
    table.write_text(table.read_text().replace("deer", "unicorn"))
    with pytest.raises(StudyError, match="HMX560"):
        write_psych_ds(Study.open(folder), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_lists_what_it_wrote(tmp_path):
    folder = write_files(tmp_path / "a-study", example_study(INFER))
    (tmp_path / "out").mkdir()
    done = CliRunner().invoke(main, ["contribute", "psychds", str(folder), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    names = [line.removeprefix(f"wrote {tmp_path / 'out'}/") for line in done.output.splitlines()]
    assert names == sorted(p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*"))
    assert {"README.md", "CHANGES.md", "dataset_description.json"} <= set(names)


def test_the_command_warns_of_what_would_give_people_away(tmp_path):
    files = {name: text.replace(b"p01", b"5f2d9ac84b1c0d00a1b2c3d4") for name, text in example_study(INFER).items()}
    folder = write_files(tmp_path / "a-study", files)
    done = CliRunner().invoke(main, ["contribute", "psychds", str(folder), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    assert " could identify participants, and this must not be shared yet: hmix contribute privacy" in done.stderr


@pytest.fixture(scope="module")
def validate():
    """Run the convention's own validator; skipped with the reason where there is none."""
    command = os.environ.get(COMMAND) or shutil.which("psychds-validator")
    if not command:
        pytest.skip(f"the validator of Psych-DS is not here: name its command with {COMMAND}")

    def run(folder):
        words = [*shlex.split(command), str(folder), "--json"]
        ran = subprocess.run(words, capture_output=True, text=True, check=False)
        # What it says of schemas that it could not fetch stands before its verdict.
        return json.loads(next(line for line in ran.stdout.splitlines() if line.startswith("{")))

    return run


def errors(verdict):
    return [issue["key"] for issue in verdict["issues"] if issue["severity"] == "error"]


@pytest.mark.parametrize("task", [INFER, CATEGORICAL])
def test_the_validator_accepts_it(written, validate, task):
    verdict = validate(written(task))
    assert (verdict["valid"], errors(verdict)) == (True, [])
    # Nothing is recommended that a study could have, but folders that it has nothing for.
    assert {issue["key"] for issue in verdict["issues"]} <= {
        *(f"MISSING_{name}_DIRECTORY" for name in ("ANALYSIS", "RESULTS", "MATERIALS")),
        *("MISSING_DIRECTORY_METADATA", "MISSING_SIDECAR_METADATA", "MISSING_PSYCHDSIGNORE"),
    }


def test_the_validator_refuses_what_is_spoilt(written, validate):
    out = written()
    spoilt = described(out)
    spoilt["variableMeasured"] = spoilt["variableMeasured"][1:]
    (out / "dataset_description.json").write_text(json.dumps(spoilt))
    assert errors(validate(out)) == ["CSV_COLUMN_MISSING_FROM_METADATA"]
