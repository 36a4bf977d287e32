"""NumPy arrays, as counts of votes are published: numbers alone, a row of the array for each row of the table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import first_line
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.readers.raw_file import TEXT_LIMIT, RawFile
from hmix_hub.studies.reading.chunks import RAW_COLUMN_LIMIT
from hmix_hub.studies.rules import files as rules

_MARK = b"\x93NUMPY"
_NUMBERS = "biuf"
"""Kinds of dtype: truths, whole numbers and floating ones."""


def is_array(raw: RawFile) -> bool:
    """Whether a file is a NumPy array, by its first bytes."""
    return raw.head.startswith(_MARK) and not raw.is_compressed


def read_array(raw: RawFile, _outcome: Outcome) -> pa.Table:
    """Read an array of N rows and M columns, called 0 to M - 1; one of a single dimension is the column 0.

    Nothing is unpickled: an array of objects is refused.
    """
    if raw.ending != ".npy":
        raw.refuse("a NumPy array: let its name end in .npy", rule=rules.FOREIGN)
    try:
        array = np.load(raw.path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        raw.refuse(f"this is no whole NumPy array of numbers: {first_line(error)}")
    if array.dtype.kind not in _NUMBERS or array.ndim not in {1, 2}:
        raw.refuse(f"an array of {array.dtype}, shape {array.shape}, is no table: save numbers in rows and columns")
    table = array.reshape(len(array), -1) if array.size else np.zeros((0, 1))
    if table.shape[1] > RAW_COLUMN_LIMIT or table.nbytes > TEXT_LIMIT:
        raw.refuse(f"an array of the shape {array.shape} is larger than any table of judgments")
    first = raw.layout.skip
    columns = {str(number): _texts(table[first:, number]) for number in range(table.shape[1])}
    return pa.table(columns | {ROW: pa.array(np.arange(first, len(table), dtype=np.int64))})


def _texts(numbers: np.ndarray) -> pa.Array:
    """Return numbers as texts; "" for NaN, which stands where nothing is."""
    values = pa.array(np.ascontiguousarray(numbers), from_pandas=True)
    return pc.fill_null(pc.cast(values, pa.string()), "")
