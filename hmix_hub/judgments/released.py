"""Migration between 1.0.0 and 2.0.0: from the released layout to the judgment table, and back.

Each task reads its answers (`hmix_hub.tasks`); this module reads everything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.judgments.checks import check_values
from hmix_hub.judgments.derived_columns import with_derived_columns, with_ids
from hmix_hub.schema import CIFAR10, JUDGMENT_TABLE, RELEASED, SYNTHETIC_FLAG, Vocabulary, arrow_schema, has_flag
from hmix_hub.schema.arrays import Mask, as_mask
from hmix_hub.schema.released import PICTURE_SUFFIX, REPEAT_PREFIX, ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.tasks import TASKS, columns
from hmix_hub.tasks.released import NO_ALTERNATIVE, ReleasedAnswers, refuse_first, with_suffix
from hmix_hub.tasks.soft_labels import DEFAULT_PROCEDURE, Procedure


@dataclass(frozen=True)
class Provenance:
    """What a 1.0.0 table does not record.

    Parameters
    ----------
    study_id
        Study that the judgments belong to.
    image_set
        Image set that its image ids refer to.
    source_file
        File the rows came from.
    collection_rounds
        Round of each row; `None`: "1" for all.
    procedure
        The study's soft-label procedure; a 1.0.0 table has answers but no soft labels.
    is_synthetic
        Whether a program made all the answers; otherwise only rows marked in the table have the flag `synthetic`.
    """

    study_id: str
    image_set: str = "cifar10/test"
    source_file: str = ""
    collection_rounds: Sequence[str] | None = None
    procedure: Procedure = DEFAULT_PROCEDURE
    is_synthetic: bool = False


def from_released(released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary = CIFAR10) -> pa.Table:
    """Convert a table of schema 1.0.0 to schema 2.0.0.

    Parameters
    ----------
    released
        N rows with the columns `hmix_hub.tasks.columns(task, "1.0.0")`; also `synthetic` if a program made answers;
        without label2 and id2 if single pictures were shown.
    task
        Name of the task.
    provenance
        What the table does not record.
    vocabulary
        Class names of its labels, regardless of case.

    Raises
    ------
    SchemaError
        For the first answer, class or pair that cannot be read, with its row.
    """
    observed, answers = _observed(released, task, provenance, vocabulary)
    table = with_derived_columns(
        observed,
        task,
        study_id=provenance.study_id,
        vocabulary=vocabulary,
        observed_flags=answers.flags,
        is_synthetic=provenance.is_synthetic,
        version=JUDGMENT_TABLE,
        procedure=provenance.procedure,
    )
    _check_names(released, table)
    return table


def read_observed(
    released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary = CIFAR10
) -> tuple[pa.Table, ReleasedAnswers]:
    """Return the observed columns and the answers of a table of schema 1.0.0; see `from_released`.

    Nothing is computed across rows, so a judgment may occur twice.
    """
    observed, answers = _observed(released, task, provenance, vocabulary)
    given = [column for column in columns(task, JUDGMENT_TABLE) if column.name in observed.column_names]
    check_values(observed, given, vocabulary)
    _check_names(released, with_ids(observed, task, vocabulary))
    return observed, answers


def _observed(
    released: pa.Table, task: str, provenance: Provenance, vocabulary: Vocabulary
) -> tuple[pa.Table, ReleasedAnswers]:
    n = released.num_rows
    rounds = ["1"] * n if provenance.collection_rounds is None else list(provenance.collection_rounds)
    table = pa.table(
        {
            "participant_id": released["subject"],
            "collection_round": pa.array(rounds, pa.string()),
            "condition": _whole_numbers(released["condition"], "condition"),
            "trial_index": _whole_numbers(released["trial_index"], "trial_index"),
            "is_repeat": pc.starts_with(released["task"], REPEAT_PREFIX),
            "response_time_ms": released["rt"],
            "image_set": pa.repeat(pa.scalar(provenance.image_set), n),
            **_pictures(released, vocabulary),
            "source_file": pa.repeat(pa.scalar(provenance.source_file), n),
            "source_row": released[ROW_NUMBER],
        }
    )
    answers = TASKS[task].in_release.read(released, vocabulary)
    for name, column in answers.columns.items():
        table = table.append_column(name, column)
    return table, replace(answers, flags={**answers.flags, **_marked(released)})


def _marked(released: pa.Table) -> dict[str, Mask]:
    """Return which rows a table of schema 1.0.0 marks as made by a program."""
    if SYNTHETIC_COLUMN.name not in released.column_names:
        return {}
    return {SYNTHETIC_FLAG: as_mask(released[SYNTHETIC_COLUMN.name])}


def _pictures(released: pa.Table, vocabulary: Vocabulary) -> dict[str, pa.Array]:
    """Return the four image columns; image 2 is always null if the table has no label2.

    Raises
    ------
    SchemaError
        For the first label, id or pair that cannot be read, with its row.
    """
    if "label1" in released.column_names and "label2" not in released.column_names:
        nothing = pa.nulls(released.num_rows, pa.int32())
        return {
            "image_1_label": _labels(released["label1"], vocabulary),
            "image_1_index": _whole_numbers(released["id1"], "id1"),
            "image_2_label": nothing.cast(pa.int64()),
            "image_2_index": nothing,
        }
    if "label1" in released.column_names:
        parts = {name: released[name] for name in ("label1", "id1", "label2", "id2")}
    else:
        parts = _split_pairs(released["class_pair"], vocabulary)
    return {
        "image_1_label": _labels(parts["label1"], vocabulary),
        "image_1_index": _whole_numbers(parts["id1"], "id1"),
        "image_2_label": _labels(parts["label2"], vocabulary),
        "image_2_index": _whole_numbers(parts["id2"], "id2"),
    }


def _split_pairs(pairs: pa.ChunkedArray, vocabulary: Vocabulary) -> dict[str, pa.ChunkedArray]:
    """Split pair ids, by the class names, since these may contain underscores and digits."""
    label = "|".join(re.escape(name) for name in sorted(vocabulary.names, key=len, reverse=True))
    pattern = rf"^(?i:(?P<label1>{label})_(?P<id1>\d+)_(?P<label2>{label})_(?P<id2>\d+))$"
    parts = pc.extract_regex(pairs, pattern)
    classes = ", ".join(vocabulary.names)
    refuse_first(pc.is_null(parts), pairs, "class_pair", f"is not a pair <Label1>_<id1>_<Label2>_<id2> of {classes}")
    return {name: pc.struct_field(parts, name) for name in ("label1", "id1", "label2", "id2")}


def _labels(names: pa.ChunkedArray, vocabulary: Vocabulary) -> pa.Array:
    found = pc.index_in(pc.utf8_lower(names), pa.array([name.lower() for name in vocabulary.names]))
    refuse_first(pc.is_null(found), names, "label", f"is not one of the classes {', '.join(vocabulary.names)}")
    return found.cast(pa.int64())


def _whole_numbers(numbers: pa.ChunkedArray, column: str) -> pa.ChunkedArray:
    """Return numbers as int32; 1.0.0 writes the picture ids as floats."""
    floats = numbers.cast(pa.float64())
    values = floats.fill_null(0).to_numpy()
    bad = (values != np.floor(values)) | (np.abs(values) > np.iinfo(np.int32).max)
    refuse_first(bad, numbers, column, "is not a 32-bit integer")
    return floats.cast(pa.int32())


def _check_names(released: pa.Table, table: pa.Table) -> None:
    """Check that the names of the pair and the picture agree with the row's other columns."""
    for column, identifier in (("class_pair", "pair_id"), ("filename", "stimulus_id")):
        if column in released.column_names and identifier in table.column_names:
            names = pc.replace_substring_regex(released[column], re.escape(PICTURE_SUFFIX) + "$", "")
            complaint = "contradicts the row's coefficient, labels or ids"
            differs = pc.not_equal(pc.utf8_lower(names), pc.utf8_lower(table[identifier]))
            refuse_first(differs, released[column], column, complaint)


