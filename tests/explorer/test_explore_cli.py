"""Tests of `hmix explore -o`."""

from __future__ import annotations

from click.testing import CliRunner
from explored import metadata_of

from hmix_hub.cli.main import main
from hmix_hub.studies.example import example_study, write_files


def explore(*arguments):
    return CliRunner().invoke(main, ["explore", *map(str, arguments)])


def test_a_study_folder_is_told_by_its_name_alone(tmp_path):
    write_files(tmp_path / "my study", example_study())
    done = explore(tmp_path / "my study", "--cifar10", tmp_path / "none", "-o", tmp_path / "page")
    assert done.exit_code == 0, done.output
    assert "hmix: the pictures of cifar10/test are not shown" in done.output
    assert f"wrote {tmp_path / 'page' / 'index.html'}" in done.output
    codes = [task["code"] for task in metadata_of(tmp_path / "page")["tasks"]]
    assert codes[0] == {"python": '"my study"', "python_options": "", "command": "--dataset 'my study'"}
    assert str(tmp_path) not in (tmp_path / "page" / "data" / "explorer.js").read_text()


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    done = explore("--source", "sample", "-o", tmp_path)
    assert done.exit_code == 2
    assert "not an explorer" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    done = explore("--source", "sample", "-o", tmp_path / "file" / "page")
    assert done.exit_code == 2
    assert "cannot be written" in done.output


def test_a_study_that_could_identify_participants_is_told(tmp_path):
    files = example_study()
    for name in ("judgments/infer_mixing_factor.csv", "participants.csv"):
        files[name] = files[name].replace(b"p02,", b"5f2d9ac84b1c0d00a1b2c3d4,")
    write_files(tmp_path / "study", files)
    done = explore(tmp_path / "study", "--cifar10", tmp_path / "none", "-o", tmp_path / "page")
    assert done.exit_code == 0
    assert "could identify participants, and the page must not be shared yet" in done.output
