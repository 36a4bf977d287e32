"""What people send: stored once, never written over, never dropped."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from suite.store.small_study import answer, answer_all, join, take_part, token

from hmix_hub.suite.store.answers import CUT, MOST_ASIDE, MOST_BYTES_ASIDE, canonical
from hmix_hub.suite.store.database import SessionGoneError, StoreError, StoreRefusedError
from hmix_hub.suite.store.records import Outcome

STORED, SAME, CONFLICT, QUARANTINED = Outcome


@pytest.fixture
def store(make_store):
    return make_store(5, quiz=True)


@pytest.fixture
def session(store):
    return join(store, 1)


@pytest.fixture
def put(store, session):
    """Send an answer of the first trial, or of another."""
    first = session.plan.trials[0].trial_index

    def send(payload, trial_index=first, fault=None):
        return store.put_trial(session.id, trial_index, payload, fault=fault).result(30)

    return send


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_the_canonical_form_says_the_same_however_it_was_written(content):
    told = canonical(json.dumps(content))
    assert json.loads(told) == content
    assert canonical(json.dumps(dict(reversed(content.items())), indent=3, ensure_ascii=False)) == told
    assert told.isascii()


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"a":' + "9" * 5000 + "}", "\ud800"])
def test_what_is_no_json_has_no_canonical_form(text):
    assert canonical(text) is None


def test_an_answer_is_given_back_as_it_was_sent(store, session, put):
    assert put(answer(37)) is STORED
    (stored,) = store.answers()
    assert (stored.session_id, stored.payload) == (session.id, json.loads(answer(37)))
    assert store.held(session.id) == {stored.trial_index} == {3}


def test_the_same_again_changes_nothing(store, put):
    put(answer(37))
    assert put(json.dumps(json.loads(answer(37)), indent=2, sort_keys=True)) is SAME
    assert len(list(store.answers())) == 1
    assert store.aside() == []


def test_another_answer_is_kept_aside_and_not_over_the_first(store, put):
    put(answer(37))
    assert [put(answer(38)), put(answer(38)), put(answer(39))] == [CONFLICT] * 3
    assert [stored.payload["answer"]["share"] for stored in store.answers()] == [37]
    assert [json.loads(kept.payload)["answer"]["share"] for kept in store.aside()] == [38, 39]
    assert store.counts()[0].conflicts == 2


def test_an_invalid_answer_is_quarantined_with_its_fault(store, session, put):
    assert put('{"share": "banana"}', fault="the share is no number") is QUARANTINED
    (kept,) = store.aside()
    assert (kept.payload, kept.fault) == ('{"share":"banana"}', "the share is no number")
    assert store.held(session.id) == {3}
    assert list(store.answers()) == []


def test_a_valid_answer_after_an_invalid_one_is_stored(store, put):
    put("{", fault="not JSON")
    assert put(answer(37)) is STORED
    assert put("{", fault="not JSON") is QUARANTINED
    assert (store.counts()[0].answers, store.counts()[0].quarantined) == (1, 1)


@pytest.mark.parametrize("payload", ["{", "", "\x00", "\ud800", "é\u2028", "[" * 100_000])
def test_any_text_is_kept_in_quarantine(store, put, payload):
    assert put(payload) is QUARANTINED
    (kept,) = store.aside()
    assert kept.fault == "not JSON"
    assert kept.payload == payload.encode("utf-8", "backslashreplace").decode()


@pytest.mark.parametrize(("fault", "outcome"), [(None, CONFLICT), ("some fault", QUARANTINED)])
def test_what_is_kept_aside_of_an_answer_has_an_end_and_nothing_is_asked_for_again(store, put, fault, outcome):
    put(answer(-1))
    assert [put(answer(share), fault=fault) for share in range(MOST_ASIDE + 3)] == [outcome] * (MOST_ASIDE + 3)
    assert [json.loads(kept.payload)["answer"]["share"] for kept in store.aside()] == list(range(MOST_ASIDE))
    assert store.counts()[0].unkept == 3
    # What was kept is known again, other trials go on, and theirs are kept.
    assert put(answer(0), fault=fault) is outcome
    assert put(answer(1), trial_index=4, fault=fault) in {STORED, QUARANTINED}
    assert put(answer(2), trial_index=4, fault=fault) is outcome
    assert store.counts()[0].unkept == 3


def test_the_bytes_that_are_kept_aside_of_a_session_have_an_end(make_store, tmp_path):
    store = make_store(2, folder=tmp_path / "long", stimuli=40)
    session = join(store, 1)
    other = join(store, 2)

    def send(session, trial, number):
        text = f"{number}:" + "x" * 60_000
        return store.put_trial(session.id, trial.trial_index, text, fault="no JSON").result(30)

    sent = [send(session, trial, number) for number in range(2) for trial in session.plan.trials]
    assert sent == [QUARANTINED] * 82
    kept = store.aside(session.id)
    assert len([one for one in kept if len(one.payload) > CUT]) == MOST_BYTES_ASIDE // 60_002
    assert sum(len(one.payload) for one in kept) <= MOST_BYTES_ASIDE + 41 * CUT
    assert store.held(session.id) == {trial.trial_index for trial in session.plan.trials}
    assert {one.fault for one in kept if len(one.payload) == CUT} == {f"no JSON (cut after {CUT} characters)"}
    assert store.finish(session.id).result(30) == []
    # Nobody else has less room for it.
    assert send(other, other.plan.trials[0], 0) is QUARANTINED
    assert len(store.aside(other.id)[0].payload) == 60_002
    store.check_integrity()


@pytest.mark.parametrize("comment", [True, False])
def test_second_comments_and_quiz_attempts_have_an_end_too(store, session, comment):
    def send(number):
        if comment:
            return store.put_comments(session.id, f"comment {number}").result(30)
        return store.put_quiz(session.id, 1, f"[{number}]", False).result(30)

    assert [send(number) for number in range(20)] == [STORED] + [CONFLICT] * 19
    assert (len(store.aside()), store.counts()[0].unkept) == (MOST_ASIDE, 19 - MOST_ASIDE)


@pytest.mark.parametrize("trial_index", [0, 2, 7, -1, 10**6])
def test_a_trial_that_the_session_does_not_have(put, trial_index):
    with pytest.raises(StoreRefusedError, match="no trial"):
        put(answer(), trial_index=trial_index)


def test_one_refused_job_leaves_the_others_of_its_group(store, session):
    waiting = [store.put_trial(session.id, index, answer(), fault=None) for index in (3, 99, 4)]
    assert isinstance(waiting[1].exception(30), StoreRefusedError)
    assert [waiting[0].result(), waiting[2].result()] == [STORED, STORED]


def test_answers_come_in_the_order_of_their_arrival(store, session):
    for index in (5, 3, 6):
        store.put_trial(session.id, index, answer(), fault=None).result()
    other = take_part(store, 2)
    assert [stored.trial_index for stored in store.answers(session.id)] == [5, 3, 6]
    arrivals = [stored.arrival for stored in store.answers()]
    assert arrivals == sorted(set(arrivals))
    assert len(arrivals) == 3 + len(other.plan.trials)


def test_more_answers_than_are_read_at_once(make_store, tmp_path):
    store = make_store(9, folder=tmp_path / "many", stimuli=150)
    for person in range(4):
        answer_all(store, join(store, person))
    assert len({stored.arrival for stored in store.answers()}) == 4 * 151


class TestFinish:
    def test_it_names_what_is_missing(self, store, session, put):
        put(answer(), trial_index=4)
        assert store.finish(session.id).result() == [3, 5, 6]
        assert store.session(token(1)).state == "live"

    def test_it_may_be_said_again(self, store, clocks):
        session = take_part(store, 7)
        finished = store.session(token(7))
        clocks.pass_by(100)
        assert store.finish(session.id).result() == []
        assert store.session(token(7)) == finished

    def test_a_quarantined_answer_is_held_and_the_person_is_done(self, store, session, put):
        send_rubbish(store, session)
        assert store.finish(session.id).result() == []
        finished = store.session(token(1))
        assert (finished.state, finished.is_incomplete) == ("finished", True)

    def test_the_months_of_the_answers_are_known(self, store, session, put, clocks):
        assert store.months() is None
        put(answer())
        clocks.pass_by(115 * 86_400)
        put(answer(), trial_index=4)
        assert store.months() == ("2026-05", "2026-09")

    @pytest.mark.parametrize("wrong", [0, 1_700_000_000, 2_250_000_000])
    def test_a_date_that_jumps_is_not_believed(self, store, session, put, clocks, wrong):
        put(answer())
        clocks.wall = wrong
        put(answer(), trial_index=4)
        assert store.months() == ("2026-05", "2026-05")

    def test_a_date_that_was_ahead_and_was_set_right_is_forgotten_where_it_can_be(self, make_store, clocks, tmp_path):
        clocks.wall = 2_250_000_000
        store = make_store(1, folder=tmp_path / "ahead")
        session = join(store, 1)
        for trial, wall in zip(session.plan.trials, (2_250_000_000, 1_780_000_000), strict=False):
            clocks.wall = wall
            store.put_trial(session.id, trial.trial_index, answer(), fault=None).result()
        assert store.months() == ("2026-05", "2041-04")


def send_rubbish(store, session, trials=None):
    for trial in session.plan.trials[:trials]:
        store.put_trial(session.id, trial.trial_index, "{", fault="not JSON").result()


class TestIncomplete:
    """Who finished with answers that are none is paid, and takes nobody's place."""

    @pytest.fixture
    def store(self, make_store, tmp_path):
        return make_store(1, folder=tmp_path / "one place")

    @pytest.fixture
    def incomplete(self, store):
        session = join(store, 1)
        send_rubbish(store, session, 1)
        for trial in session.plan.trials[1:]:
            store.put_trial(session.id, trial.trial_index, answer(), fault=None).result()
        assert store.finish(session.id).result() == []
        return session

    def put_last(self, store, session):
        return store.put_trial(session.id, session.plan.trials[0].trial_index, answer(), fault=None).result()

    def test_the_place_is_free(self, store, incomplete):
        count = store.counts()[0]
        assert (count.finished, count.late, count.incomplete, count.live, count.open_places) == (0, 0, 1, 0, 1)
        assert not store.is_full()
        take_part(store, 2)
        assert store.is_full()
        assert (store.counts()[0].finished, store.counts()[0].incomplete) == (1, 1)
        store.check_integrity()

    def test_a_valid_answer_that_comes_later_makes_it_count(self, store, incomplete, reopen):
        assert self.put_last(store, incomplete) is STORED
        now = store.session(token(1))
        assert (now.is_incomplete, now.is_late, store.counts()[0].finished, store.is_full()) == (False, False, 1, True)
        store.check_integrity()
        assert reopen(store).is_full()

    def test_where_the_place_is_taken_by_then_it_is_late(self, store, incomplete):
        take_part(store, 2)
        self.put_last(store, incomplete)
        now, count = store.session(token(1)), store.counts()[0]
        assert (now.is_incomplete, now.is_late, count.finished, count.late) == (False, True, 1, 1)
        store.check_integrity()


