"""Mapped columns: what a column map makes of one raw column, cell by cell, and what it does not fit, over all files."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import Where
from hmix_hub.importing.column_map import From, group_of, groups_of, words
from hmix_hub.importing.outcome import ROW
from hmix_hub.schema import Kind, arrays
from hmix_hub.studies.columns.numbers import NUMBER, with_point
from hmix_hub.studies.reading.json_file import each_key_once
from hmix_hub.tasks import TASKS

_PICTURES = {f"{kind}_coefficient" for kind in ("mixing", "start", "selected")}
_PICTURES |= {"path_coefficients", "grid_coefficients"}
"""Columns of coefficients that pictures were mixed with. They name stimuli, so 1 - 0.9 is to be 0.1 and not
0.09999999999999998; what was answered on a scale stays as it is calculated, as the release's reader has it."""
_DECIMALS = 12
_LISTS = {
    column.name for task in TASKS.values() for column in task.columns if column.kind in {Kind.LABELS, Kind.FLOATS}
}
"""Columns of lists, of which a pattern takes every match."""
_ITEM = re.compile(r"[^\s|,\[\]]+")
_OFF = {"", "0", "false", "no", "off"}
_SHOWN, _SHOWN_CHARACTERS = 4, 40
_SAMPLED = 1000
"""First cells of a file among which texts are sampled for a message."""


@dataclass
class MappedColumn:
    """A column, where it comes from, and what came of it, over all files."""

    target: str
    origin: From
    _held: int = 0
    _is_made: bool = False
    _is_met: bool = False
    _seen: dict[str, None] = field(default_factory=dict)
    unfit: int = 0
    """Cells that hold something, of which nothing came, since `json`, `keys` or `pattern` does not fit."""
    where: Where | None = None
    """Place of the first of them."""
    _unfit_text: str = ""
    replaced: int = 0
    """Cells whose word `values` names."""
    left: Counter[str] = field(default_factory=Counter)
    """Cells by word that `values` does not name, and that is none of its replacements either."""

    def add(self, raw: pa.Table, path: Path) -> pa.ChunkedArray | pa.Array:
        """Make the column of a file's rows, and count."""
        if self.origin.column is None:
            return pa.array([self.origin.constant or None] * raw.num_rows, pa.string())
        if self.origin.column not in raw.column_names:
            return pa.nulls(raw.num_rows, pa.string())
        cells = raw[self.origin.column]
        values, is_unfit = self.make(cells)
        self._held += int(are_filled(cells).sum())
        self._count_unfit(is_unfit, raw, cells, path)
        self._is_made |= values.null_count < len(cells)
        if self.origin.equals is not None:
            self._is_met |= bool(pc.any(pc.equal(values, "true")).as_py())
        if len(self._seen) < _SHOWN:
            self._seen |= dict.fromkeys(text for text in cells.slice(0, _SAMPLED).unique().to_pylist() if text.strip())
        return values

    def make(self, cells: pa.ChunkedArray) -> tuple[pa.ChunkedArray, npt.NDArray[np.bool_]]:
        """Make the column of N strings, none null: null where nothing is, and as it is where it cannot be calculated.

        The second is bool (N,): which cells hold something that `json`, `keys` or `pattern` does not fit.
        """
        # Each distinct text is worked on once.
        codes, texts = arrays.encode(cells)
        taken, is_unfit = _taken(texts, self.target, self.origin)
        if self.origin.keys is None:
            self._count_words(taken, np.bincount(codes, minlength=len(taken)).tolist())
            for step in _steps(self.target, self.origin):
                taken = [None if text is None else step(text) for text in taken]
        values = pa.chunked_array([[text or None for text in taken]], pa.string())
        return arrays.take(values, codes), is_unfit[codes]

    def _count_words(self, taken: list[str | None], counts: list[int]) -> None:
        named = self.origin.values
        if named is None:
            return
        results = set(named.values())
        for text, count in zip(taken, counts, strict=True):
            for item in _words_of(text or "", named, is_list=self.target in _LISTS):
                if item in named:
                    self.replaced += count
                elif item.strip() and item not in results:
                    self.left[item] += count

    def _count_unfit(self, is_unfit: npt.NDArray[np.bool_], raw: pa.Table, cells: pa.ChunkedArray, path: Path) -> None:
        rows = np.flatnonzero(is_unfit)
        if len(rows) and not self.unfit:
            first = int(rows[0])
            self.where = Where(str(path), raw[ROW][first].as_py(), self.origin.column)
            self._unfit_text = cells[first].as_py()
        self.unfit += len(rows)

    def misfit(self) -> str:
        """Return how many non-empty cells gave no value, and the first."""
        place = f"{Path(self.where.file or '').name}, row {self.where.row}" if self.where else ""
        return (
            f"{self.target}: {self.unfit} of {self._held} non-empty cells of {self.origin.column} gave no value; "
            f"the first is {_cut(self._unfit_text)} in {place}"
        )

    def doubts(self) -> list[str]:
        """Return what is odd: that nothing came of it, or that nothing equals what was asked for."""
        seen = ", ".join(map(_cut, list(self._seen)[:_SHOWN])) or "nothing"
        if self.origin.column is None:
            return []
        if self.origin.equals is not None and not self._is_met:
            return [f"{self.target}: no row of {self.origin.column} is {listed(self.origin.equals)}; there are {seen}"]
        if self._held and not self._is_made:
            return [f"{self.target}: nothing came of {self.origin.column}, which holds {seen}"]
        return [*([self.misfit()] if self.unfit else []), *self._unnamed()]

    def _unnamed(self) -> list[str]:
        """Return which words `values` does not name, where it names most: one class may be meant, or a wrong key."""
        count = self.left.total()
        if not 0 < count < self.replaced:
            return []
        words = ", ".join(f"{_cut(word)} ({count})" for word, count in self.left.most_common(_SHOWN))
        more = f" and {len(self.left) - _SHOWN} more" if len(self.left) > _SHOWN else ""
        rows = "1 row" if count == 1 else f"{count} rows"
        return [
            f"{self.target}: {rows} kept a word of {self.origin.column} that `values:` does not name: {words}{more}"
        ]


