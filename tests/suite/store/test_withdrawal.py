"""Withdrawal: everything that a person sent is gone, from the tables and from the files."""

from __future__ import annotations

import contextlib
import json
import secrets
import time

import numpy as np
import pytest
from suite.store.small_study import answer, frozen_study, join, take_part, token

from hmix_hub.suite.store.database import DATABASE_NAME, SessionGoneError, open_writing
from hmix_hub.suite.store.erasing import AGAIN_SECONDS, REWRITE_SECONDS, Eraser
from hmix_hub.suite.store.keys import KEY_NAME
from hmix_hub.suite.store.layout import get_meta
from hmix_hub.suite.store.store import Store


def bytes_of(store):
    return b"".join(path.read_bytes() for path in store.folder.glob("collection.sqlite*"))


def send_marked(store, session):
    """Send something of each kind; give the texts by which it would be found again."""
    marks = [secrets.token_hex(12) for _ in range(8)]
    first, second = (trial.trial_index for trial in session.plan.trials[:2])
    path = [[1.5, n] for n in range(secrets.randbelow(300))]
    waiting = [
        store.put_trial(session.id, first, json.dumps({"a": marks[0], "path": path}), fault=None),
        store.put_trial(session.id, first, json.dumps({"a": marks[1]}), fault=None),
        store.put_trial(session.id, second, f"{{{marks[2]}", fault="not JSON"),
        store.put_quiz(session.id, 1, json.dumps([marks[3]]), False),
        store.put_comments(session.id, f"my name is {marks[4]}"),
        store.put_comments(session.id, f"my name is not {marks[5]}"),
        store.put_reply(session.id, 0, json.dumps({"who": marks[6]}), passed=True, screened_out=False),
        store.put_surroundings(session.id, json.dumps({"window": marks[7]})),
    ]
    for sent in waiting:
        sent.result(30)
    return [*marks, session.id]


@pytest.fixture
def store(make_store):
    return make_store(60)


def test_nothing_is_left_in_any_table(store, reopen):
    session = join(store, 1)
    send_marked(store, session)
    store.withdraw(session.id).result()
    check_nothing_is_left(store, session)
    check_nothing_is_left(reopen(store), session)


def check_nothing_is_left(store, session):
    assert store.sessions() == list(store.answers()) == store.aside() == []
    assert (store.comments(), store.held(session.id)) == ({}, set())
    assert (store.counts()[0].withdrawn, store.counts()[0].answers) == (1, 0)
    with pytest.raises(SessionGoneError):
        store.session(token(1))


def test_no_byte_is_left_in_the_files(store):
    people = {}
    for person in range(40):
        recruiting = store.key.recruiting(f"P{person}")
        session = join(store, person, recruiting=recruiting)
        people[session.id] = [*send_marked(store, session), recruiting]
    assert all(mark.encode() in bytes_of(store) for marks in people.values() for mark in marks)
    gone = []
    for session_id in sorted(people)[::5]:
        gone += people.pop(session_id)
        store.withdraw(session_id).result()
    store.check_integrity()
    store.close()
    left = bytes_of(store)
    assert [mark for mark in gone if mark.encode() in left] == []
    assert all(mark.encode() in left for marks in people.values() for mark in marks)


def test_copies_that_the_database_left_behind_when_it_moved_rows_are_erased_too(tmp_path):
    rng = np.random.default_rng(0)
    keys = [rng.bytes(16).hex() for _ in range(1000)]
    with Store.create(tmp_path, frozen_study(1)):
        pass
    database = open_writing(tmp_path)
    database.execute("PRAGMA synchronous = OFF")
    database.execute("CREATE TABLE moved (key TEXT PRIMARY KEY, content TEXT) WITHOUT ROWID")
    for key in keys:
        database.execute("INSERT INTO moved VALUES (?, ?)", (key, "x" * int(rng.integers(300))))
    for key in keys[::2]:
        database.execute("DELETE FROM moved WHERE key = ?", (key,))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path = tmp_path / DATABASE_NAME
    assert any(key.encode() in path.read_bytes() for key in keys[::2]), "SQLite leaves no copies behind any more"
    eraser = Eraser(database, tmp_path)
    eraser.need()
    eraser.rewrite()
    assert not any(key.encode() in path.read_bytes() for key in keys[::2])
    database.close()


