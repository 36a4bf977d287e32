"""Checks of a judgment table's values against its columns: nulls, ranges, labels, unique ids."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema import TOLERANCE, Column, Kind, Vocabulary
from hmix_hub.schema.arrays import matrix, numbers
from hmix_hub.schema.column import BY_CLASS_KINDS


def check_values(table: pa.Table, columns: Iterable[Column], vocabulary: Vocabulary) -> None:
    """Check that every value is allowed in its column.

    Parameters
    ----------
    table
        N rows with these columns.
    columns
        Definitions of the columns.
    vocabulary
        Class names that labels refer to.

    Raises
    ------
    SchemaError
        For the first row of the first column with a value that is not allowed.
    """
    for column in columns:
        values = table[column.name]
        if not column.nullable and values.null_count:
            _refuse(column, int(np.flatnonzero(values.is_null().to_numpy())[0]), "is missing")
        if column.kind is Kind.LABELS:
            _check_lists(column, values, len(vocabulary))
        elif column.kind in {Kind.FLOATS, Kind.DISTRIBUTIONS}:
            _check_items(column, values)
        elif column.choices:
            _check_choices(column, values)
        elif column.low is not None or column.kind in {Kind.LABEL, Kind.FLOAT64}:
            _check_range(column, values, len(vocabulary))


def _check_range(column: Column, values: pa.ChunkedArray, n_classes: int) -> None:
    low, high = (0, n_classes - 1) if column.kind is Kind.LABEL else (column.low, column.high)
    is_by_class = column.kind in BY_CLASS_KINDS
    found = matrix(values, is_nullable=True) if is_by_class else numbers(values)[:, None]
    bad = _outside(found, low, high) & values.is_valid().to_numpy()[:, None]
    rows, places = np.nonzero(bad)
    if len(rows):
        expected = f"from {low} to {high}" if column.kind is Kind.LABEL else column.range
        _refuse(column, int(rows[0]), f"is {found[rows[0], places[0]]:g}, not {expected or 'a number'}")


def _outside(found: npt.NDArray[np.float64], low: float | None, high: float | None) -> npt.NDArray[np.bool_]:
    above = found >= (-math.inf if low is None else low - TOLERANCE)
    below = found <= (math.inf if high is None else high + TOLERANCE)
    # Both are false for NaN.
    return ~(above & below)


def _check_items(column: Column, values: pa.ChunkedArray) -> None:
    """Check each number in lists, or lists of distributions; infinity is never allowed in a list."""
    inner = pc.list_flatten(values)
    items = numbers(inner) if column.kind is Kind.FLOATS else matrix(inner).ravel()
    is_bad = _outside(items, column.low, column.high) | ~np.isfinite(items)
    bad = np.flatnonzero(is_bad & inner.is_valid().to_numpy() if column.has_nullable_items else is_bad)
    if len(bad):
        row = pc.list_parent_indices(values)[int(bad[0]) * len(inner) // len(items)].as_py()
        _refuse(column, row, f"holds {items[bad[0]]:g}, not numbers, {column.range or 'any'}")


def _check_choices(column: Column, values: pa.ChunkedArray) -> None:
    known = pc.is_in(values, pa.array(column.choices))
    bad = np.flatnonzero(pc.and_(values.is_valid(), pc.invert(known)).to_numpy())
    if len(bad):
        _refuse(column, int(bad[0]), f"is {values[int(bad[0])].as_py()!r}, not {column.range}")


def _check_lists(column: Column, values: pa.ChunkedArray, n_classes: int) -> None:
    labels = pc.list_flatten(values).to_numpy()
    bad = np.flatnonzero(~((labels >= 0) & (labels < n_classes)))
    if len(bad):
        row = pc.list_parent_indices(values)[int(bad[0])].as_py()
        _refuse(column, row, f"holds {labels[bad[0]]}, not labels from 0 to {n_classes - 1}")


def _refuse(column: Column, row: int, complaint: str) -> None:
    msg = f"{column.name} {complaint}"
    raise SchemaError(msg, where=Where(row=row, column=column.name), hint=f"meaning of the column: {column.meaning}")


def check_unique(ids: pa.ChunkedArray) -> None:
    """Check that no judgment occurs twice in a table.

    Raises
    ------
    SchemaError
        For the first judgment that does.
    """
    if pc.count_distinct(ids).as_py() == len(ids):
        return
    counts = pc.value_counts(ids)
    twice = counts.filter(pc.greater(counts.field("counts"), 1))[0]["values"].as_py()
    msg = f"judgment {twice!r} occurs more than once in the table"
    raise SchemaError(msg, where=Where(column="judgment_id"), hint="include each judgment only once")
