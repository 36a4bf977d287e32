"""Values of one column: from the file's content to the schema's type, with a finding for every fault."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.schema.arrays import as_mask
from hmix_hub.schema.column import BY_CLASS_KINDS
from hmix_hub.studies.columns.by_class import ByClassReader, is_by_class
from hmix_hub.studies.columns.labels import LabelReader, is_list_of_labels
from hmix_hub.studies.columns.numbers import (
    NumberListReader,
    as_whole,
    emptied,
    finite,
    is_list_of_numbers,
    read_numbers,
    read_truths,
)
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.reading.arrays import as_text
from hmix_hub.studies.reading.chunks import CELL_LIMIT
from hmix_hub.studies.rules import columns as rules
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules.rule import Rule

IDENTIFIER_FORM = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_FORMULA = r"^[=+\-@]"
_CONTROL = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x7F]"
_NUMBER_LIKE = r"^[+-]?[0-9.]"
IDENTIFIERS = ("participant_id", "collection_round")
MUCH = 100
"""Maximum of a percentage."""
SMALLEST_SCALE = 50
"""A column is taken as percentages only if its largest value exceeds this; otherwise it may be a scale of 1 to 5."""


class ColumnReader:
    """Reader of one column of one file, chunk by chunk."""

    def __init__(self, column: Column, vocabulary: Vocabulary, reporter: Reporter) -> None:
        self.column = column
        self.vocabulary = vocabulary
        self.reporter = reporter
        self.range = NumberRange(column, reporter)
        self._labels = LabelReader(vocabulary, reporter, is_nullable=column.nullable)
        self._lists = (
            ByClassReader(column, vocabulary, reporter)
            if column.kind in BY_CLASS_KINDS
            else NumberListReader(column, reporter)
        )

    def read(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N values, text or typed, in rows, int64 (N,), as the column's type; null where missing or invalid."""
        text = as_text(raw)
        if text is not None:
            present = as_mask(pc.not_equal(text, "")) if len(text) else np.zeros(0, dtype=bool)
            values = self._from_text(text, rows)
        else:
            present = as_mask(raw.is_valid())
            values = self._from_typed(raw, rows)
        if not self.column.nullable and not present.all() and self.column.kind is not Kind.LABELS:
            self.reporter.add_where(rules.MISSING, ~present, rows)
        # Adding 0 turns -0 into 0, so that ids computed from numbers are equal.
        signless = pc.add(values, 0.0) if self.column.kind is Kind.FLOAT64 else values
        return self.range.check(signless, rows)

    def _from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        kind = self.column.kind
        if kind in {Kind.INT32, Kind.INT64}:
            return as_whole(read_numbers(text, rows, self.reporter), self.column, rows, self.reporter)
        if kind in {Kind.FLOAT64, Kind.BOOL}:
            return (read_numbers if kind is Kind.FLOAT64 else read_truths)(text, rows, self.reporter)
        lists = {
            Kind.LABEL: self._labels.from_text,
            Kind.LABELS: self._labels.lists_from_text,
            **dict.fromkeys({Kind.FLOATS, *BY_CLASS_KINDS}, self._lists.from_text),
        }
        if kind in lists:
            return lists[kind](text, rows)
        strings = self._strings(text, rows)
        return self._chosen(strings, rows) if self.column.choices else strings

    def _from_typed(self, raw: pa.Array, rows: Ints) -> pa.Array:
        kind, column = self.column.kind, self.column
        is_whole = types.is_integer(raw.type)
        if kind in {Kind.FLOAT64, Kind.INT32, Kind.INT64} and (is_whole or types.is_floating(raw.type)):
            # An unsafe cast: integers that float64 must round are out of every range anyway.
            numbers = finite(pc.cast(raw, pa.float64(), safe=False), rows, self.reporter)
            return numbers if kind is Kind.FLOAT64 else as_whole(numbers, column, rows, self.reporter)
        if kind is Kind.BOOL and types.is_boolean(raw.type):
            return raw
        if kind in {Kind.BOOL, Kind.STRING} and is_whole:
            return self._from_text(as_text(pc.cast(raw, pa.string())), rows)
        if kind is Kind.LABEL and is_whole and not self._labels.has_numbers_for_names:
            return self._labels.from_codes(raw, rows)
        is_list = {
            Kind.LABELS: is_list_of_labels,
            Kind.FLOATS: is_list_of_numbers,
            **dict.fromkeys(BY_CLASS_KINDS, is_by_class),
        }.get(kind)
        if is_list is not None and is_list(raw.type):
            return (self._labels if kind is Kind.LABELS else self._lists).from_lists(raw, rows)
        note = f"the file's type is {raw.type}"
        if kind is Kind.LABEL and is_whole:
            note = "integers are ambiguous here, as class names or labels; write text"
        self.reporter.add_where(rules.TYPE, np.ones(len(raw), dtype=bool), rows, None, note)
        return pa.nulls(len(raw), column.arrow_type(self.vocabulary))

    def _chosen(self, strings: pa.Array, rows: Ints) -> pa.Array:
        """Report texts that are not among the column's allowed values, and replace them by null."""
        bad = as_mask(pc.and_(strings.is_valid(), pc.invert(pc.is_in(strings, pa.array(self.column.choices)))))
        self.reporter.add_where(rules.CHOICE, bad, rows, strings, f"allowed: {self.column.range}")
        return pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), strings) if bad.any() else strings

    def _strings(self, text: pa.Array, rows: Ints) -> pa.Array:
        encoded = emptied(text).dictionary_encode()
        distinct = encoded.dictionary
        indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)

        def add(rule: Rule, bad: Mask, note: str = "") -> None:
            # A fault of a text applies to all of its rows.
            if bad.any():
                self.reporter.add_where(rule, np.append(bad, False)[indices], rows, text, note)

        too_long = as_mask(pc.greater(pc.utf8_length(distinct), CELL_LIMIT))
        add(file_rules.TOO_LARGE, too_long, f"more than {CELL_LIMIT} characters")
        trimmed = pc.utf8_trim_whitespace(distinct)
        untidy = as_mask(pc.not_equal(trimmed, distinct))
        add(rules.UNTIDY, untidy)
        control = as_mask(pc.match_substring_regex(distinct, _CONTROL)) & ~too_long
        add(file_rules.CONTROL_CHARACTER, control)
        bad = too_long | control
        if self.column.name in IDENTIFIERS:
            malformed = as_mask(pc.invert(pc.match_substring_regex(trimmed, IDENTIFIER_FORM))) & ~too_long
            add(rules.IDENTIFIER, malformed)
            bad = bad | malformed
        else:
            looks_numeric = pc.match_substring_regex(trimmed, _NUMBER_LIKE)
            formula = as_mask(pc.and_not(pc.match_substring_regex(trimmed, _FORMULA), looks_numeric)) & ~too_long
            add(rules.FORMULA, formula)
        if not (bad.any() or untidy.any()):
            return emptied(text)
        kept = pc.if_else(pa.array(bad), pa.scalar(None, pa.string()), trimmed)
        return pc.take(kept, encoded.indices)


