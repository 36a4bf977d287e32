"""A task whose rows pool their participants: nothing in its tables says who judged, and a row is a stimulus."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

import hmix_hub.tasks
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.schema.judgment import OF_PARTICIPANTS
from hmix_hub.tasks import INFER, TASKS, why_no_participants
from hmix_hub.tasks.flags import SYNTHETIC
from hmix_hub.tasks.parts import ByStimulus

WHY = "pooled holds numbers per stimulus; nobody's single judgment is in it"
CLASSES = Vocabulary(("cat", "dog"))


@pytest.fixture
def pooled(monkeypatch):
    total = Column("total", Kind.INT32, "a number", low=0)
    task = replace(
        TASKS[INFER],
        name="pooled",
        answer_columns=(total,),
        answer=("total",),
        answered="",
        judged=("total", "total"),
        core=("stimulus_id", "total"),
        flags=(SYNTHETIC,),
        released=None,
        paths=(),
        filters={},
        by_stimulus=ByStimulus(
            (total,), ("total",), ("total",), lambda table, groups, k: {"total": groups.sum(table["total"].to_numpy())}
        ),
        without_participants=WHY,
    )
    monkeypatch.setitem(hmix_hub.tasks.TASKS, "pooled", task)
    return task


def observed(n):
    return pa.table(
        {
            "collection_round": ["1"] * n,
            "image_set": ["set"] * n,
            "image_1_label": [0, 1] * (n // 2),
            "image_2_label": pa.nulls(n, pa.int64()),
            "image_1_index": list(range(n)),
            "image_2_index": pa.nulls(n, pa.int32()),
            "mixing_coefficient": [1.0] * n,
            "total": list(range(n)),
            "source_file": ["f"] * n,
            "source_row": list(range(n)),
        }
    )


def test_no_column_says_who_judged_or_when(pooled):
    assert OF_PARTICIPANTS.isdisjoint(column.name for column in pooled.columns)
    assert "n_participants" not in {column.name for column in pooled.by_stimulus_columns}
    assert not pooled.has_participants
    assert all(task.has_participants for name, task in TASKS.items() if name == INFER)


def test_a_row_is_named_by_its_stimulus(pooled):
    table = with_derived_columns(observed(4), "pooled", study_id="lab", vocabulary=CLASSES)
    assert table.column_names == [column.name for column in pooled.columns]
    assert table["judgment_id"][1].as_py() == "lab/pooled/mixed_1.0_Dog_1"
    stimuli = by_stimulus(table, "pooled", CLASSES)
    assert stimuli["n_judgments"].to_pylist() == [1] * 4
    assert stimuli["total"].to_pylist() == np.arange(4).tolist()


def test_the_reason_is_told_by_the_columns(pooled):
    assert why_no_participants(["stimulus_id", "total"]) == WHY
    assert why_no_participants(["stimulus_id", "inferred_coefficient"]) == ""
