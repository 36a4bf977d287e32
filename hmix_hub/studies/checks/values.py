"""Values of one column: from what stands in the file to the schema's type, every fault told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from hmix_hub.errors import SchemaError, nearest
from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.studies.checks.numbers import as_mask, as_whole, clean_text, emptied, read_numbers, read_truths
from hmix_hub.studies.checks.place import Ints, Mask, Place
from hmix_hub.studies.reading.pieces import CELL_LIMIT
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import stimuli as stimulus_rules
from hmix_hub.studies.rules import values as rules

if TYPE_CHECKING:
    import pyarrow as pa

_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_FORMULA = r"^[=+\-@\t\r]"
_NUMBER_LIKE = r"^[+-]?[0-9.]"
IDENTIFIERS = ("participant_id", "collection_round")
MUCH = 100
"""Full scale of percentages."""


class ColumnReader:
    """Reader of one column of one file, piece by piece.

    Parameters
    ----------
    column
        What the schema says of it.
    vocabulary
        Class names of the study.
    place
        Where findings are told.
    """

    def __init__(self, column: Column, vocabulary: Vocabulary, place: Place) -> None:
        self.column = column
        self.vocabulary = vocabulary
        self.place = place
        self._scale = _Scale(column, place)

    def read(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N values.

        Parameters
        ----------
        raw
            As the file has them: text, or typed.
        rows
            int64 (N,): number of each row.

        Returns
        -------
        pyarrow.Array
            N values of the column's type; null where missing, or where the value cannot be one.
        """
        import pyarrow.compute as pc

        text = as_text(raw)
        if text is not None:
            present = as_mask(pc.not_equal(text, "")) if len(text) else np.zeros(0, dtype=bool)
            values = self._from_text(text, rows)
        else:
            present = raw.is_valid().to_numpy(zero_copy_only=False)
            values = self._from_typed(raw, rows)
        if not self.column.nullable and not present.all() and self.column.kind is not Kind.LABELS:
            self.place.tell(rules.MISSING, ~present, rows)
        return self._scale.check(values, rows)

    def finish(self) -> None:
        """Tell what is known once all rows are read."""
        self._scale.finish()

    def _from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        kind = self.column.kind
        if kind is Kind.FLOAT64:
            return read_numbers(text, rows, self.place)
        if kind in {Kind.INT32, Kind.INT64}:
            return as_whole(read_numbers(text, rows, self.place), self.column, rows, self.place)
        if kind is Kind.BOOL:
            return read_truths(text, rows, self.place)
        if kind is Kind.LABEL:
            return self._labels(text, rows)
        if kind is Kind.LABELS:
            return self._label_lists(text, rows)
        return self._strings(text, rows)

    def _from_typed(self, raw: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = self.column.kind
        try:
            if kind is Kind.FLOAT64:
                return self._finite(pc.cast(raw, pa.float64()), rows)
            if kind in {Kind.INT32, Kind.INT64}:
                return as_whole(self._finite(pc.cast(raw, pa.float64()), rows), self.column, rows, self.place)
            if kind is Kind.BOOL and pa.types.is_boolean(raw.type):
                return raw
            if kind is Kind.LABEL and pa.types.is_integer(raw.type):
                return self._codes(raw, rows)
            if kind is Kind.LABELS:
                return self._typed_lists(raw, rows)
        except pa.ArrowException:
            pass
        self.place.tell(
            rules.TYPE, np.ones(len(raw), dtype=bool), rows, raw, lambda _: f"the file's type is {raw.type}"
        )
        return pa.nulls(len(raw), self.column.arrow_type(self.vocabulary))

    def _finite(self, numbers: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        is_finite = pc.is_finite(numbers)
        self.place.tell(rules.TYPE, as_mask(pc.invert(is_finite)), rows, numbers, lambda _: "not a finite number")
        return pc.if_else(is_finite, numbers, pa.scalar(None, pa.float64()))

    def _labels(self, text: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = emptied(text).dictionary_encode()
        names = encoded.dictionary.to_pylist()
        codes = [self._code(name) for name in names]
        if None in codes:
            clean = clean_text(emptied(text), rows, self.place).dictionary_encode()
            codes = [self._code(name) for name in clean.dictionary.to_pylist()]
            labels = pc.take(pa.array(codes, pa.int64()), clean.indices)
            unknown = as_mask(pc.and_(clean.is_valid(), labels.is_null()))
            self.place.tell(stimulus_rules.CLASS, unknown, rows, text, lambda i: self._nearest(text[i].as_py()))
            return labels
        return pc.take(pa.array(codes, pa.int64()), encoded.indices)

    def _code(self, name: str) -> int | None:
        try:
            return self.vocabulary.code(name)
        except SchemaError:
            return None

    def _nearest(self, name: object) -> str:
        return nearest(str(name)[:MUCH], self.vocabulary.names, label="classes")

    def _codes(self, raw: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        codes = pc.cast(raw, pa.int64())
        inside = pc.and_(pc.greater_equal(codes, 0), pc.less(codes, len(self.vocabulary)))
        self.place.tell(
            stimulus_rules.CLASS, as_mask(pc.invert(inside)), rows, codes, lambda _: "there is no such label"
        )
        return pc.if_else(inside, codes, pa.scalar(None, pa.int64()))

    def _label_lists(self, text: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = emptied(text).dictionary_encode()
        lists: list[list[int] | None] = []
        faults: dict[int, str] = {}
        for number, written in enumerate(encoded.dictionary.to_pylist()):
            codes, fault = self._list(written)
            lists.append(codes)
            if fault:
                faults[number] = fault
        if faults:
            indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            bad = np.isin(indices, list(faults))
            self.place.tell(stimulus_rules.CLASS, bad, rows, text, lambda i: faults[int(indices[i])])
        nothing = len(lists)
        found = pa.array([*lists, []], pa.list_(pa.int64()))
        return pc.take(found, encoded.indices.fill_null(nothing))

    def _list(self, written: str) -> tuple[list[int], str]:
        """Give the labels of a list, `a|b` or JSON, and what is wrong with it."""
        names: list[Any]
        try:
            names = json.loads(written) if written.lstrip().startswith("[") else written.split("|")
        except (ValueError, RecursionError) as error:
            return [], f"neither a|b nor a JSON list: {error}"
        codes = []
        for name in names:
            code = self._code(name.strip()) if isinstance(name, str) else None
            if code is None:
                return [], self._nearest(name)
            codes.append(code)
        return codes, ""

    def _typed_lists(self, raw: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa

        lists = [value or [] for value in raw.to_pylist()]
        written = [value if all(isinstance(item, str) for item in value) else None for value in lists]
        if all(value is not None for value in written):
            return self._label_lists(pa.array([json.dumps(value) if value else "" for value in lists]), rows)
        bad = np.array([not all(0 <= int(code) < len(self.vocabulary) for code in value) for value in lists])
        self.place.tell(stimulus_rules.CLASS, bad, rows, raw, lambda _: "there is no such label")
        good = [[] if wrong else value for value, wrong in zip(lists, bad, strict=True)]
        return pa.array(good, pa.list_(pa.int64()))

    def _strings(self, text: pa.Array, rows: Ints) -> pa.Array:
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = emptied(text).dictionary_encode()
        distinct = encoded.dictionary
        here = _Distinct(encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False), text, rows, self.place)
        too_long = as_mask(pc.greater(pc.utf8_length(distinct), CELL_LIMIT))
        here.tell(file_rules.TOO_LARGE, too_long, f"more than {CELL_LIMIT} characters")
        trimmed = pc.utf8_trim_whitespace(distinct)
        untidy = as_mask(pc.not_equal(trimmed, distinct))
        here.tell(rules.UNTIDY, untidy)
        bad = too_long
        if self.column.name in IDENTIFIERS:
            malformed = as_mask(pc.invert(pc.match_substring_regex(trimmed, _IDENTIFIER))) & ~too_long
            here.tell(rules.IDENTIFIER, malformed)
            bad = bad | malformed
        else:
            looks_numeric = pc.match_substring_regex(trimmed, _NUMBER_LIKE)
            formula = as_mask(pc.and_not(pc.match_substring_regex(distinct, _FORMULA), looks_numeric)) & ~too_long
            here.tell(rules.FORMULA, formula)
        if not (bad.any() or untidy.any()):
            return emptied(text)
        kept = pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), trimmed)
        return pc.take(kept, encoded.indices)


class _Distinct:
    """The distinct texts of a piece: what is wrong with one is wrong in each of its rows."""

    def __init__(self, indices: Ints, text: pa.Array, rows: Ints, place: Place) -> None:
        self.indices, self.text, self.rows, self.place = indices, text, rows, place

    def tell(self, rule: Any, bad: Mask, note: str = "") -> None:
        if bad.any():
            self.place.tell(rule, np.append(bad, False)[self.indices], self.rows, self.text, lambda _: note)


class _Scale:
    """Range of a column's numbers; a column of shares that was written in percent is one fault, not one a row."""

    def __init__(self, column: Column, place: Place) -> None:
        self.column, self.place = column, place
        self._is_share = column.low == 0 and column.high == 1
        self._numbers = self._percents = self._others = 0
        self._spots: list[tuple[int, float]] = []
        self._nonzero = 0

    def check(self, values: pa.Array, rows: Ints) -> pa.Array:
        """Give the values with null where they are out of range."""
        import pyarrow as pa
        import pyarrow.compute as pc

        column = self.column
        if column.low is None or column.kind not in {Kind.FLOAT64, Kind.INT32, Kind.INT64}:
            return values
        low, high = column.low, np.inf if column.high is None else column.high
        found = pc.cast(values, pa.float64()).fill_null(low).to_numpy(zero_copy_only=False)
        bad = (found < low) | (found > high)
        if self._is_share:
            self._numbers += len(found) - values.null_count
            self._nonzero += int(((found > 0) & (found <= high)).sum())
        if not bad.any():
            return values
        if self._is_share:
            percents = (found > high) & (found <= MUCH)
            self._percents += int(percents.sum())
            self._others += int((bad & ~percents).sum())
            room = max(MUCH - len(self._spots), 0)
            self._spots += [(int(rows[i]), float(found[i])) for i in np.flatnonzero(bad)[:room]]
        else:
            self.place.tell(rules.RANGE, bad, rows, values, lambda _: f"the range is {column.range}")
        return pc.if_else(pa.array(~bad), values, pa.scalar(None, values.type))

    def finish(self) -> None:
        """Tell whether the column is in percent, or some of its numbers out of range."""
        bad = self._percents + self._others
        if not bad:
            return
        is_percent = not self._others and self._percents > self._nonzero
        rule = rules.PERCENT if is_percent and self._percents > 1 else rules.RANGE
        rows, found = [row for row, _ in self._spots], [value for _, value in self._spots]
        notes = ["" if is_percent else f"the range is {self.column.range}"] * len(rows)
        place = self.place
        place.report.add_rows(rule, rows, found, file=place.file, column=place.column, notes=notes, count=bad)


def as_text(raw: pa.Array) -> pa.Array | None:
    """Give an array of text as plain strings, "" where null; `None` where it is none of text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = raw.type.value_type if pa.types.is_dictionary(raw.type) else raw.type
    if pa.types.is_null(kind):
        return pa.array([""] * len(raw), pa.string())
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return None
    text = raw if raw.type == pa.string() else pc.cast(raw, pa.string())
    return text.fill_null("") if text.null_count else text
