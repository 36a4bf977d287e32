"""A disk that is full: nothing is acknowledged, nothing is lost, and it goes on once there is space."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from suite.store.small_study import frozen_study, join, token

from hmix_hub.suite.store.database import StoreFullError
from hmix_hub.suite.store.records import Outcome
from hmix_hub.suite.store.store import Store

BIG = json.dumps({"path": [[n, n % 11] for n in range(1500)]})


@pytest.fixture
def store(make_store):
    return make_store(50, stimuli=100)


def limit_pages(store, pages):
    """Have SQLite find the disk full at so many pages; 0 for as they are now."""

    def set_limit(work):
        pages_now = work.database.execute("PRAGMA page_count").fetchone()[0]
        work.database.execute(f"PRAGMA max_page_count = {pages or pages_now}")

    store._writer.submit(set_limit).result()


def send_until_full(store, session):
    """Send big answers; give those that were acknowledged, and the error."""
    acknowledged = []
    for trial in session.plan.trials:
        error = (sent := store.put_trial(session.id, trial.trial_index, BIG, fault=None)).exception(30)
        if error is not None:
            return acknowledged, error
        assert sent.result() is Outcome.STORED
        acknowledged.append(trial.trial_index)
    return acknowledged, None


def test_nothing_is_acknowledged_and_it_works_again_with_space(store):
    session = join(store, 1)
    limit_pages(store, 0)
    acknowledged, error = send_until_full(store, session)
    assert isinstance(error, StoreFullError)
    assert "free some space" in str(error.hint)
    assert (acknowledged, store.held(session.id), list(store.answers())) == ([], set(), [])
    assert store.session(token(1)) == session
    store.check_integrity()
    limit_pages(store, 1_000_000)
    assert send_until_full(store, session) == ([trial.trial_index for trial in session.plan.trials], None)
    assert store.finish(session.id).result(30) == []


def test_a_whole_group_fails_together(store):
    session = join(store, 1)
    limit_pages(store, 0)
    waiting = [store.put_trial(session.id, trial.trial_index, BIG, fault=None) for trial in session.plan.trials]
    waiting += [store.join(token(person), recruiting_hash=None, task=None) for person in range(2, 9)]
    outcomes = [sent.exception(30) for sent in waiting]
    assert isinstance(outcomes[-8], StoreFullError)
    assert {type(error) for error in outcomes} <= {StoreFullError, type(None)}
    stored = {trial.trial_index for trial, error in zip(session.plan.trials, outcomes, strict=False) if error is None}
    assert {kept.trial_index for kept in store.answers()} == store.held(session.id) == stored
    joined = [error is None for error in outcomes[-7:]]
    assert len(store.sessions()) == 1 + sum(joined)
    assert [store.session(token(person)) is not None for person in range(2, 9)] == joined
    store.check_integrity()


def test_a_withdrawal_that_finds_no_space_to_erase_is_still_one(store):
    session = join(store, 1)
    send_until_full(store, session)
    limit_pages(store, 0)
    store.withdraw(session.id).result(30)
    assert list(store.answers()) == []


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", place], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_real_disk_that_runs_full(small_disk: Path):
    folder, ballast = small_disk / "collection", small_disk / "ballast"
    with Store.create(folder, frozen_study(50, stimuli=100)) as store:
        session = join(store, 1)
        ballast.write_bytes(bytes(1_000_000))
        acknowledged, error = send_until_full(store, session)
        assert isinstance(error, StoreFullError)
        assert store.held(session.id) == set(acknowledged)
        assert len(acknowledged) < 101
        ballast.unlink()
        sent = store.put_trial(session.id, session.plan.trials[-1].trial_index, '{"small":1}', fault=None)
        assert sent.result(30) is Outcome.STORED
    with Store.open(folder) as again:
        again.check_integrity()
        held = {stored.trial_index for stored in again.answers()}
        assert held == {*acknowledged, session.plan.trials[-1].trial_index}
