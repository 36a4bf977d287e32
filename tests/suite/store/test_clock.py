"""The study clock: it counts the time of serving, goes on over restarts, and never back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite.store.small_study import HOUR, Clocks, join

from hmix_hub.suite.store.store import Store
from hmix_hub.suite.store.writer import StudyClock, Times

jumps = st.lists(st.tuples(st.sampled_from(["wall", "elapsed", "restart"]), st.floats(-1e6, 1e6)), max_size=30)


@given(jumps)
def test_it_never_goes_back_whatever_the_clocks_do(moves):
    clocks = Clocks()
    clock = StudyClock(5_000, clocks.times)
    seen = clock.now()
    for kind, seconds in moves:
        if kind == "wall":
            clocks.wall += seconds
        elif kind == "elapsed":
            clocks.elapsed += seconds
        else:
            clock = StudyClock(clock.now(), clocks.times)
        assert clock.now() >= seen
        seen = clock.now()


def test_while_serving_it_follows_elapsed_time_alone():
    clocks = Clocks()
    clock = StudyClock(0, clocks.times)
    clocks.wall += 1_000_000
    clocks.elapsed += 2.5
    assert clock.now() == 2_500


@pytest.mark.parametrize("wall", [-1e9, 0, HOUR, 1e9])
@pytest.mark.parametrize("elapsed", [-1e6, 0, 1e6])
def test_time_without_a_server_is_not_counted_whatever_the_date(make_store, reopen, clocks, wall, elapsed):
    store = make_store(1)
    clocks.pass_by(HOUR)
    session = join(store, 1)
    clocks.pass_by(HOUR)
    store.close()
    clocks.wall += wall
    clocks.elapsed += elapsed
    again = reopen(store)
    assert (again.now(), session.started_ms) == (2 * HOUR * 1000, HOUR * 1000)
    again.check_integrity()


def test_somebody_who_only_looks_sees_the_clock_as_it_was_saved(make_store, reopen, clocks):
    store = make_store(1)
    clocks.pass_by(HOUR)
    join(store, 1)
    looking = reopen(store, read_only=True)
    clocks.pass_by(HOUR)
    assert looking.now() == HOUR * 1000


def test_it_is_saved_while_nobody_answers(make_store, clocks, monkeypatch):
    monkeypatch.setattr("hmix_hub.suite.store.writer.SAVE_SECONDS", 0.01)
    store = make_store(1)
    clocks.pass_by(HOUR)
    with Store.open(store.folder, read_only=True) as looking:
        until = time.monotonic() + 10
        while looking.now() < HOUR * 1000 and time.monotonic() < until:
            time.sleep(0.01)
        assert looking.now() == HOUR * 1000


def test_the_month_is_that_of_greenwich():
    assert Times(wall=lambda: 1_772_323_199).month() == "2026-02"
    assert Times(wall=lambda: 1_772_323_200).month() == "2026-03"
