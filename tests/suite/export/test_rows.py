"""Rows: the answers of people as a table, and as the text of a CSV file."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from suite.export.studies import KEY, SESSION, frozen_study, people, person

from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.schema import CIFAR10
from hmix_hub.suite.export.rows import LATE, observed_table, written_table
from hmix_hub.suite.session import check_answer
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, observed_columns


@pytest.fixture(scope="module")
def frozen():
    return frozen_study(batches=2)


def test_simulated_answers_are_ones_that_the_server_takes(frozen, task):
    for batch in frozen.batches:
        one, session = person(frozen, batch, 1), SimpleNamespace(id=SESSION, batch=batch.number)
        faults = [
            check_answer(one.payloads[trial.trial_index], session, trial, frozen, KEY) for trial in one.plan.trials
        ]
        assert faults == [None] * len(one.plan.trials)


def test_the_rows_are_a_whole_judgment_table(frozen, task):
    found = observed_table(frozen, task, people(frozen)[task])
    assert found.column_names == [column.name for column in observed_columns(task)]
    table = with_derived_columns(found, task, study_id="small-study")
    assert table.num_rows == 2 * 2 * 14
    assert len(set(table["batch_id"].to_pylist())) == 2
    assert table["presentation"].to_pylist() == [1 + mark for mark in table["is_repeat"].to_pylist()]


def test_a_row_says_what_the_plan_says(frozen, task):
    batch = next(batch for batch in frozen.batches if batch.task == task and batch.condition == 1)
    one = person(frozen, batch, 0, name="somebody")
    rows = observed_table(frozen, task, [one]).to_pylist()
    for row, trial in zip(rows, one.plan.trials, strict=True):
        stimulus = batch.stimuli[trial.stimulus]
        assert row["participant_id"] == "somebody"
        assert (row["condition"], row["collection_round"]) == (1, "1")
        assert (row["trial_index"], row["is_repeat"]) == (trial.trial_index, trial.is_repeat)
        assert row["response_time_ms"] == one.payloads[trial.trial_index]["response_time_ms"]
        assert row["image_set"] == "sample/pictures"
        assert [row[f"image_{i}_{name}"] for i in (1, 2) for name in ("label", "index")] == [
            stimulus.image_1_label,
            stimulus.image_1_index,
            stimulus.image_2_label,
            stimulus.image_2_index,
        ]
        assert row.get("mixing_coefficient") == stimulus.mixing_coefficient
    # Consent, two instruction pages and the quiz come before.
    assert [row["trial_index"] for row in rows] == list(range(4, 18))


def test_the_order_of_the_rows_is_that_of_the_ids(frozen, task):
    asked = people(frozen)[task]
    names = ["zz", "a1", "m3", "b2"]
    renamed = [dataclasses.replace(one, participant_id=name) for one, name in zip(asked, names, strict=True)]
    table = observed_table(frozen, task, renamed)
    assert list(dict.fromkeys(table["participant_id"].to_pylist())) == sorted(names)
    assert table.equals(observed_table(frozen, task, renamed[::-1]))


def test_a_trial_without_an_answer_has_no_row(frozen):
    one = person(frozen, frozen.batches[0], 0)
    missing = one.plan.trials[4].trial_index
    kept = {index: payload for index, payload in one.payloads.items() if index != missing}
    table = observed_table(frozen, frozen.batches[0].task, [dataclasses.replace(one, payloads=kept)])
    assert missing not in table["trial_index"].to_pylist()
    assert table.num_rows == 13


def test_lateness_is_told_where_anybody_was_late(frozen, task):
    one, other, *_ = people(frozen)[task]
    assert LATE not in observed_table(frozen, task, [one, other]).column_names
    table = observed_table(frozen, task, [one, dataclasses.replace(other, is_late=True)])
    marks = set(zip(table["participant_id"].to_pylist(), table[LATE].to_pylist(), strict=True))
    assert marks == {(one.participant_id, False), (other.participant_id, True)}
    assert LATE in written_table(table, task, CIFAR10).column_names


def test_the_text_names_classes_and_leaves_out_what_goes_without_saying(frozen, task):
    table = written_table(observed_table(frozen, task, people(frozen)[task]), task, CIFAR10)
    assert not {"image_set", "source_file", "source_row", "collection_round"} & set(table.column_names)
    assert set(table["image_1_label"].to_pylist()) <= set(CIFAR10.names)
    if task == CATEGORICAL:
        orders = [text.split("|") for text in table["class_order"].to_pylist()]
        assert all(sorted(order) == sorted(CIFAR10.names) for order in orders)
        assert len(set(map(tuple, orders))) > 1
    if task == INFER:
        paths = [text.strip("[]").split(",") for text in table["inferred_path"].to_pylist()]
        ends = [float(path[-1]) for path in paths]
        assert np.allclose(ends, table["inferred_coefficient"].to_pylist(), atol=0)


def test_an_end_that_was_constructed_here_was_really_on_the_screen(frozen):
    batch = next(batch for batch in frozen.batches if batch.task == CONSTRUCT)
    one = person(frozen, batch, 0)
    trial = one.plan.trials[0]
    start = trial.position_of(trial.start_step)
    path = [[10 * time, place] for time, place in enumerate(range(start, -1, -1))]
    payload = one.payloads[trial.trial_index] | {"answer": {"position": 0, "path": path}}
    table = observed_table(frozen, CONSTRUCT, [dataclasses.replace(one, payloads={trial.trial_index: payload})])
    assert table["selected_coefficient"].to_pylist() in [[0.0], [1.0]]
    assert with_derived_columns(table, CONSTRUCT, study_id="small-study")["flags"].to_pylist() == [[]]
    without_path = table.drop_columns(["path_coefficients", "path_times_ms"])
    assert with_derived_columns(without_path, CONSTRUCT, study_id="s")["flags"].to_pylist() == [["endpoint_not_shown"]]
