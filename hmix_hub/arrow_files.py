"""Arrow's readers, used such that none of Arrow's threads runs Python or outlives the reading.

If a thread still needs the interpreter while the process exits, Arrow aborts it (SIGABRT). Therefore Arrow gets bytes
that it owns, or a path, wherever possible, and nothing is read ahead in the background.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import csv


def open_parquet(file: Path | BinaryIO, **options: Any) -> Any:
    """Open a Parquet file for reading, to be used in a `with` statement.

    Parameters
    ----------
    file
        Its path, or a stream for a remote file, which is only read during calls for rows.
    options
        Options of `pyarrow.parquet.ParquetFile`.

    Raises
    ------
    pyarrow.ArrowException, OSError
        If it is not a Parquet file, or cannot be read.
    """
    # Opening an image set needs this module but not Parquet.
    from pyarrow import parquet

    return parquet.ParquetFile(file, pre_buffer=False, **options)


def packed(rows: pa.Table) -> bytes:
    """Return rows as compressed bytes for sending; a slice would be pickled with its whole table."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


def unpacked(content: bytes) -> pa.Table:
    """Return packed rows."""
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()


def parse_csv(text: bytes, names: Sequence[str], delimiter: str, on_ragged: Callable[[Any], str]) -> pa.RecordBatch:
    """Parse whole rows of CSV in the calling thread.

    Parameters
    ----------
    text
        UTF-8 without a header, ending at the end of a row; less than 2 GiB.
    names
        Names of the columns, without duplicates.
    delimiter
        Separator of cells.
    on_ragged
        Called with each row that has another number of cells; returns "skip" or "error". See
        `pyarrow.csv.ParseOptions`.

    Returns
    -------
    pyarrow.RecordBatch
        Cells as strings, unchecked; blank lines are skipped.

    Raises
    ------
    pyarrow.ArrowInvalid
        If `on_ragged` returns "error".
    """
    nothing = pa.record_batch([pa.array([], pa.string()) for _ in names], names=list(names))
    if not text.strip(b"\r\n"):
        return nothing
    owned = pa.BufferOutputStream()
    owned.write(text)
    table = csv.read_csv(
        pa.BufferReader(owned.getvalue()),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=list(names)),
        parse_options=csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=on_ragged),
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    return next(iter(table.combine_chunks().to_batches()), nothing)
