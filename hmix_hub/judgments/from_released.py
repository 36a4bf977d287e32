"""Migration 1.0.0 -> 2.0.0: from the released layout to the judgment table.

Rules of the released answers that stand here and nowhere else: the mixing slider runs from image 1 (0) to image 2
(100), so the inferred coefficient is `1 - x / 100`; the selected coefficient of construct is a float walk and is
rounded to tenths; a second probability without an alternative is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.judgments.checks import check_values
from hmix_hub.judgments.derived_columns import pair_ids, stimulus_ids, with_derived_columns
from hmix_hub.judgments.released_pictures import LAYOUT_HINT, check_names, pictures, refuse_first, whole_numbers
from hmix_hub.schema import CIFAR10, JUDGMENT_TABLE, SYNTHETIC_FLAG, Vocabulary
from hmix_hub.schema.arrays import Mask, encode
from hmix_hub.schema.released import FULL_SCALE, REPEAT_PREFIX, ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.tasks import (
    CATEGORICAL,
    CONSTRUCT,
    INFER,
    SELECT,
    TASKS,
    categorical_soft_labels,
    columns,
    select_shuffled_midpoint,
)
from hmix_hub.tasks.soft_labels import DEFAULT_PROCEDURE, Procedure


@dataclass(frozen=True)
class Provenance:
    """What a 1.0.0 table leaves unsaid.

    Parameters
    ----------
    study_id
        Study that the judgments belong to.
    image_set
        Image set that its image ids count in.
    source_file
        File that the rows came from.
    collection_rounds
        Round of each row; `None`: all are of round "1".
    procedure
        The study's soft-label procedure; a 1.0.0 table holds answers, and no soft labels.
    is_synthetic
        Whether a program made all the answers; else the rows that the table itself marks have the flag `synthetic`.
    """

    study_id: str
    image_set: str = "cifar10/test"
    source_file: str = ""
    collection_rounds: Sequence[str] | None = None
    procedure: Procedure = DEFAULT_PROCEDURE
    is_synthetic: bool = False


def from_released(released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary = CIFAR10) -> pa.Table:
    """Turn a table of schema 1.0.0 into one of schema 2.0.0.

    Parameters
    ----------
    released
        N rows with the columns `hmix_hub.tasks.columns(task, "1.0.0")`; and `synthetic`, where a program made answers;
        without label2 and id2, where single pictures were shown.
    task
        Name of the task.
    provenance
        What the table leaves unsaid.
    vocabulary
        Class names that its labels are spelt in, whatever their case.

    Raises
    ------
    SchemaError
        At the first answer, class or pair that cannot be read, with its row.
    """
    observed, flags = _observed(released, task, provenance, vocabulary)
    table = with_derived_columns(
        observed,
        task,
        study_id=provenance.study_id,
        vocabulary=vocabulary,
        observed_flags=flags,
        is_synthetic=provenance.is_synthetic,
        version=JUDGMENT_TABLE,
        procedure=provenance.procedure,
    )
    check_names(released, table)
    return table


def read_observed(
    released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary = CIFAR10
) -> tuple[pa.Table, dict[str, Mask]]:
    """Read what was observed from a table of schema 1.0.0, and the flags that are; see `from_released`.

    Nothing is computed across rows, so that a judgment may stand twice.
    """
    observed, flags = _observed(released, task, provenance, vocabulary)
    given = [column for column in columns(task, JUDGMENT_TABLE) if column.name in observed.column_names]
    check_values(observed, given, vocabulary)
    named = observed.append_column("pair_id", pair_ids(observed, vocabulary))
    if TASKS[task].stimulus_column == "stimulus_id":
        named = named.append_column("stimulus_id", stimulus_ids(named))
    check_names(released, named)
    return observed, flags


def _observed(
    released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary
) -> tuple[pa.Table, dict[str, Mask]]:
    n = released.num_rows
    rounds = ["1"] * n if provenance.collection_rounds is None else list(provenance.collection_rounds)
    table = pa.table(
        {
            "participant_id": released["subject"],
            "collection_round": pa.array(rounds, pa.string()),
            "condition": whole_numbers(released["condition"], "condition"),
            "trial_index": whole_numbers(released["trial_index"], "trial_index"),
            "is_repeat": _is_repeat(released["task"]),
            "response_time_ms": released["rt"],
            "image_set": pa.repeat(pa.scalar(provenance.image_set), n),
            **pictures(released, vocabulary),
            "source_file": pa.repeat(pa.scalar(provenance.source_file), n),
            "source_row": released[ROW_NUMBER],
        }
    )
    answers = _READERS[task](released, vocabulary)
    for name, column in answers.columns.items():
        table = table.append_column(name, column)
    return table, answers.flags | _marked(released)


@dataclass(frozen=True)
class _Answers:
    columns: dict[str, pa.Array]
    flags: dict[str, Mask]


def _marked(released: pa.Table) -> dict[str, Mask]:
    """Return the rows that a table of schema 1.0.0 marks as made by a program."""
    if SYNTHETIC_COLUMN.name not in released.column_names:
        return {}
    return {SYNTHETIC_FLAG: released[SYNTHETIC_COLUMN.name].fill_null(False).to_numpy().astype(bool)}


def _is_repeat(tasks: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.starts_with(tasks, REPEAT_PREFIX)


_MOST_SHOWN = 80


def _shortened(text: str) -> str:
    return repr(text) if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]!r}..."


def _parsed(released: pa.Table, name: str, parse: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """Parse each JSON answer of a column; each distinct text is parsed once."""
    column = released[name]
    codes, texts = encode(column)
    values = []
    for position, text in enumerate(texts.to_pylist()):
        try:
            values.append(parse(json.loads(text)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            row = int(np.flatnonzero(codes == position)[0])
            msg = f"the answer {_shortened(text)} cannot be read: {type(error).__name__}: {error}"
            raise SchemaError(msg, where=Where(row=row, column=name), hint=LAYOUT_HINT) from None
    if column.null_count:
        row = int(np.flatnonzero(codes < 0)[0])
        msg = "the answer is missing"
        raise SchemaError(msg, where=Where(row=row, column=name), hint=LAYOUT_HINT)
    return [values[code] for code in codes.tolist()]


def _percentage(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= FULL_SCALE:
        msg = f"{value!r} is no number from 0 to {FULL_SCALE}"
        raise ValueError(msg)
    return value


def _typed_percentage(text: str) -> float:
    return _percentage(float(text)) / FULL_SCALE


def _construct(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    walk = released["final_value"].to_numpy()
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    selected = np.round(walk, 1) + 0.0
    bad = ~((selected >= 0) & (selected <= 1))
    refuse_first(bad, released["final_value"], "final_value", "is not from 0 to 1")
    return _Answers({"start_coefficient": released["start_value"], "selected_coefficient": pa.array(selected)}, {})


def _select(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    def parse(answer: dict[str, Any]) -> float:
        value = float(answer["select"].removeprefix(select_shuffled_midpoint.SELECT_PREFIX))
        _percentage(value * FULL_SCALE)
        return value

    return _Answers({"selected_coefficient": pa.array(_parsed(released, "response", parse), pa.float64())}, {})


def _infer(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    def parse(answer: dict[str, Any]) -> tuple[float, float | None]:
        slider, confidence = _percentage(answer["mixingcoeff"]), answer["confidence"]
        return (
            1 - slider / FULL_SCALE,
            None if confidence is None else _percentage(confidence) / FULL_SCALE,
        )

    parsed = _parsed(released, "responses", parse)
    inferred, confidence = ([answer[i] for answer in parsed] for i in range(2))
    return _Answers(
        {
            "mixing_coefficient": released["mixtureCoeff"],
            "inferred_coefficient": pa.array(inferred, pa.float64()),
            "confidence": pa.array(confidence, pa.float64()),
        },
        {},
    )


def _categorical(released: pa.Table, vocabulary: Vocabulary) -> _Answers:
    def parse(answer: dict[str, Any]) -> tuple[int, float, int | None, float | None, list[int], bool]:
        second = answer["classSelect2"].removeprefix(categorical_soft_labels.SECOND_PREFIX)
        has_alternative = second != categorical_soft_labels.NO_ALTERNATIVE
        typed = answer["prob2"]
        impossible = [
            vocabulary.code(key.removeprefix(categorical_soft_labels.IMPOSSIBLE_PREFIX))
            for key in answer
            if key.startswith(categorical_soft_labels.IMPOSSIBLE_PREFIX)
        ]
        return (
            vocabulary.code(answer["classSelect"].removeprefix(categorical_soft_labels.TOP_PREFIX)),
            _typed_percentage(answer["prob"]),
            vocabulary.code(second) if has_alternative else None,
            _typed_percentage(typed) if has_alternative and typed else None,
            impossible,
            bool(typed) and not has_alternative,
        )

    parsed = _parsed(released, "response", parse)
    top, top_probability, second, second_probability, impossible, ignored = (
        [answer[i] for answer in parsed] for i in range(6)
    )
    return _Answers(
        {
            "mixing_coefficient": released["mixtureCoeff"],
            "top_class": pa.array(top, pa.int64()),
            "top_probability": pa.array(top_probability, pa.float64()),
            "second_class": pa.array(second, pa.int64()),
            "second_probability": pa.array(second_probability, pa.float64()),
            "impossible_classes": pa.array(impossible, pa.list_(pa.int64())),
        },
        {"ignored_probability": np.array(ignored, dtype=bool)},
    )


def ignored_probabilities(released: pa.Table) -> list[float | None]:
    """Return the second probability, 0 to 1, of each answer that names no alternative and gives one all the same.

    Parameters
    ----------
    released
        N rows of categorical_soft_labels in schema 1.0.0.

    Returns
    -------
    list
        N values; `None` where nothing is ignored, or what is ignored is no percentage.

    Raises
    ------
    SchemaError
        At the first answer that cannot be read.
    """

    def parse(answer: dict[str, Any]) -> float | None:
        has_alternative = (
            answer["classSelect2"].removeprefix(categorical_soft_labels.SECOND_PREFIX)
            != categorical_soft_labels.NO_ALTERNATIVE
        )
        try:
            return None if has_alternative or not answer["prob2"] else _typed_percentage(answer["prob2"])
        except ValueError:
            return None

    return _parsed(released, "response", parse)


_READERS: dict[str, Callable[[pa.Table, Vocabulary], _Answers]] = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
}
