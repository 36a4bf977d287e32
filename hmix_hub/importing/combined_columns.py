"""Combined columns: one column of text made from several according to a column map, before other steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.importing.calculation import Calculation, as_numbers
from hmix_hub.importing.cells import Cells, are_filled, as_cells, check_size, is_filled
from hmix_hub.importing.json_paths import OFF
from hmix_hub.importing.map_keys import From, pieces
from hmix_hub.importing.outcome import ROW
from hmix_hub.schema import arrays
from hmix_hub.schema.arrays import Mask, as_mask

Combined = tuple[pa.ChunkedArray, Mask]
"""N texts, "" if empty; and bool (N,), whether a row's cells are not empty but could not be combined."""
_SEPARATOR = "-"


def combined(cells: Cells, origin: From, *, is_list: bool, calculation: Calculation) -> Combined:
    """Return the column made by `join`, `text`, `which`, `column_named_by`, `counts`, `votes` or `row_number`.

    Parameters
    ----------
    cells
        The raw table, which must have the needed columns.
    origin
        Origin with one of these keys.
    is_list
        Whether the target column holds lists, so that several columns of `which` may be filled.
    calculation
        Calculation for each number of `counts`.
    """
    if origin.counts is not None:
        return _counts(cells, origin.counts, calculation)
    makers: dict[str, Callable[[], Combined]] = {
        "join": lambda: _joined(cells, _between(origin)),
        "text": lambda: _joined(cells, pieces(origin.text or "")),
        "which": lambda: _filled(cells, origin, is_list=is_list),
        "column_named_by": lambda: _named_by(cells, origin.naming),
        "votes": lambda: _votes(cells, origin.votes or [], origin.values or {}),
        "row_number": lambda: (pc.cast(cells.raw[ROW], pa.string()), np.zeros(cells.raw.num_rows, dtype=bool)),
    }
    return makers[origin.origin]()


def _between(origin: From) -> list[tuple[str, str | None]]:
    separator = _SEPARATOR if origin.separator is None else origin.separator
    return [(separator if place else "", name) for place, name in enumerate(origin.join or [])]


def _joined(cells: Cells, parts: Sequence[tuple[str, str | None]]) -> Combined:
    """Join texts and cells; rows with only some cells filled cannot be joined, since the text would be misleading."""
    columns = [cells.column((name,)) for _, name in parts if name is not None]
    filled = np.stack([are_filled(column) for column in columns])
    texts = iter(columns)
    joined = [
        piece
        for text, name in parts
        for piece in ([pa.scalar(text)] if text else []) + ([pc.utf8_trim_whitespace(next(texts))] if name else [])
    ]
    n_bytes = sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in columns)
    check_size(n_bytes + sum(len(text) for text, _ in parts) * cells.raw.num_rows, "joined texts")
    is_whole = np.asarray(filled.all(axis=0))
    values = pc.if_else(pa.array(is_whole), pc.binary_join_element_wise(*joined, ""), "")
    return values, np.asarray(filled.any(axis=0) & ~is_whole)


def _filled(cells: Cells, origin: From, *, is_list: bool) -> Combined:
    by_column = {name: of for name, of in origin.by_column.items() if name in cells.raw.column_names}
    is_on = np.stack([~_is_off(cells.raw[name]) for name in by_column], axis=1)
    patterns, numbers = np.unique(is_on, axis=0, return_inverse=True)
    of = np.array(list(by_column.values()), dtype=object)
    values = pa.chunked_array([pa.array(["|".join(of[pattern]) for pattern in patterns], pa.string())])
    is_unfit = np.zeros(len(is_on), dtype=bool) if is_list else is_on.sum(axis=1) > 1
    return arrays.take(values, numbers.reshape(-1).astype(np.int64)), is_unfit


def _is_off(column: pa.ChunkedArray) -> Mask:
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    return as_mask(pc.is_in(folded, pa.array(sorted(OFF))))


def _named_by(cells: Cells, template: str) -> Combined:
    names, is_unfit = _joined(cells, pieces(template))
    codes, texts = arrays.encode(names)
    there = dict.fromkeys(cells.raw.column_names)
    there.pop(ROW, None)
    named = [name for name in texts.to_pylist() if name in there]
    # Take each cell from the concatenation of all named columns, followed by an empty one.
    place = {name: number for number, name in enumerate(named)}
    column_of = np.array([place.get(name, len(named)) for name in texts.to_pylist()], dtype=np.int64)[codes]
    chunks = [chunk for name in named for chunk in cells.raw[name].chunks] + cells.column(()).chunks
    rows = column_of * cells.raw.num_rows + np.arange(cells.raw.num_rows)
    return arrays.take(pa.chunked_array(chunks), rows), is_unfit | ((column_of == len(named)) & are_filled(names))


def _counts(cells: Cells, counts: dict[str, str], calculation: Calculation) -> Combined:
    """Return a JSON object of numbers by class for each row, with 0 for empty cells; empty if all cells are."""
    columns = {of: cells.raw[name] for of, name in counts.items()}
    filled = np.stack([are_filled(column) for column in columns.values()])
    bad = np.zeros(cells.raw.num_rows, dtype=bool)
    parts: list[pa.Array | pa.Scalar] = []
    for of, column in columns.items():
        codes, texts = arrays.encode(column)
        numbers = as_numbers(pc.if_else(is_filled(texts), texts, "0"))
        bad |= np.isnan(numbers)[codes]
        # Write counts as integers: 12, not 12.0.
        written = arrays.take(pa.chunked_array([replace(calculation, is_whole=True).texts(numbers)]), codes)
        parts += [pa.scalar(f"{', ' if parts else '{'}{json.dumps(of)}: "), written]
    is_held = filled.any(axis=0)
    values = pc.binary_join_element_wise(*parts, pa.scalar("}"), "")
    is_made = pa.array(is_held & ~bad)
    return as_cells(pc.if_else(is_made, values, "")), is_held & bad


def _votes(cells: Cells, columns: Sequence[str], values: Mapping[str, str]) -> Combined:
    """Return the number of cells with each class, as a JSON object; empty cells are not votes."""
    encoded = [arrays.encode(pc.utf8_trim_whitespace(cells.raw[name])) for name in columns]
    words = list(dict.fromkeys(values.get(word, word) for _, texts in encoded for word in texts.to_pylist()))
    number = {word: place for place, word in enumerate(words)}
    votes = np.zeros((cells.raw.num_rows, len(words)), dtype=np.int64)
    for codes, texts in encoded:
        places = np.array([number[values.get(word, word)] for word in texts.to_pylist()], dtype=np.int64)
        votes[np.arange(len(votes)), places[codes]] += 1
    if "" in number:
        votes[:, number[""]] = 0
    # There are few different ballots, so write each only once.
    ballots, of_row = np.unique(votes, axis=0, return_inverse=True)
    counted = [{word: int(n) for word, n in zip(words, ballot, strict=True) if n} for ballot in ballots]
    written = [json.dumps(counts) if counts else "" for counts in counted]
    made = arrays.take(pa.chunked_array([pa.array(written, pa.string())]), of_row.reshape(-1).astype(np.int64))
    return made, np.zeros(len(votes), dtype=bool)
