"""Mapped tables: the rows and columns that a column map makes of a raw table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.contribute.fixing.cells import with_point
from hmix_hub.contribute.importing.column_map import ColumnMap, From, Keep
from hmix_hub.contribute.importing.outcome import Outcome
from hmix_hub.contribute.importing.raw_table import ROW
from hmix_hub.errors import ConfigurationError, Where, nearest
from hmix_hub.studies.checks.numbers import NUMBER

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMALS = 12
_ITEM = re.compile(r"[^\s|,\[\]]+")
_SHOWN, _SHOWN_CHARACTERS = 4, 40
_CELL_FOR_PATTERNS = 2000
"""Characters of a cell that a pattern is tried on, since a pattern can take long over long text."""


def import_mapped(raw: pa.Table, path: Path, name: str, column_map: ColumnMap, outcome: Outcome) -> None:
    """Take the judgments of a raw table over, as a column map says.

    Parameters
    ----------
    raw
        The table, from `read_raw`.
    path, name
        Its file, and what the column source_file calls it.
    column_map
        What becomes of its columns. Values that cannot be calculated with are left as they are: validation tells them.
    outcome
        Gets the columns, and counts of the rows that are not kept, by reason.

    Raises
    ------
    ConfigurationError
        If the table lacks a column that the map names.
    """
    import pyarrow as pa

    _refuse_missing(raw, path, column_map)
    for keep in column_map.rows:
        kept = _is_kept(raw, keep)
        if not kept.all():
            said = "is empty" if keep.equals is None else f"is not {_listed(keep.equals)}"
            outcome.dropped[f"{keep.column} {said}"] += int((~kept).sum())
            raw = raw.filter(pa.array(kept))
    columns = {target: _column(raw, origin) for target, origin in column_map.columns.items()}
    if raw.num_rows:
        outcome.notes += [
            note
            for target, origin in column_map.columns.items()
            for note in _doubts(raw, target, origin, columns[target])
        ]
    columns |= {"source_file": pa.array([name] * raw.num_rows, pa.string()), "source_row": raw[ROW]}
    outcome.tables.setdefault(column_map.task, []).append(pa.table(columns))


def _refuse_missing(raw: pa.Table, path: Path, column_map: ColumnMap) -> None:
    named = [keep.column for keep in column_map.rows]
    named += [origin.column for origin in column_map.columns.values() if origin.column is not None]
    for name in named:
        if name not in raw.column_names:
            known = [column for column in raw.column_names if column != ROW]
            msg = f"the map names a column {name!r}, which the file does not have"
            raise ConfigurationError(msg, where=Where(str(path)), hint=nearest(name, known, label="columns"))


def _is_kept(raw: pa.Table, keep: Keep) -> np.ndarray:
    import pyarrow as pa
    import pyarrow.compute as pc

    text = raw[keep.column]
    words = None if keep.equals is None else pa.array(_words(keep.equals))
    mask = pc.not_equal(text, "") if words is None else pc.is_in(_folded(text), words)
    return np.asarray(mask.to_numpy(), dtype=bool)


def _words(equals: str | list[str]) -> list[str]:
    """Give the words that a text is compared with, in small letters."""
    return [word.strip().lower() for word in ([equals] if isinstance(equals, str) else equals)]


def _folded(text: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    return pc.utf8_lower(pc.utf8_trim_whitespace(text))


def _doubts(raw: pa.Table, target: str, origin: From, made: pa.Array) -> list[str]:
    """Say what is odd about a column: that nothing came of it, or that nothing equals what was asked for."""
    if origin.column is None:
        return []
    sample = [text for text in raw[origin.column].unique().to_pylist() if text][:_SHOWN]
    seen = ", ".join(repr(text[:_SHOWN_CHARACTERS]) for text in sample) or "nothing"
    values = set(made.unique().to_pylist())
    if origin.equals is not None and "true" not in values:
        return [f"{target}: no row of {origin.column} is {_listed(origin.equals)}; there are {seen}"]
    if values <= {None, ""} and sample:
        return [f"{target}: nothing came of {origin.column}, which holds {seen}"]
    return []


def _listed(values: str | list[str]) -> str:
    return repr(values) if isinstance(values, str) else " or ".join(map(repr, values))


def _column(raw: pa.Table, origin: From) -> pa.Array:
    import pyarrow as pa

    if origin.column is None:
        return pa.array([origin.constant] * raw.num_rows, pa.string())
    encoded = raw[origin.column].combine_chunks().dictionary_encode()
    steps = _steps(origin)
    distinct = []
    for text in encoded.dictionary.to_pylist():
        value: str | None = text
        for step in steps:
            value = None if value is None else step(value)
        distinct.append(value)
    return pa.array(distinct, pa.string()).take(encoded.indices)


def _steps(origin: From) -> list[Callable[[str], str | None]]:
    """Give what is done to each text, in order."""
    steps: list[Callable[[str], str | None]] = []
    if origin.json_key is not None:
        key = origin.json_key
        steps.append(lambda text: _json_value(text, key))
    if origin.pattern is not None:
        pattern = re.compile(origin.pattern)
        steps.append(lambda text: _group(text, pattern))
    if origin.values is not None:
        values = origin.values
        steps.append(lambda text: values.get(text, text))
    if origin.equals is not None:
        wanted = set(_words(origin.equals))
        steps.append(lambda text: str(text.strip().lower() in wanted).lower())
    if origin.divide is not None or origin.multiply is not None or origin.flip:
        steps.append(lambda text: _calculated(text, origin))
    return steps


def _json_value(text: str, key: str) -> str | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, dict) and key in value:
        value = value[key]
    else:
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or isinstance(value, str):
        # JSON can write halves of characters, which no text can hold.
        return value and value.encode("utf-8", "replace").decode()
    return json.dumps(value)


def _group(text: str, pattern: re.Pattern[str]) -> str | None:
    found = pattern.search(text[:_CELL_FOR_PATTERNS])
    return found[1] if found else None


def _calculated(text: str, origin: From) -> str:
    """Calculate with a number; what is none is left, and no mend makes one of it later."""
    if "|" in text or text.lstrip().startswith("["):
        # Of a list, with each number.
        return _ITEM.sub(lambda found: _calculated(found[0], origin), text)
    written = with_point(text).strip()
    if not re.fullmatch(NUMBER, written):
        return text
    value = float(written) * (origin.multiply or 1.0) / (origin.divide or 1.0)
    # 1 - 0.9 is 0.09999999999999998, which would name another stimulus than 0.1.
    return repr(round(1 - value if origin.flip else value, _DECIMALS))
