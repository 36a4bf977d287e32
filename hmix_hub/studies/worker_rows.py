"""Rows of a judgment file that the workers of a Dask cluster read, check and hold."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hmix_hub.arrow_files import packed, unpacked
from hmix_hub.cluster import exchange, hold_pieces, map_pieces
from hmix_hub.database import Database, default_memory
from hmix_hub.errors import ClusterError, ClusterWarning, SpaceError, Where
from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.checks.rows import KEYS, ROWS, Ask
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.judgment_table import kept_rows
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.pictures import KnownPictures
from hmix_hub.studies.reading.chunks import Piece
from hmix_hub.studies.reading.parquet_file import pieces_of
from hmix_hub.studies.stored_rows import kinds_of

if TYPE_CHECKING:
    from distributed import Client

_PART_ROWS = 2_000_000
"""Maximum number of rows in a part within which rows are compared."""
_HELD = 8
"""Rows take at most 1/8 of a worker's memory before they are moved into a database, since queries are few."""


@dataclass(frozen=True)
class HeldPiece:
    """The data of a piece of a file that a worker holds.

    Parameters
    ----------
    checks
        Results of its checks.
    narrow
        Columns for rules across rows, by part of participants; each is `packed`.
    kept
        Rows from which tables are built, `packed`; empty if there are no rows, or no tables will be built.
    kinds
        Types of the study's own columns in the piece.
    """

    checks: FileChecks
    narrow: list[bytes]
    kept: bytes
    kinds: dict[str, set[pa.DataType]]


@dataclass(frozen=True)
class _Reading:
    """Arguments for reading pieces of a file."""

    folder: StudyFolder
    manifest: Manifest
    task: str
    pictures: KnownPictures
    keeps: bool
    n_parts: int


