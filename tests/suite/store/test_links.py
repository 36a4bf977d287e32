"""Personal links: each keeps a place, opens one session, and goes on in one browser."""

from __future__ import annotations

import contextlib
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite.store.small_study import HOUR, answer_all, join, token
from suite.store.test_places import pass_quiz

from hmix_hub.errors import CollectionError
from hmix_hub.suite.store.database import JoinRefusedError, SessionGoneError, StoreRefusedError, StudyFullError
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.store.places import lapse, open_places
from hmix_hub.suite.store.store import Store

KEY = StudyKey(bytes(32))


def arrive(store, name, link, **how):
    return store.join(token(name), link=link, **how).result(30)


def refused(store, name, link, **how):
    with pytest.raises(JoinRefusedError) as told:
        arrive(store, name, link, **how)
    return told.value.reason


@given(st.integers(1, 999_999_999))
def test_a_signed_number_is_read_again(number):
    assert KEY.read_link(KEY.link(number)) == number


@given(st.integers(1, 999), st.integers(0, 30), st.sampled_from("abcdefghijklmnopqrstuvwxyz0123456789-_é "))
def test_any_other_character_makes_a_link_nobody_s(number, place, letter):
    link = KEY.link(number)
    changed = link[:place] + letter + link[place + 1 :]
    assert KEY.read_link(changed) == (number if changed == link else None)
    assert StudyKey(bytes(31) + b"1").read_link(link) is None


@pytest.mark.parametrize("text", ["", "1", "0-" + "a" * 20, "1-" + "a" * 20, "\u0661-" + "a" * 20, "1" * 400])
def test_what_is_no_link(text):
    assert KEY.read_link(text) is None


def test_a_link_keeps_its_place_from_those_without_one(make_store):
    store = make_store(2, 1)
    links = store.issue_links(2).result(30)
    join(store, "first")
    assert store.is_full()
    with pytest.raises(StudyFullError):
        join(store, "second")
    assert [arrive(store, link, link).takes_place for link in links] == [True, True]
    store.check_integrity()


def test_no_more_links_than_there_are_places(make_store):
    store = make_store(3)
    join(store, "first")
    store.issue_links(1).result(30)
    with pytest.raises(StoreRefusedError, match="2 new links need a place each, but only 1 can still be reserved"):
        store.issue_links(2).result(30)
    assert store.issue_links(1).result(30) == [2]


def test_unused_links_are_revoked_and_their_numbers_not_given_again(make_store):
    store = make_store(3)
    used, unused = store.issue_links(2).result(30)
    arrive(store, "used", used)
    assert store.revoke_links().result(30) == 1
    assert refused(store, "late", unused) == "bad_link"
    assert arrive(store, "used", used).link == used
    assert store.issue_links(1).result(30) == [3]


def test_who_comes_with_a_link_that_was_opened_is_asked_and_goes_on(make_store, reopen):
    store = make_store(3)
    [link] = store.issue_links(1).result(30)
    session = arrive(store, "laptop", link)
    assert refused(store, "phone", link) == "link_opened"
    assert store.session(token("phone")) is None
    assert arrive(store, "phone", link, takes_over=True).id == session.id
    for opened in (store, reopen(store)):
        assert [opened.is_moved(token(name)) for name in ("laptop", "phone")] == [True, False]
        assert opened.session(token("laptop")).id == session.id
    assert len(opened.sessions()) == 1


def test_a_finished_link_shows_its_end_and_begins_nothing(make_store):
    store = make_store(3)
    [link] = store.issue_links(1).result(30)
    session = arrive(store, 1, link)
    answer_all(store, session)
    store.finish(session.id).result(30)
    assert arrive(store, 2, link, takes_over=True).state == "finished"
    assert len(store.sessions()) == 1


def test_who_withdraws_leaves_the_link_as_it_was(make_store):
    store = make_store(1)
    [link] = store.issue_links(0, ["ann"]).result(30)
    store.withdraw(arrive(store, 1, link).id).result(30)
    with pytest.raises(SessionGoneError):
        arrive(store, 1, link)
    assert arrive(store, 2, link).takes_place


def test_links_for_ids_are_theirs_and_the_same_again(make_store):
    store = make_store(5)
    assert store.issue_links(1, ["ann", "ben"]).result(30) == [1, 2, 3]
    assert store.issue_links(0, ["ben", "ann", "cem"]).result(30) == [2, 1, 4]
    assert arrive(store, "laptop", 2).id == store.session_of_participant("ben").id
    with pytest.raises(JoinRefusedError):
        join(store, "phone", recruiting=store.key.recruiting("ben"))


def test_a_place_stays_kept_until_its_person_has_passed_the_quiz(make_store):
    store = make_store(1, quiz=True)
    [link] = store.issue_links(1).result(30)
    with pytest.raises(StudyFullError):
        join(store, "without")
    arrive(store, "with", link)
    with pytest.raises(StudyFullError):
        join(store, "without")
    assert pass_quiz(store, "with").takes_place


