"""Response times against the server's clock: who claims more than went by is flagged, with all rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.tasks import FLAGS, TASKS
from hmix_hub.tasks.flags import CLOCK_SLACK_MS, claimed_and_elapsed, times_disagree

NAN = float("nan")


def disagree(*rows):
    """Whether each participant's times disagree; rows of participant, response time and time on the server."""
    participants, claimed, elapsed = np.array(rows, dtype=np.float64).T
    return times_disagree(participants.astype(np.int64), claimed=claimed, elapsed=elapsed).tolist()


def test_what_adds_up_to_more_than_went_by_is_found_and_no_other_person():
    assert disagree((0, 4000, 4100), (0, 4000, 8200), (1, 4000, 30), (1, 4000, 60)) == [False, True]


def test_clocks_may_differ_a_little():
    assert disagree((0, 4000 + CLOCK_SLACK_MS, 4000)) == [False]
    assert disagree((0, 4041 + CLOCK_SLACK_MS, 4000)) == [True]


def test_answers_of_one_page_count_once():
    assert disagree((0, 6000, 6100), (0, 6000, 6100), (0, 6000, 6100)) == [False]
    assert disagree((0, 6000, 6100), (0, 6000, 6101), (0, 6000, 6102)) == [True]


def test_what_is_told_of_a_page_of_several_judgments_is_its_time_once():
    one_page = np.zeros(3, dtype=np.int64)
    total, latest = claimed_and_elapsed(one_page, claimed=np.full(3, 6000.0), elapsed=np.full(3, 6100.0))
    assert (total.tolist(), latest.tolist()) == ([6000], [6100])


@pytest.mark.parametrize("row", [(0, 60_000, NAN), (0, NAN, 10)])
def test_what_is_not_known_speaks_against_nobody(row):
    assert disagree(row, (0, 10, 20)) == [False]


def test_a_table_without_rows_has_nobody():
    none = np.zeros(0)
    assert times_disagree(none.astype(np.int64), claimed=none, elapsed=none).tolist() == []


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=20))
def test_who_answers_one_page_after_the_other_is_never_flagged(pages):
    elapsed = np.cumsum([response + pause for response, pause in pages])
    participants = np.zeros(len(pages), dtype=np.int64)
    claimed = np.array([response for response, _ in pages])
    assert not times_disagree(participants, claimed=claimed, elapsed=elapsed).any()


def test_every_task_with_participants_has_the_flags_of_what_the_server_observes():
    for task in TASKS.values():
        names = {flag.name for flag in task.flags}
        assert ({"time_disagrees", "failed_attention"} <= names) == task.has_participants
    assert FLAGS["failed_attention"].observed_by
