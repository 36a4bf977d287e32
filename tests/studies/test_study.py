"""A study that is opened once: each part is computed at most once, and changed files are refused."""

from __future__ import annotations

import pytest
from study_generator.own_pictures import with_own_pictures

from hmix_hub.errors import SourceMissingError, StudyError
from hmix_hub.studies import study as module
from hmix_hub.studies.example import example_study, write_files
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.studies.study import Study, once_per_study
from hmix_hub.tasks import CONFIGURATIONS, INFER, TASKS

TABLE = f"judgments/{INFER}.csv"


@pytest.fixture
def folder(tmp_path):
    return write_files(tmp_path / "study", example_study())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("keeps_rows", [False, True])
def test_its_tables_are_those_of_its_files(task, keeps_rows, tmp_path):
    study = Study.open(write_files(tmp_path, example_study(task)))
    study.keeps_rows = keeps_rows
    assert not study.report.errors
    assert study.tables[task].equals(read_judgments(study.folder, study.manifest, task))
    assert list(study.tables) == [name for name, one in CONFIGURATIONS.items() if one.task == task]
    people = ["participants"] if TASKS[task].has_participants else []
    assert study.configurations == [*study.tables, *people]
    assert study.default == task


def test_rows_that_were_kept_are_not_read_again(folder, monkeypatch):
    study = Study.open(folder)
    study.keeps_rows = True
    assert not study.report.errors
    monkeypatch.setattr(module, "read_rows", lambda *_: pytest.fail("it is read again"))
    assert study.tables[INFER].num_rows == 144
    assert study.tables is study.tables


def test_a_study_that_breaks_a_rule_has_a_report_and_no_table(folder, monkeypatch):
    path = folder / TABLE
    path.write_bytes(path.read_bytes().replace(b",0.5,", b",1.5,", 1))
    study = Study.open(folder)
    study.keeps_rows = True
    assert study.report.errors
    with pytest.raises(StudyError, match="HMX"):
        _ = study.tables


def test_a_manifest_that_cannot_be_understood_is_told_when_it_is_asked_for(folder):
    (folder / "study.yaml").write_text("title: [", encoding="utf-8")
    study = Study.open(folder)
    assert not study.has_manifest
    assert study.report.errors
    with pytest.raises(StudyError, match="HMX"):
        _ = study.manifest
    with pytest.raises(StudyError, match="HMX"):
        _ = study.tables


def test_a_study_without_judgments_has_no_table(folder):
    (folder / TABLE).unlink()
    with pytest.raises(StudyError, match="no judgment file"):
        _ = Study.open(folder).tables


def test_what_is_computed_of_a_study_is_computed_once(folder):
    calls = []

    @once_per_study
    def computed(study):
        """Count the calls."""
        calls.append(study)
        return len(calls)

    one, other = Study.open(folder), Study.open(folder)
    assert [computed(one), computed(one), computed(other)] == [1, 1, 2]
    assert computed.__doc__ == "Count the calls."


@pytest.mark.parametrize("name", [TABLE, "participants.csv", "study.yaml"])
def test_a_file_that_is_written_after_it_was_opened_is_refused(folder, name):
    study = Study.open(folder)
    _ = study.tables
    study.refuse_changes()
    path = folder / name
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(StudyError, match="changed while the study was read") as caught:
        study.refuse_changes()
    assert caught.value.where.file == str(path)


@pytest.mark.parametrize("name", ["stimuli/pictures/0.png", "stimuli/images.csv"])
def test_a_picture_that_is_changed_after_it_was_checked_is_refused(tmp_path, name):
    files = example_study()
    with_own_pictures(files)
    study = Study.open(write_files(tmp_path, files))
    assert not study.report.errors
    study.refuse_changes()
    path = tmp_path / name
    path.unlink()
    path.symlink_to(tmp_path / "study.yaml")
    with pytest.raises(StudyError, match="changed while the study was read"):
        study.refuse_changes()


def test_there_must_be_a_folder(tmp_path):
    with pytest.raises(SourceMissingError, match="the folder does not exist"):
        Study.open(tmp_path / "nowhere")
