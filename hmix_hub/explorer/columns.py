"""Columns in the form that the page reads: one typed array each, with NaN or -1 in place of null."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.schema import Column, Kind, Vocabulary, has_flag
from hmix_hub.schema.arrays import Ints, as_mask, encode, matrix, numbers, one_piece, recode
from hmix_hub.schema.column import DISTRIBUTION_KINDS, LABEL_KINDS
from hmix_hub.schema.judgment import BEFORE
from hmix_hub.tasks import FLAGS
from hmix_hub.tasks.task import Task

_BEFORE = (
    "study_id",
    "collection_round",
    "trial_index",
    "presentation",
    "is_repeat",
    "response_time_ms",
)
"""Columns of every task that the page receives in addition to stimulus, participant and flags."""
PAGE_KINDS = {
    Kind.FLOAT64: "number",
    Kind.INT32: "integer",
    Kind.LABEL: "class",
    Kind.LABELS: "classes",
    Kind.DISTRIBUTION: "distribution",
    Kind.COUNTS: "counts",
    Kind.BOOL: "truth",
    Kind.STRING: "text",
}
"""Names of column kinds in the metadata."""


def page_columns(task: Task) -> list[Column]:
    """Return the judgment columns that the page receives, as an allow-list.

    These are columns of every task, then the task's answer. Free text of participants and additional columns of a
    study, which could hold clock times, are never included.
    """
    named = {*task.core, *task.answer, *task.facets, *task.derived, *task.filters}
    answers = (column for column in task.answer_columns if column.name in named)
    of_all = {column.name: column for column in BEFORE if column.name in _BEFORE}
    there = {column.name for column in task.columns}
    return [
        *(of_all[name] for name in _BEFORE if name in there),
        *(column for column in answers if column.kind is not Kind.STRING or column.name in task.facets),
    ]


def page_column(column: Column, values: pa.ChunkedArray, vocabulary: Vocabulary, classes: Vocabulary) -> pa.Array:
    """Return a column of the judgment table as the page reads it.

    Parameters
    ----------
    column
        Its description.
    values
        N values.
    vocabulary, classes
        Class names of its labels, and of the page's.

    Returns
    -------
    pyarrow.Array
        N values: float64, int32, bool, dictionary of texts, or lists of float64 or int32.
    """
    if vocabulary != classes and column.kind in LABEL_KINDS | DISTRIBUTION_KINDS:
        target = np.array(vocabulary.recode(classes), dtype=np.int64)
        values = recode(values, column.kind, target, len(classes))
    if column.kind in _BY_KIND:
        return _BY_KIND[column.kind](values)
    return whole(values.cast(pa.int32()).fill_null(-1).to_numpy())


def _counts(values: pa.ChunkedArray) -> pa.FixedSizeListArray:
    counts = matrix(values, is_nullable=True)
    return _lists(np.where(np.isnan(counts), -1, counts).astype(np.int32))


def _lists(rows: npt.NDArray[Any]) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), rows.shape[1])


def texts(values: pa.ChunkedArray) -> pa.DictionaryArray:
    """Return texts as numbers of the distinct ones, in the order of first appearance."""
    codes, distinct = encode(values)
    return pa.DictionaryArray.from_arrays(whole(codes), distinct.cast(pa.string()))


_BY_KIND: dict[Kind, Callable[[pa.ChunkedArray], pa.Array]] = {
    Kind.FLOAT64: lambda values: pa.array(numbers(values)),
    Kind.BOOL: lambda values: pa.array(as_mask(values)),
    Kind.STRING: texts,
    Kind.LABELS: lambda values: one_piece(values.fill_null([])).cast(pa.list_(pa.int32())),
    Kind.DISTRIBUTION: lambda values: _lists(matrix(values, is_nullable=True)),
    Kind.COUNTS: _counts,
}
"""How columns become those of the page; all others are whole numbers."""


def flag_bits(flags: pa.ChunkedArray, task: Task) -> pa.Array:
    """Return the flags of N rows as uint32: bit i is that of the i-th of all flags."""
    bits = np.zeros(len(flags), dtype=np.uint32)
    for place, name in enumerate(FLAGS):
        if any(flag.name == name for flag in task.flags):
            bits |= has_flag(flags, name).astype(np.uint32) << np.uint32(place)
    return pa.array(bits)


def is_empty(values: pa.Array) -> bool:
    """Whether a column of the page holds nothing in any of its rows."""
    if pa.types.is_floating(values.type):
        return bool(np.isnan(values.to_numpy()).all())
    if pa.types.is_signed_integer(values.type):
        return bool((values.to_numpy() < 0).all())
    if pa.types.is_fixed_size_list(values.type):
        return is_empty(values.flatten())
    return pa.types.is_list(values.type) and not len(values.flatten())


def stream_of(columns: Mapping[str, pa.Array]) -> bytes:
    """Return columns as an Arrow stream of one record batch, which the browser reads without a copy."""
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def whole(values: Ints | Sequence[int]) -> pa.Array:
    """Return whole numbers as int32."""
    return pa.array(np.asarray(values, dtype=np.int32))
