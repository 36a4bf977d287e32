"""Mapped columns: the result of a column map for one column, and the cells it does not match, over all files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import Where
from hmix_hub.importing.calculation import Calculation, difference
from hmix_hub.importing.cells import Batch, Cells, are_filled
from hmix_hub.importing.combined_columns import combined
from hmix_hub.importing.json_paths import NULL, OFF, written
from hmix_hub.importing.map_keys import Extraction, From, Operand, listed, words
from hmix_hub.importing.patterns import group_of, groups_of
from hmix_hub.schema import Kind, arrays
from hmix_hub.schema.arrays import Ints, Mask
from hmix_hub.tasks import TASKS, observed_columns

_PICTURES = {f"{kind}_coefficient" for kind in ("mixing", "start", "selected")}
_PICTURES |= {"path_coefficients", "grid_coefficients"}
"""Columns with mixing coefficients; see `Calculation`."""
_LISTS = {
    column.name for task in TASKS.values() for column in task.columns if column.kind in {Kind.LABELS, Kind.FLOATS}
}
"""List columns, for which a pattern collects every match."""
_WHOLE = {column.name for task in TASKS for column in observed_columns(task) if column.kind is Kind.INT32}
_MADE = "combined"
_SHOWN, _SHOWN_CHARACTERS = 4, 40
_SAMPLED = 1000
"""Number of cells at the beginning of a file from which examples for messages are taken."""


@dataclass
class Misfits:
    """Invalid cells of one column: their number, and the first one."""

    count: int = 0
    where: Where = field(default_factory=Where)
    text: str = ""

    def add(self, is_bad: Mask, batch: Batch, cells: pa.ChunkedArray, column: str) -> None:
        """Count the bad cells among N; the first of `cells` is shown."""
        rows = np.flatnonzero(is_bad)
        if len(rows) and not self.count:
            first = int(rows[0])
            self.where = batch.where(first, column)
            self.text = cells[first].as_py() or ""
        self.count += len(rows)

    def __str__(self) -> str:
        return f"the first is {_cut(self.text)} in {Path(self.where.file or '').name}, row {self.where.row}"


class Made(NamedTuple):
    """A mapped column for N rows."""

    values: pa.ChunkedArray
    """N strings, null where empty, and unchanged where they are not numbers to calculate with."""
    is_unfit: Mask
    """bool (N,): whether a cell is not empty but does not match the map."""
    is_outside: Mask
    """bool (N,): whether a number is outside the scale."""
    shown: pa.ChunkedArray
    """The N raw cells, for messages."""


@dataclass
class MappedColumn:
    """A column of the judgment file: its origin, and the cells that did not match, over all files."""

    target: str
    origin: From
    _held: int = 0
    _is_made: bool = False
    _is_met: bool = False
    _seen: dict[str, None] = field(default_factory=dict)
    unfit: Misfits = field(default_factory=Misfits)
    """Non-empty cells that gave no value, since they do not match the map."""
    outside: Misfits = field(default_factory=Misfits)
    """Numbers outside the scale."""
    replaced: int = 0
    """Number of cells whose word is in `values`."""
    left: Counter[str] = field(default_factory=Counter)
    """Numbers of cells by word that is neither in `values` nor one of its replacements."""

    @property
    def is_list(self) -> bool:
        """Return whether values are lists."""
        return self.target in _LISTS or bool(self.origin.findall)

    @property
    def taken(self) -> list[Extraction]:
        """Return what is extracted from raw columns."""
        return [one for one in (self.origin, self.origin.minus) if one is not None and one.columns]

    @property
    def calculation(self) -> Calculation:
        """Return the calculation for its numbers."""
        origin = self.origin
        return Calculation(
            origin.add,
            origin.multiply,
            origin.divide,
            origin.scale,
            origin.flip,
            is_rounded=self.target in _PICTURES,
            is_whole=self.target in _WHOLE,
        )

    def add(self, cells: Cells, batch: Batch) -> pa.ChunkedArray | pa.Array:
        """Map the column for the rows of some files, and count invalid cells."""
        raw = cells.raw
        if self.origin.origin == "constant":
            return pa.array([self.origin.constant or None] * raw.num_rows, pa.string())
        if self.origin.origin == "number" or any(
            all(name not in raw.column_names for name in names) for names in self.origin.named
        ):
            return pa.nulls(raw.num_rows, pa.string())
        made = self.make(cells)
        self._held += int(are_filled(made.shown).sum())
        self.unfit.add(made.is_unfit, batch, made.shown, self.origin.in_words)
        self.outside.add(made.is_outside, batch, made.shown, self.origin.in_words)
        self._is_made |= made.values.null_count < raw.num_rows
        if self.origin.equals is not None:
            self._is_met |= bool(pc.any(pc.equal(made.values, "true")).as_py())
        if len(self._seen) < _SHOWN:
            shown = made.shown.slice(0, _SAMPLED).unique().to_pylist()
            self._seen |= dict.fromkeys(text for text in shown if text.strip())
        return made.values

    def make(self, cells: Cells) -> Made:
        """Map the column for N rows."""
        origin, calculation = self.origin, self.calculation
        is_unfit = np.zeros(cells.raw.num_rows, dtype=bool)
        if origin.column is None:
            texts, is_unfit = combined(cells, origin, is_list=self.is_list, calculation=calculation)
            shown = _side_by_side(cells, origin)
            taken = Operand(column=_MADE, json=origin.json_key, pattern=origin.pattern)
            codes, found, is_missed = self._taken(Cells(pa.table({_MADE: texts}), [taken]), taken)
        else:
            shown = cells.column(cells.names(origin))
            codes, found, is_missed = self._taken(cells, origin)
        if origin.keys is None:
            self._count_words(found, np.bincount(codes, minlength=len(found)).tolist())
            found = self._replaced(found)
        is_unfit = is_unfit | is_missed[codes]
        values = pa.array([text or None for text in found], pa.string())
        if origin.minus is not None:
            other_codes, others, is_missed = _texts(cells, origin.minus, is_list=False)
            rows = [values.take(pa.array(codes)), pa.array(others, pa.string()).take(pa.array(other_codes))]
            values, is_apart = difference(*rows)
            is_unfit, codes = is_unfit | is_missed[other_codes] | is_apart, np.arange(len(values))
        is_outside = np.zeros(len(values), dtype=bool)
        if calculation and origin.counts is None:
            # Calculate once for each distinct text.
            values, is_outside = calculation.apply(values)
        return Made(arrays.take(pa.chunked_array([values]), codes), is_unfit, is_outside[codes], shown)

    def _taken(self, cells: Cells, taken: Extraction) -> tuple[Ints, list[str | None], Mask]:
        if self.origin.keys is None:
            all_matches = self.is_list if self.origin.findall is None else self.origin.findall
            return _texts(cells, taken, is_list=self.is_list, all_matches=all_matches)
        codes, texts = cells.distinct(cells.names(taken))
        found = _key_lists(cells.values(taken), self.origin)
        return codes, found, _missed(texts.to_pylist(), found)

    def _replaced(self, texts: list[str | None]) -> list[str | None]:
        named, wanted = self.origin.values, None if self.origin.equals is None else set(words(self.origin.equals))
        if named is not None:
            texts = [text if text is None else _replaced(text, named, is_list=self.is_list) for text in texts]
        if wanted is not None:
            texts = [text if text is None else str(text.strip().lower() in wanted).lower() for text in texts]
        return texts

    def _count_words(self, taken: list[str | None], counts: list[int]) -> None:
        named = self.origin.values
        if named is None:
            return
        results = set(named.values())
        for text, count in zip(taken, counts, strict=True):
            for item in _words_of(text or "", named, is_list=self.is_list):
                if item in named:
                    self.replaced += count
                elif item.strip() and item not in results:
                    self.left[item] += count

    def misfit(self) -> str:
        """Return a message on the number of non-empty cells that gave no value, and the first of them."""
        return (
            f"{self.target}: {self.unfit.count} of {self._held} non-empty cells of {self.origin.in_words} gave no "
            f"value; {self.unfit}"
        )

    def off_scale(self) -> str:
        """Return a message on the number of values outside the scale, and the first of them."""
        low, high = self.origin.scale or (0, 1)
        return (
            f"{self.target}: {self.outside.count} of {self._held} values of {self.origin.in_words} are outside the "
            f"scale [{low:g}, {high:g}]; {self.outside}"
        )

    def doubts(self) -> list[str]:
        """Return notes on suspicious results: an empty column, no cell equal to `equals`, or words not in `values`."""
        seen = ", ".join(map(_cut, list(self._seen)[:_SHOWN])) or "nothing"
        if not self.origin.named:
            return []
        if self.origin.equals is not None and not self._is_met:
            wanted = listed(self.origin.equals)
            return [f"{self.target}: no row of {self.origin.in_words} is {wanted}; found {seen}"]
        if self._held and not self._is_made:
            return [f"{self.target}: {self.origin.in_words} gave no values; found {seen}"]
        return [*([self.misfit()] if self.unfit.count else []), *self._unnamed()]

    def _unnamed(self) -> list[str]:
        """Return a note on words that are not in `values` although most are; they may show a wrong key."""
        count = self.left.total()
        if not 0 < count < self.replaced:
            return []
        words = ", ".join(f"{_cut(word)} ({count})" for word, count in self.left.most_common(_SHOWN))
        more = f" and {len(self.left) - _SHOWN} more" if len(self.left) > _SHOWN else ""
        kept = f"{count} row{'s' if count > 1 else ''} kept a word of {self.origin.in_words}"
        return [f"{self.target}: {kept} that is not in `values:`: {words}{more}"]


def _cut(text: str) -> str:
    return repr(text[:_SHOWN_CHARACTERS])


def _side_by_side(cells: Cells, origin: From) -> pa.ChunkedArray:
    """Return the cells of a combined column's raw columns, for messages."""
    names = [name for names in origin.named for name in names if name in cells.raw.column_names]
    columns = [cells.raw[name] for name in names]
    return pc.binary_join_element_wise(*columns, " ") if columns else cells.column(())


