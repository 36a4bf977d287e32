"""Backups: whole, checked, made while others write, never over something."""

from __future__ import annotations

import stat
import threading

import pytest
from suite.store.small_study import answer, answer_all, join, take_part

from hmix_hub.suite.store.database import StoreError
from hmix_hub.suite.store.store import Store


@pytest.fixture
def store(make_store):
    store = make_store(50, 50, stimuli=20)
    (store.folder / "collection.yaml").write_text("format: 1")
    (store.folder / "stimuli" / "deep").mkdir(parents=True)
    (store.folder / "stimuli" / "deep" / "1.png").write_bytes(b"png")
    return store


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_it_holds_everything_and_can_be_served(store, tmp_path):
    take_part(store, 1)
    store.backup(tmp_path / "copy")
    assert tree(tmp_path / "copy") == ["collection.key", "collection.sqlite", "collection.yaml", "stimuli/deep/1.png"]
    assert stat.S_IMODE((tmp_path / "copy" / "collection.key").stat().st_mode) == 0o600
    with Store.open(tmp_path / "copy") as copy:
        assert (list(copy.answers()), copy.sessions()) == (list(store.answers()), store.sessions())
        assert copy.key.mark("x") == store.key.mark("x")
        assert join(copy, 2).batch == 1


def test_it_is_one_state_while_others_write(store, tmp_path):
    people = [join(store, person) for person in range(40)]
    begun, acknowledged = threading.Event(), []

    def write():
        for session in people:
            for trial in session.plan.trials:
                store.put_trial(session.id, trial.trial_index, answer(), fault=None).result()
                acknowledged.append((session.id, trial.trial_index))
                begun.set()

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait(30)
    before = set(acknowledged)
    store.backup(tmp_path / "copy")
    writer.join()
    with Store.open(tmp_path / "copy", read_only=True) as copy:
        copy.check_integrity()
        held = {(stored.session_id, stored.trial_index) for stored in copy.answers()}
    assert before <= held <= set(acknowledged)
    assert len(list(store.answers())) == len(acknowledged)


@pytest.mark.parametrize("there", ["file", "empty folder", "link to nothing"])
def test_nothing_is_written_over(store, tmp_path, there):
    target = tmp_path / "copy"
    {
        "file": lambda: target.write_text("mine"),
        "empty folder": target.mkdir,
        "link to nothing": lambda: target.symlink_to(tmp_path / "nothing"),
    }[there]()
    with pytest.raises(StoreError, match="never overwrites anything"):
        store.backup(target)
    assert not (tmp_path / "nothing").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["collection", "copy"]


def test_it_does_not_lie_in_the_collection(store):
    with pytest.raises(StoreError, match="inside the collection itself"):
        store.backup(store.folder / "copy")
    assert not (store.folder / "copy").exists()


@pytest.mark.parametrize("fault", ["not a key", "damaged"])
def test_what_cannot_be_copied_whole_is_not_there_at_all(store, tmp_path, fault, monkeypatch):
    answer_all(store, join(store, 1))
    if fault == "not a key":
        (store.folder / "collection.key").unlink()
    else:
        monkeypatch.setattr("hmix_hub.suite.store.backup.check_integrity", _fail)
    with pytest.raises(StoreError):
        store.backup(tmp_path / "copy")
    assert [path.name for path in tmp_path.iterdir()] == ["collection"]


def _fail(*_):
    msg = "the database is damaged"
    raise StoreError(msg)


def test_a_backup_of_a_backup_and_of_a_folder_that_cannot_be_written(store, tmp_path):
    take_part(store, 1)
    store.backup(tmp_path / "copy")
    (tmp_path / "copy").chmod(0o500)
    with Store.open(tmp_path / "copy", read_only=True) as copy:
        assert len(copy.sessions()) == 1
        copy.backup(tmp_path / "copy 2")
    (tmp_path / "copy").chmod(0o700)
    with Store.open(tmp_path / "copy 2", read_only=True) as again:
        assert list(again.answers()) == list(store.answers())
