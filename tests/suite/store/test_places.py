"""Places: they count once the quiz is passed, and may be taken from people and given back."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from suite.store.small_study import HOUR, answer_all, frozen_study, join, take_part, token

from hmix_hub.suite.store.database import StoreRefusedError, StudyFullError
from hmix_hub.suite.store.store import Store


def pass_quiz(store, name):
    """Pass the quiz; gives the session as it is then."""
    session = store.session(token(name))
    store.put_quiz(session.id, session.quiz_attempts + 1, "[1]", True).result(30)
    return store.session(token(name))


def finish(store, name):
    session = store.session(token(name))
    answer_all(store, session)
    assert store.finish(session.id).result(30) == []
    return store.session(token(name))


class TestBeforeTheQuiz:
    def test_who_only_joins_takes_no_place(self, make_store):
        store = make_store(1, quiz=True)
        for person in range(5):
            assert join(store, person).is_provisional
        count = store.counts()[0]
        assert (count.live, count.provisional, count.open_places, store.is_full()) == (0, 5, 1, False)
        assert pass_quiz(store, 3).takes_place
        assert (store.counts()[0].live, store.is_full()) == (1, True)

    def test_people_are_spread_over_batches_before_they_count(self, make_store):
        store = make_store(4, 4, 4, quiz=True)
        assert [join(store, person).batch for person in range(6)] == [0, 1, 2, 0, 1, 2]

    def test_who_passes_when_the_batch_is_full_gets_another(self, make_store):
        store = make_store(1, 1, quiz=True)
        for person in range(4):
            join(store, person)
        assert [pass_quiz(store, person).batch for person in (0, 2)] == [0, 1]
        moved = store.session(token(2))
        assert (moved.plan.batch, moved.number, moved.state) == (1, 2, "live")
        assert finish(store, 2).takes_place
        store.check_integrity()

    def test_another_process_sees_the_batch_that_somebody_was_given(self, make_store, reopen):
        store = make_store(1, 1, quiz=True)
        for person in range(3):
            join(store, person)
        looking = type(store).open(store.folder, read_only=True)
        assert [session.plan.batch for session in looking.sessions()] == [0, 1, 0]
        pass_quiz(store, 0)
        pass_quiz(store, 2)
        assert [session.plan.batch for session in looking.sessions()] == [0, 1, 1]
        looking.close()

    def test_who_passes_when_no_place_is_left_is_told_so(self, make_store):
        store = make_store(1, quiz=True)
        join(store, 1)
        join(store, 2)
        pass_quiz(store, 1)
        assert pass_quiz(store, 2).state == "full"
        assert (store.counts()[0].full, store.counts()[0].live) == (1, 1)
        with pytest.raises(StoreRefusedError, match="has ended"):
            store.finish(store.session(token(2)).id).result(30)
        store.check_integrity()

    def test_the_quiz_may_be_passed_after_the_time_out(self, make_store, clocks):
        store = make_store(1, quiz=True)
        join(store, 1)
        clocks.pass_by(2 * HOUR)
        join(store, 2)
        assert pass_quiz(store, 1).takes_place
        assert store.counts()[0].lapsed == 0

    def test_a_passed_quiz_is_where_trials_begin(self, make_store, clocks):
        store = make_store(1, quiz=True)
        join(store, 1)
        assert store.session(token(1)).trials_ms is None
        clocks.pass_by(90)
        assert pass_quiz(store, 1).trials_ms == 90_000
        assert join(make_store(1, folder=store.folder.parent / "without"), 1).trials_ms == 0


class TestExcluding:
    def test_an_excluded_person_gives_the_place_to_somebody_else(self, make_store):
        store = make_store(1)
        session = take_part(store, 1)
        with pytest.raises(StudyFullError):
            join(store, 2)
        store.exclude(session.id, "a bot").result(30)
        assert store.session(token(1)).excluded == "a bot"
        count = store.counts()[0]
        assert (count.finished, count.excluded, count.open_places) == (0, 1, 1)
        assert join(store, 2).takes_place
        assert len(list(store.answers(session.id))) == 4
        store.check_integrity()

    @pytest.mark.parametrize("is_taken", [False, True])
    def test_who_is_taken_back_is_late_where_the_place_is_somebody_else_s(self, make_store, is_taken):
        store = make_store(1)
        session = take_part(store, 1)
        store.exclude(session.id, "a mistake").result(30)
        if is_taken:
            take_part(store, 2)
        store.exclude(session.id, None).result(30)
        found = store.session(token(1))
        assert (found.excluded, found.is_late, found.takes_place) == (None, is_taken, not is_taken)
        store.check_integrity()

    def test_it_is_the_same_after_a_restart(self, make_store, reopen):
        store = make_store(1)
        store.exclude(take_part(store, 1).id, "a bot").result(30)
        again = reopen(store)
        assert (again.is_full(), again.session(token(1)).excluded) == (False, "a bot")


class TestFreeing:
    def test_the_place_of_somebody_at_work_is_free_and_they_may_go_on(self, make_store):
        store = make_store(1)
        session = join(store, 1)
        assert store.free(session.id).result(30)
        assert not store.is_full()
        assert not store.free(session.id).result(30)
        take_part(store, 2)
        assert finish(store, 1).is_late
        store.check_integrity()

    def test_who_finished_stays_in_the_data_as_late(self, make_store):
        store = make_store(1)
        session = take_part(store, 1)
        assert store.free(session.id).result(30)
        found = store.session(token(1))
        assert (found.state, found.is_late, store.is_full()) == ("finished", True, False)


@pytest.mark.parametrize("error", [StoreRefusedError("no"), sqlite3.OperationalError("disk full")])
def test_a_plan_that_was_not_stored_is_forgotten(make_store, error):
    store = make_store(1)
    session = join(store, "person")
    # As of a part of a sitting behind one that moves: the same batch, at other places of the timeline.
    moved = replace(session.plan, rows=tuple((index + 7, *row) for index, *row in session.plan.rows))

    def move_in_vain(work):
        work.put_plan(session.id, moved)
        raise error

    assert store._writer.submit(move_in_vain).exception(30) is not None
    assert store.resume(session.id).result(30).plan == session.plan


def test_what_came_before_the_quiz_does_no_damage_when_the_batch_changes(tmp_path):
    frozen = frozen_study(1, 1, quiz=True)
    first, second = frozen.batches
    frozen = replace(frozen, batches=(first, replace(second, stimuli=second.stimuli[:2])))
    with Store.create(tmp_path / "collection", frozen) as store:
        early, *_ = [join(store, person) for person in range(3)]
        last = early.plan.trials[-1].trial_index
        store.put_trial(early.id, last, "{}", fault="the quiz was not passed before").result(30)
        assert pass_quiz(store, 2).batch == early.batch
        assert pass_quiz(store, 0).plan.trial(last) is None
        store.check_integrity()
