"""Readers of raw files, one for each form: chosen by what a file holds, and only then by its ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from hmix_hub.file_forms import foreign_form
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.readers.archive import is_jatos_archive, read_jatos_archive
from hmix_hub.importing.readers.array_file import is_array, read_array
from hmix_hub.importing.readers.database import is_database, read_database
from hmix_hub.importing.readers.raw_file import RawFile
from hmix_hub.importing.readers.text_files import (
    is_any,
    is_json,
    is_parquet,
    read_delimited,
    read_json_text,
    read_parquet_file,
)
from hmix_hub.importing.readers.workbook import is_workbook, read_workbook
from hmix_hub.studies.rules import files as rules


@dataclass(frozen=True)
class Reader:
    """Reader of a form of raw files.

    Parameters
    ----------
    name
        What such a file is called.
    fits
        Whether a file is of this form.
    read
        Reads it: columns of text, "" where nothing is, and `ROW`.
    can_be_foreign
        Whether a file that fits may still be another program's: then its first bytes are compared with theirs.
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
"""In this order, the first that fits reads a file."""


def reader_of(raw: RawFile) -> Reader:
    """Return the reader of a raw file.

    Raises
    ------
    SchemaError
        If it is a file of a form that is not read, or not what its ending says: what it is, and what to do.
    """
    reader = next(reader for reader in READERS if reader.fits(raw))
    if reader.can_be_foreign:
        name = raw.path.name.lower()
        if reader.name == "JSON":
            # A text of JSON may be called anything that is no table.
            name = f"{name}.json.gz" if name.endswith(".gz") else f"{name}.json"
        with raw.path.open("rb") as stream:
            form = foreign_form(stream, name)
        if form is not None:
            raw.refuse(str(form), rule=rules.FOREIGN)
    return reader
