"""Figures of the answers so far, worked out from a few answers whose figures are known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from suite.store.small_study import HOUR, join
from suite_maker import frozen_study

from hmix_hub.suite.operator import figures
from hmix_hub.suite.operator.ledger import Ledger
from hmix_hub.suite.store.store import Store


def slid(share, time=1000.0):
    answer = {"share": share, "confidence": 50, "touched": [True, True], "share_path": [], "confidence_path": []}
    return json.dumps({"response_time_ms": time, "pictures": ["x"], "answer": answer})


def chosen(code, time=1000.0):
    return json.dumps({"response_time_ms": time, "pictures": ["x"], "answer": {"chosen": code}})


@pytest.fixture
def begin(tmp_path, clocks):
    """Begin a collection of one task; gives it, and what reads its answers so far."""
    opened = []

    def make(task, **design):
        frozen = frozen_study(task, batches=1, stimuli=2, design={"repeats": [1], **design})
        store = Store.create(tmp_path / task, frozen, times=clocks.times)
        ledger = Ledger(store)
        opened.append((store, ledger))

        def read():
            ledger.read({session.id: session.plan for session in store.sessions()})
            return ledger.judged

        return store, read

    yield make
    for store, ledger in opened:
        ledger.close()
        store.close()


def put(store, name, *payloads):
    """Answer a person's first trials in the order of the stimuli, then the repeat."""
    session = join(store, name)
    trials = sorted(session.plan.trials, key=lambda trial: (trial.is_repeat, trial.stimulus))
    for trial, payload in zip(trials, payloads, strict=False):
        store.put_trial(session.id, trial.trial_index, payload, fault=None).result()
    return session


class TestLedger:
    def test_what_came_is_read_once_and_what_was_withdrawn_is_gone(self, begin):
        store, read = begin("infer_mixing_factor", sides="fixed")
        first = put(store, 1, slid(10), slid(20))
        assert sorted(read().value) == pytest.approx([0.8, 0.9])
        put(store, 2, slid(30))
        assert sorted(read().value) == pytest.approx([0.7, 0.8, 0.9])
        store.withdraw(first.id).result()
        assert read().value == pytest.approx([0.7])
        # Its numbers of arrival are given again.
        put(store, 3, slid(40), slid(50))
        assert sorted(read().value) == pytest.approx([0.5, 0.6, 0.7])

    def test_a_page_of_several_scales_is_several_judgments_of_one_time(self, begin):
        store, read = begin("scale_rating")
        rating = [{"rating": value, "touched": True, "rating_path": []} for value in (3, 100)]
        sent = {"response_time_ms": 900.0, "pictures": ["x"], "answer": {"ratings": rating}}
        put(store, 1, json.dumps(sent))
        judged = read()
        assert (judged.value.tolist(), judged.facet.tolist()) == ([0.5, 1.0], [0, 1])
        assert judged.is_first.tolist() == [True, False]
        assert figures.response_times(judged, store.frozen)[0]["answers"] == 1

    def test_repeats_are_told_apart(self, begin):
        store, read = begin("infer_mixing_factor")
        put(store, 1, slid(10), slid(20), slid(30))
        assert sorted(read().is_repeat.tolist()) == [False, False, True]


class TestAnswersByHour:
    def test_answers_are_counted_by_the_study_clock(self, begin, clocks):
        store, read = begin("infer_mixing_factor")
        put(store, 1, slid(1), slid(2))
        clocks.pass_by(HOUR)
        put(store, 2, slid(1))
        told = figures.answers_by_hour(read(), store.now())
        assert told == {"hours": 0.25, "counts": [2, 0, 0, 0, 1], "unknown": 0}

    def test_bars_get_wider_with_the_time_of_serving(self, begin, clocks):
        store, read = begin("infer_mixing_factor")
        put(store, 1, slid(1))
        clocks.pass_by(40 * HOUR)
        told = figures.answers_by_hour(read(), store.now())
        assert (told["hours"], len(told["counts"]), sum(told["counts"])) == (1, 41, 1)

    def test_answers_without_a_time_are_only_counted(self, begin):
        store, read = begin("infer_mixing_factor")
        put(store, 1, slid(1))
        judged = read()
        old = judged.where(np.array([True]))
        old.received_ms[:] = np.nan
        assert figures.answers_by_hour(old, 1)["unknown"] == 1


class TestAgreement:
    def test_people_who_agree_about_shares(self, begin):
        store, read = begin("infer_mixing_factor", sides="fixed")
        for name in range(3):
            put(store, name, slid(10), slid(90), slid(50))
        [told] = figures.agreement(read(), store.frozen)
        assert told == {"task": "infer_mixing_factor", "scale": None, "stimuli": 2, "answers": 6, "alpha": 1.0}

    def test_classes_are_compared_whether_they_are_the_same(self, begin):
        store, read = begin("class_choice", confidence=False)
        # Stimulus 0: all choose 4; stimulus 1: two choose 4, one 7.
        for name, code in enumerate((4, 4, 7)):
            put(store, name, chosen(4), chosen(code))
        [told] = figures.agreement(read(), store.frozen)
        # Nominal alpha, by hand: 1 - (6 - 1) * (0 + (9 - 5) / 2) / (36 - 26).
        assert told["alpha"] == pytest.approx(0.0)

    def test_one_person_agrees_with_nobody(self, begin):
        store, read = begin("infer_mixing_factor")
        put(store, 1, slid(10), slid(90))
        [told] = figures.agreement(read(), store.frozen)
        assert (told["stimuli"], told["alpha"]) == (0, None)

    def test_nobody(self, begin):
        store, read = begin("infer_mixing_factor")
        assert figures.agreement(read(), store.frozen) == figures.response_times(read(), store.frozen) == []


def test_response_times_are_described_by_task(begin):
    store, read = begin("infer_mixing_factor")
    put(store, 1, slid(10, 1000.0), slid(20, 2000.0), slid(30, 3000.0))
    [told] = figures.response_times(read(), store.frozen)
    assert (told["median_ms"], told["low_ms"], told["high_ms"]) == (2000, 1100, 2900)
    assert sum(told["counts"]) == 3
    assert len(told["edges_ms"]) == len(told["counts"]) + 1


@pytest.mark.parametrize(
    ("task", "values", "steps", "counts"),
    [
        ("infer_mixing_factor", [0, 0.04, 0.06, 1, np.nan], None, [2, 1, *[0] * 8, 1]),
        ("scale_rating", [0, 0.5, 1], 3, [1, 1, 1]),
        ("class_choice", [2, 2, 0], None, [1, 0, 2]),
    ],
)
def test_answers_are_counted_where_they_lie(task, values, steps, counts):
    assert figures.spread_of_answers(np.array(values), task, 3, steps) == counts