class WorkerRows(Ask):
    """Rows of a judgment file on the workers of a cluster.

    Parameters
    ----------
    client
        Dask client of the cluster.
    checks
        New checks of the file, which receive the results of its pieces.
    database
        Database in which answers are combined.
    pieces
        Pieces of the file; defaults to `pieces_of` it.
    """

    def __init__(
        self, client: Client, checks: FileChecks, database: Database, pieces: Sequence[Piece] | None = None
    ) -> None:
        super().__init__(database)
        self.client, self.checks = client, checks
        self._pieces = pieces_of(checks.path) if pieces is None else list(pieces)
        n_rows = sum(piece.rows or 0 for piece in self._pieces)
        self.n_parts = max(sum(client.nthreads().values()), -(-n_rows // _PART_ROWS))
        self.held: list[Any] = []
        """The pieces that were read, as `HeldPiece`, for functions of `hmix_hub.cluster`."""

    def read(
        self, pictures: KnownPictures, *, keeps: bool = False, progress: Callable[[int], None] | None = None
    ) -> int:
        """Let the workers read the file and check each row on its own; return the number of rows.

        Parameters
        ----------
        pictures
            The study's pictures.
        keeps
            Whether tables will be built from the rows.
        progress
            Called with the number of rows read so far.

        Warns
        -----
        ClusterWarning
            If the file's format cannot be read in pieces, so that one worker reads it.
        """
        if not self.checks.path.name.lower().endswith(".parquet"):
            message = (
                f"{self.checks.reporter.file} is read by a single worker, since cells of CSV or JSON may contain line "
                "breaks; write it as Parquet, whose row groups are read by all workers"
            )
            warnings.warn(message, ClusterWarning, stacklevel=2)
        about = self.checks
        reading = _Reading(about.folder, about.manifest, about.task, pictures, keeps, self.n_parts)
        self.held = hold_pieces(_read_piece, reading, self._pieces, client=self.client)
        done = 0
        for number, checks in enumerate(map_pieces(_checks_of, None, self.held, client=self.client)):
            self.checks.merge(checks)
            done += len(checks)
            if progress is not None:
                progress(done)
            if len(checks) < (self._pieces[number].rows or 0):
                # Reading stopped here; ignore the pieces after it.
                del self.held[number + 1 :]
                break
        return done

    def __call__(self, key: str, question: Callable[..., Any], *given: Any) -> list[Any]:
        """Return the parts' answers; see `Ask`."""
        asked = _Asked(key, KEYS[key](self.checks.task), self.n_parts, question, given)
        return list(exchange(_deal, _answer, asked, self.held, self.n_parts, client=self.client))


@dataclass(frozen=True)
class _Asked:
    key: str
    expression: str
    n_parts: int
    question: Callable[..., Any]
    given: tuple[Any, ...]


def _read_piece(reading: _Reading, piece: Piece) -> HeldPiece:
    checks = FileChecks(reading.folder, reading.manifest, reading.task, Report())
    _look_for(checks.path)
    narrow: list[pa.Table] = []
    kept: list[pa.Table] = []
    kinds: dict[str, set[pa.DataType]] = {}
    for chunk in checks.chunks(reading.pictures, narrow.append, piece):
        if reading.keeps:
            kept.append(kept_rows(chunk, reading.task, reading.manifest, kept[0].schema if kept else None))
            for name, found in kinds_of(kept[-1], chunk).items():
                kinds.setdefault(name, set()).update(found)
    parts = _parts(pa.concat_tables(narrow), KEYS["participant"](reading.task), reading.n_parts) if narrow else []
    return HeldPiece(checks, parts, packed(pa.concat_tables(kept)) if kept else b"", kinds)


def _look_for(path: Path) -> None:
    """Check that this machine can see the file."""
    if not path.is_file():
        msg = "a worker cannot see this file"
        hint = "put the study on a path shared by all machines, or at an address such as s3://… or hf://datasets/…"
        raise ClusterError(msg, where=Where(str(path)), hint=hint)


def _checks_of(_: None, held: HeldPiece) -> FileChecks:
    return held.checks


def _deal(asked: _Asked, held: HeldPiece) -> list[bytes]:
    if asked.key == "participant" or not held.narrow:
        return held.narrow or [b""] * asked.n_parts
    return _parts(pa.concat_tables(map(unpacked, held.narrow)), asked.expression, asked.n_parts)


def _answer(asked: _Asked, parts: Sequence[bytes]) -> Any:
    with worker_database() as database:
        for part in filter(None, parts):
            database.insert(ROWS, unpacked(part))
        return asked.question(database, *asked.given)


def _parts(rows: pa.Table, expression: str, n_parts: int) -> list[bytes]:
    """Divide rows into parts so that rows with the same value of an expression are in the same part."""
    named = [name for name in rows.column_names if re.search(rf"\b{name}\b", expression)]
    with worker_database() as database:
        database.insert(ROWS, rows.select(named).append_column("place", pa.array(np.arange(len(rows)))))
        found = database.table(f"select place, coalesce(hash({expression}) % {n_parts}, 0)::int as part from {ROWS}")
    return dealt(rows, found, n_parts)


def dealt(rows: pa.Table, found: pa.Table, n_parts: int) -> list[bytes]:
    """Return the packed rows of each part, given a table of `place` and `part` in any order."""
    part = np.zeros(len(rows), dtype=np.int64)
    part[found["place"].to_numpy()] = found["part"].to_numpy()
    ordered = rows.take(np.argsort(part, kind="stable"))
    ends = np.cumsum(np.bincount(part, minlength=n_parts))
    return [packed(ordered.slice(start, stop - start)) for start, stop in zip([0, *ends], ends, strict=False)]


@contextmanager
def worker_database() -> Iterator[Database]:
    """Yield a database in the worker's folder, limited to one thread's share of its memory."""
    from distributed import get_worker

    worker = get_worker()
    limit = worker.memory_manager.memory_limit
    memory = limit // worker.state.nthreads if limit else default_memory()
    try:
        with Database(memory, worker.local_directory, threads=1, held=memory // _HELD) as database:
            yield database
    except SpaceError as error:
        error.hint = f"start the worker at {worker.address} with more disk space (--local-directory) or --memory-limit"
        raise
