"""Numbers by class: counts or shares for each class of the study, from lists or objects with class names as keys."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.errors import SchemaError
from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.schema.arrays import Floats, as_mask, distributions
from hmix_hub.studies.columns.numbers import NumberListReader, emptied, is_list_of_numbers
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.rules import columns as rules
from hmix_hub.studies.rules import stimuli as stimulus_rules

_OBJECT = r"^\s*\{"
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_PLAIN = rf'^\s*\{{\s*(?:"[^"\\:\pC]*"\s*:\s*{_NUMBER}\s*,\s*)*"[^"\\:\pC]*"\s*:\s*{_NUMBER}\s*\}}\s*$'
"""A JSON object of numbers whose names have no colons or escapes, so that every colon precedes a number."""
_LONGEST = 301
"""Number of characters of a name that are looked up; class names are shorter."""
_LARGEST = 2**31 - 1
"""Maximum number of votes for one class."""
_MOST_KNOWN = 1000
"""Maximum number of combinations of class names that are cached."""


class ByClassReader:
    """Reader of one column with a number for each class.

    Accepts `12|3|0`, a JSON list in the order of the classes, or a JSON object by class name (0 for omitted classes);
    in Parquet, lists, or structs with a field for each class.

    Parameters
    ----------
    column
        The column in the schema; its range applies to each number.
    vocabulary
        The study's K class names.
    reporter
        Receives the findings.
    """

    def __init__(self, column: Column, vocabulary: Vocabulary, reporter: Reporter) -> None:
        self.column, self.vocabulary, self.reporter = column, vocabulary, reporter
        self._known: dict[tuple[str, ...], tuple[int, ...]] = {}
        # The range is checked after all forms have become arrays.
        self._lists = NumberListReader(replace(column, low=None, high=None), reporter)

    def from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        """Read N texts as lists of K numbers; null where missing, or where there is not one number per class."""
        present = emptied(text)
        is_object = as_mask(pc.match_substring_regex(present, _OBJECT))
        others = pc.if_else(pa.array(is_object), pa.scalar(None, pa.string()), present)
        values = self._of_lists(self._lists.from_text(others, rows), rows)
        if is_object.any():
            self._read_objects(present, is_object, rows, values)
        return self._made(values, rows, text)

    def from_lists(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N lists of numbers, or N structs with a number for each class; see `from_text`."""
        if types.is_struct(raw.type):
            return self._made(self._of_records(raw, rows), rows, raw)
        return self._made(self._of_lists(self._lists.from_lists(raw, rows), rows), rows, raw)

    def _of_lists(self, lists: pa.Array, rows: Ints) -> Floats:
        """Return lists as float64 (N, K); NaN where null or, which is reported, of another length."""
        lengths = pc.list_value_length(lists).fill_null(len(self.vocabulary)).to_numpy(zero_copy_only=False)
        other = lengths != len(self.vocabulary)
        k = len(self.vocabulary)
        self.reporter.add_where(
            rules.TYPE, other, rows, None, lambda i: f"{lengths[i]} numbers, but the study has {k} classes"
        )
        values = np.full((len(lists), k), np.nan)
        good = ~other & as_mask(lists.is_valid())
        values[good] = np.asarray(lists.filter(pa.array(good)).flatten(), dtype=np.float64).reshape(-1, k)
        return values

    def _read_objects(self, text: pa.Array, is_object: Mask, rows: Ints, values: Floats) -> None:
        """Read the texts that are JSON objects, once per distinct text, into their rows of `values`, float64 (N, K)."""
        written_in = text.filter(pa.array(is_object))
        encoded = written_in.dictionary_encode()
        unknown: dict[int, str] = {}
        faults: dict[int, str] = {}
        by_class = np.full((len(encoded.dictionary), len(self.vocabulary)), np.nan)
        rest = np.flatnonzero(~self._read_plain(encoded.dictionary, by_class)).tolist()
        for number, written in zip(rest, encoded.dictionary.take(pa.array(rest, pa.int64())).to_pylist(), strict=True):
            try:
                pairs = json.loads(written, object_pairs_hook=list)
                codes = self._codes(tuple(name for name, _ in pairs))
                numbers = _numbers([value for _, value in pairs])
            except SchemaError as error:
                unknown[number] = f"{error.message}; {error.hint}"
            except (ValueError, RecursionError, OverflowError) as error:
                faults[number] = f"neither numbers a|b nor JSON of numbers: {error}"
            else:
                by_class[number] = 0
                by_class[number, list(codes)] = numbers
        number_of = encoded.indices.to_numpy(zero_copy_only=False)
        at = np.flatnonzero(is_object)
        for rule, said in ((stimulus_rules.CLASS, unknown), (rules.TYPE, faults)):
            notes = np.array([said.get(number, "") for number in range(len(by_class))], dtype=object)[number_of]
            self.reporter.add_where(rule, notes != "", rows[at], written_in, notes.tolist().__getitem__)
        values[at] = by_class[number_of]

    def _read_plain(self, texts: pa.Array, values: Floats) -> Mask:
        """Read objects with the same classes in the same order together; return which of D were read, bool (D,)."""
        places = np.flatnonzero(as_mask(pc.match_substring_regex(texts, _PLAIN)))
        plain = texts.take(pa.array(places, pa.int64()))
        names = pc.replace_substring_regex(plain, rf":\s*{_NUMBER}", ":0").dictionary_encode()
        is_read = np.zeros(len(texts), dtype=bool)
        if len(names.dictionary) > _MOST_KNOWN:
            return is_read
        numbers = pc.split_pattern(pc.replace_substring_regex(plain, r'"[^"]*"\s*:|[{}\s]', ""), ",")
        form_of = names.indices.to_numpy(zero_copy_only=False)
        for form, written in enumerate(names.dictionary.to_pylist()):
            try:
                codes = self._codes(tuple(name for name, _ in json.loads(written, object_pairs_hook=list)))
            except (SchemaError, ValueError):
                # Each is read, and reported, on its own later.
                continue
            which = np.flatnonzero(form_of == form)
            found = np.asarray(pc.cast(numbers.take(pa.array(which)).flatten(), pa.float64()))
            found = found.reshape(len(which), len(codes))
            is_finite = np.isfinite(found.sum(axis=1))
            rows = places[which[is_finite]]
            values[rows] = 0
            values[np.ix_(rows, codes)] = found[is_finite]
            is_read[rows] = True
        return is_read

    def _codes(self, names: tuple[str, ...]) -> tuple[int, ...]:
        """Return the labels of the classes that an object names; raise `ValueError` for duplicates."""
        if names not in self._known:
            codes = tuple(map(self._code, names))
            if len(set(codes)) < len(codes):
                msg = "a class is repeated"
                raise ValueError(msg)
            if len(self._known) >= _MOST_KNOWN:
                return codes
            self._known[names] = codes
        return self._known[names]

    def _code(self, name: str) -> int:
        return self.vocabulary.code(name[:_LONGEST])

    def _of_records(self, raw: pa.Array, rows: Ints) -> Floats:
        values, broken = np.zeros((len(raw), len(self.vocabulary))), np.zeros(len(raw), dtype=bool)
        for field, column in zip(raw.type, raw.flatten(), strict=True):
            numbers = np.asarray(pc.cast(column, pa.float64(), safe=False).fill_null(0.0), dtype=np.float64)
            broken |= ~np.isfinite(numbers)
            try:
                values[:, self._code(field.name)] += numbers
            except SchemaError as error:
                said = f"{error.message}; {error.hint}"
                self.reporter.add_where(stimulus_rules.CLASS, as_mask(column.is_valid()), rows, None, said)
        self.reporter.add_where(rules.TYPE, broken, rows, None, "not all are finite numbers")
        values[broken | as_mask(raw.is_null())] = np.nan
        return values

    def _made(self, values: Floats, rows: Ints, raw: pa.Array) -> pa.Array:
        """Check values, float64 (N, K), and return them as lists; null where a number is invalid."""
        low = -np.inf if self.column.low is None else self.column.low
        high = _LARGEST if self.column.high is None else self.column.high
        bad = np.asarray(((values < low) | (values > high)).any(axis=1))
        self.reporter.add_where(rules.RANGE, bad, rows, raw, f"the range of each number is {self.column.range}")
        if self.column.kind is Kind.COUNTS:
            broken = (np.nan_to_num(values) % 1 != 0).any(axis=1) & ~bad
            self.reporter.add_where(rules.TYPE, broken, rows, raw, "not all are whole numbers")
            bad = bad | broken
        values[bad] = np.nan
        # Adding 0 turns -0 into 0.
        return distributions(values + 0.0, self.column.kind)


def _numbers(values: Sequence[Any]) -> list[float]:
    """Return JSON values as numbers; raise `ValueError` for other values."""
    if not {int, float}.issuperset(map(type, values)):
        wrong = next(value for value in values if type(value) not in {int, float})
        msg = f"{json.dumps(wrong)[:40]} is not a number"
        raise ValueError(msg)
    found = list(map(float, values))
    if not math.isfinite(sum(found)):
        msg = "not all are finite numbers"
        raise ValueError(msg)
    return found


def is_by_class(kind: pa.DataType) -> bool:
    """Return whether a type is a list of numbers, or a struct of numbers."""
    if types.is_struct(kind):
        return all(types.is_integer(field.type) or types.is_floating(field.type) for field in kind)
    return is_list_of_numbers(kind)
