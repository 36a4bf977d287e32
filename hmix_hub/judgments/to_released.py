"""Migration 2.0.0 -> 1.0.0: from the judgment table to the released layout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema import CIFAR10, RELEASED, SYNTHETIC_FLAG, Vocabulary, arrow_schema, has_flag
from hmix_hub.schema.released import REPEAT_PREFIX, ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.tasks import (
    TASKS,
    columns,
)
from hmix_hub.tasks.released import NO_ALTERNATIVE, with_suffix


def to_released(judgments: pa.Table, task: str, vocabulary: Vocabulary = CIFAR10) -> pa.Table:
    """Convert a table of schema 2.0.0, or one with more columns, to schema 1.0.0.

    Parameters
    ----------
    judgments
        N rows with the columns `hmix_hub.tasks.columns(task)`.
    task
        Name of the task.
    vocabulary
        Class names that its labels count in.

    Returns
    -------
    pyarrow.Table
        N rows, columns as `hmix_hub.tasks.columns(task, "1.0.0")`; then `synthetic`, if a program made any answer.

    Raises
    ------
    SchemaError
        If a row has what 1.0.0 has no room for: a single picture, a class named "no".
    """
    _refuse_what_has_no_room(judgments, vocabulary)
    form = TASKS[task].in_release
    schema = arrow_schema(columns(task, RELEASED), vocabulary)
    n = judgments.num_rows
    values: dict[str, Any] = {name: pa.nulls(n) for name in schema.names} | {
        ROW_NUMBER: judgments["source_row"],
        "trial_type": pa.repeat(pa.scalar(form.trial_type), n),
        "trial_index": judgments["trial_index"],
        "subject": judgments["participant_id"],
        "condition": judgments["condition"],
        "rt": judgments["response_time_ms"],
        "task": pc.if_else(judgments["is_repeat"], REPEAT_PREFIX + form.name, form.name),
    }
    written = values | _pictures(judgments, vocabulary) | dict(form.write(judgments, vocabulary))
    released = pa.table({name: written[name] for name in schema.names}).cast(schema)
    is_synthetic = has_flag(judgments["flags"], SYNTHETIC_FLAG)
    return released.append_column(SYNTHETIC_COLUMN.name, pa.array(is_synthetic)) if is_synthetic.any() else released


def _refuse_what_has_no_room(judgments: pa.Table, vocabulary: Vocabulary) -> None:
    single = np.flatnonzero(judgments["image_2_label"].is_null().to_numpy())
    if len(single):
        msg = "a judgment of a single picture has no form in schema 1.0.0, which knows pairs alone"
        raise SchemaError(msg, where=Where(row=int(single[0]), column="image_2_label"), hint="leave such rows out")
    if NO_ALTERNATIVE.lower() in {name.lower() for name in vocabulary.names}:
        msg = f"a class named {NO_ALTERNATIVE!r} has no form in schema 1.0.0, where that is no alternative"
        raise SchemaError(msg, hint="stay with schema 2")


def _pictures(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    names = pa.array([vocabulary.display(code) for code in range(len(vocabulary))])
    pictures: dict[str, Any] = {"class_pair": judgments["pair_id"]}
    for number in (1, 2):
        pictures[f"label{number}"] = pc.take(names, judgments[f"image_{number}_label"])
        pictures[f"id{number}"] = judgments[f"image_{number}_index"].cast(pa.float64())
    if "stimulus_id" in judgments.column_names:
        pictures["filename"] = with_suffix(judgments["stimulus_id"])
        pictures["mixtureCoeff"] = judgments["mixing_coefficient"]
    return pictures
