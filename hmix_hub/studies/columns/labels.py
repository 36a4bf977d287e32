"""Labels: class names or class numbers, single or in lists, as codes in the study's vocabulary."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.errors import SchemaError, nearest
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.columns.numbers import clean_text, emptied
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.reading.arrays import items_of
from hmix_hub.studies.rules import stimuli as stimulus_rules


class LabelReader:
    """Reader of the labels of one column; a missing list is null if the column is nullable, and empty otherwise."""

    def __init__(self, vocabulary: Vocabulary, reporter: Reporter, *, is_nullable: bool = False) -> None:
        self.vocabulary, self.reporter = vocabulary, reporter
        self._nothing: list[int] | None = None if is_nullable else []

    @property
    def has_numbers_for_names(self) -> bool:
        """Return whether an integer could be both the name of one class and the label of another."""
        return any(name.isdecimal() and name != str(code) for code, name in enumerate(self.vocabulary.names))

    def from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        """Read N class names as int64 (N,); null where missing or not a class."""
        present = emptied(text)
        labels, unknown = self._known(present)
        if not unknown.any():
            return labels
        # Clean only what is not a class: a class may be named "none".
        rest = pc.if_else(pa.array(unknown), present, pa.scalar(None, pa.string()))
        cleaned, unknown = self._known(clean_text(rest, rows, self.reporter, names=self.vocabulary.names))
        self.reporter.add_where(stimulus_rules.CLASS, unknown, rows, text, lambda i: self._nearest(text[i].as_py()))
        return pc.coalesce(labels, cleaned)

    def _known(self, text: pa.Array) -> tuple[pa.Array, Mask]:
        """Return the labels of texts, and which texts are not class names."""
        encoded = text.dictionary_encode()
        codes = [self._code(name) for name in encoded.dictionary.to_pylist()]
        labels = pc.take(pa.array(codes, pa.int64()), encoded.indices)
        return labels, as_mask(pc.and_(encoded.is_valid(), labels.is_null()))

    def _code(self, name: str) -> int | None:
        try:
            return self.vocabulary.code(name)
        except SchemaError:
            return None

    def _nearest(self, name: object) -> str:
        return nearest(name, self.vocabulary.names, label="classes")

    def from_codes(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N integers as labels, int64 (N,); null where there is no such label."""
        # An unsafe cast: too large numbers become negative, which are not labels either.
        codes = pc.cast(raw, pa.int64(), safe=False)
        inside = pc.and_(pc.greater_equal(codes, 0), pc.less(codes, len(self.vocabulary)))
        self.reporter.add_where(stimulus_rules.CLASS, as_mask(pc.invert(inside)), rows, codes, "there is no such label")
        return pc.if_else(inside, codes, pa.scalar(None, pa.int64()))

    def lists_from_text(self, text: pa.Array, rows: Ints) -> pa.Array:
        """Read N lists of class names, `a|b` or JSON; empty (or null) where missing or unreadable."""
        encoded = emptied(text).dictionary_encode()
        if any(self._list(written)[1] for written in encoded.dictionary.to_pylist()):
            encoded = self._cleaned_lists(emptied(text), rows).dictionary_encode()
        lists: list[list[int] | None] = []
        faults: dict[int, str] = {}
        for number, written in enumerate(encoded.dictionary.to_pylist()):
            codes, fault = self._list(written)
            lists.append(self._nothing if fault else codes)
            if fault:
                faults[number] = fault
        if faults:
            indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
            bad = np.isin(indices, list(faults))
            self.reporter.add_where(stimulus_rules.CLASS, bad, rows, text, lambda i: faults[int(indices[i])])
        nothing = len(lists)
        found = pa.array([*lists, self._nothing], pa.list_(pa.int64()))
        return pc.take(found, encoded.indices.fill_null(nothing))

    def _cleaned_lists(self, text: pa.Array, rows: Ints) -> pa.Array:
        """Clean lists that cannot be read, reporting white space and words for missing values; see `clean_text`."""
        distinct = pc.unique(text).drop_null()
        faulty = [written for written in distinct.to_pylist() if self._list(written)[1]]
        is_faulty = pc.is_in(text, pa.array(faulty, pa.string()))
        cleaned = clean_text(pc.if_else(is_faulty, text, pa.scalar(None, pa.string())), rows, self.reporter)
        return pc.if_else(is_faulty, cleaned, text)

    def _list(self, written: str) -> tuple[list[int], str]:
        """Return the labels of a list, `a|b` or JSON, and a message if it is invalid."""
        try:
            names = items_of(written)
        except ValueError as error:
            return [], f"neither a|b nor a JSON list: {error}"
        codes = []
        for name in names:
            code = self._code(name.strip()) if isinstance(name, str) else None
            if code is None:
                return [], self._nearest(name)
            codes.append(code)
        return codes, ""

    def from_lists(self, raw: pa.Array, rows: Ints) -> pa.Array:
        """Read N lists of class names or labels; see `lists_from_text`."""
        lists = raw.to_pylist()
        if pa.types.is_string(_item_type(raw.type)) or pa.types.is_large_string(_item_type(raw.type)):
            written = ["" if value is None else json.dumps(value) for value in lists]
            return self.lists_from_text(pa.array(written, pa.string()), rows)
        known = range(len(self.vocabulary))
        bad = np.array([not all(code in known for code in value or []) for value in lists], dtype=bool)
        self.reporter.add_where(stimulus_rules.CLASS, bad, rows, raw, "there is no such label")
        good = [self._nothing if wrong or value is None else value for value, wrong in zip(lists, bad, strict=True)]
        return pa.array(good, pa.list_(pa.int64()))


def _item_type(kind: pa.DataType) -> pa.DataType:
    """Return the type of a list's items, decoded if they are dictionary-encoded."""
    item = kind.value_type
    return getattr(item, "value_type", item)


def is_list_of_labels(kind: pa.DataType) -> bool:
    """Return whether a type is a list of class names or labels."""
    if not (types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)):
        return False
    item = _item_type(kind)
    return bool(types.is_string(item) or types.is_large_string(item) or types.is_integer(item) or types.is_null(item))
