"""A study's own columns, `x_`: text, integers, numbers or booleans."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.studies.columns.numbers import finite
from hmix_hub.studies.columns.reader import ColumnReader
from hmix_hub.studies.findings import Ints, Reporter
from hmix_hub.studies.reading.arrays import as_text
from hmix_hub.studies.rules import columns as rules

# 007 and numbers with 16 or more digits are ids, whose digits a float64 would lose; +44 is a phone number.
_NO_NUMBER = r"^(-?0\d|-?\d{16,}$|\+|\d+[eE]\d+$)"


class OwnColumnReader:
    """Reader of one of a study's own columns, chunk by chunk."""

    def __init__(self, name: str, vocabulary: Vocabulary, reporter: Reporter) -> None:
        self._texts = ColumnReader(Column(name, Kind.STRING, "", nullable=True), vocabulary, reporter)
        self._reporter = reporter

    def read(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N plain values as text, int64, float64 or bool; null where missing or of another type."""
        if as_text(raw) is not None:
            return self._texts.read(raw, rows)
        if types.is_boolean(raw.type):
            return raw
        if types.is_integer(raw.type):
            try:
                return raw.cast(pa.int64())
            except pa.ArrowInvalid:
                return raw.cast(pa.string())
        if types.is_floating(raw.type):
            return finite(raw, rows, self._reporter)
        note = f"the file's type is {raw.type}; own columns hold text, numbers or booleans"
        self._reporter.add_where(rules.TYPE, np.ones(len(raw), dtype=bool), rows, None, note)
        return pa.nulls(len(raw), pa.string())


def typed(parts: Iterable[pa.Array]) -> pa.ChunkedArray:
    """Return a column, given as the chunks from its reader, in the narrowest type for all values."""
    chunks = list(parts)
    column = pa.chunked_array([chunk.cast(pa.string()) for chunk in chunks])
    return in_type(column, own_type({chunk.type for chunk in chunks}, lambda: [column], lambda: is_lossless(column)))


def is_lossless(column: pa.ChunkedArray) -> bool:
    """Return whether different texts are different numbers; if 1.1 and 1.10 both occur, the column stays text."""
    return bool(pc.count_distinct(column.cast(pa.float64())).as_py() == pc.count_distinct(column).as_py())


def own_type(
    kinds: Collection[pa.DataType], parts: Callable[[], Iterable[pa.ChunkedArray]], is_lossless: Callable[[], bool]
) -> pa.DataType:
    """Return the narrowest type for all values of a column: int64, float64, bool or text.

    Parameters
    ----------
    kinds
        Types returned by its reader.
    parts
        Function that returns an iterator over the column's values as text.
    is_lossless
        See the function of this name; called only if every value is a number.
    """
    if len(kinds) == 1 and pa.string() not in kinds:
        return next(iter(kinds))
    if all(part.null_count == len(part) for part in parts()):
        return pa.string()
    if all(map(_is_whole, parts())):
        return pa.int64()
    if all(map(_is_number, parts())) and is_lossless():
        return pa.float64()
    return pa.bool_() if all(map(_is_truth, parts())) else pa.string()


def in_type(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    """Return text as the type of its column."""
    # Ignore case: Python writes True.
    return pc.equal(pc.utf8_lower(column), "true") if pa.types.is_boolean(kind) else column.cast(kind)


def _is_whole(column: pa.ChunkedArray) -> bool:
    try:
        cast = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return False
    # 007 is an id, and 0x1F a text.
    return bool(cast.cast(pa.string()) == column)


def _is_number(column: pa.ChunkedArray) -> bool:
    try:
        cast = column.cast(pa.float64())
    except pa.ArrowInvalid:
        return False
    # "nan" and "inf" are words, not numbers.
    is_id = pc.any(pc.match_substring_regex(column, _NO_NUMBER)).as_py()
    return not is_id and pc.all(pc.is_finite(cast)).as_py() is not False


def _is_truth(column: pa.ChunkedArray) -> bool:
    is_truth = pc.is_in(pc.utf8_lower(column.drop_null()), pa.array(["true", "false"]))
    return pc.all(is_truth).as_py() is not False