def _cut(text: str) -> str:
    return repr(text[:_SHOWN_CHARACTERS])


def listed(values: str | list[str]) -> str:
    """Return the values that cells are compared with, for a message."""
    return repr(values) if isinstance(values, str) else " or ".join(map(repr, values))


def are_filled(cells: pa.ChunkedArray) -> np.ndarray:
    """Whether each cell holds more than white space."""
    return np.asarray(pc.not_equal(pc.utf8_trim_whitespace(cells), "").to_numpy(), dtype=bool)


def _taken(texts: pa.Array, target: str, origin: From) -> tuple[list[str | None], npt.NDArray[np.bool_]]:
    """Return what is taken from each cell, before anything is done to it, and which cells it does not fit."""
    values: list[str | None] = texts.to_pylist()
    is_unfit = np.zeros(len(values), dtype=bool)

    def take(found: list[str | None]) -> None:
        nonlocal values
        for number, (before, after) in enumerate(zip(values, found, strict=True)):
            is_unfit[number] |= bool(before and before.strip()) and after is None
        values = found

    if origin.keys is not None:
        take(_key_lists(values, origin))
    elif origin.json_key is not None:
        take([_written(_within(text, origin.json_key)) if text else None for text in values])
        values = [None if text is _NULL else text for text in values]
    if origin.pattern is not None:
        found = pa.array(values, pa.string())
        if target in _LISTS:
            take(["|".join(groups) or None for groups in groups_of(origin.pattern, found)])
        else:
            take([text or None for text in group_of(origin.pattern, found).to_pylist()])
    return values, is_unfit


def _steps(target: str, origin: From) -> list[Callable[[str], str]]:
    """Return what is done to each text after it is taken from its cell, in order."""
    steps: list[Callable[[str], str]] = []
    if origin.values is not None:
        replaced = origin.values
        steps.append(lambda text: _replaced(text, replaced, is_list=target in _LISTS))
    if origin.equals is not None:
        wanted = set(words(origin.equals))
        steps.append(lambda text: str(text.strip().lower() in wanted).lower())
    if origin.divide is not None or origin.multiply is not None or origin.flip:
        steps.append(lambda text: _calculated(text, origin, is_of_picture=target in _PICTURES))
    return steps


def _replaced(text: str, values: Mapping[str, str], *, is_list: bool) -> str:
    return "|".join(filter(None, (values.get(word, word) for word in _words_of(text, values, is_list=is_list))))


def _words_of(text: str, values: Mapping[str, str], *, is_list: bool) -> list[str]:
    """Return what is looked up in `values`: the text, or each item of `a|b` where a list is wanted."""
    return text.split("|") if is_list and text not in values else [text]


_MISSING = object()
_NULL = "\0null"
"""JSON's null: a value that is there and says nothing, unlike a key that is not there. No JSON text is written so."""


def _within(text: str, key: str | None) -> Any:
    """Return the value of a key of the JSON object in a cell, or the object; `_MISSING` where there is none."""
    try:
        value = json.loads(text, object_pairs_hook=each_key_once)
    except (ValueError, RecursionError):
        return _MISSING
    if key is None or (isinstance(value, dict) and key in value):
        return value if key is None else value[key]
    for part in key.split("."):
        value = value.get(part, _MISSING) if isinstance(value, dict) else _MISSING
    return value


def _written(value: Any) -> str | None:
    if value is _MISSING:
        return None
    if value is None or value == "":
        return _NULL
    if isinstance(value, str):
        # JSON can write halves of characters, which no text can hold.
        return value if value.encode("utf-8", "replace").decode() == value else None
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)


def _key_lists(texts: list[str | None], origin: From) -> list[str | None]:
    """Return, for each cell, the list `a|b` of what the pattern finds in the keys that are on; `None` if no object."""
    objects = [_within(text, origin.json_key) if text else _MISSING for text in texts]
    on = [
        [key for key, value in found.items() if _is_on(value)] if isinstance(found, dict) else None for found in objects
    ]
    distinct = list(dict.fromkeys(key for keys in on for key in keys or () if _written(key) == key))
    groups = group_of(origin.keys or "", pa.array(distinct, pa.string())).to_pylist()
    replaced = origin.values or {}
    items = {key: replaced.get(group, group) for key, group in zip(distinct, groups, strict=True) if group}
    return [None if keys is None else "|".join(filter(None, map(items.get, keys))) for keys in on]


def _is_on(value: Any) -> bool:
    """Whether a form's box is ticked: forms leave the key of an empty box out, or write that it is empty."""
    return not (value is None or str(value).strip().lower() in _OFF)


def _calculated(text: str, origin: From, *, is_of_picture: bool) -> str:
    """Return the result of a calculation; what is no number is left, and no fix makes one of it later."""
    if "|" in text or text.lstrip().startswith("["):
        # Of a list, with each number.
        return _ITEM.sub(lambda found: _calculated(found[0], origin, is_of_picture=is_of_picture), text)
    written = with_point(text).strip()
    if not re.fullmatch(NUMBER, written):
        return text
    value = float(written) * (origin.multiply or 1.0) / (origin.divide or 1.0)
    value = 1 - value if origin.flip else value
    return repr(round(value, _DECIMALS) if is_of_picture else value)
