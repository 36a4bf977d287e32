"""The database: what it is, and what is refused."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import stat

import pytest
from suite.store.small_study import answer_all, frozen_study, join

from hmix_hub.suite.store.database import DATABASE_NAME, StoreError, open_writing
from hmix_hub.suite.store.keys import KEY_NAME, read_key
from hmix_hub.suite.store.layout import put_meta
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.study.recruiting import Session


def change(folder, *statements):
    database = sqlite3.connect(folder / DATABASE_NAME, isolation_level=None)
    for statement in statements:
        database.execute(statement)
    database.close()


@pytest.fixture
def folder(make_store):
    store = make_store(2)
    answer_all(store, join(store, 1))
    store.close()
    return store.folder


def test_the_study_is_given_back_as_it_was_frozen(tmp_path):
    frozen = frozen_study(2, 3)
    Store.create(tmp_path, frozen, is_synthetic=True).close()
    with Store.open(tmp_path) as store:
        assert (store.frozen, store.frozen.sha256, store.is_synthetic) == (frozen, frozen.sha256, True)


def test_it_is_made_whole_and_for_its_owner_alone(folder):
    assert {path.name for path in folder.iterdir()} == {DATABASE_NAME, KEY_NAME}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_every_commit_is_brought_to_the_disk(folder):
    database = open_writing(folder)
    pragmas = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    erases = database.execute("PRAGMA secure_delete").fetchone()[0]
    full = [database.execute(f"PRAGMA {name}").fetchone()[0] for name in ("fullfsync", "checkpoint_fullfsync")]
    database.close()
    assert (pragmas, erases, full) == (["wal", 2], 1, [1, 1])


def test_a_collection_is_never_begun_over_another(folder):
    before = (folder / DATABASE_NAME).read_bytes()
    with pytest.raises(StoreError, match="already"):
        Store.create(folder, frozen_study(9))
    assert (folder / DATABASE_NAME).read_bytes() == before
    assert len(list(folder.iterdir())) == 2


def test_a_folder_without_a_collection(tmp_path):
    with pytest.raises(StoreError, match="no collection here") as told:
        Store.open(tmp_path)
    assert "hmix collect serve" in str(told.value.hint)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA application_id = 7", "not a collection"),
        ("PRAGMA user_version = 3", "layout 3"),
        ("UPDATE meta SET value = replace(value, 'Which', 'What') WHERE name = 'frozen'", "not match"),
        ("UPDATE meta SET value = 'no JSON' WHERE name = 'frozen'", "not match"),
        ("UPDATE meta SET value = '0' WHERE name = 'frozen_sha256'", "not match"),
        ("DELETE FROM meta WHERE name = 'frozen'", "not match"),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_database_that_is_not_what_it_should_be_is_refused(folder, statement, message, read_only):
    change(folder, statement)
    with pytest.raises(StoreError, match=message) as told:
        Store.open(folder, read_only=read_only)
    assert told.value.hint


def store_frozen(folder, text):
    """Write a frozen study as an earlier hmix-hub did, with the hash and the key's mark of that text."""
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    meta = {"frozen": text, "frozen_sha256": sha256, "key_mark": read_key(folder).mark(sha256)}
    database = open_writing(folder)
    for name, value in meta.items():
        put_meta(database, name, value)
    database.close()
    return sha256


@pytest.mark.parametrize("read_only", [True, False])
def test_a_collection_from_before_a_key_of_the_study_file_was_known_opens_as_before(folder, read_only):
    with Store.open(folder) as store:
        before = json.loads(store.frozen.to_json())
        assert store.frozen_sha256 == store.frozen.sha256
    del before["study"]["session"], before["study"]["seed"]
    sha256 = store_frozen(folder, json.dumps(before))
    with Store.open(folder, read_only=read_only) as store:
        assert store.frozen_sha256 == sha256 != store.frozen.sha256
        assert store.frozen.study.session == Session()
        assert len(list(store.answers())) == 4
        store.check_integrity()


def test_a_study_that_this_version_cannot_read_is_not_called_damaged(folder):
    store_frozen(folder, '{"study": {}}')
    with pytest.raises(StoreError, match="cannot read the original study") as told:
        Store.open(folder)
    assert "newer" in told.value.hint


@pytest.mark.parametrize("content", [b"no database at all, but long enough to be one" * 50, b""])
def test_another_file_under_the_name_is_refused(folder, content):
    (folder / DATABASE_NAME).write_bytes(content)
    with pytest.raises(StoreError):
        Store.open(folder)


def test_the_key_of_another_collection_is_refused(folder):
    (folder / KEY_NAME).write_text("ab" * 32)
    with pytest.raises(StoreError, match="belongs to another"):
        Store.open(folder)


class TestIntegrity:
    def test_a_whole_one_passes(self, folder):
        with Store.open(folder, read_only=True) as store:
            store.check_integrity()

    @pytest.mark.parametrize(
        ("statement", "message"),
        [
            ("UPDATE answers SET trial_index = 99 WHERE trial_index = 3", "never had"),
            ("UPDATE sessions SET state = 'finished', finished_ms = 0; ", "more participants"),
            ("UPDATE sessions SET state = 'finished'", "no time"),
            ("DELETE FROM answers WHERE trial_index = 3", "lacks answers"),
            ("DELETE FROM plans", "no plan"),
            ("DELETE FROM sessions", "has no owner"),
            ("UPDATE sessions SET last_ms = 1e15", "from the future"),
            ("UPDATE sessions SET is_incomplete = 1", "incomplete but not finished"),
            ("UPDATE sessions SET state = 'finished', finished_ms = 0, is_incomplete = 1", "wrongly marked as"),
            ("UPDATE sessions SET consent_version = '0'", "a consent form that is not the study's"),
            ("UPDATE sessions SET consent_sha256 = 'ab'", "a consent form that is not the study's"),
        ],
    )
    def test_rows_that_contradict_each_other_are_found(self, folder, statement, message):
        extra = {
            "more participants": ["UPDATE batches SET quota = 0"],
            "lacks answers": ["UPDATE sessions SET state = 'finished', finished_ms = 0"],
        }
        with Store.open(folder) as store:
            change(folder, "PRAGMA foreign_keys = OFF", statement, *extra.get(message, []))
            with pytest.raises(StoreError, match=message):
                store.check_integrity()

    def test_a_damaged_file_is_found(self, folder):
        path = folder / DATABASE_NAME
        content = bytearray(path.read_bytes())
        content[-9000:-100] = b"\xff" * 8900
        path.write_bytes(content)
        with pytest.raises(StoreError), Store.open(folder, read_only=True) as store:
            store.check_integrity()
