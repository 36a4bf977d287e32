"""Files that are written whole or not at all: an older file stays, nothing half-written is left."""

from __future__ import annotations

import os
import stat

import pytest
from click.testing import CliRunner

import hmix_hub
from hmix_hub import files
from hmix_hub.cli.main import main
from hmix_hub.files import known_sha256, link_or_copy, new_file, replace_file, whole_file, whole_folder


def disk_is_full(*_):
    raise OSError(28, "No space left on device")


@pytest.fixture
def full_disk(monkeypatch):
    """Let the disk be full by the time that a file is brought down to it."""
    monkeypatch.setattr(files.os, "fsync", disk_is_full)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["load", "infer_mixing_factor", "--format", "csv"], "a.csv"),
        (["load", "infer_mixing_factor", "--format", "jsonl"], "a.jsonl"),
        (["load", "infer_mixing_factor"], "a.parquet"),
        (["plot", "infer_mixing_factor"], "a.png"),
    ],
)
def test_a_full_disk_leaves_an_older_output_as_it_was(command, name, tmp_path, full_disk, load_sample):
    load_sample()
    output = tmp_path / name
    output.write_bytes(b"good")
    ran = CliRunner().invoke(main, [*command, "--source", "sample", "-o", str(output)])
    assert ran.exit_code == 2
    assert str(output) in ran.output
    assert "free some space" in ran.output
    assert output.read_bytes() == b"good"
    assert os.listdir(tmp_path) == [name]


def test_a_missing_folder_is_named_by_the_file_that_was_to_be_in_it(tmp_path, load_sample):
    with pytest.raises(FileNotFoundError, match=r"nowhere.a\.png"):
        hmix_hub.plot(load_sample().select(range(20)), tmp_path / "nowhere" / "a.png")


@pytest.mark.parametrize("writes", [replace_file, new_file])
def test_what_cannot_be_written_names_the_file_and_leaves_nothing(writes, tmp_path, full_disk):
    with pytest.raises(OSError, match=r"No space left.*new\.csv"):
        writes(tmp_path / "new.csv", b"text")
    assert os.listdir(tmp_path) == []


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    path.chmod(0o640)
    replace_file(path, b"new")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o640)


def test_an_output_goes_to_where_a_link_leads_and_a_study_file_does_not(tmp_path):
    target = tmp_path / "target.csv"
    target.write_bytes(b"old")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    with whole_file(link, follows_links=True) as stream:
        stream.write(b"new")
    assert (target.read_bytes(), link.is_symlink()) == (b"new", True)
    replace_file(link, b"newer")
    assert (target.read_bytes(), link.read_bytes(), link.is_symlink()) == (b"new", b"newer", False)


def test_an_output_may_be_a_device():
    with whole_file(files.Path(os.devnull), follows_links=True) as stream:
        stream.write(b"text")
    assert not files.Path(os.devnull).is_file()


def test_a_new_file_takes_no_place(tmp_path):
    new_file(tmp_path / "key", b"first")
    with pytest.raises(FileExistsError):
        new_file(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["key"]


def test_a_folder_that_fails_leaves_the_older_one(tmp_path):
    target = tmp_path / "built"
    target.mkdir()
    (target / "old").write_bytes(b"old")
    with pytest.raises(OSError, match=r"No space left.*built"), whole_folder(target, replaces=True):
        disk_is_full()
    assert os.listdir(tmp_path) == ["built"]
    with whole_folder(target, replaces=True) as made:
        (made / "new").write_bytes(b"new")
    assert (os.listdir(tmp_path), os.listdir(target)) == (["built"], ["new"])


@pytest.mark.parametrize("replaces", [True, False])
def test_of_two_that_write_one_folder_at_once_the_first_wins_and_the_other_is_told(replaces, tmp_path, monkeypatch):
    target, move = tmp_path / "built", files.Path.rename

    def comes_second(made, place):
        if place == target:
            target.mkdir()
            (target / "theirs").write_bytes(b"theirs")
        return move(made, place)

    if replaces:
        target.mkdir()
    with pytest.raises(FileExistsError, match="built"), whole_folder(target, replaces=replaces):
        monkeypatch.setattr(files.Path, "rename", comes_second)
    assert (os.listdir(tmp_path), os.listdir(target)) == (["built"], ["theirs"])


def test_a_copy_that_has_no_room_names_its_own_place(tmp_path, monkeypatch):
    (tmp_path / "made").write_bytes(b"rows")

    def is_full(made, place):
        raise OSError(28, "No space left on device", str(made), None, str(place))

    monkeypatch.setattr(files.os, "link", is_full)
    monkeypatch.setattr(files.shutil, "copyfile", is_full)
    with pytest.raises(OSError, match="No space left") as caught:
        link_or_copy(tmp_path / "made", tmp_path / "place")
    assert caught.value.filename == str(tmp_path / "place")


def test_a_file_that_was_touched_is_hashed_again(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"one")
    first = known_sha256(path)
    assert known_sha256(path) == first
    path.write_bytes(b"two")
    assert known_sha256(path) != first
