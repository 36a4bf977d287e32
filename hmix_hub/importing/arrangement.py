"""Arrangement of a raw table into one row per judgment: filtering rows, melting columns, joining item tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.importing.calculation import as_numbers
from hmix_hub.importing.cells import Cells, are_filled
from hmix_hub.importing.column_map import ColumnMap
from hmix_hub.importing.map_keys import Condition, listed, words
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.patterns import check_pattern, group_of, is_match
from hmix_hub.importing.reshaping import JoinedTable
from hmix_hub.schema.arrays import Mask, as_mask


class Arrangement:
    """Applies a column map to the rows of raw tables, before columns are mapped.

    Parameters
    ----------
    column_map
        The map.
    outcome
        Receives the counts of dropped rows, by reason.
    """

    def __init__(self, column_map: ColumnMap, outcome: Outcome) -> None:
        self._map, self._outcome = column_map, outcome
        self._tables = [JoinedTable(table, column_map.folder, outcome) for table in column_map.table]

    def names(self, raw: pa.Table) -> list[str]:
        """Return the columns of a table, including those added by `melt` and `table`."""
        names = [name for name in raw.column_names if name != ROW]
        if self._map.melt is not None and self._map.melt.found(names):
            names += self._map.melt.made(names)
        return list(dict.fromkeys([*names, *(name for table in self._tables for name in table.names)]))

    @property
    def named(self) -> list[tuple[str, ...]]:
        """Return the columns it needs; of each tuple, at least one."""
        joined = [(name,) for table in self._tables for name in table.item_table.keys]
        return [tuple(condition.columns) for condition in self._map.rows] + joined

    def lacks_items(self, raw: pa.Table) -> str | None:
        """Return a description of the item columns if a table has none of them, otherwise `None`."""
        melt = self._map.melt
        return None if melt is None or melt.found(raw.column_names) else f"like {melt.in_words}"

    def arrange(self, raw: pa.Table, wanted: Sequence[str] | None, path: Path) -> pa.Table:
        """Return the rows that are judgments.

        Parameters
        ----------
        raw
            The table: columns of text, and `ROW`.
        wanted
            Columns that are needed; `None` for all.
        path
            The file, for messages.

        Raises
        ------
        ConfigurationError
            If two columns have the same name.
        """
        pending = list(self._map.rows)
        raw = self._kept(self._filled(raw), pending)
        names = raw.column_names
        needed = {*(wanted or names), ROW, *(name for names in self.named for name in names)}
        melt = self._map.melt
        if melt is not None and melt.found(names):
            melted = {name for columns in melt.found(names).values() for name in columns.values()}
            kept = [name for name in names if name in needed and (wanted is not None or name not in melted)]
            cells = raw.num_rows * len(melt.found(names))
            raw = melt.apply(raw, kept, path)
            if cells > raw.num_rows:
                self._outcome.dropped[f"{' and '.join(melt.made(names)[1:])} empty"] += cells - raw.num_rows
            raw = self._kept(raw, pending)
        for table in self._tables:
            if all(name in raw.column_names for name in table.item_table.keys):
                raw = self._kept(table.join(raw, sorted(needed if wanted is not None else table.names), path), pending)
        return self._kept(raw, pending, is_last=True)

    def _filled(self, raw: pa.Table) -> pa.Table:
        """Return the rows that are not empty; spreadsheets export empty rows below a table."""
        is_filled = np.zeros(raw.num_rows, dtype=bool)
        for name in raw.column_names:
            if is_filled.all():
                return raw
            if name != ROW:
                is_filled |= are_filled(raw[name])
        self._outcome.dropped["the row is empty"] += int((~is_filled).sum())
        return raw.filter(pa.array(is_filled))

    def _kept(self, raw: pa.Table, pending: list[Condition], *, is_last: bool = False) -> pa.Table:
        """Return the rows that meet the pending conditions that can be tested so far, or, `is_last`, all of them."""
        for condition in list(pending):
            cells = Cells(raw, [condition])
            has_column = bool(cells.names(condition))
            if not has_column and not is_last:
                continue
            pending.remove(condition)
            is_kept = are_kept(cells, condition) if has_column else np.zeros(raw.num_rows, dtype=bool)
            if not is_kept.all():
                lacking = f"there is no column {' or '.join(condition.columns)}"
                self._outcome.dropped[reason(condition) if has_column else lacking] += int((~is_kept).sum())
                raw = raw.filter(pa.array(is_kept))
        return raw

    def finish(self) -> None:
        """Check that every item has a row in the item tables.

        Raises
        ------
        SchemaError
            If an item has no row.
        """
        for table in self._tables:
            self._outcome.notes += table.finish()


def are_kept(cells: Cells, condition: Condition) -> Mask:
    """Return whether each row meets a condition, bool (N,); cells that do not match `json` or `pattern` are empty."""
    codes, texts = cells.of(condition)
    return np.asarray(_meets(texts, condition))[codes]


def _meets(texts: pa.Array, condition: Condition) -> Mask:
    tests: list[Mask] = []
    if condition.pattern is not None:
        if check_pattern(condition.pattern, fewest=0):
            texts = group_of(condition.pattern, texts)
        else:
            tests.append(is_match(condition.pattern, texts))
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(texts)).fill_null("")
    if condition.equals is not None:
        tests.append(_is_one(folded, condition.equals))
    if condition.unequal is not None:
        tests.append(~_is_one(folded, condition.unequal))
    if condition.between is not None:
        low, high = condition.between
        numbers = as_numbers(texts)
        tests.append((numbers >= (-np.inf if low is None else low)) & (numbers <= (np.inf if high is None else high)))
    return np.logical_and.reduce(tests or [np.asarray(pc.not_equal(folded, ""))])


def _is_one(folded: pa.Array, wanted: str | list[str]) -> Mask:
    return as_mask(pc.is_in(folded, pa.array(words(wanted), pa.string())))


def reason(condition: Condition) -> str:
    """Return the reason for dropping a row that does not meet a condition."""
    place = " or ".join(condition.columns) + (f", {condition.json_key}," if condition.json_key else "")
    said = []
    if condition.equals is not None:
        said.append(f"is not {listed(condition.equals)}")
    if condition.unequal is not None:
        said.append(f"is {listed(condition.unequal)}")
    if condition.between is not None:
        low, high = ("" if end is None else f"{end:g}" for end in condition.between)
        said.append(
            f"is not between {low} and {high}" if low and high else f"is not {'from' if low else 'up to'} {low or high}"
        )
    if condition.pattern is not None and not said:
        said.append(f"does not match {condition.pattern!r}")
    return f"{place} {' or '.join(said) or 'is empty'}"
