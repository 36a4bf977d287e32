"""Cells of a batch of raw files: distinct texts of each column, each parsed as JSON only once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.importing.json_paths import NULL, values_at, written
from hmix_hub.importing.map_keys import Extraction
from hmix_hub.importing.outcome import ROW
from hmix_hub.importing.readers.raw_file import TEXT_LIMIT
from hmix_hub.schema import arrays
from hmix_hub.schema.arrays import Ints, as_mask

_MOST_ROWS = 65_536


class Batch:
    """Rows of several raw files.

    A session has few rows, and processing a column takes as long for a hundred rows as for ten thousand.
    """

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._paths: list[Path] = []
        self._names: list[str] = []

    def __len__(self) -> int:
        return sum(table.num_rows for table in self._tables)

    def takes(self, raw: pa.Table) -> bool:
        """Return whether the rows of a file can be added."""
        if not self._tables:
            return True
        return len(self) + raw.num_rows <= _MOST_ROWS and raw.column_names == self._tables[0].column_names

    def add(self, raw: pa.Table, path: Path, name: str) -> None:
        """Add the rows of a file; `name` goes into the column source_file."""
        self._tables.append(raw)
        self._paths.append(path)
        self._names.append(name)

    @property
    def table(self) -> pa.Table:
        """Return the rows of all files."""
        table = pa.concat_tables(self._tables)
        return table.combine_chunks() if len(self._tables) > 1 else table

    @property
    def _ends(self) -> Ints:
        return np.cumsum([table.num_rows for table in self._tables])

    @property
    def source_files(self) -> pa.Array:
        """Return the values of the column source_file."""
        sizes = np.diff(self._ends, prepend=0)
        return pc.take(pa.array(self._names, pa.string()), pa.array(np.repeat(np.arange(len(sizes)), sizes)))

    def where(self, row: int, column: str | None = None) -> Where:
        """Return the place of a row of the batch: its file, its number in the file, and the column."""
        number = int(np.searchsorted(self._ends, row, side="right"))
        start = int(self._ends[number]) - self._tables[number].num_rows
        return Where(str(self._paths[number]), self._tables[number][ROW][row - start].as_py(), column)


Distinct = tuple[Ints, pa.Array]
"""The number of each row's text, int64 (N,), and the D distinct texts."""


class Cells:
    """Cells of a raw table.

    Parameters
    ----------
    raw
        The table: N rows, columns of text.
    wanted
        What will be extracted, so that all paths into a column are looked up together.
    """

    def __init__(self, raw: pa.Table, wanted: Iterable[Extraction]) -> None:
        self.raw = raw
        self._paths: dict[tuple[str, ...], set[str | None]] = {}
        for one in wanted:
            if one.is_json:
                self._paths.setdefault(self.names(one), set()).add(one.json_key)
        self._encoded: dict[tuple[str, ...], Distinct] = {}
        self._values: dict[tuple[str, ...], dict[str | None, list[Any]]] = {}

    def names(self, taken: Extraction) -> tuple[str, ...]:
        """Return which of an extraction's columns the table has."""
        return tuple(name for name in taken.columns if name in self.raw.column_names)

    def column(self, names: tuple[str, ...]) -> pa.ChunkedArray:
        """Return a column, or the first non-empty cell of several columns for each row; "" if all are empty."""
        if not names:
            return pa.chunked_array([pa.array([""] * self.raw.num_rows, pa.string())])
        column = self.raw[names[-1]]
        for name in reversed(names[:-1]):
            column = pc.if_else(is_filled(self.raw[name]), self.raw[name], column)
        return column

    def distinct(self, names: tuple[str, ...]) -> Distinct:
        """Return the distinct texts of `column(names)`."""
        if names not in self._encoded:
            self._encoded[names] = arrays.encode(self.column(names))
        return self._encoded[names]

    def values(self, taken: Extraction) -> list[Any]:
        """Return the value at a path in each distinct text, or `MISSING`."""
        names = self.names(taken)
        if names not in self._values:
            paths = self._paths.get(names, set()) | {taken.json_key}
            self._values[names] = values_at(self.distinct(names)[1].to_pylist(), paths)
        return self._values[names][taken.json_key]

    def of(self, taken: Extraction) -> Distinct:
        """Return what `json` extracts from each distinct text, null if nothing; without `json`, the texts."""
        codes, texts = self.distinct(self.names(taken))
        if taken.json_key is None:
            return codes, texts
        found = [written(value) for value in self.values(taken)]
        return codes, pa.array([None if text is NULL else text for text in found], pa.string())


def repeated(column: pa.ChunkedArray, rows: Ints, said: str) -> pa.ChunkedArray:
    """Return rows of a column of text, which may be repeated; see `check_size`."""
    lengths = pc.binary_length(column).fill_null(0).to_numpy()
    check_size(int(lengths[rows].sum(dtype=np.int64)), said)
    return arrays.take(column, rows)


def check_size(n_bytes: int, said: str) -> None:
    """Check the size of texts made by a map, in which long cells may be repeated for each item.

    Raises
    ------
    SchemaError
        If the texts exceed the maximum for the text of a raw file.
    """
    if n_bytes > TEXT_LIMIT:
        msg = f"{said} would take {n_bytes:,} bytes, but the maximum is {TEXT_LIMIT:,}"
        raise SchemaError(msg, hint="remove long columns from the map, or import the files in parts with --append")


def is_filled(cells: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return whether each cell contains more than white space."""
    return pc.not_equal(pc.utf8_trim_whitespace(cells), "")


def are_filled(cells: pa.ChunkedArray) -> np.ndarray:
    """Return whether each cell contains more than white space; bool (N,)."""
    return as_mask(is_filled(cells))


def as_cells(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray:
    """Return a computed column as cells, with "" for null."""
    filled = pc.fill_null(column, "")
    return filled if isinstance(filled, pa.ChunkedArray) else pa.chunked_array([filled])
