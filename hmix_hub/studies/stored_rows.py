"""Rows of a judgment file: few in memory, many on disk, sorted and cut into units."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from hmix_hub.arrow_files import open_parquet
from hmix_hub.database import Database
from hmix_hub.errors import HMixError, StudyError, Where
from hmix_hub.judgments.by_stimulus import by_stimulus as pooled
from hmix_hub.schema import Column
from hmix_hub.schema.groups import encode_key
from hmix_hub.schema.judgment import EXTRA_PREFIX
from hmix_hub.studies.built_tables import ROW_GROUP, StoredTable, write_units
from hmix_hub.studies.columns.own import is_lossless
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, StudyFolder
from hmix_hub.studies.judgment_table import ROW, Facts, complete, facts_of, kept_rows, refuse_errors
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk, observed_chunks
from hmix_hub.tasks import TASKS

T = TypeVar("T")


class StoredRows:
    """Rows of a task's judgment file.

    Up to `Space.unit` rows stay in memory as one unit, in the order of the file. More are stored on disk, sorted by
    participant, trial and row (without participants, by stimulus and row), and cut into units of whole participants.

    Parameters
    ----------
    task, manifest
        Task of the file, and manifest of the study.
    file
        Path of the file within the study.
    database
        Sorts rows that are not in memory.
    unit
        Number of rows in a unit.
    """

    def __init__(self, task: str, manifest: Manifest, file: str, database: Database, unit: int = ROW_GROUP) -> None:
        self.task, self.manifest, self.file = task, manifest, file
        self._database, self._unit = database, unit
        self.n = 0
        self._tables: list[pa.Table] = []
        self._schema = pa.schema([(ROW, pa.int64())])
        self._kinds: dict[str, set[pa.DataType]] = {}
        self._path: Path | None = None
        self._writer: parquet.ParquetWriter | None = None

    def add(self, chunk: ObservedChunk) -> None:
        """Add rows."""
        table = kept_rows(chunk, self.task, self.manifest, self._schema if self.n else None)
        self.take(table, kinds_of(table, chunk))
        if sum(map(len, self._tables)) > self._unit:
            self.store()

    def see(self, schema: pa.Schema, kinds: Mapping[str, Collection[pa.DataType]]) -> None:
        """Record the schema of kept rows, if there are any, and the types of the study's own columns."""
        self._schema = schema if len(schema) else self._schema
        for name, found in kinds.items():
            self._kinds.setdefault(name, set()).update(found)

    def take(self, table: pa.Table, kinds: Mapping[str, Collection[pa.DataType]]) -> None:
        """Add rows as returned by `kept_rows`; see `see`."""
        self.see(table.schema, kinds)
        self._tables.append(table)
        self.n += len(table)

    @property
    def is_large(self) -> bool:
        """Return whether there are more rows than in one unit."""
        return self.n > self._unit

    def store(self) -> None:
        """Move the rows in memory to disk."""
        with self._database.room() as folder:
            if self._writer is None:
                self._path = folder / f"{self.task}-{uuid.uuid4().hex}.parquet"
                # The database ignores case in names.
                numbered = pa.schema([(f"c{number}", kind) for number, kind in enumerate(self._schema.types)])
                self._writer = parquet.ParquetWriter(self._path, numbered)
            self._writer.write_table(pa.concat_tables(self._tables).rename_columns(self._writer.schema.names))
        self._tables.clear()

    def _end(self) -> None:
        """Close the file, so that it can be read."""
        if self._writer is not None and self._writer.is_open:
            if self._tables:
                self.store()
            with self._database.room():
                self._writer.close()

    def _batches(self, names: Sequence[str], order: Sequence[str] = ()) -> Iterator[pa.Table]:
        """Yield columns of the rows in tables of any length, sorted by `order` if given."""
        self._end()
        if self._path is None:
            yield pa.concat_tables([self._schema.empty_table(), *self._tables]).select(names)
            return
        fields = [self._schema.field(name) for name in names]
        if not order:
            with open_parquet(self._path) as file:
                for number in range(file.num_row_groups):
                    yield pa.table(
                        list(file.read_row_group(number, [self._place(name) for name in names])), pa.schema(fields)
                    )
            return
        columns, by = (", ".join(map(self._place, part)) for part in (names, order))
        for batch in self._database.batches(f"select {columns} from read_parquet($1) order by {by}", [str(self._path)]):
            yield _typed(batch, pa.schema(fields))

    def _place(self, name: str) -> str:
        return f"c{self._schema.get_field_index(name)}"

    @cached_property
    def facts(self) -> Facts:
        """Return the properties of the whole file."""
        return facts_of(self._batches, self._kinds, self.task, self.manifest, self._is_lossless)

    def _is_lossless(self, name: str) -> bool:
        """Return whether different texts, all of which are numbers, are different numbers."""
        if not self.is_large:
            return all(is_lossless(rows[name]) for rows in self._batches([name]))
        table = "numbers"
        try:
            for batch in self._batches([name]):
                texts = batch[name].drop_null().unique()
                self._database.insert(
                    table, pa.table({"text": texts, "bits": texts.cast(pa.float64()).view(pa.int64())})
                )
            [(found,)] = self._database.rows(f"select count(distinct text) = count(distinct bits) from {table}")
        finally:
            self._database.drop(table)
        return bool(found)

    def units(self, *, by_stimulus: bool = False) -> Iterator[pa.Table]:
        """Yield the judgment table, or the by-stimulus table, unit by unit."""
        for rows in self._units(by_stimulus=by_stimulus):
            unit = self._completed(rows)
            if by_stimulus:
                unit = pooled(
                    unit, self.task, self.manifest.vocabulary, counts_synthetic=self.manifest.synthetic or None
                )
            yield unit

    def in_file_order(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Yield columns of the judgment table, in tables of any length, in the order of the file."""
        units = ((rows[ROW], self._completed(rows).select(names)) for rows in self._units(by_stimulus=False))
        if not self.is_large:
            yield from (unit for _, unit in units)
            return
        table, columns = f"computed-{self.task}", ", ".join(f'"{name}"' for name in names)
        schema = pa.schema([])
        try:
            for numbers, unit in units:
                schema = unit.schema
                self._database.insert(table, unit.append_column(ROW, numbers))
            for batch in self._database.batches(f'select {columns} from "{table}" order by "{ROW}"'):
                yield _typed(batch, schema)
        finally:
            self._database.drop(table)

    def _units(self, *, by_stimulus: bool) -> Iterator[pa.Table]:
        """Yield the kept rows of each unit."""
        task, names, keys = TASKS[self.task], self._schema.names, self.keys(by_stimulus=by_stimulus)
        order = [*keys, *(("participant_id", "trial_index") if task.has_participants else ()), ROW]
        if by_stimulus:
            names = [name for name in names if name not in self._kinds]
        yield from cut(self._batches(names, order if self.is_large else ()), keys, self._unit)

    def _completed(self, rows: pa.Table) -> pa.Table:
        try:
            return complete(rows, self.task, self.manifest, self.file, self.facts)
        except HMixError as error:
            if error.where.row is not None:
                error.where = replace(error.where, row=rows[ROW][error.where.row].as_py())
            raise

    def table(self, *, by_stimulus: bool = False) -> pa.Table:
        """Return all units as one table."""
        units = list(self.units(by_stimulus=by_stimulus))
        return units[0] if len(units) == 1 else pa.concat_tables(units).combine_chunks()

    def map_units(self, function: Callable[[str, pa.Table], T]) -> Iterator[T]:
        """Yield the results of a function of the task and each unit of the judgment table."""
        return (function(self.task, unit) for unit in self.units())

    def write(self, name: str, columns: tuple[Column, ...], out: Path, *, by_stimulus: bool, shard: int) -> StoredTable:
        """Write a table as Parquet; see `write_units`.

        Parameters
        ----------
        name, columns
            Its configuration, and its columns in the schema.
        out, shard
            See `write_units`.
        by_stimulus
            Whether the table has one row per stimulus.
        """
        units = self.units(by_stimulus=by_stimulus)
        return write_units(units, columns, self.manifest.vocabulary, name, out, shard=shard)

    def keys(self, *, by_stimulus: bool) -> list[str]:
        """Return the columns that identify what units contain completely, in sort order."""
        if TASKS[self.task].has_participants and not by_stimulus:
            return ["participant_id"]
        pictures = [f"image_{i}_{part}" for i in (1, 2) for part in ("label", "index")]
        return [
            name for name in ("mixing_coefficient", *pictures, *TASKS[self.task].facets) if name in self._schema.names
        ]


def kinds_of(table: pa.Table, chunk: ObservedChunk) -> dict[str, set[pa.DataType]]:
    """Return the types of the study's own columns in a chunk of which rows are kept."""
    own = [name for name in table.column_names if name.startswith(EXTRA_PREFIX)]
    return {name: {chunk.extras[name].type if name in chunk.extras else pa.string()} for name in own}


def _typed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    """Return rows of the database in their original Arrow types."""
    return pa.table([column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)], schema)


