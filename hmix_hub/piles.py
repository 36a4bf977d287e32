"""Rows that come in pieces and are needed in another order: in memory while they are few, else through a database."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.database import Database

MOST_ROWS = 1 << 18
"""Rows that are kept in memory, and that come out at a time."""
_KEY = "_key"


class Pile:
    """Rows of one form.

    Parameters
    ----------
    database
        Takes the rows once they are more than `most`; nothing is opened before.
    name
        Of the rows' table there, a word, different for each pile; so are the names of columns.
    most
        Rows that are kept in memory, and that come out at a time.
    """

    def __init__(self, database: Database, name: str, most: int = MOST_ROWS) -> None:
        self._database, self._name, self._most = database, name, most
        self._kept: list[pa.Table] = []
        self._n_kept = self._n_stored = 0

    def __len__(self) -> int:
        return self._n_kept + self._n_stored

    def add(self, rows: pa.Table) -> None:
        """Put rows on it."""
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
        """Take all rows off it."""
        self._kept.clear()
        self._n_kept = self._n_stored = 0
        self._database.drop(self._name)

    def ordered(self, *by: str) -> Iterator[pa.Table]:
        """Yield all rows by rising columns, `most` of them at a time; equal rows in any order."""
        if self._n_stored:
            self._store()
            yield from self._selected(f"select * from {self._name} order by {', '.join(by)}")
        elif self._kept:
            table = pa.concat_tables(self._kept)
            table = table.take(pc.sort_indices(table, [(name, "ascending") for name in by]))
            yield from (table.slice(start, self._most) for start in range(0, max(len(table), 1), self._most))

    def groups(self, *by: str) -> Iterator[pa.Table]:
        """Yield all rows so that those with the same values in some columns come at a time; about `most` of them."""
        if not self._n_stored:
            if self._kept:
                yield pa.concat_tables(self._kept)
            return
        self._store()
        # By a hash, which is short whatever it is of; what shares one by chance comes together, and does no harm.
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
