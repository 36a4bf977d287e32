"""Mapped tables: the rows and columns that a column map makes of raw tables, all files together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, Where, nearest
from hmix_hub.importing.column_map import ColumnMap, Keep, words
from hmix_hub.importing.mapped_column import MappedColumn, are_filled, listed
from hmix_hub.importing.outcome import NO_ROW, ROW, Outcome


class MappedFiles:
    """Raw files that one column map is applied to; `outcome` gets the judgments, and counts of other rows by reason."""

    def __init__(self, column_map: ColumnMap, outcome: Outcome) -> None:
        self._map = column_map
        self._outcome = outcome
        self._known: dict[str, None] = {}
        self._first: Path | None = None
        self._lacking: list[ConfigurationError] = []
        self._made = [MappedColumn(target, origin) for target, origin in column_map.columns.items()]

    def add(self, raw: pa.Table, path: Path, name: str) -> None:
        """Add the judgments of a file, from `read_raw`; the column source_file calls it by its `name`."""
        self._first = self._first or path
        if not raw.num_rows:
            self._outcome.leave_out(path, NO_ROW)
            return
        self._known |= dict.fromkeys(column for column in raw.column_names if column != ROW)
        needed = [keep.column for keep in self._map.rows]
        needed += [made.origin.column for made in self._made if made.origin.column and not made.origin.optional]
        lacking = [column for column in dict.fromkeys(needed) if column not in raw.column_names]
        raw = self._kept(self._filled(raw))
        if lacking:
            self._leave_out(raw, path, lacking)
        elif not raw.num_rows:
            self._outcome.leave_out(path, "no row is a judgment")
        else:
            columns = {made.target: made.add(raw, path) for made in self._made}
            columns |= {"source_file": pa.array([name] * raw.num_rows, pa.string()), "source_row": raw[ROW]}
            self._outcome.tables.setdefault(self._map.task, []).append(pa.table(columns))

    def _filled(self, raw: pa.Table) -> pa.Table:
        """Return the rows that hold anything: spreadsheets export empty ones below a table."""
        is_filled = np.zeros(raw.num_rows, dtype=bool)
        for name in raw.column_names:
            if is_filled.all():
                return raw
            if name != ROW:
                is_filled |= are_filled(raw[name])
        self._outcome.dropped["the row is empty"] += int((~is_filled).sum())
        return raw.filter(pa.array(is_filled))

    def _kept(self, raw: pa.Table) -> pa.Table:
        for keep in self._map.rows:
            has_column = keep.column in raw.column_names
            kept = _is_kept(raw, keep) if has_column else np.zeros(raw.num_rows, dtype=bool)
            if not kept.all():
                said = "is empty" if keep.equals is None else f"is not {listed(keep.equals)}"
                reason = f"{keep.column} {said}" if has_column else f"there is no column {keep.column}"
                self._outcome.dropped[reason] += int((~kept).sum())
                raw = raw.filter(pa.array(kept))
        return raw

    def _leave_out(self, raw: pa.Table, path: Path, lacking: list[str]) -> None:
        """Skip a file: a session that was broken off before its first trial lacks the columns of trials."""
        said = f"no column {', '.join(lacking)}"
        if self._map.rows and raw.num_rows:
            msg = f"`rows:` keeps rows of this file ({raw.num_rows}), but it has {said}"
            hint = "write `optional: true` for a column that may be missing, or leave the file out"
            where = Where(str(path), raw[ROW][0].as_py(), lacking[0])
            self._lacking.append(ConfigurationError(msg, where=where, hint=hint))
        if raw.num_rows:
            self._outcome.dropped[f"there is {said}"] += raw.num_rows
        self._outcome.leave_out(path, said)

    def finish(self) -> None:
        """Check what came of all files.

        Raises
        ------
        ConfigurationError
            If the map names a column that no file has, no row is a judgment, rows that are kept lack a column, or cells
            do not fit what the map says of them.
        """
        self._refuse_unknown()
        if self._lacking:
            raise self._lacking[0]
        if not self._outcome.rows(self._map.task):
            raise self._outcome.nothing(self._first)
        self._refuse_unfit()
        self._outcome.notes += [note for made in self._made for note in made.doubts()]

    def _refuse_unknown(self) -> None:
        named = [keep.column for keep in self._map.rows] + [made.origin.column for made in self._made]
        for name in named:
            if name is not None and self._known and name not in self._known:
                msg = f"the map names a column {name!r}, which no file has"
                where = Where(str(self._first)) if self._first else None
                raise ConfigurationError(msg, where=where, hint=nearest(name, self._known, label="columns"))

    def _refuse_unfit(self) -> None:
        told = [made for made in self._made if made.unfit and not made.origin.optional]
        if told:
            msg = "; ".join(map(MappedColumn.misfit, told))
            hint = (
                "change `json:`, `keys:` or `pattern:` to match these cells, drop such rows with `rows:`, or write "
                "`optional: true` if such cells may stay empty"
            )
            raise ConfigurationError(msg, where=told[0].where, hint=hint)


def _is_kept(raw: pa.Table, keep: Keep) -> np.ndarray:
    text = raw[keep.column]
    if keep.equals is None:
        return are_filled(text)
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(text))
    return np.asarray(pc.is_in(folded, pa.array(words(keep.equals))).to_numpy(), dtype=bool)
