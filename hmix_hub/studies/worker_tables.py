"""Tables of a study built by the workers of a Dask cluster that hold its rows, byte-identical to one process's.

Every worker counts its rows by participant or stimulus; the client divides these into units and files, as a single
process would; and rows are sent to the worker that builds their file.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from hmix_hub.arrow_files import packed, unpacked
from hmix_hub.cluster import exchange, map_pieces
from hmix_hub.database import Database
from hmix_hub.schema import Column
from hmix_hub.studies.built_tables import ROW_GROUP, StoredTable, name_files, write_units
from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.judgment_table import Facts, refuse_errors
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.pictures import known_pictures
from hmix_hub.studies.stored_rows import StoredRows, read_rows
from hmix_hub.studies.worker_rows import HeldPiece, WorkerRows, dealt, worker_database

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")
_COUNTS, _PLACES, _PARTS = "counts", "places", "parts"


class WorkerTables(StoredRows):
    """Rows of a judgment file held by workers; see `StoredRows`.

    Parameters
    ----------
    rows
        The rows, read with `keeps=True`.
    database, unit
        See `StoredRows`.
    """

    def __init__(self, rows: WorkerRows, database: Database, unit: int = ROW_GROUP) -> None:
        checks = rows.checks
        super().__init__(checks.task, checks.manifest, checks.reporter.file, database, unit)
        self._rows = rows
        for schema, kinds in map_pieces(_form_of, None, rows.held, client=rows.client):
            self.see(schema, kinds)
        self.n = len(checks)

    def _batches(self, names: Sequence[str], order: Sequence[str] = ()) -> Iterator[pa.Table]:
        for content in map_pieces(_select, list(names), self._rows.held, client=self._rows.client):
            yield unpacked(content) if content else self._schema.empty_table().select(names)

    def units(self, *, by_stimulus: bool = False) -> Iterator[pa.Table]:
        """Yield the judgment table, or the by-stimulus table, unit by unit."""
        if not self.is_large:
            yield from super().units(by_stimulus=by_stimulus)
            return
        for units in self._exchanged(_unit_tables, replace(self._making, by_stimulus=by_stimulus), units=1):
            yield from map(unpacked, units)

    def map_units(self, function: Callable[[str, pa.Table], T]) -> Iterator[T]:
        """Yield the results of a function of the task and each unit of the judgment table, computed by workers."""
        if not self.is_large:
            yield from super().map_units(function)
            return
        for found in self._exchanged(_mapped, replace(self._making, function=function), units=1):
            yield from found

    def write(self, name: str, columns: tuple[Column, ...], out: Path, *, by_stimulus: bool, shard: int) -> StoredTable:
        """Write a table as Parquet; see `StoredRows.write`."""
        if not self.is_large:
            return super().write(name, columns, out, by_stimulus=by_stimulus, shard=shard)
        made: list[Path] = []
        (out / name).mkdir(parents=True, exist_ok=True)
        making = replace(self._making, by_stimulus=by_stimulus, name=name, columns=columns, shard=shard)
        schemas: list[pa.Schema] = []
        for schema, content in self._exchanged(_written, making, units=shard):
            schemas.append(schema)
            made.append(out / name / f"{len(made)}.parquet")
            made[-1].write_bytes(content)
        return StoredTable.of(out, name_files(made, name, out), schemas[0])

    @property
    def _making(self) -> _Making:
        return _Making(self.task, self.manifest, self.file, self._unit, self._kinds, self.facts)

    def _exchanged(self, join: Callable[..., T], making: _Making, *, units: int) -> Iterator[T]:
        """Yield the results of a function for each group of units."""
        making = replace(making, keys=self.keys(by_stimulus=making.by_stimulus))
        counts = map_pieces(_counted, making, self._rows.held, client=self._rows.client)
        parts = self._parts(making, filter(None, counts), units)
        n_parts = int(parts["part"][-1].as_py()) + 1 if len(parts) else 0
        making = replace(making, parts=packed(parts), n_parts=n_parts)
        yield from exchange(_deal, join, making, self._rows.held, n_parts, client=self._rows.client)

    def _parts(self, making: _Making, counts: Iterator[bytes], units: int) -> pa.Table:
        """Divide sorted keys into units, like `cut`; return the part of each key, a part being `units` units."""
        keys = [f"k{number}" for number in range(len(making.keys))]
        self._database.drop(_COUNTS)
        for content in counts:
            self._database.insert(_COUNTS, unpacked(content))
        by = ", ".join(keys)
        found = self._database.table(f"select {by}, sum(n)::bigint as n from {_COUNTS} group by {by} order by {by}")
        self._database.drop(_COUNTS)
        ends = np.cumsum(found["n"].to_numpy())
        part = np.zeros(len(ends), dtype=np.int64)
        start = number = 0
        while start < len(ends):
            done = int(ends[start - 1]) if start else 0
            stop = int(np.searchsorted(ends, done + self._unit)) + 1
            part[start:stop] = number // units
            start, number = stop, number + 1
        return found.select(keys).append_column("part", pa.array(part))


def read_on_workers(
    folder: StudyFolder, manifest: Manifest, task: str, database: Database, unit: int = ROW_GROUP, *, client: Client
) -> StoredRows:
    """Let workers read a task's judgment file, which must have no errors; see `read_rows`."""
    report = Report()
    pictures = known_pictures(manifest, folder, report)
    if pictures is None:
        # Drafts are not checked by workers either.
        return read_rows(folder, manifest, task, database, unit)
    rows = WorkerRows(client, FileChecks(folder, manifest, task, report), database)
    rows.read(pictures, keeps=True)
    refuse_errors(report, folder)
    return WorkerTables(rows, database, unit)


