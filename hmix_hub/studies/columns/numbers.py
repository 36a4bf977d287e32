"""Numbers, booleans and lists of numbers: a fast path if all values are valid, and a slow one with findings."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.schema import Column, Kind
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.rules import columns as rules

NULL_WORDS = ("na", "n/a", "nan", "null", "none", "nil", "undefined", "missing", "-", "--", "?")
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
COMMA = r"^[+-]?\d+,\d+$"
"""A decimal comma, unless it also matches `THOUSANDS`."""
THOUSANDS = r"^[+-]?[1-9]\d{0,2},\d{3}$"
"""A comma that may be a decimal comma or a thousands separator; only the author knows."""
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_INT32 = 2**31 - 1


def read_numbers(text: pa.Array, rows: Ints, reporter: Reporter) -> pa.Array:
    """Read text as numbers.

    Parameters
    ----------
    text
        N strings; empty or null if missing.
    rows
        int64 (N,): data rows.
    reporter
        Reporter for the column.

    Returns
    -------
    pyarrow.Array
        float64 (N,), all finite; null where missing or not a number.
    """
    present = emptied(text)
    try:
        numbers = pc.cast(present, pa.float64())
    except pa.ArrowInvalid:
        return _read_slowly(present, rows, reporter)
    values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    return numbers if np.isfinite(values).all() else _read_slowly(present, rows, reporter)


def emptied(text: pa.Array) -> pa.Array:
    """Return text with null for empty values."""
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def with_point(text: str) -> str:
    """Replace a decimal comma by a point; `1,234`, which may be a thousand, is left unchanged."""
    bare = text.strip()
    return text.replace(",", ".") if re.match(COMMA, bare) and not re.match(THOUSANDS, bare) else text


def clean_text(text: pa.Array, rows: Ints, reporter: Reporter, *, names: Iterable[str] = ()) -> pa.Array:
    """Return text without surrounding white space and words for missing values (except `names`), reporting both."""
    trimmed = pc.utf8_trim_whitespace(text)
    reporter.add_where(rules.UNTIDY, as_mask(pc.not_equal(trimmed, text)), rows, text)
    words = set(NULL_WORDS).difference(name.lower() for name in names)
    is_word = pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(words), pa.string()))
    reporter.add_where(rules.NULL_WORD, as_mask(is_word), rows, trimmed)
    return emptied(pc.if_else(is_word, pa.scalar(None, pa.string()), trimmed))


def _read_slowly(text: pa.Array, rows: Ints, reporter: Reporter) -> pa.Array:
    clean = clean_text(text, rows, reporter)
    is_thousand = as_mask(pc.match_substring_regex(clean, THOUSANDS))
    has_comma = as_mask(pc.match_substring_regex(clean, COMMA)) & ~is_thousand
    reporter.add_where(rules.DECIMAL_COMMA, has_comma, rows, clean)
    is_number = pc.match_substring_regex(clean, NUMBER)
    reporter.add_where(
        rules.TYPE, is_thousand, rows, clean, "the comma may be a decimal comma or a thousands separator"
    )
    is_other = as_mask(pc.invert(is_number)) & ~has_comma & ~is_thousand
    reporter.add_where(rules.TYPE, is_other, rows, clean, "not a number")
    numbers = pc.cast(pc.if_else(is_number, clean, pa.scalar(None, pa.string())), pa.float64())
    return finite(numbers, rows, reporter, shown=clean, note="the number is too large")


def finite(
    numbers: pa.Array, rows: Ints, reporter: Reporter, *, shown: pa.Array = None, note: str = "not a finite number"
) -> pa.Array:
    """Return numbers with null where they are not finite, which is reported; `shown` are the values in the file."""
    is_finite = pc.is_finite(numbers)
    bad = as_mask(pc.invert(is_finite))
    reporter.add_where(rules.TYPE, bad, rows, numbers if shown is None else shown, note)
    return pc.if_else(is_finite, numbers, pa.scalar(None, pa.float64()))


def as_whole(numbers: pa.Array, column: Column, rows: Ints, reporter: Reporter) -> pa.Array:
    """Return numbers as the column's integers; others are reported and null."""
    values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    bad = (values != np.floor(values)) | (np.abs(values) > _INT32)
    reporter.add_where(rules.TYPE, bad, rows, numbers, "not a 32-bit integer")
    whole = pc.if_else(pa.array(~bad), numbers, pa.scalar(None, pa.float64()))
    return pc.cast(whole, pa.int32() if column.kind is Kind.INT32 else pa.int64())


