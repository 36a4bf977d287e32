"""Numbers and truths from text: read in one stroke where all are good, told one by one where some are not."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import Column, Kind
from hmix_hub.studies.checks.place import Ints, Mask, Place
from hmix_hub.studies.rules import values as rules

NULL_WORDS = ("na", "n/a", "nan", "null", "none", "nil", "undefined", "missing", "-", "--", "?")
NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
COMMA = r"^[+-]?\d+,\d+$"
"""A decimal comma, unless it is one of `THOUSANDS`."""
THOUSANDS = r"^[+-]?[1-9]\d{0,2},\d{3}$"
"""A comma that may divide a number, or mark its thousands: nobody but its author knows."""
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}
_INT32 = 2**31 - 1


def read_numbers(text: pa.Array, rows: Ints, place: Place) -> pa.Array:
    """Read text as numbers.

    Parameters
    ----------
    text
        N strings; empty or null: missing.
    rows
        int64 (N,).
    place
        Where what is none is told.

    Returns
    -------
    pyarrow.Array
        float64 (N,), all finite; null where missing, or no number.
    """
    present = emptied(text)
    try:
        numbers = pc.cast(present, pa.float64())
    except pa.ArrowInvalid:
        return _read_slowly(present, rows, place)
    values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    return numbers if np.isfinite(values).all() else _read_slowly(present, rows, place)


def emptied(text: pa.Array) -> pa.Array:
    """Give text with null where it is empty."""
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def clean_text(text: pa.Array, rows: Ints, place: Place, *, names: Iterable[str] = ()) -> pa.Array:
    """Tell white space around values, and words for nothing that are no names, and give the text without either."""
    trimmed = pc.utf8_trim_whitespace(text)
    place.tell(rules.UNTIDY, as_mask(pc.not_equal(trimmed, text)), rows, text)
    words = set(NULL_WORDS).difference(name.lower() for name in names)
    is_word = pc.is_in(pc.utf8_lower(trimmed), pa.array(sorted(words), pa.string()))
    place.tell(rules.NULL_WORD, as_mask(is_word), rows, trimmed)
    return emptied(pc.if_else(is_word, pa.scalar(None, pa.string()), trimmed))


def as_mask(truths: pa.Array) -> Mask:
    """Give truths as bool (N,), false where null."""
    mask: Mask = truths.fill_null(False).to_numpy(zero_copy_only=False)
    return mask


def _read_slowly(text: pa.Array, rows: Ints, place: Place) -> pa.Array:
    clean = clean_text(text, rows, place)
    is_thousand = as_mask(pc.match_substring_regex(clean, THOUSANDS))
    has_comma = as_mask(pc.match_substring_regex(clean, COMMA)) & ~is_thousand
    place.tell(rules.DECIMAL_COMMA, has_comma, rows, clean)
    is_number = pc.match_substring_regex(clean, NUMBER)
    place.tell(
        rules.TYPE, is_thousand, rows, clean, lambda _: "the comma may be a decimal comma or a thousands separator"
    )
    is_other = as_mask(pc.invert(is_number)) & ~has_comma & ~is_thousand
    place.tell(rules.TYPE, is_other, rows, clean, lambda _: "not a number")
    numbers = pc.cast(pc.if_else(is_number, clean, pa.scalar(None, pa.string())), pa.float64())
    is_finite = pc.is_finite(numbers)
    place.tell(rules.TYPE, as_mask(pc.invert(is_finite)), rows, clean, lambda _: "too large a number")
    return pc.if_else(is_finite, numbers, pa.scalar(None, pa.float64()))


def as_whole(numbers: pa.Array, column: Column, rows: Ints, place: Place) -> pa.Array:
    """Give numbers as the column's integers; those that are none, told, are null."""
    values = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    bad = (values != np.floor(values)) | (np.abs(values) > _INT32)
    place.tell(rules.TYPE, bad, rows, numbers, lambda _: "not a whole number of 32 bits")
    whole = pc.if_else(pa.array(~bad), numbers, pa.scalar(None, pa.float64()))
    return pc.cast(whole, pa.int32() if column.kind is Kind.INT32 else pa.int64())


def read_truths(text: pa.Array, rows: Ints, place: Place) -> pa.Array:
    """Read text as truths: true and false, whatever their case, 1 and 0; bool (N,), null where missing or neither."""
    truths, unknown = _known_truths(emptied(text))
    if not unknown.any():
        return truths
    truths, unknown = _known_truths(clean_text(emptied(text), rows, place))
    place.tell(rules.TYPE, unknown, rows, text, lambda _: "neither true nor false")
    return truths


def _known_truths(text: pa.Array) -> tuple[pa.Array, Mask]:
    """Give the truths that texts name, and which of the texts name none."""
    encoded = text.dictionary_encode()
    known = [_TRUTHS.get(word.lower()) for word in encoded.dictionary.to_pylist()]
    truths = pc.take(pa.array(known, pa.bool_()), encoded.indices)
    return truths, as_mask(pc.and_(encoded.is_valid(), truths.is_null()))
