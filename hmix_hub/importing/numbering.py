"""Numbering of rows 0, 1, 2, … within each value of some columns, over all raw files, in a given order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from hmix_hub.errors import SchemaError, Where
from hmix_hub.importing.calculation import as_numbers
from hmix_hub.importing.cells import Batch, are_filled
from hmix_hub.importing.map_keys import From
from hmix_hub.importing.outcome import Outcome
from hmix_hub.schema import arrays
from hmix_hub.schema.arrays import Ints
from hmix_hub.schema.groups import Groups, encode_key


@dataclass
class Numbering:
    """Numbers of the rows of all files.

    Parameters
    ----------
    target
        Column that receives the numbers.
    """

    target: str
    parts: list[int] = field(default_factory=list)
    """Number of the task's table that each batch of rows became."""
    _tables: list[pa.Table] = field(default_factory=list)
    _batches: list[Batch] = field(default_factory=list)
    _origin: From | None = None

    def add(self, origin: From, table: pa.Table, batch: Batch, part: int) -> None:
        """Add the rows of a batch of files.

        Parameters
        ----------
        origin
            Origin with `number` and `order`.
        table
            The columns in these, as text.
        batch
            The files.
        part
            Number of the task's table that the rows become.

        Raises
        ------
        SchemaError
            If a cell to sort by is empty, or another map numbers or sorts by a different number of columns.
        """
        if self._origin is not None and self._shape(origin) != self._shape(self._origin):
            msg = f"the maps number {self.target} by {self._said(self._origin)}, and by {self._said(origin)}"
            hint = "use as many columns in each map's `number:` and `order:`, so that rows are numbered together"
            raise SchemaError(msg, where=Where(batch.where(0).file), hint=hint)
        self._origin = origin
        for name in origin.order or []:
            is_empty = ~are_filled(table[name])
            if is_empty.any():
                where = batch.where(int(np.flatnonzero(is_empty)[0]), name)
                msg = f"{self.target}: rows are ordered by {name}, which is empty in {int(is_empty.sum())} of them"
                hint = "drop such rows with `rows:`, or order by other columns"
                raise SchemaError(msg, where=where, hint=hint)
        places = [f"{place}" for place in range(len(origin.numbered_by))]
        self._tables.append(table.select(origin.numbered_by).rename_columns(places))
        self._batches.append(batch)
        self.parts.append(part)

    @staticmethod
    def _shape(origin: From) -> tuple[int, int]:
        return len(origin.number or []), len(origin.order or [])

    @staticmethod
    def _said(origin: From) -> str:
        return ", ".join(origin.number or []) + (f" in the order of {', '.join(origin.order)}" if origin.order else "")

    def finish(self) -> list[pa.Array]:
        """Return the numbers of the rows of each file, as text.

        Raises
        ------
        SchemaError
            If two rows of a group are tied in the order.
        """
        table = pa.concat_tables(self._tables)
        columns = table.columns
        n_keys = self._shape(self._known)[0]
        groups = encode_key(columns[:n_keys])
        order = [_ranked(column) for column in columns[n_keys:]]
        rows = np.lexsort([*reversed(order), groups])
        if order:
            self._refuse_ties(table, rows, np.stack([groups, *order])[:, rows])
        numbers = np.empty(len(rows), dtype=np.int64)
        numbers[rows] = Groups(groups[rows]).ranks()
        return [pa.array(part).cast(pa.string()) for part in np.split(numbers, self._ends[:-1])]

    @property
    def _known(self) -> From:
        if self._origin is None:
            msg = "no rows were added"
            raise ValueError(msg)
        return self._origin

    @property
    def _ends(self) -> Ints:
        return np.cumsum([table.num_rows for table in self._tables])

    def _refuse_ties(self, table: pa.Table, rows: Ints, places: Ints) -> None:
        is_tie = (places[:, 1:] == places[:, :-1]).all(axis=0)
        if not is_tie.any():
            return
        at = int(np.flatnonzero(is_tie)[0])
        pair = sorted((int(rows[at]), int(rows[at + 1])))
        values = [column[pair[0]].as_py() for column in table.columns]
        named = zip(self._known.numbered_by, values, strict=True)
        wheres = [self._where(row) for row in pair]
        found = " and ".join(f"row {where.row} of {Path(where.file or '').name}" for where in wheres)
        msg = (
            f"{self.target}: the order of rows ties {int(is_tie.sum())} times, first of {found}: "
            f"{', '.join(f'{name} {value!r}' for name, value in named)}"
        )
        hint = "add a column to `order:` that distinguishes such rows, or drop duplicate rows"
        raise SchemaError(msg, where=wheres[0], hint=hint)

    def _where(self, row: int) -> Where:
        number = int(np.searchsorted(self._ends, row, side="right"))
        return self._batches[number].where(row - int(self._ends[number]) + self._tables[number].num_rows)


class Numberings:
    """Numbered columns by task, over all files and maps."""

    def __init__(self) -> None:
        self._numberings: dict[tuple[str, str], Numbering] = {}

    def of(self, task: str, target: str) -> Numbering:
        """Return the numbering of a task's column."""
        return self._numberings.setdefault((task, target), Numbering(target))

    def finish(self, outcome: Outcome) -> None:
        """Write the numbers into the judgments.

        Raises
        ------
        SchemaError
            If two rows of a group are tied in the order.
        """
        for (task, target), numbering in self._numberings.items():
            tables = outcome.tables[task]
            for part, numbers in zip(numbering.parts, numbering.finish(), strict=True):
                place = tables[part].column_names.index(target)
                tables[part] = tables[part].set_column(place, target, numbers)


def _ranked(column: pa.ChunkedArray) -> Ints:
    """Return the rank of each cell, int64 (N,), as numbers if all cells are numbers, and as texts otherwise."""
    codes, texts = arrays.encode(column)
    numbers = as_numbers(texts)
    keys = np.array(texts.to_pylist(), dtype=object) if np.isnan(numbers).any() else numbers
    return np.unique(keys, return_inverse=True)[1].reshape(-1).astype(np.int64)[codes]
