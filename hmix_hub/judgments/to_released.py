"""Migration 2.0.0 -> 1.0.0: from the judgment table to the released layout."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema import CIFAR10, RELEASED, SYNTHETIC_FLAG, Vocabulary, arrow_schema, has_flag
from hmix_hub.schema.released import FULL_SCALE, PICTURE_SUFFIX, REPEAT_PREFIX, ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.tasks import (
    CATEGORICAL,
    CONSTRUCT,
    INFER,
    SELECT,
    TASKS,
    categorical_soft_labels,
    columns,
    infer_mixing_factor,
    select_shuffled_midpoint,
)


def to_released(judgments: pa.Table, task: str, vocabulary: Vocabulary = CIFAR10) -> pa.Table:
    """Turn a table of schema 2.0.0, or one with more columns, into one of schema 1.0.0.

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
    trial = TASKS[task].in_release
    schema = arrow_schema(columns(task, RELEASED), vocabulary)
    n = judgments.num_rows
    values: dict[str, Any] = {name: pa.nulls(n) for name in schema.names} | {
        ROW_NUMBER: judgments["source_row"],
        "trial_type": pa.repeat(pa.scalar(trial.trial_type), n),
        "trial_index": judgments["trial_index"],
        "subject": judgments["participant_id"],
        "condition": judgments["condition"],
        "rt": judgments["response_time_ms"],
        "task": pc.if_else(judgments["is_repeat"], REPEAT_PREFIX + trial.name, trial.name),
    }
    written = values | _pictures(judgments, vocabulary) | _WRITERS[task](judgments, vocabulary)
    released = pa.table({name: written[name] for name in schema.names}).cast(schema)
    is_synthetic = has_flag(judgments["flags"], SYNTHETIC_FLAG)
    return released.append_column(SYNTHETIC_COLUMN.name, pa.array(is_synthetic)) if is_synthetic.any() else released


def _refuse_what_has_no_room(judgments: pa.Table, vocabulary: Vocabulary) -> None:
    single = np.flatnonzero(judgments["image_2_label"].is_null().to_numpy())
    if len(single):
        msg = "a judgment of a single picture has no form in schema 1.0.0, which knows pairs alone"
        raise SchemaError(msg, where=Where(row=int(single[0]), column="image_2_label"), hint="leave such rows out")
    nothing = categorical_soft_labels.NO_ALTERNATIVE
    if nothing.lower() in {name.lower() for name in vocabulary.names}:
        msg = f"a class named {nothing!r} has no form in schema 1.0.0, where that is no alternative"
        raise SchemaError(msg, hint="stay with schema 2")


def _pictures(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    names = pa.array([vocabulary.display(code) for code in range(len(vocabulary))])
    pictures: dict[str, Any] = {"class_pair": judgments["pair_id"]}
    for number in (1, 2):
        pictures[f"label{number}"] = pc.take(names, judgments[f"image_{number}_label"])
        pictures[f"id{number}"] = judgments[f"image_{number}_index"].cast(pa.float64())
    if "stimulus_id" in judgments.column_names:
        pictures["filename"] = _with_suffix(judgments["stimulus_id"])
        pictures["mixtureCoeff"] = judgments["mixing_coefficient"]
    return pictures


def _with_suffix(names: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(names, PICTURE_SUFFIX, "")


def _json(answers: Iterable[Mapping[str, object]]) -> pa.Array:
    return pa.array([json.dumps(answer, separators=(",", ":")) for answer in answers], pa.string())


def _percent(share: float | None) -> float | int | None:
    """Give a share as a percentage: the whole one, where reading that gives the share to the last bit."""
    if share is None:
        return None
    percent = share * FULL_SCALE
    return round(percent) if round(percent) / FULL_SCALE == share else percent


def _slider(inferred: float) -> float | int:
    """Give the place of the slider whose reading is the inferred coefficient; a whole one, where there is one."""
    place = (1 - inferred) * FULL_SCALE
    return round(place) if 1 - round(place) / FULL_SCALE == inferred else place


def _construct(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    start = judgments["start_coefficient"]
    return {"final_value": judgments["selected_coefficient"], "start_value": start, "starting_value": start}


def _select(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    selected = judgments["selected_coefficient"].to_pylist()
    return {"response": _json({"select": f"{select_shuffled_midpoint.SELECT_PREFIX}{value!r}"} for value in selected)}


def _infer(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    answers = zip(judgments["inferred_coefficient"].to_pylist(), judgments["confidence"].to_pylist(), strict=True)
    return {
        "responses": _json(
            {"mixingcoeff": _slider(inferred), "confidence": _percent(confidence)} for inferred, confidence in answers
        ),
        "question_order": pa.repeat(pa.scalar(infer_mixing_factor.QUESTION_ORDER), judgments.num_rows),
        "class_pair": _with_suffix(judgments["pair_id"]),
    }


def _categorical(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    def answer(row: dict[str, Any]) -> dict[str, str]:
        second = row["second_class"]
        alternative = categorical_soft_labels.NO_ALTERNATIVE if second is None else vocabulary.display(second)
        probability = _percent(row["second_probability"])
        return {
            "classSelect": categorical_soft_labels.TOP_PREFIX + vocabulary.display(row["top_class"]),
            "prob": str(_percent(row["top_probability"])),
            "classSelect2": categorical_soft_labels.SECOND_PREFIX + alternative,
            "prob2": "" if probability is None else str(probability),
            **{
                categorical_soft_labels.IMPOSSIBLE_PREFIX + vocabulary.display(code): "1"
                for code in row["impossible_classes"]
            },
        }

    names = ["top_class", "top_probability", "second_class", "second_probability", "impossible_classes"]
    return {"response": _json(answer(row) for row in judgments.select(names).to_pylist())}


_WRITERS = {CONSTRUCT: _construct, SELECT: _select, INFER: _infer, CATEGORICAL: _categorical}
