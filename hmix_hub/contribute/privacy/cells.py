"""Cells of a table: plain values within lists and records, their distinct texts, and detection of free text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.contribute.privacy.patterns import masked, plain_texts
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.rules import privacy as rules

FEWEST_TEXTS = 3
"""Distinct texts from which a column counts as free text; one or two in most rows are repeated questions."""
SHORTEST = 16
"""Minimum bytes of a text that counts."""
_FOUR_WORDS = r"""(?:\p{L}[\p{L}'\x{2019}-]*[.,;:!?)"]*\s+){3}\p{L}"""
# Chinese, Japanese and Thai are written without spaces.
_WITHOUT_SPACES = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]{10}"
_JSON = r"^\s*[{\[]"

_DIGITS = r"-?[0-9]{1,19}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = rf"^\s*{_DIGITS}\s*$"
"""Texts that are not searched for patterns; longer digits may be an id."""
_NUMBERS = rf"^\s*\[?\s*{_DIGITS}(?:\s*[|,]\s*{_DIGITS})*\s*\]?\s*$"
"""Lists of numbers, as in some measures; their separators are not part of a telephone number."""


@dataclass(frozen=True, eq=False)
class Cells:
    """Plain values of a column."""

    name: str
    """The column's name, followed by a point and the field's name for records."""
    values: pa.Array
    """N values: text, numbers or times; bytes are text."""
    rows: npt.NDArray[np.int64]
    """int64 (N,): data row of each value, possibly repeated."""

    @property
    def are_text(self) -> bool:
        """Return whether they are text."""
        return bool(types.is_string(self.values.type) or types.is_large_string(self.values.type))


def cells_of(name: str, values: pa.Array, rows: npt.NDArray[np.int64]) -> Iterator[Cells]:
    """Yield the plain values within a column of N values in these data rows, int64 (N,)."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from cells_of(name, values.storage, rows)
    elif types.is_dictionary(kind):
        yield from cells_of(name, values.dictionary_decode(), rows)
    elif types.is_struct(kind):
        # Not `field`, which forgets the parent's nulls and offset.
        for field, part in zip(kind, values.flatten(), strict=True):
            yield from cells_of(f"{name}.{field.name}", part, rows)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        parents = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
        yield from cells_of(name, pc.list_flatten(values), rows[parents])
    elif types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        options = pc.CastOptions(target_type=pa.large_string(), allow_invalid_utf8=True)
        yield Cells(name, pc.cast(values.cast(pa.large_binary()), options=options), rows)
    elif types.is_string(kind) or types.is_large_string(kind) or _is_number(kind) or types.is_temporal(kind):
        yield Cells(name, values, rows)
    elif not (types.is_null(kind) or types.is_boolean(kind)):
        # Maps, unions and future Arrow types are rare enough to convert one by one.
        yield Cells(name, pa.array(map(_written, values), pa.large_string()), rows)


def texts_of(values: pa.Array) -> list[str | None]:
    """Return N values of any type as text."""
    try:
        return plain_texts(values.cast(pa.string()) if _is_number(values.type) else values)
    except pa.ArrowNotImplementedError:
        return list(map(_written, values))


def _is_number(kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _written(value: Any) -> str | None:
    try:
        plain = value.as_py()
    except (ValueError, OverflowError, TypeError):
        # Such as text that is not UTF-8, or a year beyond Python's: its written form may be truncated.
        return str(value)
    return None if plain is None else str(plain)


def as_floats(values: pa.Array) -> npt.NDArray[np.float64]:
    """Return N numbers, or texts of numbers, as float64 (N,); null is NaN."""
    # Not safe, so that integers beyond 2**53 are rounded rather than refused.
    numbers = pc.cast(values, pa.float64(), safe=False)
    return np.asarray(pc.fill_null(numbers, float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64)


@dataclass(frozen=True)
class Texts:
    """The D distinct texts of N cells."""

    cells: Cells
    distinct: pa.Array
    words: pa.Array
    """The same, null where the text is a number."""
    numbers: npt.NDArray[np.float64]
    """float64 (D,); NaN if the text is not a number."""
    codes: npt.NDArray[np.int64]
    """int64 (N,): index of the text in each cell; D: none."""

    @classmethod
    def of(cls, cells: Cells, *, are_lists: bool = False) -> Texts:
        """Return the texts of cells, which may be lists of numbers."""
        encoded = cells.values.dictionary_encode()
        distinct = encoded.dictionary
        nothing = pa.scalar(None, distinct.type)
        is_number = pc.match_substring_regex(distinct, _NUMBER)
        numbers = as_floats(pc.utf8_trim_whitespace(pc.if_else(is_number, distinct, nothing)))
        if are_lists:
            is_number = pc.or_(is_number, pc.match_substring_regex(distinct, _NUMBERS))
        codes = encoded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False).astype(np.int64)
        return cls(cells, distinct, pc.if_else(is_number, nothing, distinct), numbers, codes)


class FreeText:
    """Counts the long texts of one column in bounded memory."""

    def __init__(self, column: str) -> None:
        self.column = column
        self._seen: set[int] = set()
        self._spots: list[tuple[int, str]] = []
        self._count = 0

    def add(self, texts: Texts) -> None:
        """Count the long texts of a chunk."""
        are_long = np.append(_are_long(texts.words), np.False_)
        if not are_long.any():
            return
        where = np.flatnonzero(are_long[texts.codes])
        self._count += len(where)
        # One row per text: a remark repeated in every row of its author would hide the others.
        first = where[np.unique(texts.codes[where], return_index=True)[1]][: MOST_PLACES - len(self._spots)]
        found = plain_texts(texts.words.take(texts.codes[first]))
        for row, text in zip(texts.cells.rows[first].tolist(), found, strict=True):
            if hash(text) not in self._seen:
                self._seen.add(hash(text))
                self._spots.append((row, masked(text or "")))

    def tell(self, report: Report, file: str, rows: int) -> None:
        """Report the column if it is free text; `rows` is the table's number of rows."""
        if self._spots and (len(self._seen) >= FEWEST_TEXTS or 2 * self._count < rows):
            places, values = zip(*sorted(self._spots, key=lambda spot: spot[0]), strict=True)
            report.add_rows(rules.FREE_TEXT, places, values, file=file, column=self.column, count=self._count)


def _are_long(texts: pa.Array) -> npt.NDArray[np.bool_]:
    if (pc.max(pc.binary_length(texts)).as_py() or 0) < SHORTEST:
        return np.zeros(len(texts), dtype=np.bool_)
    is_prose = pc.match_substring_regex(texts, f"{_FOUR_WORDS}|{_WITHOUT_SPACES}")
    is_long = pc.and_(is_prose, pc.greater_equal(pc.binary_length(texts), SHORTEST))
    found = pc.fill_null(pc.and_not(is_long, pc.match_substring_regex(texts, _JSON)), False)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)
