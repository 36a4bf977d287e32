"""Assignment: fewest people first, never past the quota, one session for one person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from suite.store.small_study import HOUR, join, take_part, token

from hmix_hub.errors import CollectionError
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.store.database import (
    JoinRefusedError,
    SessionGoneError,
    StoreRefusedError,
    StudyClosedError,
    StudyFullError,
)
from hmix_hub.suite.store.links import MOST_TOKENS
from hmix_hub.suite.store.store import Store


def batches_of(store, people):
    return [join(store, person).batch for person in range(people)]


def test_people_go_to_the_batch_with_the_fewest_and_the_lowest_number(make_store):
    assert batches_of(make_store(2, 3, 2), 7) == [0, 1, 2, 0, 1, 2, 1]


def test_the_finished_and_the_live_count_alike(make_store):
    store = make_store(2, 2)
    assert take_part(store, 1).batch == 0
    assert join(store, 2).batch == 1
    assert join(store, 3).batch == 0


def test_whether_it_is_full_is_known_without_going_through_the_sessions(make_store, monkeypatch):
    store = make_store(2)
    join(store, 1)
    monkeypatch.setattr(store._writer.cache, "sessions", None)
    monkeypatch.setattr(store, "_database", None)
    assert not store.is_full()
    join(store, 2)
    assert store.is_full()


def test_who_only_looks_sees_whether_it_is_full(make_store):
    store = make_store(1, 1)
    for person, is_full in ((1, False), (2, True)):
        join(store, person)
        with Store.open(store.folder, read_only=True) as looking:
            assert looking.is_full() is is_full


def test_what_a_person_agreed_to_is_kept_with_the_session(make_store):
    store = make_store(1)
    join(store, 1)
    kept = store._database.execute("SELECT consent_version, consent_sha256 FROM sessions").fetchall()
    assert kept == [("1", store.frozen.consent_sha256)]


def test_a_full_study_says_so(make_store):
    store = make_store(1, 1)
    assert not store.is_full()
    batches_of(store, 2)
    assert store.is_full()
    with pytest.raises(StudyFullError, match="is full"):
        join(store, 3)


def test_who_failed_the_quiz_or_withdrew_gives_the_place_back(make_store):
    store = make_store(1)
    store.leave(join(store, 1).id).result()
    store.withdraw(join(store, 2).id).result()
    assert join(store, 3).number == 2


def test_the_number_counts_all_who_were_given_the_batch_before(make_store):
    store = make_store(3)
    session = join(store, 1)
    store.withdraw(session.id).result()
    second = join(store, 2)
    assert (session.number, second.number) == (0, 1)
    assert second.plan == draw_plan(store.frozen, store.frozen.batches[0], 1, second.seed)


def test_a_closed_study_takes_nobody_new_and_lets_the_others_go_on(make_store):
    store = make_store(2)
    session = join(store, 1)
    store.set_closed(True)
    assert store.is_closed()
    with pytest.raises(StudyClosedError):
        join(store, 2)
    assert join(store, 1) == session
    store.set_closed(False)
    assert join(store, 2).number == 1


def test_a_task_that_the_study_does_not_have(make_store):
    with pytest.raises(CollectionError, match="no task 'sort'"):
        join(make_store(1), 1, task="sort")


class TestOnePerson:
    def test_the_same_token_gives_the_same_session(self, make_store):
        store = make_store(5)
        assert join(store, 1) == join(store, 1)
        assert store.counts()[0].given == 1

    def test_a_recruiting_id_alone_opens_nothing(self, make_store):
        store = make_store(5)
        join(store, "laptop", recruiting="a" * 64)
        with pytest.raises(JoinRefusedError, match="another browser") as refused:
            join(store, "phone", recruiting="a" * 64)
        assert refused.value.reason == "id_taken"
        assert store.session(token("phone")) is None

    def test_another_recruiting_id_gives_another_session(self, make_store):
        store = make_store(5)
        assert join(store, 1, recruiting="a" * 64).id != join(store, 2, recruiting="b" * 64).id

    def test_a_token_that_was_withdrawn_never_works_again(self, make_store, reopen):
        store = make_store(5)
        [link] = store.issue_links(1).result()
        session = store.join(token("laptop"), link=link).result()
        store.join(token("phone"), link=link, takes_over=True).result()
        store.withdraw(session.id).result()
        for browser in ("laptop", "phone"):
            with pytest.raises(SessionGoneError):
                store.session(token(browser))
        again = reopen(store)
        for browser in ("laptop", "phone"):
            with pytest.raises(SessionGoneError):
                again.session(token(browser))
            with pytest.raises(SessionGoneError):
                join(again, browser)

    def test_a_token_that_nobody_knows(self, make_store):
        assert make_store(1).session(token("?")) is None

    def test_the_browsers_of_one_session_have_an_end(self, make_store):
        store = make_store(1)
        [link] = store.issue_links(1).result()
        for browser in range(MOST_TOKENS):
            store.join(token(browser), link=link, takes_over=True).result()
        with pytest.raises(StoreRefusedError, match="too many browsers"):
            store.join(token("one more"), link=link, takes_over=True).result()


@pytest.mark.parametrize("quotas", [(25,) * 20, (30,) * 20])
def test_500_who_join_at_once_are_spread_evenly(make_store, quotas):
    store = make_store(*quotas)
    with ThreadPoolExecutor(16) as threads:
        joined = list(threads.map(lambda person: join(store, person), range(500)))
    live = [count.live for count in store.counts()]
    assert (sum(live), max(live) - min(live) <= 1) == (500, True)
    assert sorted((session.batch, session.number) for session in joined) == [
        (batch, number) for batch, people in enumerate(live) for number in range(people)
    ]


def test_more_who_join_at_once_than_there_are_places(make_store):
    store = make_store(7, 5)

    def begin(person):
        try:
            return join(store, person).batch
        except StudyFullError:
            return None

    with ThreadPoolExecutor(16) as threads:
        got = list(threads.map(begin, range(100)))
    assert (got.count(0), got.count(1), got.count(None)) == (7, 5, 88)
    store.check_integrity()


def test_one_person_who_joins_many_times_at_once_has_one_session(make_store):
    store = make_store(50)
    with ThreadPoolExecutor(16) as threads:
        joined = set(threads.map(lambda _: join(store, "laptop", recruiting="a" * 64).id, range(60)))
    assert len(joined) == 1
    assert store.counts()[0].live == 1


def test_places_of_those_who_went_away_are_given_to_others(make_store, clocks):
    store = make_store(1)
    join(store, 1)
    clocks.pass_by(HOUR)
    with pytest.raises(StudyFullError):
        join(store, 2)
    clocks.pass_by(0.002)
    assert not store.is_full()
    assert join(store, 2).number == 1