class TestQuiz:
    def test_attempts_are_counted(self, store, session):
        assert store.put_quiz(session.id, 1, "[2]", False).result() is STORED
        assert store.put_quiz(session.id, 1, "[2]", False).result() is SAME
        assert store.put_quiz(session.id, 1, "[1]", True).result() is CONFLICT
        assert store.put_quiz(session.id, 2, "[1]", True).result() is STORED
        now = store.session(token(1))
        assert (now.quiz_attempts, now.quiz_passed, now.state) == (2, True, "live")

    def test_the_last_failure_ends_the_session_and_gives_the_place_back(self, make_store, tmp_path):
        store = make_store(1, folder=tmp_path / "strict", quiz=True)
        session = join(store, 1)
        for attempt in (1, 2):
            store.put_quiz(session.id, attempt, "[2]", False).result()
        assert store.session(token(1)).state == "failed_quiz"
        assert store.counts()[0].failed_quiz == 1
        assert join(store, 2).number == 1
        with pytest.raises(StoreRefusedError, match="the session has ended"):
            store.finish(session.id).result()

    def test_without_a_limit_it_goes_on(self, make_store, tmp_path):
        store = make_store(1, folder=tmp_path / "patient", attempts=None, quiz=True)
        session = join(store, 1)
        for attempt in range(1, 8):
            store.put_quiz(session.id, attempt, "[2]", False).result()
        assert store.session(token(1)).state == "live"

    def test_an_attempt_out_of_turn(self, store, session):
        with pytest.raises(StoreRefusedError, match="does not follow"):
            store.put_quiz(session.id, 2, "[1]", True).result()
        store.put_quiz(session.id, 1, "[1]", True).result()
        with pytest.raises(StoreRefusedError, match="has ended"):
            store.put_quiz(session.id, 2, "[1]", True).result()


