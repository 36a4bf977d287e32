"""Parquet files: typed columns, chunk by chunk; sizes in the metadata are checked before anything is decompressed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.arrow_files import open_parquet
from hmix_hub.errors import first_line
from hmix_hub.remote_files import RemoteFile
from hmix_hub.studies.reading.chunks import (
    CELL_LIMIT,
    CHUNK_ROWS,
    COLUMN_LIMIT,
    ROW_LIMIT,
    ROWS_FREE,
    ROWS_PER_BYTE,
    WHOLE,
    Chunk,
    Piece,
    UnreadableError,
)
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

GROUP_LIMIT = 2**28
"""Maximum size of a row group in bytes; a million judgments take a third of it."""
VALUES_LIMIT = GROUP_LIMIT // 8
"""Maximum number of list items in a column of a row group; thirty for each of a million judgments."""
TEXT_LIMIT = 2**26
"""Maximum size of texts and list items in a chunk, in bytes."""


PIECE_ROWS = 250_000
"""Number of rows in a piece of a file: enough to be worth a message, and few enough to read again."""


def pieces_of(path: Path, rows: int = PIECE_ROWS) -> list[Piece]:
    """Return the pieces of a file, in order: row groups of Parquet; a single piece for other or damaged files."""
    if not path.name.lower().endswith(".parquet"):
        return [WHOLE]
    try:
        with _opened(path) as file:
            _check_size(file, path.stat().st_size)
            return _pieces(file, rows) or [WHOLE]
    except (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError, UnreadableError):
        # The reader will report the fault.
        return [WHOLE]


def _pieces(file: Any, rows: int) -> list[Piece]:
    pieces: list[Piece] = []
    groups: list[int] = []
    start = n = 0
    for number in range(file.num_row_groups):
        groups.append(number)
        n += file.metadata.row_group(number).num_rows
        if n >= rows or number == file.num_row_groups - 1:
            pieces.append(Piece(tuple(groups), start, n))
            groups, start, n = [], start + n, 0
    return pieces


def read_parquet(path: Path, piece: Piece = WHOLE) -> Iterator[Chunk]:
    """Read a Parquet file, or a piece of it; raise `UnreadableError` where reading must stop."""
    start = piece.start
    try:
        with _opened(path) as file:
            _check_size(file, path.stat().st_size)
            schema, texts = file.schema_arrow, _texts(file)
        # A file of a few kilobytes can repeat one long text a million times, so texts are expanded a few rows at a
        # time.
        with _opened(path, page_checksum_verification=True, read_dictionary=texts) as file:
            for batch in _batches(file, texts, piece.groups):
                _check_texts(batch, start)
                for part in _parts(batch):
                    rows = np.arange(start, start + part.num_rows, dtype=np.int64)
                    start += part.num_rows
                    yield _chunk(part, schema, rows)
    except (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError) as error:
        msg = f"not a complete Parquet file: {first_line(error)}"
        raise UnreadableError(msg, row=start or None) from None


@contextmanager
def _opened(path: Path, **options: Any) -> Iterator[Any]:
    where = closing(path.open("rb")) if isinstance(path, RemoteFile) else nullcontext(path)
    with where as place, open_parquet(place, **options) as file:
        yield file


def _check_size(file: Any, n_bytes: int) -> None:
    """Check the sizes in a file's metadata: a column of one repeated value takes few bytes, whatever its length."""
    metadata = file.metadata
    if metadata.num_columns > COLUMN_LIMIT:
        msg = f"{metadata.num_columns} columns"
        raise UnreadableError(msg, rule=column_rules.MANY)
    fault = fault_of_rows(metadata.num_rows, n_bytes)
    if fault is not None:
        raise UnreadableError(fault, rule=rules.TOO_LARGE)
    lists = [n for n in range(metadata.num_columns) if file.schema.column(n).max_repetition_level]
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        if group.total_byte_size > GROUP_LIMIT:
            msg = f"row group {number} has {group.total_byte_size} bytes; write smaller row groups"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
        values = max((group.column(n).num_values for n in lists), default=0)
        if values > VALUES_LIMIT:
            msg = f"row group {number} has a column with {values:,} list items; write smaller row groups"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)


