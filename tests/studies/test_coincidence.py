"""One participant under two ids is told from two whose answers and times agree by chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from hmix_hub.database import Database
from hmix_hub.studies.checks.participants import check_participation, taking_part
from hmix_hub.studies.checks.rows import ROWS, Ask
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.tasks import INFER

PEOPLE, STIMULI = 40, 20


class Rows(NamedTuple):
    """Rows that can be compared; arrays of one length."""

    person: np.ndarray
    stimulus: np.ndarray
    answer: np.ndarray
    time: np.ndarray

    def with_copies(self, person, copies=1, step=1):
        """Return the rows, and those of a participant once more, under other ids."""
        mine = np.flatnonzero(self.person == person)[::step]
        rows = np.concatenate([np.arange(len(self.person)), *[mine] * copies])
        ids = np.concatenate([self.person, np.repeat(np.arange(copies) + self.person.max() + 1, len(mine))])
        return Rows(ids, *(column[rows] for column in self[1:]))

    def narrow(self):
        """Return them as the database holds them."""
        n = len(self.person)
        columns = {"row": np.arange(n), "participant": [f"p{number}" for number in self.person], "trial": np.arange(n)}
        columns |= {"first": self.stimulus, "second": np.full(n, -1), "shown": np.ones(n), "answer_0": self.answer}
        columns |= {"answer_1": np.zeros(n), "time": self.time, "elapsed": pa.nulls(n, pa.float64())}
        truths = {"is_good": True, "is_read": True, "is_repeat": False}
        return pa.table(columns | {name: np.full(n, truth) for name, truth in truths.items()})


def accused(rows):
    report = Report()
    with Database() as database:
        database.insert(ROWS, rows.narrow())
        check_participation([taking_part(database, INFER)], Ask(database), INFER, Reporter(report, "a.csv"))
    return [spot.value for found in report if found.rule.code == "HMX592" for spot in found.spots]


def seconds(times):
    return np.maximum(np.round(times / 1000), 1) * 1000


def tenths(times):
    return np.round(times / 100) * 100


def by_page(times):
    pages = np.arange(len(times)) // 10 * 10
    return np.round(10 * times[pages])


def of_session(times):
    return seconds(10 * times[np.arange(len(times)) // STIMULI * STIMULI])


def honest(seed, written, *, spread=0.4, people=PEOPLE):
    """Simulate participants whose times depend on them and on the stimulus; easy stimuli have one answer."""
    rng = np.random.default_rng(seed)
    person, stimulus = np.repeat(np.arange(people), STIMULI), np.tile(np.arange(STIMULI), people)
    is_right = rng.random(len(person)) < rng.uniform(0.6, 1, STIMULI)[stimulus]
    answer = np.where(is_right, stimulus % 10, rng.integers(0, 10, len(person)))
    pace = rng.normal(0, 0.2, people)[person] + rng.normal(0, 0.3, STIMULI)[stimulus]
    return Rows(person, stimulus, answer, written(1500 * np.exp(pace + rng.normal(0, spread, len(person)))))


WRITTEN = {
    "milliseconds": np.round,
    "frames": lambda times: np.round(times / 16.7) * 16.7,
    "tenths": tenths,
    "seconds": seconds,
    "slow seconds": lambda times: seconds(6 * times),
    "pages of ten stimuli": by_page,
    "whole sessions": of_session,
    "at most two seconds": lambda times: np.minimum(np.round(times), 2000),
}


@pytest.mark.parametrize("name", WRITTEN)
def test_nobody_is_accused_for_times_that_are_coarse(name):
    assert [accused(honest(seed, WRITTEN[name])) for seed in range(8)] == [[]] * 8


def test_nobody_is_accused_for_times_that_the_stimuli_make():
    assert [accused(honest(seed, tenths, spread=0.1)) for seed in range(8)] == [[]] * 8


@pytest.mark.parametrize("people", [1, 2, 6, PEOPLE])
@pytest.mark.parametrize("name", ["milliseconds", "frames"])
def test_a_participant_under_two_ids_is_found(name, people):
    for seed in range(5):
        rows = honest(seed, WRITTEN[name], people=people).with_copies(0)
        assert accused(rows) == [f"p{people}"]


@pytest.mark.parametrize("name", ["tenths", "slow seconds"])
def test_a_participant_under_two_ids_is_found_in_coarse_times_where_they_tell_enough(name):
    found = [bool(accused(honest(seed, WRITTEN[name]).with_copies(seed))) for seed in range(20)]
    assert sum(found) >= 18


def test_half_a_session_under_another_id_is_found():
    assert accused(honest(0, np.round).with_copies(3, step=2)) == [f"p{PEOPLE}"]


def test_a_participant_under_four_ids_is_found_under_each():
    rows = honest(0, np.round).with_copies(3, copies=3)
    assert set(accused(rows)) == {f"p{PEOPLE + number}" for number in range(3)}


def test_two_who_answered_one_page_together_are_two():
    person, stimulus = np.repeat([0, 1], 10), np.tile(np.arange(10), 2)
    assert accused(Rows(person, stimulus, stimulus % 2, np.full(20, 4100))) == []