def _texts(
    cells: Cells, taken: Extraction, *, is_list: bool, all_matches: bool = False
) -> tuple[Ints, list[str | None], Mask]:
    """Return what `json` and `pattern` extract from each distinct text, and which do not match; bool (D,)."""
    codes, texts = cells.distinct(cells.names(taken))
    held: list[str | None] = texts.to_pylist()
    found, is_missed = held, np.zeros(len(held), dtype=bool)
    if taken.json_key is not None:
        found = [written(value, is_list=is_list) for value in cells.values(taken)]
        is_missed = _missed(held, found)
        found = [None if text is NULL else text for text in found]
    if taken.pattern is not None:
        held, column = found, pa.array(found, pa.string())
        if all_matches:
            found = ["|".join(groups) or None for groups in groups_of(taken.pattern, column)]
        else:
            found = [text or None for text in group_of(taken.pattern, column).to_pylist()]
        is_missed = is_missed | _missed(held, found)
    return codes, found, is_missed


def _missed(before: list[str | None], after: list[str | None]) -> Mask:
    """Return whether each text was not empty but gave nothing; bool (D,)."""
    pairs = zip(before, after, strict=True)
    return np.array([bool(one and one.strip()) and other is None for one, other in pairs], dtype=bool)


def _replaced(text: str, values: Mapping[str, str], *, is_list: bool) -> str:
    return "|".join(filter(None, (values.get(word, word) for word in _words_of(text, values, is_list=is_list))))


def _words_of(text: str, values: Mapping[str, str], *, is_list: bool) -> list[str]:
    """Return what is looked up in `values`: the text, or each item of `a|b` if `is_list`."""
    return text.split("|") if is_list and text not in values else [text]


def _key_lists(objects: list[Any], origin: From) -> list[str | None]:
    """Return the list `a|b` of the pattern's matches in each object's keys that are on; `None` for other values."""
    on = [
        [key for key, value in found.items() if _is_on(value)] if isinstance(found, dict) else None for found in objects
    ]
    distinct = list(dict.fromkeys(key for keys in on for key in keys or () if written(key) == key))
    groups = group_of(origin.keys or "", pa.array(distinct, pa.string())).to_pylist()
    replaced = origin.values or {}
    items = {key: replaced.get(group, group) for key, group in zip(distinct, groups, strict=True) if group}
    return [None if keys is None else "|".join(filter(None, map(items.get, keys))) for keys in on]


def _is_on(value: Any) -> bool:
    """Return whether a form's box is checked; forms omit the key of an unchecked box, or write that it is off."""
    return not (value is None or str(value).strip().lower() in OFF)
