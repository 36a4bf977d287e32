"""Columns of a study's own, `x_`: text, whole numbers, numbers or truths, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

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

# 007 and numbers of 16 digits or more are ids, whose digits a float64 would lose; +44 is a phone number.
_NO_NUMBER = r"^(-?0\d|-?\d{16,}$|\+|\d+[eE]\d+$)"


class OwnColumnReader:
    """Reader of one column of a study's own, chunk by chunk."""

    def __init__(self, name: str, vocabulary: Vocabulary, reporter: Reporter) -> None:
        self._texts = ColumnReader(Column(name, Kind.STRING, "", nullable=True), vocabulary, reporter)
        self._reporter = reporter

    def read(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N plain values; gives text, int64, float64 or bool, null where there is none, or none of these."""
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
        note = f"the file's type is {raw.type}; a column of one's own holds text, numbers or truths"
        self._reporter.add_where(rules.TYPE, np.ones(len(raw), dtype=bool), rows, None, note)
        return pa.nulls(len(raw), pa.string())


def typed(parts: Iterable[pa.Array]) -> pa.ChunkedArray:
    """Return a column, as its reader gave it, in the narrowest type for all values: int64, float64, bool or text."""
    chunks = list(parts)
    if len({chunk.type for chunk in chunks}) > 1:
        chunks = [chunk.cast(pa.string()) for chunk in chunks]
    column = pa.chunked_array(chunks)
    if not pa.types.is_string(column.type) or column.null_count == len(column):
        return column
    for narrowed in (_whole, _numbers, _truths):
        found = narrowed(column)
        if found is not None:
            return found
    return column


def _whole(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        cast = column.cast(pa.int64())
    except pa.ArrowInvalid:
        return None
    # 007 is an id, and 0x1F what it is.
    return cast if cast.cast(pa.string()) == column else None


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    try:
        cast = column.cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    if pc.any(pc.match_substring_regex(column, _NO_NUMBER)).as_py():
        return None
    # "nan" and "inf" are words, not numbers; and where 1.1 and 1.10 are two, both are text.
    is_lossless = pc.count_distinct(cast).as_py() == pc.count_distinct(column).as_py()
    return cast if is_lossless and pc.all(pc.is_finite(cast)).as_py() else None


def _truths(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    # Whatever their case: Python's own writers say True.
    lower = pc.utf8_lower(column)
    is_truth = pc.or_(pc.is_in(lower, pa.array(["true", "false"])), lower.is_null())
    return pc.equal(lower, "true") if pc.all(is_truth).as_py() else None
