"""Publishing a study of many files: what is uploaded or built is not sent or built again; one commit shows it whole."""

from __future__ import annotations

import os
import shutil
from hashlib import sha256

import pytest
from sharded_study import JUDGMENTS, STIMULI, write_sharded

import hmix_hub
from hmix_hub.contribute.publishing import uploading
from hmix_hub.contribute.publishing.publisher import publish
from hmix_hub.errors import ConfigurationError, PublishError
from hmix_hub.studies.study import Study

REPOSITORY = "lab/large"
N_TABLES = 7
"""Parquet files: three of judgments, three of stimuli, one of participants."""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return write_sharded(tmp_path_factory.mktemp("large"))


@pytest.fixture
def built(made, tmp_path):
    return shutil.copytree(made, tmp_path / "built")


@pytest.fixture
def send(made, built, monkeypatch, login):
    """Publish the study, two files at a time; collect what is told."""
    monkeypatch.setattr(uploading, "FILES_AT_ONCE", 2)

    def send(tell=lambda _: None, **options):
        said = []

        def collect(text):
            said.append(text)
            tell(text)

        options = {"built": built, "synthetic": True, **options}
        return publish(Study.open(made.parent / "study"), REPOSITORY, tell=collect, **options), said

    return send


def uploads(hub):
    """Return the paths of all large files that were sent, each as often as it was."""
    return [call.path for call in hub.calls if call.method == "PUT"]


@pytest.mark.parametrize("push", [True, False])
def test_an_interrupted_upload_is_invisible_and_goes_on_behind_what_was_sent(hub, waits, send, push):
    hub.fail(method="PUT", path="^/lfs/", after=3, times=None, status=403)
    with pytest.raises(PublishError, match="403"):
        send(push=push)
    first = [call.path for call in hub.calls if call.method == "PUT" and call.status == 200]
    assert len(first) == 3
    assert (len(hub.commits(REPOSITORY)), hub.pull_requests(REPOSITORY)) == (1, [])
    hub.heal()
    hub.forget_calls()
    done, said = send(push=push)
    n_large = len(hub.large_files(REPOSITORY, "main" if push else "refs/pr/1"))
    assert (done.action, n_large) == ("pushed" if push else "requested", N_TABLES + 1)
    assert set(first).isdisjoint(uploads(hub))
    assert len(uploads(hub)) == n_large - len(first)
    assert sum("/commit/" in call.path for call in hub.calls) == 1
    assert len(hub.commits(REPOSITORY, "main" if push else "refs/pr/1")) == 2
    assert "checking" not in said


def test_somebody_who_stops_it_goes_on_in_another_process(hub, send):
    def stop(text):
        if text.startswith("uploading: 6 of"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send(stop, push=True)
    before = uploads(hub)
    assert before
    assert len(hub.commits(REPOSITORY)) == 1
    send(push=True)
    assert len(uploads(hub)) == len(set(uploads(hub))) == len(hub.large_files(REPOSITORY))


def test_how_far_it_is_is_told(hub, send):
    done, said = send(push=True)
    counts = [text for text in said if text.startswith("uploading: ")]
    assert counts[0].startswith(f"uploading: 0 of {len(done.files)} files, 0.0 of ")
    assert len(counts) == -(-len(done.files) // 2)


def test_each_request_asks_for_several_files(hub, send, monkeypatch):
    monkeypatch.setattr(uploading, "FILES_AT_ONCE", 50)
    send(push=True)
    assert sum("/preupload/" in call.path for call in hub.calls) == 1
    assert sum(call.path.endswith("/objects/batch") for call in hub.calls) == 1


def test_a_raised_version_sends_what_differs_alone(hub, send, made, tmp_path):
    send(push=True)
    study = shutil.copytree(made.parent / "study", tmp_path / "study")
    text = (study / "study.yaml").read_text()
    (study / "study.yaml").write_text(text.replace("version: 1.0.0\n", "version: 1.1.0\n"))
    hub.forget_calls()
    done = publish(Study.open(study), REPOSITORY, push=True, synthetic=True)
    assert done.action == "pushed"
    # Two tables are one file each now; that of the participants is as it was.
    sent = {path.rsplit("/", 1)[-1] for path in uploads(hub)}
    tables = {name: sha256(content) for name, content in hub.files(REPOSITORY).items() if name.endswith(".parquet")}
    assert len(tables) == 3
    assert {name.split("/")[0] for name, digest in tables.items() if digest.hexdigest() in sent} == {JUDGMENTS, STIMULI}


class TestBuilt:
    def test_it_is_built_into_the_folder_and_taken_from_there(self, send, tmp_path, hub):
        _, said = send(built=tmp_path / "kept", dry_run=True)
        assert "checking" in said
        done, said = send(built=tmp_path / "kept", push=True)
        assert "checking" not in said
        assert hub.files(REPOSITORY)["SHA256SUMS"] == (tmp_path / "kept" / "SHA256SUMS").read_bytes()
        assert set(done.files) <= set(hub.files(REPOSITORY))

    def test_another_study_is_built_again(self, made, built, tmp_path, send):
        study = shutil.copytree(made.parent / "study", tmp_path / "study")
        (study / "LICENSE").write_text("Take it.\n")
        said = []
        done = publish(Study.open(study), REPOSITORY, dry_run=True, synthetic=True, built=built, tell=said.append)
        assert "checking" in said
        assert "LICENSE" in done.files

    @pytest.mark.parametrize("damage", ["changed", "lost"])
    def test_what_is_damaged_is_built_again(self, send, built, damage):
        file = built / JUDGMENTS / "train-00001-of-00003.parquet"
        content = file.read_bytes()
        file.unlink()
        if damage == "changed":
            file.write_bytes(content[:-1] + b"?")
        _, said = send(dry_run=True)
        assert "checking" in said
        assert os.listdir(built / JUDGMENTS) == ["train-00000-of-00001.parquet"]

    def test_a_folder_with_more_in_it_is_left_alone(self, send, built):
        (built / "notes.txt").write_text("mine")
        with pytest.raises(ConfigurationError, match="contains something that was not built"):
            send(dry_run=True)
        assert (built / "notes.txt").is_file()


def test_what_many_files_hold_is_loaded_from_the_hub(hub, send, made, tmp_path):
    send(push=True)
    for name in (JUDGMENTS, STIMULI):
        there = hmix_hub.load_dataset(REPOSITORY, name, split="train", cache_dir=tmp_path / "a")
        here = hmix_hub.load_dataset(made, name, split="train", cache_dir=tmp_path / "b")
        assert there.to_list() == here.to_list()
