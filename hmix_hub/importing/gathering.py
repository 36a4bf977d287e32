"""Gathering judgments from raw files by task, with column maps, and writing them as judgment files."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv

from hmix_hub.errors import ConfigurationError, SchemaError, Where, did_you_mean, nearest
from hmix_hub.files import replace_file
from hmix_hub.importing.arrangement import Arrangement
from hmix_hub.importing.cells import Batch, Cells, as_cells
from hmix_hub.importing.column_map import ColumnMap
from hmix_hub.importing.mapped_column import MappedColumn
from hmix_hub.importing.numbering import Numberings
from hmix_hub.importing.outcome import NO_ROW, ROW, Outcome
from hmix_hub.importing.readers import read_raw
from hmix_hub.importing.suite_export import SuiteFiles
from hmix_hub.schema import Vocabulary
from hmix_hub.tasks import TASKS

_MOST_NAMED = 30
_FIT = (
    "change `json:`, `keys:` or `pattern:` to match these cells, drop such rows with `rows:`, or write "
    "`optional: true` if such cells may stay empty"
)
_ON_SCALE = (
    "correct the two ends of the raw scale, drop such rows with `rows: [{column: …, between: […]}]`, or replace such "
    "values by empty ones with `values:`"
)


class MappedFiles:
    """Raw files with the same column map; `outcome` receives the judgments, and counts of dropped rows by reason."""

    def __init__(self, column_map: ColumnMap, outcome: Outcome, numberings: Numberings) -> None:
        self._map = column_map
        self._outcome = outcome
        self._known: dict[str, None] = {}
        self._first: Path | None = None
        self._lacking: list[ConfigurationError] = []
        self._numberings = numberings
        self._arrangement = Arrangement(column_map, outcome)
        self._files = self._unmelted = 0
        self._made = [MappedColumn(target, origin) for target, origin in column_map.columns.items()]
        self._batch = Batch()
        self._needed = self._named(made for made in self._made if not made.origin.optional)
        names_columns = any(made.origin.column_named_by is not None for made in self._made)
        named = {name for made in self._made for names in made.origin.named for name in names}
        # Raw columns that are needed; all of them if cells contain column names.
        self._wanted = None if names_columns else sorted(named)

    def add(self, raw: pa.Table, path: Path, name: str) -> None:
        """Add the judgments of a file, from `read_raw`; `name` goes into the column source_file.

        Raises
        ------
        ConfigurationError
            If two columns have the same name after the map's are added.
        """
        self._first = self._first or path
        if not raw.num_rows:
            self._outcome.leave_out(path, NO_ROW)
            return
        self._files += 1
        there = self._arrangement.names(raw)
        self._known |= dict.fromkeys(there)
        lacking = [" or ".join(names) for names in self._needed if all(name not in there for name in names)]
        if (items := self._arrangement.lacks_items(raw)) is not None:
            # Columns made by melting are missing as well.
            made = [*self._map.melt.into] if self._map.melt else []
            self._unmelted += 1
            lacking = [items, *(name for name in lacking if name not in made)]
        raw = self._arrangement.arrange(raw, self._wanted, path)
        if lacking:
            self._leave_out(raw, path, lacking, there)
        elif not raw.num_rows:
            self._outcome.leave_out(path, "no row is a judgment")
        else:
            if self._wanted is not None:
                raw = raw.select([name for name in raw.column_names if name in {*self._wanted, ROW}])
            if not self._batch.takes(raw):
                self._map_batch()
            self._batch.add(raw, path, name)

    def _map_batch(self) -> None:
        """Map the columns of the collected rows."""
        batch, self._batch = self._batch, Batch()
        if not len(batch):
            return
        cells = Cells(batch.table, [taken for made in self._made for taken in made.taken])
        raw, parts = cells.raw, self._outcome.tables.setdefault(self._map.task, [])
        columns = {made.target: made.add(cells, batch) for made in self._made}
        columns |= {"source_file": batch.source_files, "source_row": raw[ROW]}
        for made in self._made:
            if made.origin.number is not None:
                # Numbers are assigned after all files are read. Raw columns take precedence over those of the judgment
                # file.
                by = {column: columns[column] for column in made.origin.numbered_by if column in columns}
                by |= {column: raw[column] for column in made.origin.numbered_by if column in raw.column_names}
                table = pa.table({column: as_cells(values) for column, values in by.items()})
                numbering = self._numberings.of(self._map.task, made.target)
                numbering.add(made.origin, table, batch, len(parts))
        parts.append(pa.table(columns))

    def _named(self, columns: Iterable[MappedColumn]) -> list[tuple[str, ...]]:
        """Return the raw columns in conditions and columns, without duplicates; of each tuple, one is needed."""
        named = list(self._arrangement.named)
        for made in columns:
            is_made = made.origin.number is not None
            named += [names for names in made.origin.named if not (is_made and names[0] in self._map.columns)]
        return list(dict.fromkeys(named))

    def _leave_out(self, raw: pa.Table, path: Path, lacking: list[str], there: list[str]) -> None:
        """Skip a file: a session that ended before its first trial has no trial columns.

        A column with another spelling is an error instead.
        """
        said = f"no column {', '.join(lacking)}"
        spelled = {_spelling(name): name for name in there}
        other = next((spelled[key] for name in lacking if (key := _spelling(name)) in spelled), None)
        if self._map.rows and raw.num_rows and other is not None:
            msg = f"`rows:` keeps rows of this file ({raw.num_rows}), but it has {said}, and a column {other!r}"
            hint = f"write both spellings in the map, `column: [{lacking[0]}, {other}]`, or omit the file"
            where = Where(str(path), raw[ROW][0].as_py(), lacking[0])
            self._lacking.append(ConfigurationError(msg, where=where, hint=hint))
        if raw.num_rows:
            self._outcome.dropped[f"there is {said}"] += raw.num_rows
        self._outcome.leave_out(path, said)

    def finish(self) -> None:
        """Check the results of all files.

        Raises
        ------
        ConfigurationError
            If the map uses a column that no file has, a column is missing for rows that are kept, or cells do not match
            the map.
        SchemaError
            If no row is a judgment, a number is outside its scale, or an item has no row in its table.
        """
        self._map_batch()
        self._refuse_unmelted()
        self._refuse_unknown()
        if self._lacking:
            raise self._lacking[0]
        if not self._outcome.rows(self._map.task):
            raise self._outcome.nothing(self._first)
        self._refuse_unfit()
        self._arrangement.finish()
        self._outcome.notes += [note for made in self._made for note in made.doubts()]

    def _refuse_unknown(self) -> None:
        # Some columns of `which` and `melt` may be missing from a file, but not from all files.
        alternatives = self._named(self._made)
        alternatives += [(name,) for made in self._made for name in made.origin.by_column]
        melt = self._map.melt
        alternatives += [] if melt is None or isinstance(melt.columns, str) else [(name,) for name in melt.columns]
        unknown = [names for names in alternatives if self._known and self._known.keys().isdisjoint(names)]
        if not unknown:
            return
        where = Where(str(self._first)) if self._first else None
        if len(unknown) == 1:
            msg = f"the map uses the column {' or '.join(map(repr, unknown[0]))}, which no file has"
            raise ConfigurationError(msg, where=where, hint=nearest(unknown[0][0], self._known, label="columns"))
        told = ", ".join(" or ".join(map(repr, names)) for names in unknown)
        msg = f"the map uses columns that no file has: {told}"
        raise ConfigurationError(msg, where=where, hint=columns_hint([names[0] for names in unknown], self._known))

    def _refuse_unmelted(self) -> None:
        if self._known and self._unmelted == self._files and self._map.melt is not None:
            msg = f"`melt:` matches no column of any file: {self._map.melt.in_words}"
            where = Where(str(self._first)) if self._first else None
            hint = f"the expression must match the whole name; {columns_hint([], self._known)}"
            raise ConfigurationError(msg, where=where, hint=hint)

    def _refuse_unfit(self) -> None:
        told = [made for made in self._made if made.unfit.count and not made.origin.optional]
        if told:
            msg = "; ".join(map(MappedColumn.misfit, told))
            raise ConfigurationError(msg, where=told[0].unfit.where, hint=_FIT)
        told = [made for made in self._made if made.outside.count]
        if told:
            msg = "; ".join(map(MappedColumn.off_scale, told))
            raise SchemaError(msg, where=told[0].outside.where, hint=_ON_SCALE)


def _spelling(name: str) -> str:
    return "".join(filter(str.isalnum, name)).lower()


def columns_hint(names: Iterable[str], known: Iterable[str]) -> str:
    """Return a hint for missing columns: similar names, and the columns of the files."""
    there = list(known)
    near = [f"{name!r}: {hint}" for name in names if (hint := did_you_mean(name, there))]
    more = f" and {len(there) - _MOST_NAMED} more" if len(there) > _MOST_NAMED else ""
    return "; ".join([*near, f"the files have the columns {', '.join(there[:_MOST_NAMED])}{more}"])


class RawFiles(NamedTuple):
    """Raw files of one form: their names in source_file, and their map (`None` for exports of the original Suite)."""

    names: Mapping[Path, str]
    column_map: ColumnMap | None


def gather(
    groups: Sequence[RawFiles], vocabulary: Vocabulary, *, progress: Callable[[int], None] | None = None
) -> Outcome:
    """Read raw files and return their judgments, in the order of the files; `number` counts across all files.

    Parameters
    ----------
    groups
        The files of each form.
    vocabulary
        Class names of the study.
    progress
        Called with the number of files read so far.

    Raises
    ------
    SourceMissingError
        If a file is missing.
    SchemaError
        If a row cannot be read, or no row is a judgment.
    ConfigurationError
        If no file of a group without a map is an export of the Suite, or a map does not fit its files.
    """
    outcome, numberings, done = Outcome(), Numberings(), 0
    for names, column_map in groups:
        into = SuiteFiles(vocabulary, outcome) if column_map is None else MappedFiles(column_map, outcome, numberings)
        layout = {} if column_map is None else column_map.model_dump(include={"skip", "header", "sheet"})
        for path, name in names.items():
            into.add(read_raw(path, outcome, **layout), path, name)
            done += 1
            if progress is not None:
                progress(done)
        into.finish()
    numberings.finish(outcome)
    outcome.notes += outcome.notes_on_files
    return outcome


def write_judgments(table: pa.Table, path: Path, task: str) -> None:
    """Write a judgment file as CSV, atomically and without optional columns that are entirely null."""
    optional = [name for name in TASKS[task].optional_columns if name in table.column_names]
    empty = [name for name in optional if table[name].null_count == table.num_rows]
    content = io.BytesIO()
    csv.write_csv(table.drop_columns(empty), content, csv.WriteOptions(quoting_style="needed"))
    replace_file(path, content.getvalue())