def test_who_withdraws_is_told_once_the_rows_and_the_log_are_overwritten(store, monkeypatch):
    monkeypatch.setattr(store._writer._eraser, "rewrite", lambda **_: None)
    session = join(store, 1)
    marks = send_marked(store, session)
    assert all(mark.encode() in bytes_of(store) for mark in marks)
    store.withdraw(session.id).result(10)
    assert not any(mark.encode() in bytes_of(store) for mark in marks)


def test_many_who_withdraw_do_not_have_the_database_rewritten_each_time(store, reopen):
    said = []
    store._writer._database.set_trace_callback(said.append)
    for person in range(30):
        store.withdraw(join(store, person).id).result(10)
    assert said.count("VACUUM") <= 1
    store.close()
    assert said.count("VACUUM") <= 2
    database = reopen(store)._database
    assert get_meta(database, "must_erase") == "0"


def test_a_rewrite_keeps_its_copy_out_of_the_memory_and_leaves_no_file(tmp_path):
    with Store.create(tmp_path, frozen_study(1)):
        pass
    database = open_writing(tmp_path)
    said = []
    database.set_trace_callback(said.append)
    eraser = Eraser(database, tmp_path)
    eraser.need()
    eraser.rewrite()
    before, after = said[: said.index("VACUUM")], said[said.index("VACUUM") :]
    assert "PRAGMA temp_store = FILE" in before
    assert any(str(tmp_path) in statement for statement in before)
    assert "PRAGMA temp_store = MEMORY" in after
    assert eraser.wait_seconds is None
    database.close()
    assert {path.name for path in tmp_path.iterdir()} == {DATABASE_NAME, KEY_NAME}


def test_rewrites_are_ten_minutes_apart(tmp_path):
    with Store.create(tmp_path, frozen_study(1)):
        pass
    database = open_writing(tmp_path)
    eraser = Eraser(database, tmp_path)
    for _ in range(2):
        eraser.need()
        eraser.rewrite()
    assert REWRITE_SECONDS - 60 < eraser.wait_seconds <= REWRITE_SECONDS
    eraser.rewrite(now=True)
    assert eraser.wait_seconds is None
    database.close()


def test_it_may_be_said_again(store):
    session = join(store, 1)
    store.withdraw(session.id).result()
    store.withdraw(session.id).result()
    assert store.counts()[0].withdrawn == 1


def test_an_answer_that_comes_later_is_not_let_in(store):
    session = join(store, 1)
    waiting = [store.withdraw(session.id), store.put_trial(session.id, 3, answer(), fault=None)]
    assert waiting[0].result() is None
    assert isinstance(waiting[1].exception(30), SessionGoneError)


def test_somebody_who_reads_delays_it_and_does_not_stop_it(store):
    session = join(store, 1)
    marks = send_marked(store, session)
    with Store.open(store.folder, read_only=True) as reader:
        with reader.snapshot():
            assert len(reader.sessions()) == 1
            store.withdraw(session.id).result(10)
            assert len(reader.sessions()) == 1
        assert reader.sessions() == []
    until = time.monotonic() + 10 * AGAIN_SECONDS
    while any(mark.encode() in bytes_of(store) for mark in marks) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(mark.encode() in bytes_of(store) for mark in marks)


def test_a_restart_takes_out_what_the_last_process_did_not(store, reopen):
    session = join(store, 1)
    marks = send_marked(store, session)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(Store.open(store.folder, read_only=True))
        stack.enter_context(reader.snapshot())
        reader.sessions()
        store.withdraw(session.id).result(10)
        store.close()
        assert any(mark.encode() in bytes_of(store) for mark in marks)
    again = reopen(store)
    assert not any(mark.encode() in bytes_of(again) for mark in marks)


def test_the_place_is_free_again(make_store, tmp_path):
    store = make_store(1, folder=tmp_path / "one")
    store.withdraw(take_part(store, 1).id).result()
    assert (join(store, 2).number, store.counts()[0].finished) == (1, 0)
