"""A task that asks several things about one stimulus counts showings, gathers and checks repeats for each of them."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.schema import CIFAR10, Column, Kind
from hmix_hub.studies.checks.rows import narrow_rows, stimulus_of
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.tasks import INFER, TASKS

ASKED = "what_was_asked"


@pytest.fixture
def faceted(monkeypatch):
    inferring = TASKS[INFER]
    column = Column(ASKED, Kind.STRING, "what was asked about the picture")
    answers = (column, *(own for own in inferring.answer_columns if not own.since))
    task = replace(inferring, name="two_things", answer_columns=answers, facets=(ASKED,), released=None, paths=())
    monkeypatch.setitem(TASKS, task.name, task)
    return task


def observed(asked, *, participants=None, shown=0.5, inferred=None):
    """Judgments of one picture, one row for each thing that was asked, in the order of the trials."""
    n = len(asked)
    columns = {
        "participant_id": participants or ["p1"] * n,
        "collection_round": ["1"] * n,
        "condition": pa.nulls(n, pa.int32()),
        "trial_index": list(range(n)),
        "is_repeat": [False] * n,
        "response_time_ms": [1000.0] * n,
        "image_set": ["cifar10/test"] * n,
        "image_1_label": [3] * n,
        "image_2_label": [5] * n,
        "image_1_index": [1] * n,
        "image_2_index": [2] * n,
        "mixing_coefficient": [shown] * n,
        ASKED: asked,
        "inferred_coefficient": inferred or [0.5] * n,
        "confidence": [0.25] * n,
        "source_file": ["made"] * n,
        "source_row": list(range(n)),
    }
    return pa.table(columns)


def judged(task, *arguments, **options):
    return with_derived_columns(observed(*arguments, **options), task.name, study_id="made")


def test_an_answer_about_something_else_is_no_second_showing(faceted):
    table = judged(faceted, ["likeness", "beauty", "likeness"])
    assert table["presentation"].to_pylist() == [1, 1, 2]
    assert table["flags"].to_pylist() == [[], [], ["repeated_in_batch"]]


def test_the_batch_is_the_set_of_stimuli_whatever_was_asked_about_them(faceted):
    one = judged(faceted, ["likeness"])
    two = judged(faceted, ["likeness", "beauty"])
    assert set(one["batch_id"].to_pylist()) == set(two["batch_id"].to_pylist())


def test_a_stimulus_has_a_row_for_each_thing_that_was_asked(faceted):
    table = judged(faceted, ["likeness", "beauty", "likeness"], inferred=[0.25, 0.5, 0.75])
    stimuli = by_stimulus(table, faceted.name, CIFAR10)
    assert stimuli.column_names[:9] == [
        *("stimulus_id", "image_set", "pair_id", "image_1_label", "image_2_label", "image_1_index", "image_2_index"),
        *("mixing_coefficient", ASKED),
    ]
    assert stimuli[ASKED].to_pylist() == ["likeness", "beauty"]
    assert stimuli["n_judgments"].to_pylist() == [2, 1]
    assert stimuli["mean_inferred_coefficient"].to_pylist() == [0.5, 0.5]


def test_straightlining_is_one_answer_whatever_was_asked(faceted):
    asked = [f"thing {number % 5}" for number in range(10)]
    same = judged(faceted, asked)
    assert all("straightlining" in flags for flags in same["flags"].to_pylist())
    differing = judged(faceted, asked, inferred=[0.5] * 8 + [0.25, 0.75])
    assert not any("straightlining" in flags for flags in differing["flags"].to_pylist())


def test_rows_of_a_file_are_compared_for_each_thing_that_was_asked(faceted):
    table = observed(["likeness", None, "beauty", "likeness"])
    values = {name: table[name].combine_chunks() for name in table.column_names}
    present = {name: np.ones(4, dtype=bool) for name in values}
    rows = narrow_rows(ObservedChunk(values, present, {}, np.arange(4)), faceted.name, np.ones(4, dtype=bool))
    good = rows.filter(rows["is_good"])
    assert good["row"].to_pylist() == [0, 2, 3], "a row that does not say what was asked is compared with none"
    stimuli = good.select(stimulus_of(faceted.name).split(", ")).to_pylist()
    assert stimuli[0] == stimuli[2] != stimuli[1]


def test_a_facet_that_is_no_column_of_the_task_is_refused():
    with pytest.raises(ValueError, match="`facets` names nothing_such"):
        replace(TASKS[INFER], facets=("nothing_such",))
