"""Mapped columns: what a column map makes of one raw column, cell by cell, and which cells it does not fit."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.contribute.fixes import with_point
from hmix_hub.contribute.importing.column_map import From, group_of, groups_of, words
from hmix_hub.schema import Kind, arrays
from hmix_hub.studies.columns.numbers import NUMBER
from hmix_hub.studies.reading.json_file import each_key_once
from hmix_hub.tasks import TASKS

_PICTURES = {
    "mixing_coefficient",
    "start_coefficient",
    "selected_coefficient",
    "path_coefficients",
    "grid_coefficients",
}
"""Columns of coefficients that pictures were mixed with. They name stimuli, so 1 - 0.9 is to be 0.1 and not
0.09999999999999998; what was answered on a scale stays as it is calculated, as the release's reader has it."""
_DECIMALS = 12
_LISTS = {
    column.name for task in TASKS.values() for column in task.columns if column.kind in {Kind.LABELS, Kind.FLOATS}
}
"""Columns of lists, of which a pattern takes every match."""
_ITEM = re.compile(r"[^\s|,\[\]]+")
_OFF = {"", "0", "false", "no", "off"}


@dataclass(frozen=True)
class MappedColumn:
    """What came of N raw cells.

    Parameters
    ----------
    values
        N strings; null where nothing is.
    is_unfit
        bool (N,): whether the cell holds something that `json`, `keys` or `pattern` does not fit, so that nothing came
        of it.
    replaced
        Number of cells whose word `values` names.
    left
        Number of cells by word that `values` does not name, and that is none of its replacements either.
    """

    values: pa.ChunkedArray
    is_unfit: npt.NDArray[np.bool_]
    replaced: int = 0
    left: Counter[str] = field(default_factory=Counter)


def map_column(cells: pa.ChunkedArray, target: str, origin: From) -> MappedColumn:
    """Make a column of a raw one.

    Parameters
    ----------
    cells
        N strings, none null.
    target
        The column that is made.
    origin
        What is done to the cells. What cannot be calculated with is left as it is: validation tells it.
    """
    # Each distinct text is worked on once.
    codes, texts = arrays.encode(cells)
    taken, is_unfit = _taken(texts, target, origin)
    replaced, left = _replacements(taken, codes, target, origin)
    if origin.keys is None:
        for step in _steps(target, origin):
            taken = [None if text is None else step(text) for text in taken]
    values = pa.chunked_array([[text or None for text in taken]], pa.string())
    return MappedColumn(arrays.take(values, codes), is_unfit[codes], replaced, left)


def _replacements(
    taken: list[str | None], codes: npt.NDArray[np.integer[Any]], target: str, origin: From
) -> tuple[int, Counter[str]]:
    """Count the cells whose word `values` names, and the others by word."""
    left: Counter[str] = Counter()
    if origin.values is None or origin.keys is not None:
        return 0, left
    replaced, results = 0, set(origin.values.values())
    for text, count in zip(taken, np.bincount(codes, minlength=len(taken)).tolist(), strict=True):
        for item in _words_of(text or "", origin.values, is_list=target in _LISTS):
            if item in origin.values:
                replaced += count
            elif item.strip() and item not in results:
                left[item] += count
    return replaced, left


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
