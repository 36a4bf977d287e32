"""Batch of raw files: the rows of several files with the same columns, worked on as one table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import Where
from hmix_hub.importing.outcome import ROW
from hmix_hub.schema.arrays import Ints

_MOST_ROWS = 65_536


class Batch:
    """Rows of several raw files.

    A session has few rows, and work on a column costs as much for a hundred of them as for ten thousand.
    """

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._paths: list[Path] = []
        self._names: list[str] = []

    def __len__(self) -> int:
        return sum(table.num_rows for table in self._tables)

    def takes(self, raw: pa.Table) -> bool:
        """Whether the rows of a file can be added."""
        if not self._tables:
            return True
        return len(self) + raw.num_rows <= _MOST_ROWS and raw.column_names == self._tables[0].column_names

    def add(self, raw: pa.Table, path: Path, name: str) -> None:
        """Add the rows of a file, which the column source_file calls by its name."""
        self._tables.append(raw)
        self._paths.append(path)
        self._names.append(name)

    @property
    def table(self) -> pa.Table:
        """The rows of all files."""
        table = pa.concat_tables(self._tables)
        return table.combine_chunks() if len(self._tables) > 1 else table

    @property
    def _ends(self) -> Ints:
        return np.cumsum([table.num_rows for table in self._tables])

    @property
    def source_files(self) -> pa.Array:
        """What the column source_file says in each row."""
        sizes = np.diff(self._ends, prepend=0)
        return pc.take(pa.array(self._names, pa.string()), pa.array(np.repeat(np.arange(len(sizes)), sizes)))

    def where(self, row: int, column: str | None = None) -> Where:
        """Return the place of a row of the batch: its file, its number in it, and the column."""
        number = int(np.searchsorted(self._ends, row, side="right"))
        start = int(self._ends[number]) - self._tables[number].num_rows
        return Where(str(self._paths[number]), self._tables[number][ROW][row - start].as_py(), column)