def test_the_place_is_free_once_the_person_of_a_link_failed_the_quiz(make_store):
    store = make_store(1, quiz=True, attempts=1)
    [link] = store.issue_links(1).result(30)
    session = arrive(store, "with", link)
    store.put_quiz(session.id, 1, "[2]", False).result(30)
    assert not store.is_full()
    join(store, "without")
    assert pass_quiz(store, "without").takes_place


class TestAllowList:
    def test_who_is_on_it_or_has_a_link_is_let_in(self, make_store):
        store = make_store(9)
        study = store.frozen.study
        listed = study.recruiting.model_copy(update={"allow_list": "ids.csv"})
        store.amend(study.model_copy(update={"recruiting": listed}), ["recruiting.allow_list"]).result(30)
        store.allow(["ann"]).result(30)
        [link] = store.issue_links(1).result(30)
        for name, recruiting in (("nobody", None), ("ben", store.key.recruiting("ben"))):
            with pytest.raises(JoinRefusedError) as told:
                join(store, name, recruiting=recruiting)
            assert told.value.reason == "not_allowed"
        assert join(store, "ann", recruiting=store.key.recruiting("ann")).takes_place
        assert arrive(store, "invited", link).takes_place


def test_ten_thousand_who_only_join_lock_out_nobody_with_a_link(make_store):
    store = make_store(20, 20, quiz=True)
    links = store.issue_links(30).result(30)
    begun = time.process_time()
    waiting = [store.join(number.to_bytes(32, "big")) for number in range(10_000)]
    joined = [job.result(120) for job in waiting]
    spent = time.process_time() - begun
    # They take as long as their number says: none is slower because of those before.
    assert spent < 60
    assert len({session.id for session in joined}) == 10_000
    # All but the kept places go to those who pass the quiz first.
    for session in joined[:12]:
        store.put_quiz(session.id, 1, "[1]", True).result(30)
    assert sum(count.live for count in store.counts()) == 10
    assert sum(count.full for count in store.counts()) == 2
    for link in links:
        arrive(store, link, link)
        assert pass_quiz(store, link).takes_place
    assert all(count.live == count.quota for count in store.counts())


def test_a_link_whose_person_may_not_go_on_any_more_keeps_no_place(make_store, clocks, reopen):
    store = make_store(1, quiz=True)
    (link,) = store.issue_links(1).result(30)
    arrive(store, "first", link)
    assert store.is_full()
    clocks.pass_by(25 * HOUR)
    for opened in (store, reopen(store)):
        assert not opened.is_full()
    join(opened, "second")


def test_who_was_excluded_does_not_begin_anew_by_withdrawing(make_store):
    store = make_store(2)
    (link,) = store.issue_links(1).result(30)
    store.exclude(arrive(store, "first", link).id, "a bot").result(30)
    store.withdraw(store.session(token("first")).id).result(30)
    assert refused(store, "second", link) == "bad_link"
    assert len(store.issue_links(2).result(30)) == 2


@pytest.mark.parametrize("seed", range(4))
def test_whatever_people_and_operators_do_memory_and_database_agree_on_the_places(make_store, clocks, seed):
    chance = random.Random(seed)
    store = make_store(2, 2, quiz=True)
    links, names = store.issue_links(2).result(30), iter(range(10_000))

    def come():
        link = chance.choice([None, *links])
        arrive(store, next(names), link, recruiting_hash=chance.choice([None, "ann", "ben"]), takes_over=True)

    def issue():
        links.extend(store.issue_links(1, [chance.choice(["cem", "dee"])]).result(30))

    def pass_quiz_at_last(session_id):
        attempt = store._writer.cache._sessions[session_id].quiz_attempts + 1
        return store.put_quiz(session_id, attempt, "[1]", chance.random() < 0.8)

    def exclude(session_id):
        return store.exclude(session_id, chance.choice(["a bot", None]))

    def go_on(session):
        if session.quiz_passed and chance.random() < 0.5:
            answer_all(store, session)
        often, seldom = [pass_quiz_at_last, store.finish, store.resume], [store.withdraw, store.free, exclude]
        chance.choice([*often * 3, *seldom])(session.id).result(30)

    seen = set()
    for _ in range(120):
        session = chance.choice(store.sessions() or [None])
        happens = [come, issue, lambda: clocks.pass_by(chance.choice([60, HOUR, 25 * HOUR]))]
        with contextlib.suppress(CollectionError):
            chance.choice(happens)() if session is None or chance.random() < 0.3 else go_on(session)
        left = store._writer.submit(lambda work: (lapse(work), open_places(work))[1]).result(30)
        assert store.is_full() == (left <= 0)
        store.check_integrity()
        with Store.open(store.folder, read_only=True) as looking:
            assert looking.sessions() == store.sessions()
            assert looking.counts() == store.counts()
        seen |= {session.state for session in store.sessions()}
    assert seen >= {"live", "finished"}
