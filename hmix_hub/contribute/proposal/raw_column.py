"""Raw columns: those of a raw table and those within JSON cells, with statistics over some of the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.contribute.privacy.patterns import PATTERNS
from hmix_hub.importing.json_paths import parsed
from hmix_hub.importing.outcome import ROW
from hmix_hub.schema.arrays import Ints, Mask, encode
from hmix_hub.studies.columns.numbers import NULL_WORDS, NUMBER, with_point
from hmix_hub.studies.reading.json_file import value_text

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")
_SAMPLED = 400
"""Number of cells that are searched for JSON."""
_DEPTH, _PATHS = 4, 80
_STRUCTURAL = ("task", "from_name")
_TELLING = (*_STRUCTURAL, "name", "question", "key", "id")
"""Keys that distinguish the elements of an array: those of known exports, and common ones."""
_BY_NAME = re.compile(r"(?:^|\.)(?:name|question|key|id)=")
_ALMOST_ALL = 0.9
_PATH_PART = re.compile(r"[^.=]{1,60}")
_SHOWN = 4
_NOTHING = frozenset({*NULL_WORDS, ""}) - {"none", "-", "?"}
_LONGEST_WORD = 30
_FEW_WORDS = 3


@dataclass(frozen=True, eq=False)
class RawColumn:
    """A column of N cells.

    Parameters
    ----------
    origin
        Its position, in the syntax of a column map.
    texts
        M distinct texts.
    codes
        int64 (N,): index of the text in each cell.
    """

    origin: dict[str, Any]
    texts: Sequence[str]
    codes: Ints = field(repr=False)

    @cached_property
    def name(self) -> str:
        """Its name in lower case, split into words: "image 1 num clicks"."""
        name = f"{self.origin['column']} {self.origin.get('json', '')}"
        return " ".join(part.lower() for part in _PARTS.findall(name))

    @cached_property
    def own_name(self) -> str:
        """The name of only the innermost key."""
        name = str(self.origin.get("json") or self.origin["column"]).rsplit(".", 1)[-1]
        return " ".join(part.lower() for part in _PARTS.findall(name))

    @cached_property
    def is_filled(self) -> Mask:
        """Which cells are not empty; bool (N,). Words such as NA count as empty."""
        known = np.array([text.strip().lower() not in _NOTHING for text in self.texts], dtype=bool)
        return known[self.codes]

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        """float64 (N,): the number in each cell; NaN if there is none."""
        found = [with_point(text).strip() for text in self.texts]
        values = [float(text) if re.fullmatch(NUMBER, text) else np.nan for text in found]
        return np.array(values, dtype=np.float64)[self.codes]

    def words(self, rows: Mask) -> dict[str, int]:
        """Return the distinct texts of some rows with their counts, most frequent first."""
        counts = np.bincount(self.codes[rows & self.is_filled], minlength=len(self.texts))
        order = np.argsort(-counts, kind="stable")
        return {self.texts[code]: int(counts[code]) for code in order.tolist() if counts[code]}

    def n_distinct(self, rows: Mask) -> int:
        """Return the number of distinct texts in some rows."""
        return len(np.unique(self.codes[rows & self.is_filled]))

    def share(self, rows: Mask) -> float:
        """Return the share of some rows whose cells are filled."""
        return float(self.is_filled[rows].mean()) if rows.any() else 0.0

    def nothing(self, rows: Mask) -> list[str]:
        """Return the words in some rows that denote a missing value, such as NA."""
        counts = np.bincount(self.codes[rows & ~self.is_filled], minlength=len(self.texts))
        return sorted({self.texts[code].strip() for code in np.flatnonzero(counts).tolist()} - {""})

    def is_numeric(self, rows: Mask) -> bool:
        """Return whether the non-empty cells of some rows are numbers."""
        held = self.numbers[rows & self.is_filled]
        return bool(len(held)) and bool(np.isfinite(held).mean() > 0.98)

    def values(self, rows: Mask) -> npt.NDArray[np.float64]:
        """Return the numbers in some rows."""
        held = self.numbers[rows]
        return held[np.isfinite(held)]

    def follows_from(self, other: RawColumn, rows: Mask) -> bool | None:
        """Return whether rows that agree in another column agree in this one; `None` if too few agree to know."""
        both = rows & self.is_filled & other.is_filled
        ours, theirs = self.codes[both], other.codes[both]
        n_groups = len(np.unique(theirs))
        if n_groups == 0 or len(theirs) < 1.5 * n_groups:
            return None
        n_pairs = len(np.unique(theirs * len(self.texts) + ours))
        return n_pairs <= 1.02 * n_groups

    def is_unique_with(self, other: RawColumn, rows: Mask) -> bool:
        """Return whether no two of some rows agree in both columns."""
        pairs = self.codes[rows] * len(other.texts) + other.codes[rows]
        return len(np.unique(pairs)) == len(pairs)

    def shown(self, rows: Mask) -> str:
        """Return a description of some rows: the range of numbers, or the words if they are few and harmless."""
        n_distinct = self.n_distinct(rows)
        if self.is_numeric(rows):
            values = self.values(rows)
            return f"{values.min():g} to {values.max():g}, median {np.median(values):g}"
        counts = self.words(rows)
        words = list(counts)
        # Texts that hardly ever repeat were typed freely.
        if sum(counts.values()) >= 1.5 * n_distinct and are_harmless(words):
            more = f" and {n_distinct - _SHOWN} more" if n_distinct > _SHOWN else ""
            return ", ".join(words[:_SHOWN]) + more
        return f"{n_distinct:,} value{'s' if n_distinct != 1 else ''}"


def are_harmless(words: Sequence[str], *, most: int = 100) -> bool:
    """Return whether words may be shown: few, short, and not identifying anybody."""
    if len(words) > most or any(len(word) > _LONGEST_WORD or len(word.split()) > _FEW_WORDS for word in words):
        return False
    texts = pa.array(words, pa.string())
    return not any(pattern.hits(texts).true_count for pattern in PATTERNS)


def without_people(columns: Sequence[RawColumn]) -> list[RawColumn]:
    """Return the columns whose names, including JSON keys, contain nothing that identifies a person."""
    names = pa.array([f"{column.origin['column']} {column.origin.get('json', '')}" for column in columns], pa.string())
    is_private = np.zeros(len(columns), dtype=bool)
    for pattern in PATTERNS:
        is_private |= pattern.hits(names).to_numpy(zero_copy_only=False)
    return [column for column, private in zip(columns, is_private.tolist(), strict=True) if not private]


def columns_of(table: pa.Table) -> list[RawColumn]:
    """Return the columns of a raw table, and those within its JSON cells."""
    found: list[RawColumn] = []
    for name in table.column_names:
        if name == ROW:
            continue
        codes, texts = encode(table[name])
        column = RawColumn({"column": name}, texts.to_pylist(), codes)
        if not column.is_filled.any():
            continue
        within = list(_within(column))
        found += within or [column]
    return found


def _within(column: RawColumn) -> Iterator[RawColumn]:
    """Yield the columns within a column of JSON: objects, and arrays of objects."""
    sample = [text for text in column.texts if text.strip()][:_SAMPLED]
    if not sample or sum(text.lstrip()[:1] in {"{", "["} for text in sample) < len(sample) / 2:
        return
    cells = [parsed(text) for text in column.texts]
    leaves = [dict(_leaves(cell, "", _DEPTH, _TELLING)) for cell in cells]
    named = [paths for leaf in leaves if (paths := [path for path in leaf if _BY_NAME.search(path)])]
    if any(count < _ALMOST_ALL * len(named) for count in Counter(chain(*named)).values()):
        # Values that differ between cells may identify participants, and cannot distinguish elements.
        leaves = [dict(_leaves(cell, "", _DEPTH, _STRUCTURAL)) for cell in cells]
    paths = list(dict.fromkeys(path for leaf in leaves[: 4 * _SAMPLED] for path in leaf))[:_PATHS]
    for path in paths:
        texts = pa.array([leaf.get(path, "") for leaf in leaves], pa.string())
        codes, distinct = encode(pa.chunked_array([texts]))
        yield RawColumn(column.origin | {"json": path}, distinct.to_pylist(), codes[column.codes])


def _leaves(value: Any, path: str, depth: int, telling: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the plain values within a value, each with its path."""
    if isinstance(value, dict) and depth:
        for key, part in value.items():
            if _PATH_PART.fullmatch(key):
                yield from _leaves(part, f"{path}.{key}" if path else key, depth - 1, telling)
    elif isinstance(value, list) and depth and all(isinstance(part, dict) for part in value):
        for number, part in enumerate(value[:_SHOWN]):
            named = next((key for key in telling if _is_telling(key, value)), None)
            step = f"{named}={part[named]}" if named else str(number)
            yield from _leaves(part, f"{path}.{step}" if path else step, depth - 1, telling)
    elif isinstance(value, list) and len(value) == 1 and not isinstance(value[0], dict | list):
        # PsychoPy writes lists of what was clicked, mostly with one item.
        yield from _leaves(value[0], f"{path}.0" if path else "0", depth - 1, telling)
    elif path and not isinstance(value, dict | list):
        text = value_text(value)
        if text is not None:
            yield path, text


def _is_telling(key: str, elements: list[dict[str, Any]]) -> bool:
    names = [element.get(key) for element in elements]
    return all(isinstance(name, str) and _PATH_PART.fullmatch(name) for name in names) and len({*names}) == len(names)
