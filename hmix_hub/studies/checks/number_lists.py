"""Lists of numbers: `a|b` or JSON in text, or typed, read in one stroke; told row by row where some are none."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.schema import Column
from hmix_hub.studies.checks.numbers import NUMBER, as_mask, clean_text, emptied
from hmix_hub.studies.checks.place import Ints, Mask, Place
from hmix_hub.studies.rules import values as rules

_JSON = r"^\s*\[([^\[\]|]*)\]\s*$"
_EMPTY = r"^\s*\[\s*\]\s*$"
_FAULT = "neither numbers a|b nor a JSON list of numbers"


class NumberListReader:
    """Reader of the lists of numbers of one column.

    Parameters
    ----------
    column
        What the schema says of it: its range is that of each number.
    place
        Where findings are told.
    """

    def __init__(self, column: Column, place: Place) -> None:
        self.column, self.place = column, place

    def from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        """Read N lists; lists of float64 (N,), null where missing, or no list of numbers in the column's range."""
        present = emptied(text)
        lists, bad = _parsed(present)
        if bad.any():
            # Only what is no list is cleaned, and may be a word for nothing.
            rest = pc.if_else(pa.array(bad), present, pa.scalar(None, pa.string()))
            present = pc.if_else(pa.array(bad), clean_text(rest, rows, self.place), present)
            lists, bad = _parsed(present)
            self.place.tell(rules.TYPE, bad, rows, text, lambda _: _FAULT)
        return self._in_range(lists, rows)

    def from_lists(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Take N lists of numbers; see `from_text`."""
        kind = raw.type.value_type
        lists = pc.cast(raw, pa.large_list(kind)) if pa.types.is_fixed_size_list(raw.type) else raw
        items = lists.flatten()
        if pa.types.is_float32(kind):
            # Those that are written the same: 0.1 was meant, and not 0.10000000149.
            items = pc.cast(items, pa.string())
        items = pc.cast(items, pa.float64(), safe=False)
        bad = np.zeros(len(lists), dtype=bool)
        bad[_parents(lists)[~np.isfinite(_floats(items))]] = True
        self.place.tell(rules.TYPE, bad, rows, lists, lambda _: "not all are finite numbers")
        found = _nested(items, pc.list_value_length(lists), bad | as_mask(lists.is_null()))
        return self._in_range(found, rows)

    def _in_range(self, lists: pa.Array, rows: Ints) -> pa.Array:
        low, high = self.column.low, self.column.high
        items = _floats(lists.flatten())
        outside = (items < (-np.inf if low is None else low)) | (items > (np.inf if high is None else high))
        if not outside.any():
            return lists
        bad = np.zeros(len(lists), dtype=bool)
        bad[_parents(lists)[outside]] = True
        self.place.tell(rules.RANGE, bad, rows, lists, lambda _: f"the range of each is {self.column.range}")
        return _nested(lists.flatten(), pc.list_value_length(lists), bad | as_mask(lists.is_null()))


def _floats(items: pa.Array) -> np.ndarray:
    """Give numbers as float64, NaN where null."""
    return np.asarray(items.to_numpy(zero_copy_only=False), dtype=np.float64)


def _parents(lists: pa.Array) -> Ints:
    """Give the list that each item stands in; of lists that are null, what may lie beneath is no item."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(lists), dtype=np.int64), lengths)


def _nested(items: pa.Array, lengths: pa.Array, is_null: Mask) -> pa.Array:
    """Put items together to lists of so many each; those of lists that shall be null are left out."""
    counts = lengths.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    kept = items.filter(pa.array(np.repeat(~is_null, counts))) if is_null.any() else items
    offsets = np.concatenate([[0], np.cumsum(np.where(is_null, 0, counts))]).astype(np.int32)
    # Adding 0 makes -0 and 0 one.
    values = pa.array(_floats(kept) + 0.0)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(is_null) if is_null.any() else None)


def _parsed(text: pa.Array) -> tuple[pa.Array, Mask]:
    """Give the lists that texts say, null where the text is null or says none, and which of the texts say none."""
    is_json = pc.match_substring_regex(text, _JSON)
    written = pc.replace_substring(pc.replace_substring_regex(text, _JSON, r"\1"), ",", "|")
    split = pc.split_pattern(pc.if_else(is_json, written, text), "|")
    is_empty = as_mask(pc.match_substring_regex(text, _EMPTY))
    missing = as_mask(text.is_null())
    lengths = pc.list_value_length(split)
    parents = _parents(split)
    items = pc.utf8_trim_whitespace(split.flatten())
    bad = np.zeros(len(text), dtype=bool)
    try:
        numbers = pc.cast(items, pa.float64())
    except pa.ArrowInvalid:
        is_number = pc.match_substring_regex(items, NUMBER)
        numbers = pc.cast(pc.if_else(is_number, items, pa.scalar(None, pa.string())), pa.float64())
    bad[parents[~np.isfinite(_floats(numbers))]] = True
    bad &= ~is_empty
    if not is_empty.any():
        return _nested(numbers, lengths, bad | missing), bad
    kept = numbers.filter(pa.array(~is_empty[parents]))
    lengths = pc.if_else(pa.array(is_empty), pa.scalar(0, pa.int32()), lengths)
    return _nested(kept, lengths, bad | missing), bad


def is_list_of_numbers(kind: pa.DataType) -> bool:
    """Say whether a type is one of lists of numbers."""
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    item = kind.value_type
    return bool(types.is_floating(item) or types.is_integer(item) or types.is_null(item))