def _nothing(task: str, unit: pa.Table) -> None:
    """Do nothing."""


@dataclass(frozen=True)
class _Making:
    """Arguments for building a table from rows that workers hold."""

    task: str
    manifest: Manifest
    file: str
    unit: int
    kinds: dict[str, set[pa.DataType]]
    facts: Facts
    by_stimulus: bool = False
    keys: Sequence[str] = ()
    parts: bytes = b""
    n_parts: int = 0
    name: str = ""
    columns: tuple[Column, ...] = ()
    shard: int = 1
    function: Callable[[str, pa.Table], Any] = field(default=_nothing)


def _form_of(_: None, held: HeldPiece) -> tuple[pa.Schema, dict[str, set[pa.DataType]]]:
    return (unpacked(held.kept).schema if held.kept else pa.schema([])), held.kinds


def _select(names: list[str], held: HeldPiece) -> bytes:
    return b"" if not held.kept else packed(unpacked(held.kept).select(names))


def _keyed(making: _Making, held: HeldPiece) -> pa.Table:
    keys = unpacked(held.kept).select(list(making.keys))
    return keys.rename_columns([f"k{number}" for number in range(len(making.keys))])


def _counted(making: _Making, held: HeldPiece) -> bytes:
    """Return the number of rows by participant or stimulus."""
    if not held.kept:
        return b""
    keys = _keyed(making, held)
    return packed(
        keys.group_by(keys.column_names).aggregate([([], "count_all")]).rename_columns([*keys.column_names, "n"])
    )


def _deal(making: _Making, held: HeldPiece) -> list[bytes]:
    """Return the rows of each part."""
    if not held.kept:
        return [b""] * making.n_parts
    kept, keys = unpacked(held.kept), _keyed(making, held)
    same = " and ".join(f"{_PLACES}.{name} is not distinct from {_PARTS}.{name}" for name in keys.column_names)
    with worker_database() as database:
        database.insert(_PLACES, keys.append_column("place", pa.array(np.arange(len(keys)))))
        database.insert(_PARTS, unpacked(making.parts))
        found = database.table(f"select place, part from {_PLACES} join {_PARTS} on {same}")
    return dealt(kept, found, making.n_parts)


class _Part(StoredRows):
    """Rows of some units, sorted and cut as if with all other rows."""

    is_large = True

    def __init__(self, making: _Making, database: Database, parts: Sequence[bytes]) -> None:
        super().__init__(making.task, making.manifest, making.file, database, making.unit)
        self.facts = making.facts
        for content in filter(None, parts):
            self.take(unpacked(content), making.kinds)
        self.store()


def _units(making: _Making, database: Database, parts: Sequence[bytes]) -> Iterator[pa.Table]:
    return _Part(making, database, parts).units(by_stimulus=making.by_stimulus)


def _unit_tables(making: _Making, parts: Sequence[bytes]) -> list[bytes]:
    with worker_database() as database:
        return [packed(unit) for unit in _units(making, database, parts)]


def _mapped(making: _Making, parts: Sequence[bytes]) -> list[Any]:
    with worker_database() as database:
        return [making.function(making.task, unit) for unit in _units(making, database, parts)]


def _written(making: _Making, parts: Sequence[bytes]) -> tuple[pa.Schema, bytes]:
    """Return a table's schema and the bytes of one of its files."""
    with worker_database() as database:
        units, vocabulary = _units(making, database, parts), making.manifest.vocabulary
        with database.room() as folder:
            out = folder / uuid.uuid4().hex
            written = write_units(units, making.columns, vocabulary, making.name, out, shard=making.shard)
            [file] = written.files
            return written.schema, (out / file).read_bytes()
