"""Lapsing: who goes away gives the place back, may come back, and loses no answer."""

from __future__ import annotations

import pytest
from suite.store.small_study import HOUR, MINUTE, answer, answer_all, join, token

from hmix_hub.suite.store.records import Outcome


def state(store, name):
    return store.session(token(name)).state


@pytest.fixture
def store(make_store):
    return make_store(1)


@pytest.fixture
def away(store, clocks):
    """Somebody who began, and went away for longer than the time-out."""
    session = join(store, "away")
    clocks.pass_by(61 * MINUTE)
    return session


def test_it_is_seen_at_once(store, away):
    assert state(store, "away") == "lapsed"
    assert (store.counts()[0].live, store.counts()[0].lapsed) == (0, 1)


def test_an_answer_keeps_the_place(store, clocks):
    session = join(store, 1)
    for trial in session.plan.trials:
        clocks.pass_by(59 * MINUTE)
        store.put_trial(session.id, trial.trial_index, answer(), fault=None).result()
    assert state(store, 1) == "live"


@pytest.mark.parametrize("call", ["answer", "resume", "join", "quiz", "comments"])
def test_who_comes_back_has_the_place_again_if_it_is_free(store, away, call):
    {
        "answer": lambda: store.put_trial(away.id, 3, answer(), fault=None),
        "resume": lambda: store.resume(away.id),
        "join": lambda: store.join(token("away"), recruiting_hash=None, task=None),
        "quiz": lambda: store.put_quiz(away.id, 1, "[1]", True),
        "comments": lambda: store.put_comments(away.id, "text"),
    }[call]().result()
    assert state(store, "away") == "live"


def test_who_comes_back_too_late_goes_on_and_is_kept_as_late(store, away):
    join(store, "other")
    answer_all(store, away)
    assert state(store, "away") == "lapsed"
    assert store.finish(away.id).result() == []
    finished = store.session(token("away"))
    assert (finished.state, finished.is_late) == ("finished", True)
    count = store.counts()[0]
    assert (count.finished, count.late, count.live) == (0, 1, 1)
    assert len(list(store.answers())) == len(away.plan.trials)
    store.check_integrity()


def test_who_finishes_before_anybody_needed_the_place_is_not_late(store, away):
    answer_all(store, away)
    store.finish(away.id).result()
    assert not store.session(token("away")).is_late


def test_a_place_that_becomes_free_again_before_the_end_counts(store, away):
    other = join(store, "other")
    answer_all(store, away)
    store.withdraw(other.id).result()
    store.finish(away.id).result()
    assert not store.session(token("away")).is_late


def test_two_who_come_back_to_one_place(make_store, tmp_path, clocks):
    store = make_store(1, folder=tmp_path / "one")
    first = join(store, 1)
    clocks.pass_by(2 * HOUR)
    join(store, 2)
    clocks.pass_by(2 * HOUR)
    store.resume(first.id).result()
    assert (state(store, 1), state(store, 2)) == ("live", "lapsed")
    assert store.resume(store.session(token(2)).id).result().state == "lapsed"


class TestExpired:
    def test_it_is_so_when_the_resume_window_has_passed(self, store, clocks):
        session = join(store, 1)
        clocks.pass_by(24 * HOUR)
        assert not store.is_expired(store.session(token(1)))
        clocks.pass_by(0.001)
        assert store.is_expired(store.session(token(1)))
        assert session.last_ms == store.session(token(1)).last_ms

    def test_answers_that_still_wait_are_taken_and_do_not_open_it(self, store, clocks):
        session = join(store, 1)
        clocks.pass_by(25 * HOUR)
        assert store.put_trial(session.id, 3, answer(), fault=None).result() is Outcome.STORED
        assert store.is_expired(store.session(token(1)))
        assert store.resume(session.id).result().state == "lapsed"

    def test_it_may_be_finished_when_everything_has_come(self, store, clocks):
        session = join(store, 1)
        clocks.pass_by(25 * HOUR)
        answer_all(store, session)
        assert store.finish(session.id).result() == []
        assert not store.is_expired(store.session(token(1)))


def test_a_clock_that_jumps_takes_nobodys_place(store, clocks):
    join(store, 1)
    for jump in (1e7, -2e7, 5e6):
        clocks.wall += jump
        assert state(store, 1) == "live"


def test_a_date_that_is_wrong_at_a_restart_and_right_again_takes_nobodys_place(store, clocks, reopen):
    session = join(store, 1)
    for jump in (2 * 24 * HOUR, -2 * 24 * HOUR):
        store.close()
        clocks.wall += jump
        store = reopen(store)
        assert state(store, 1) == "live"
        assert not store.is_expired(store.session(token(1)))
    answer_all(store, session)
    assert store.finish(session.id).result() == []


def test_a_night_without_the_server_is_nobodys_fault(store, clocks, reopen):
    join(store, 1)
    clocks.pass_by(59 * MINUTE)
    store.close()
    clocks.pass_by(1000 * HOUR)
    again = reopen(store)
    assert state(again, 1) == "live"
    clocks.pass_by(2 * MINUTE)
    assert state(again, 1) == "lapsed"
