"""The study clock: it goes on over restarts, and never back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from suite.store.small_study import HOUR, Clocks, join

from hmix_hub.suite.store.clock import StudyClock, Times

jumps = st.lists(st.tuples(st.sampled_from(["wall", "elapsed", "restart"]), st.floats(-1e6, 1e6)), max_size=30)


@given(jumps)
def test_it_never_goes_back_whatever_the_clocks_do(moves):
    clocks = Clocks()
    clock = StudyClock(5_000, clocks.times.wall_ms(), clocks.times)
    seen = clock.now()
    for kind, seconds in moves:
        if kind == "wall":
            clocks.wall += seconds
        elif kind == "elapsed":
            clocks.elapsed += seconds
        else:
            clock = StudyClock(clock.now(), int(clocks.wall * 1000) + int(seconds), clocks.times)
        assert clock.now() >= seen
        seen = clock.now()


def test_while_serving_it_follows_elapsed_time_alone():
    clocks = Clocks()
    clock = StudyClock(0, clocks.times.wall_ms(), clocks.times)
    clocks.wall += 1_000_000
    clocks.elapsed += 2.5
    assert clock.now() == 2_500


def test_a_restart_adds_what_passed_on_the_wall(make_store, reopen, clocks):
    store = make_store(1)
    join(store, 1)
    store.close()
    clocks.wall += HOUR
    clocks.elapsed = 17.0
    assert reopen(store).now() == HOUR * 1000


def test_a_wall_clock_that_went_back_adds_nothing(make_store, reopen, clocks):
    store = make_store(1)
    clocks.pass_by(HOUR)
    session = join(store, 1)
    clocks.wall -= 10 * HOUR
    again = reopen(store)
    assert again.now() == session.started_ms == HOUR * 1000
    again.check_integrity()


def test_a_wall_clock_that_went_back_while_serving_takes_nothing_away(make_store, reopen, clocks):
    store = make_store(1)
    join(store, 1)
    clocks.wall -= 10 * HOUR
    clocks.pass_by(HOUR)
    seen = store.now()
    assert reopen(store).now() == seen == HOUR * 1000


def test_somebody_who_only_looks_sees_the_same_clock(make_store, reopen, clocks):
    store = make_store(1)
    clocks.pass_by(HOUR)
    join(store, 1)
    looking = reopen(store, read_only=True)
    clocks.pass_by(HOUR)
    assert looking.now() == 2 * HOUR * 1000


def test_the_month_is_that_of_greenwich():
    assert Times(wall=lambda: 1_772_323_199).month() == "2026-02"
    assert Times(wall=lambda: 1_772_323_200).month() == "2026-03"
