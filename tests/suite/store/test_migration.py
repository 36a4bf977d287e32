"""Migration: a collection of the first hmix-hub opens with everything that was in it, and goes on."""

from __future__ import annotations

import sqlite3

import pytest
from suite.store.first_layout import take_back
from suite.store.small_study import answer, answer_all, join, take_part, token

from hmix_hub.suite.store.database import DATABASE_NAME, FolderLockedError, StoreError
from hmix_hub.suite.store.keys import folder_lock
from hmix_hub.suite.store.store import Store
from hmix_hub.suite.store.tables import LAYOUT_VERSION


def layout(folder):
    database = sqlite3.connect(folder / DATABASE_NAME)
    found = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return found


def tables(folder):
    database = sqlite3.connect(folder / DATABASE_NAME)
    found = set(database.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall())
    database.close()
    return {(kind, name, " ".join(sql.replace('"', "").split())) for kind, name, sql in found}


@pytest.fixture
def begun(make_store, clocks):
    """A collection of layout 1 in which one person finished and another is at work, and what it held."""
    store = make_store(2, 2)
    take_part(store, "done")
    clocks.pass_by(10)
    session = join(store, "at work", recruiting="ab" * 32)
    store.put_trial(session.id, session.plan.trials[0].trial_index, answer(), fault=None).result(30)
    store.put_comments(session.id, "Fine.").result(30)
    held = (list(store.answers()), store.comments(), [(one.id, one.state) for one in store.sessions()])
    today = tables(store.folder)
    store.close()
    take_back(store.folder)
    return store.folder, held, today


@pytest.mark.parametrize("read_only", [True, False])
def test_everything_is_there_afterwards(begun, read_only):
    folder, (answers, comments, sessions), today = begun
    with Store.open(folder, read_only=read_only) as store:
        assert layout(folder) == LAYOUT_VERSION
        assert [(one.session_id, one.trial_index, one.payload) for one in store.answers()] == [
            (one.session_id, one.trial_index, one.payload) for one in answers
        ]
        assert store.comments() == comments
        assert [(one.id, one.state) for one in store.sessions()] == sessions
        assert all((one.sitting, one.part, one.run) == (one.id, 0, None) for one in store.sessions())
        store.check_integrity()
    assert tables(folder) == today


def test_who_was_at_work_goes_on(begun):
    folder, _, _ = begun
    with Store.open(folder) as store:
        session = store.session(token("at work"))
        answer_all(store, session)
        assert store.finish(session.id).result(30) == []
        store.withdraw(session.id).result(30)
        store.check_integrity()
        assert len(store.sessions()) == 1


def test_an_earlier_server_that_runs_is_not_disturbed(begun):
    folder, _, _ = begun
    with folder_lock(folder), pytest.raises(FolderLockedError, match="earlier hmix-hub") as told:
        Store.open(folder, read_only=True)
    assert "stop that server" in told.value.hint
    assert layout(folder) == 1


def test_a_collection_that_cannot_be_written_stays_as_it_is(begun, monkeypatch):
    folder, _, _ = begun
    # The tests may run as root, whom no mode of a file keeps from writing.
    monkeypatch.setattr("hmix_hub.suite.store.migration.os.access", lambda *_: False)
    with pytest.raises(StoreError, match="read-only") as told:
        Store.open(folder, read_only=True)
    assert "copy" in told.value.hint
    assert layout(folder) == 1


def test_a_migration_that_is_cut_off_changes_nothing(begun, monkeypatch):
    folder, _, today = begun
    monkeypatch.setattr("hmix_hub.suite.store.migration.INDEXES", ("CREATE INDEX cut off",))
    with pytest.raises(StoreError):
        Store.open(folder)
    assert layout(folder) == 1
    monkeypatch.undo()
    Store.open(folder).close()
    assert tables(folder) == today