class NumberRange:
    """Range of a column's numbers; a column of shares in percent is one fault, not one per row."""

    def __init__(self, column: Column, reporter: Reporter) -> None:
        self.column, self.reporter = column, reporter
        self._is_share = column.low == 0 and column.high == 1
        self._percents = self._others = self._fractions = 0
        self._largest = 0.0
        self._spots: list[tuple[int, float]] = []

    def check(self, values: pa.Array, rows: Ints) -> pa.Array:
        """Return the values, with null for those out of range."""
        column = self.column
        if column.low is None or column.kind not in {Kind.FLOAT64, Kind.INT32, Kind.INT64}:
            return values
        low, high = column.low, np.inf if column.high is None else column.high
        found = pc.cast(values, pa.float64()).fill_null(low).to_numpy(zero_copy_only=False)
        bad = (found < low) | (found > high)
        if self._is_share:
            self._fractions += int(((found > 0) & (found < high)).sum())
            self._largest = max(self._largest, float(found.max(initial=0)))
        if not bad.any():
            return values
        if self._is_share:
            percents = (found > high) & (found <= MUCH)
            self._percents += int(percents.sum())
            self._others += int((bad & ~percents).sum())
            room = max(MUCH - len(self._spots), 0)
            self._spots += [(int(rows[i]), float(found[i])) for i in np.flatnonzero(bad)[:room]]
        else:
            self.reporter.add_where(rules.RANGE, bad, rows, values, f"the range is {column.range}")
        return pc.if_else(pa.array(~bad), values, pa.scalar(None, values.type))

    def merge(self, later: NumberRange) -> None:
        """Add the results of the file's next rows."""
        self._percents += later._percents
        self._others += later._others
        self._fractions += later._fractions
        self._largest = max(self._largest, later._largest)
        self._spots = (self._spots + later._spots)[:MUCH]

    def finish(self, reporter: Reporter) -> None:
        """Report if the column is in percent, or has numbers out of range."""
        bad = self._percents + self._others
        if not bad:
            return
        # A wrong fix is worse than none: require that there are no fractions, and values beyond those of rating scales.
        is_scaled = not self._others and self._percents > 1 and not self._fractions
        is_percent = is_scaled and self._largest > SMALLEST_SCALE
        rule = rules.PERCENT if is_percent else rules.RANGE
        rows, found = [row for row, _ in self._spots], [value for _, value in self._spots]
        notes = ["" if is_percent else self._note(is_scaled=is_scaled)] * len(rows)
        reporter.add_rows(rule, rows, found, notes=notes, count=bad)

    def _note(self, *, is_scaled: bool) -> str:
        said = f"the range is {self.column.range}"
        if is_scaled:
            return f"{said}; the largest value is {self._largest:g}: if this is another scale, rescale it to 0 to 1"
        if self._percents > 1 and self._fractions and not self._others:
            return f"{said}; {self._fractions:,} other values are within it: does the column mix two units?"
        return said