def read_rows(
    folder: StudyFolder, manifest: Manifest, task: str, database: Database, unit: int = ROW_GROUP
) -> StoredRows:
    """Read a task's judgment file.

    Parameters
    ----------
    folder, manifest
        The study.
    task
        One of `folder.judgments`.
    database, unit
        See `StoredRows`.

    Raises
    ------
    StudyError
        If the file does not exist, or breaks a rule that prevents building a table.
    """
    if task not in folder.judgments:
        msg = f"study.yaml lists the task {task}, but the folder has no judgment file for it"
        hint = (
            "pipes, and links that point outside the folder, are not read; "
            f"`hmix contribute validate {folder.path}` reports all problems"
        )
        raise StudyError(msg, where=Where(str(folder.file(f"{JUDGMENTS}/{task}.csv"))), hint=hint)
    report = Report()
    rows = StoredRows(task, manifest, folder.judgments[task], database, unit)
    for chunk in observed_chunks(folder, manifest, task, report):
        rows.add(chunk)
    refuse_errors(report, folder)
    return rows


def read_judgments(folder: StudyFolder, manifest: Manifest, task: str, *, by_stimulus: bool = False) -> pa.Table:
    """Read a task's table into memory; see `StoredRows`.

    Parameters
    ----------
    folder, manifest, task
        See `read_rows`.
    by_stimulus
        Whether to return one row per stimulus.

    Returns
    -------
    pyarrow.Table
        Columns as `hmix_hub.tasks.columns(task, manifest.schema_version)`, labels as codes of the manifest's
        vocabulary, then the study's own columns; or as `hmix_hub.tasks.by_stimulus_columns`.

    Raises
    ------
    StudyError
        See `read_rows`.
    """
    with Database() as database:
        return read_rows(folder, manifest, task, database).table(by_stimulus=by_stimulus)


def cut(tables: Iterable[pa.Table], keys: Sequence[str], size: int) -> Iterator[pa.Table]:
    """Cut sorted rows, given as a sequence of tables, into units; a unit ends with the key that fills it.

    Parameters
    ----------
    tables
        The rows.
    keys
        Columns that make up the key.
    size
        Number of rows in a unit.
    """
    pending: list[pa.Table] = []
    for table in tables:
        pending.append(table)
        if sum(map(len, pending)) <= size:
            continue
        rows = pa.concat_tables(pending)
        while len(rows) > size:
            code = encode_key([rows[name].slice(size - 1) for name in keys])
            others = np.flatnonzero(code)
            if not len(others):
                break
            yield rows.slice(0, size - 1 + int(others[0]))
            rows = rows.slice(size - 1 + int(others[0]))
        pending = [rows]
    if any(map(len, pending)):
        yield pa.concat_tables(pending)
