"""Parquet files: typed columns, a piece at a time; what its header says is looked at before anything is inflated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hmix_hub.studies.reading.pieces import COLUMN_LIMIT, PIECE_ROWS, Piece, UnreadableError
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

GROUP_LIMIT = 2 * 2**30
"""Most bytes that a row group may come to."""


def read_parquet(path: Path) -> Iterator[Piece]:
    """Read a Parquet file.

    Raises
    ------
    UnreadableError
        If it cannot be read (any further).
    """
    import pyarrow as pa
    from pyarrow import parquet

    start = 0
    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            _check_size(file)
            names = file.schema_arrow.names
            for batch in file.iter_batches(batch_size=PIECE_ROWS):
                rows = np.arange(start, start + batch.num_rows, dtype=np.int64)
                start += batch.num_rows
                yield Piece({name: batch.column(names.index(name)) for name in names}, rows, names)
    except (pa.ArrowException, OSError, MemoryError, ValueError, OverflowError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        msg = f"this is no whole Parquet file: {said}"
        raise UnreadableError(msg, row=start or None) from None


def _check_size(file: object) -> None:
    metadata = file.metadata  # type: ignore[attr-defined]
    if metadata.num_columns > COLUMN_LIMIT:
        msg = f"{metadata.num_columns} columns"
        raise UnreadableError(msg, rule=column_rules.MANY)
    for number in range(metadata.num_row_groups):
        size = metadata.row_group(number).total_byte_size
        if size > GROUP_LIMIT:
            msg = f"row group {number} comes to {size} bytes; write smaller ones"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