def test_comments_are_kept_once(store, session):
    assert not store.session(token(1)).has_comments
    assert [store.put_comments(session.id, text).result() for text in ("é", "é", "no, this", "no, this")] == [
        STORED,
        SAME,
        CONFLICT,
        CONFLICT,
    ]
    assert store.session(token(1)).has_comments
    assert store.comments() == {session.id: "é"}
    assert [kept.kind for kept in store.aside()] == ["comments"]


def test_nothing_is_taken_of_a_session_that_nobody_has(store):
    calls = [
        store.put_trial("0" * 32, 3, answer(), fault=None),
        store.put_quiz("0" * 32, 1, "[1]", True),
        store.put_comments("0" * 32, "text"),
        store.finish("0" * 32),
        store.leave("0" * 32),
        store.resume("0" * 32),
    ]
    assert all(isinstance(call.exception(30), SessionGoneError) for call in calls)


def test_a_restart_knows_everything_again(store, session, put, reopen):
    put(answer())
    put("{", trial_index=4)
    store.put_quiz(session.id, 1, "[1]", True).result()
    before = (store.sessions(), store.held(session.id), store.counts(), store.aside(), list(store.answers()))
    again = reopen(store)
    assert (again.sessions(), again.held(session.id), again.counts(), again.aside(), list(again.answers())) == before
    looking = reopen(again, read_only=True)
    assert looking.sessions() == before[0]
    assert (looking.session(token(1)), looking.held(session.id)) == (before[0][0], before[1])


def test_a_store_that_is_closed_or_only_looked_at_takes_nothing(store, session, reopen):
    looking = reopen(store, read_only=True)
    with pytest.raises(StoreError, match="is closed"):
        store.finish(session.id)
    with pytest.raises(StoreError, match="read-only"):
        looking.finish(session.id)
