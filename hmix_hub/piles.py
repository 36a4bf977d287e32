"""Rows that arrive in pieces and are needed in another order: in memory if few, otherwise in a database."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.database import Database

MOST_ROWS = 1 << 18
"""Number of rows kept in memory, and returned at a time."""
_KEY = "_key"


class Pile:
    """Rows with the same columns.

    Parameters
    ----------
    database
        Receives the rows when there are more than `most`; not opened before.
    name
        Name of its table, a single word, unique among piles; column names are words, too.
    most
        Number of rows kept in memory, and returned at a time.
    """

    def __init__(self, database: Database, name: str, most: int = MOST_ROWS) -> None:
        self._database, self._name, self._most = database, name, most
        self._kept: list[pa.Table] = []
        self._n_kept = self._n_stored = 0

    def __len__(self) -> int:
        return self._n_kept + self._n_stored

    def add(self, rows: pa.Table) -> None:
        """Add rows."""
        self._kept.append(rows)
        self._n_kept += rows.num_rows
        if self._n_kept > self._most:
            self._store()

    def _store(self) -> None:
        if self._kept:
            self._database.insert(self._name, pa.concat_tables(self._kept))
            self._n_stored, self._n_kept = len(self), 0
            self._kept.clear()

    def drop(self) -> None:
        """Remove all rows."""
        self._kept.clear()
        self._n_kept = self._n_stored = 0
        self._database.drop(self._name)

    def ordered(self, *by: str) -> Iterator[pa.Table]:
        """Yield all rows sorted by columns, `most` at a time; equal rows in any order."""
        if self._n_stored:
            self._store()
            yield from self._selected(f"select * from {self._name} order by {', '.join(by)}")
        elif self._kept:
            table = pa.concat_tables(self._kept)
            table = table.take(pc.sort_indices(table, [(name, "ascending") for name in by]))
            yield from (table.slice(start, self._most) for start in range(0, max(len(table), 1), self._most))

    def groups(self, *by: str) -> Iterator[pa.Table]:
        """Yield all rows, about `most` at a time, keeping rows with equal values in some columns together."""
        if not self._n_stored:
            if self._kept:
                yield pa.concat_tables(self._kept)
            return
        self._store()
        # By a hash, which is always short; collisions only put more rows together, which does no harm.
        pending: list[pa.Table] = []
        for table in self._selected(f"select *, hash({', '.join(by)}) as {_KEY} from {self._name} order by {_KEY}"):
            keys = table[_KEY].to_numpy()
            cut = int(np.searchsorted(keys, keys[-1]))
            if cut or (pending and pending[-1][_KEY][0].as_py() != keys[0]):
                yield pa.concat_tables([*pending, table.slice(0, cut)]).drop_columns(_KEY)
                pending.clear()
            pending.append(table.slice(cut))
        if pending:
            yield pa.concat_tables(pending).drop_columns(_KEY)

    def _selected(self, sql: str) -> Iterator[pa.Table]:
        return (pa.Table.from_batches([batch]) for batch in self._database.batches(sql, rows=self._most))
