"""Raw files: an export of any laboratory, in any form that there is a reader for, as columns of text."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from hmix_hub.errors import SchemaError, SourceMissingError, Where
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.readers import reader_of
from hmix_hub.importing.readers.exports import EXPORTS
from hmix_hub.importing.readers.raw_file import Layout, RawFile


def read_raw(path: Path, outcome: Outcome, *, skip: int = 0, header: int = 1, sheet: str | None = None) -> pa.Table:
    """Read a raw file: columns of text, "" where nothing is, and `ROW`, int64, the 0-based data row.

    Parameters
    ----------
    path
        The file: CSV, JSON, Parquet, an Excel workbook, an SQLite database, a NumPy array or an archive of JATOS.
        Exports that are known by their columns (Qualtrics, Zooniverse, Label Studio, psiTurk) come with a row for each
        answer.
    outcome
        Learns how the file was read, where that is not what its ending says.
    skip, header, sheet
        Where the table stands in it; see `Layout`.

    Raises
    ------
    SourceMissingError
        If there is no such file.
    SchemaError
        If it cannot be read, is not what its ending says, or has rows with too many or too few cells.
    ConfigurationError
        If it is not known which sheet or table of it is meant.
    """
    if not path.is_file():
        msg = "there is no such file"
        raise SourceMissingError(msg, where=Where(str(path)), hint="name the raw exports one by one, or by a pattern")
    if not path.stat().st_size:
        return pa.table({ROW: pa.array([], pa.int64())})
    raw = RawFile.open(path, Layout(skip, header, sheet))
    table = reader_of(raw).read(raw, outcome)
    try:
        for export in EXPORTS:
            if export.fits(table):
                table, remark = export.arranged(table)
                outcome.remark(path, remark)
    except SchemaError as error:
        where = Where(str(path), error.where.row, error.where.column)
        raise SchemaError(error.message, where=where, hint=error.hint) from None
    return table