def to_released(judgments: pa.Table, task: str, vocabulary: Vocabulary = CIFAR10) -> pa.Table:
    """Convert a table of schema 2.0.0 or later to schema 1.0.0.

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
        If a row cannot be represented in 1.0.0: a single picture, or a class named "no".
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
    written = values | _shown_pictures(judgments, vocabulary) | dict(form.write(judgments, vocabulary))
    released = pa.table({name: written[name] for name in schema.names}).cast(schema)
    is_synthetic = has_flag(judgments["flags"], SYNTHETIC_FLAG)
    return released.append_column(SYNTHETIC_COLUMN.name, pa.array(is_synthetic)) if is_synthetic.any() else released


def _refuse_what_has_no_room(judgments: pa.Table, vocabulary: Vocabulary) -> None:
    single = np.flatnonzero(judgments["image_2_label"].is_null().to_numpy())
    if len(single):
        msg = "a judgment of a single picture cannot be represented in schema 1.0.0, which only has pairs"
        raise SchemaError(msg, where=Where(row=int(single[0]), column="image_2_label"), hint="remove such rows")
    if NO_ALTERNATIVE.lower() in {name.lower() for name in vocabulary.names}:
        msg = f"a class named {NO_ALTERNATIVE!r} cannot be represented in schema 1.0.0, where it means no alternative"
        raise SchemaError(msg, hint="use schema 2")


def _shown_pictures(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    names = pa.array([vocabulary.display(code) for code in range(len(vocabulary))])
    pictures: dict[str, Any] = {"class_pair": judgments["pair_id"]}
    for number in (1, 2):
        pictures[f"label{number}"] = pc.take(names, judgments[f"image_{number}_label"])
        pictures[f"id{number}"] = judgments[f"image_{number}_index"].cast(pa.float64())
    if "stimulus_id" in judgments.column_names:
        pictures["filename"] = with_suffix(judgments["stimulus_id"])
        pictures["mixtureCoeff"] = judgments["mixing_coefficient"]
    return pictures
