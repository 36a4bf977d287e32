"""Reading raw files of any format, determined by the content and only then by the extension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from hmix_hub.errors import SchemaError, SourceMissingError, Where
from hmix_hub.file_forms import foreign_form
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.readers.database import is_database, read_database
from hmix_hub.importing.readers.exports import EXPORTS
from hmix_hub.importing.readers.raw_file import Layout, RawFile
from hmix_hub.importing.readers.tables import (
    is_any,
    is_array,
    is_jatos_archive,
    is_json,
    is_parquet,
    read_array,
    read_delimited,
    read_jatos_archive,
    read_json_text,
    read_parquet_file,
)
from hmix_hub.importing.readers.workbook import is_workbook, read_workbook
from hmix_hub.studies.rules import files as rules


@dataclass(frozen=True)
class Reader:
    """Reader for a format of raw files.

    Parameters
    ----------
    name
        Name of the format.
    fits
        Function that returns whether a file has this format.
    read
        Function that reads it: columns of text, "" if empty, and `ROW`.
    can_be_foreign
        Whether a matching file may still be another program's, so that its first bytes must be checked.
    """

    name: str
    fits: Callable[[RawFile], bool]
    read: Callable[[RawFile, Outcome], pa.Table]
    can_be_foreign: bool = True


READERS = (
    Reader("Excel workbook", is_workbook, read_workbook, can_be_foreign=False),
    Reader("SQLite database", is_database, read_database, can_be_foreign=False),
    Reader("NumPy array", is_array, read_array, can_be_foreign=False),
    Reader("JATOS archive", is_jatos_archive, read_jatos_archive, can_be_foreign=False),
    Reader("Parquet", is_parquet, read_parquet_file),
    Reader("JSON", is_json, read_json_text),
    Reader("table of text", is_any, read_delimited),
)
"""Readers by precedence: the first that fits reads a file."""


def reader_of(raw: RawFile) -> Reader:
    """Return the reader of a raw file.

    Raises
    ------
    SchemaError
        If the format is not supported, or does not match the extension; the message says what to do.
    """
    reader = next(reader for reader in READERS if reader.fits(raw))
    if reader.can_be_foreign:
        name = raw.path.name.lower()
        if reader.name == "JSON":
            # JSON files may have any extension except a table's.
            name = f"{name}.json.gz" if name.endswith(".gz") else f"{name}.json"
        with raw.path.open("rb") as stream:
            form = foreign_form(stream, name)
        if form is not None:
            raw.refuse(str(form), rule=rules.FOREIGN)
    return reader


def read_raw(path: Path, outcome: Outcome, *, skip: int = 0, header: int = 1, sheet: str | None = None) -> pa.Table:
    """Read a raw file as columns of text, "" if empty, and `ROW`, int64, the 0-based data row.

    Parameters
    ----------
    path
        CSV, JSON, Parquet, an Excel workbook, an SQLite database, a NumPy array or a JATOS archive. Exports recognized
        by their columns (Qualtrics, Zooniverse, Label Studio, psiTurk) have one row per answer.
    outcome
        Records how the file was read, if that is not obvious from the extension.
    skip, header, sheet
        Location of the table in the file; see `Layout`.

    Raises
    ------
    SourceMissingError
        If the file does not exist.
    SchemaError
        If it cannot be read, does not match its extension, or has rows with too many or too few cells.
    ConfigurationError
        If it is ambiguous which sheet or table to read.
    """
    if not path.is_file():
        msg = "the file does not exist"
        hint = "list the raw exports, or use a pattern"
        if path.is_dir():
            msg, hint = "this is a folder, but raw exports are files", f"{hint}: {path}/*.csv"
        raise SourceMissingError(msg, where=Where(str(path)), hint=hint)
    if not path.stat().st_size:
        return pa.table({ROW: pa.array([], pa.int64())})
    raw = RawFile.open(path, Layout(skip, header, sheet))
    table = reader_of(raw).read(raw, outcome)
    try:
        for export in EXPORTS:
            arranged = export(table)
            if arranged is not None:
                table, remark = arranged
                outcome.remark(path, remark)
    except SchemaError as error:
        where = Where(str(path), error.where.row, error.where.column)
        raise SchemaError(error.message, where=where, hint=error.hint) from None
    return table