def read_truths(text: pa.Array, rows: Ints, reporter: Reporter) -> pa.Array:
    """Read text as booleans: true and false in any case, 1 and 0; bool (N,), null where missing or neither."""
    truths, unknown = _known_truths(emptied(text))
    if not unknown.any():
        return truths
    truths, unknown = _known_truths(clean_text(emptied(text), rows, reporter))
    reporter.add_where(rules.TYPE, unknown, rows, text, "neither true nor false")
    return truths


def _known_truths(text: pa.Array) -> tuple[pa.Array, Mask]:
    """Return the booleans in texts, and which texts are not booleans."""
    encoded = text.dictionary_encode()
    known = [_TRUTHS.get(word.lower()) for word in encoded.dictionary.to_pylist()]
    truths = pc.take(pa.array(known, pa.bool_()), encoded.indices)
    return truths, as_mask(pc.and_(encoded.is_valid(), truths.is_null()))


_JSON = r"^\s*\[([^\[\]|]*)\]\s*$"
_EMPTY = r"^\s*\[\s*\]\s*$"
_FAULT = "neither numbers a|b nor a JSON list of numbers"


class NumberListReader:
    """Reader of the lists of numbers of one column.

    Parameters
    ----------
    column
        The column in the schema; its range applies to each number.
    reporter
        Receives the findings.
    """

    def __init__(self, column: Column, reporter: Reporter) -> None:
        self.column, self.reporter = column, reporter

    def from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        """Read N texts as lists of float64; null where missing, unreadable or out of the column's range."""
        present = emptied(text)
        lists, bad = _parsed(present)
        if bad.any():
            # Clean only what is not a list; it may be a word for a missing value.
            rest = pc.if_else(pa.array(bad), present, pa.scalar(None, pa.string()))
            present = pc.if_else(pa.array(bad), clean_text(rest, rows, self.reporter), present)
            lists, bad = _parsed(present)
            self.reporter.add_where(rules.TYPE, bad, rows, text, _FAULT)
        return self._in_range(lists, rows)

    def from_lists(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N lists of numbers; see `from_text`."""
        kind = raw.type.value_type
        lists = pc.cast(raw, pa.large_list(kind)) if pa.types.is_fixed_size_list(raw.type) else raw
        items = lists.flatten()
        if pa.types.is_float32(kind):
            # Convert through text: 0.1 was meant, not 0.10000000149.
            items = pc.cast(items, pa.string())
        items = pc.cast(items, pa.float64(), safe=False)
        bad = np.zeros(len(lists), dtype=bool)
        bad[_parents(lists)[~np.isfinite(_floats(items))]] = True
        self.reporter.add_where(rules.TYPE, bad, rows, lists, "not all are finite numbers")
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
        self.reporter.add_where(rules.RANGE, bad, rows, lists, f"the range of each number is {self.column.range}")
        return _nested(lists.flatten(), pc.list_value_length(lists), bad | as_mask(lists.is_null()))


def _floats(items: pa.Array) -> np.ndarray:
    """Return numbers as float64, with NaN for null."""
    return np.asarray(items.to_numpy(zero_copy_only=False), dtype=np.float64)


def _parents(lists: pa.Array) -> Ints:
    """Return the number of the list that each item belongs to; null lists have no items."""
    lengths = pc.list_value_length(lists).fill_null(0).to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(lists), dtype=np.int64), lengths)


def _nested(items: pa.Array, lengths: pa.Array, is_null: Mask) -> pa.Array:
    """Group items into lists of the given lengths, omitting the items of lists that become null."""
    counts = lengths.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    kept = items.filter(pa.array(np.repeat(~is_null, counts))) if is_null.any() else items
    offsets = np.concatenate([[0], np.cumsum(np.where(is_null, 0, counts))]).astype(np.int32)
    # Adding 0 turns -0 into 0.
    values = pa.array(_floats(kept) + 0.0)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(is_null) if is_null.any() else None)


def _parsed(text: pa.Array) -> tuple[pa.Array, Mask]:
    """Return the lists in texts (null where the text is null or not a list), and which texts are not lists."""
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
    """Return whether a type is a list of numbers."""
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    item = kind.value_type
    return bool(types.is_floating(item) or types.is_integer(item) or types.is_null(item))