def fault_of_rows(n_rows: int, n_bytes: int) -> str | None:
    """Return a message if there are too many rows, in total or for the bytes; `None` otherwise."""
    if n_rows > ROW_LIMIT:
        return f"{n_rows:,} rows, but the maximum is {ROW_LIMIT:,}"
    if n_rows > ROWS_FREE + ROWS_PER_BYTE * n_bytes:
        return f"{n_rows:,} rows in {n_bytes:,} bytes cannot be judgments; if they are, write them as CSV"
    return None


def _batches(file: Any, texts: list[str], groups: Sequence[int] | None) -> Iterator[pa.RecordBatch]:
    # Read a whole file like its pieces, so that a damaged file is read equally far.
    runs = [piece.groups or () for piece in _pieces(file, PIECE_ROWS)] if groups is None else [tuple(groups)]
    if any("." in path for path in texts):
        # Arrow cannot join the dictionaries of texts in lists across row groups.
        runs = [(group,) for run in runs for group in run]
    for run in runs:
        yield from file.iter_batches(batch_size=CHUNK_ROWS, row_groups=run)


def _check_texts(batch: pa.RecordBatch, start: int) -> None:
    size = sum(map(_written_out, batch.columns))
    if size > max(TEXT_LIMIT, batch.num_rows * CELL_LIMIT):
        msg = f"{batch.num_rows} rows have {size} bytes of text"
        raise UnreadableError(msg, row=start, rule=rules.TOO_LARGE)


def _texts(file: Any) -> list[str]:
    """Return the paths of columns, and of parts of columns, with texts or bytes."""
    columns = [file.schema.column(number) for number in range(file.metadata.num_columns)]
    return [column.path for column in columns if column.physical_type == "BYTE_ARRAY"]


def _parts(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Split a batch into parts whose expanded texts and lists are not too long."""
    size = sum(map(_written_out, batch.columns))
    if size <= TEXT_LIMIT:
        yield batch
    elif batch.num_rows > 1:
        half = batch.num_rows // 2
        yield from _parts(batch.slice(0, half))
        yield from _parts(batch.slice(half))
    else:
        msg = f"a row has {size} bytes of text and lists"
        raise UnreadableError(msg, rule=rules.TOO_LARGE)


def _written_out(values: pa.Array, *, is_listed: bool = False) -> int:
    """Return the size in bytes of an array's expanded texts and lists."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return _written_out(values.storage, is_listed=is_listed)
    if types.is_dictionary(kind):
        has_lengths = types.is_string(kind.value_type) or types.is_binary(kind.value_type)
        lengths = pc.binary_length(values.dictionary) if has_lengths else None
        return 0 if lengths is None else pc.sum(pc.cast(lengths, pa.int64()).take(values.indices)).as_py() or 0
    if types.is_struct(kind):
        return sum(_written_out(field, is_listed=is_listed) for field in values.flatten())
    if types.is_map(kind):
        return _written_out(values.keys, is_listed=True) + _written_out(values.items, is_listed=True)
    if hasattr(kind, "value_type"):
        return _written_out(values.flatten(), is_listed=True)
    return 8 * len(values) if is_listed else 0


def _chunk(batch: pa.RecordBatch, schema: pa.Schema, rows: Any) -> Chunk:
    names = schema.names
    # Of columns with the same name, use the first.
    places = {name: names.index(name) for name in names}
    columns = {name: _as_written(batch.column(place), schema.field(place).type) for name, place in places.items()}
    return Chunk(columns, rows, names)


def _as_written(values: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return values.cast(kind)
    except pa.ArrowNotImplementedError:
        # Arrow cannot cast a dictionary to string views yet; the values are the same.
        return values
