"""Building: the same bytes whenever and wherever, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import datasets
import pytest

import hmix_hub
from hmix_hub.contribute.building import build, write_generated
from hmix_hub.contribute.checking import check_study
from hmix_hub.errors import ConfigurationError, SourceMissingError, StudyError
from hmix_hub.schema import CURRENT
from hmix_hub.studies.built_tables import CHECKSUMS, read_checksums
from hmix_hub.studies.folder import RECORD
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, TASKS

GENERATED = ("README.md", "croissant.json", "statistics.json", "statistics")


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.usefixtures("drawn_always")
def test_two_runs_in_two_folders_give_the_same_bytes(make_study, tmp_path):
    studies = {task: make_study(task) for task in TASKS}
    for task, study in studies.items():
        build(Study.open(study), tmp_path / "one" / task)
    elsewhere = tmp_path / "else" / "where"
    elsewhere.mkdir(parents=True)
    code = (
        "import sys; from hmix_hub.contribute.building import build; from hmix_hub.studies.study import Study; "
        "[build(Study.open(folder), out) for folder, out in map(str.split, sys.argv[1:])]"
    )
    subprocess.run(
        [sys.executable, "-c", code, *(f"{study} two/{task}" for task, study in studies.items())],
        cwd=elsewhere,
        env=os.environ | {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", "LC_ALL": "C"},
        check=True,
        capture_output=True,
    )
    assert len(digests(elsewhere / "two")) > 8 * len(TASKS)
    assert digests(tmp_path / "one") == digests(elsewhere / "two")


def test_the_checksums_are_those_of_all_other_files(study, tmp_path):
    built = build(Study.open(study), tmp_path / "out")
    sums = read_checksums((tmp_path / "out" / CHECKSUMS).read_text())
    found = digests(tmp_path / "out")
    assert found.pop(CHECKSUMS)
    assert sums == found == {name: mark.sha256 for name, mark in built.files.items() if name != CHECKSUMS}
    # As `sha256sum --check` reads them.
    subprocess.run(["sha256sum", "--check", CHECKSUMS], cwd=tmp_path / "out", check=True, capture_output=True)


def test_the_record_says_what_was_built_from_what(study, tmp_path):
    build(Study.open(study), tmp_path / "out")
    record = json.loads((tmp_path / "out" / RECORD).read_text())
    assert (record["study"], record["version"], record["schema_version"]) == ("example-study", "1.0.0", CURRENT)
    inputs = ["judgments/infer_mixing_factor.csv", "participants.csv", "study.yaml"]
    assert record["inputs"] == {name: hashlib.sha256((study / name).read_bytes()).hexdigest() for name in inputs}


@pytest.mark.parametrize("task", [INFER, CATEGORICAL])
def test_plain_datasets_load_every_configuration(task, make_study, tmp_path):
    build(Study.open(make_study(task)), tmp_path / "out")
    for name in (task, f"{task}_by_stimulus"):
        plain = datasets.load_dataset(str(tmp_path / "out"), name, split="train")
        ours = hmix_hub.load_dataset(tmp_path / "out", name, split="train")
        assert plain.features == ours.features
        assert plain.to_list() == ours.to_list()
    people = datasets.load_dataset(str(tmp_path / "out"), "participants", split="train")
    assert people.column_names == ["participant_id", "age_group", "normal_vision"]


def test_the_text_of_the_licence_is_published_and_nothing_hidden_or_private(study, tmp_path):
    (study / "LICENSE").write_text("All may use it.")
    (study / "NOTES.md").write_text("for ourselves")
    (study / ".env").write_text("TOKEN=secret")
    built = build(Study.open(study), tmp_path / "out")
    assert (tmp_path / "out" / "LICENSE").read_text() == "All may use it."
    assert not {"NOTES.md", ".env"} & set(built.files)


def test_a_folder_that_was_built_before_is_replaced(study, tmp_path, edit):
    build(Study.open(study), tmp_path / "out")
    (study / "participants.csv").unlink()
    build(Study.open(study), tmp_path / "out")
    assert not (tmp_path / "out" / "participants").exists()


def test_a_folder_that_holds_something_else_is_left_alone(study, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("words")
    with pytest.raises(ConfigurationError, match="was not built"):
        build(Study.open(study), tmp_path / "out")
    assert (tmp_path / "out" / "thesis.tex").read_text() == "words"


def test_nothing_is_built_into_the_study_itself(study):
    with pytest.raises(ConfigurationError, match="in the study folder"):
        build(Study.open(study), study / "out")


def test_a_study_that_breaks_a_rule_is_not_built(study, tmp_path, edit):
    edit(study / "judgments/infer_mixing_factor.csv", "deer", "dear")
    with pytest.raises(StudyError, match="HMX560"):
        build(Study.open(study), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_study_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceMissingError, match="the folder does not exist"):
        build(Study.open(tmp_path / "nowhere"), tmp_path / "out")


def test_a_build_that_fails_leaves_what_was_there(study, tmp_path, monkeypatch):
    build(Study.open(study), tmp_path / "out")
    before = digests(tmp_path / "out")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hmix_hub.contribute.building.draw_figures", fail)
    with pytest.raises(OSError, match="No space"):
        build(Study.open(study), tmp_path / "out")
    assert digests(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("name", [f"judgments/{INFER}.csv", "participants.csv", "study.yaml"])
def test_a_file_that_changes_while_it_is_built_is_refused(name, study, tmp_path, monkeypatch):
    def change(*_):
        path = study / name
        path.write_bytes(path.read_bytes().replace(b"p01", b"p99") + b"\n")

    monkeypatch.setattr("hmix_hub.contribute.building.draw_figures", change)
    with pytest.raises(StudyError, match="changed while the study was read") as caught:
        build(Study.open(study), tmp_path / "out")
    assert caught.value.where.file == str(study / name)
    assert not (tmp_path / "out").exists()


class TestGeneratedFiles:
    def test_are_current_when_they_are_made(self, study):
        write_generated(Study.open(study, is_draft=True), GENERATED)
        assert check_study(Study.open(study)).findings == []

    @pytest.mark.parametrize("name", GENERATED[:3])
    def test_that_were_edited_are_an_error(self, study, name):
        write_generated(Study.open(study, is_draft=True), GENERATED)
        text = (study / name).read_text(encoding="utf-8")
        (study / name).write_text(text.replace("12", "13", 1), encoding="utf-8")
        assert [(f.rule.code, f.file) for f in check_study(Study.open(study))] == [("HMX620", name)]

    def test_are_all_stale_once_the_data_change(self, study, edit):
        write_generated(Study.open(study, is_draft=True), GENERATED)
        edit(study / "judgments/infer_mixing_factor.csv", "4435.6", "435.6")
        stale = {found.file for found in check_study(Study.open(study))}
        assert {"README.md", "statistics.json", "statistics/infer_mixing_factor.png"} <= stale

    def test_of_a_task_that_went_are_stale(self, make_study):
        study = make_study(CONSTRUCT)
        write_generated(Study.open(study, is_draft=True), ["statistics"])
        picture = study / "statistics" / f"{CONSTRUCT}.png"
        (study / "statistics" / "old.png").write_bytes(b"no picture")
        assert [f.file for f in check_study(Study.open(study))] == ["statistics/old.png"]
        assert picture.is_file()
