"""Raw tables: any CSV, JSON or Parquet file as columns of text, whatever its encoding and delimiter."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.contribute.importing.outcome import Outcome, refuse_unreadable
from hmix_hub.errors import SchemaError, SourceMissingError, Where
from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text, plain_array
from hmix_hub.studies.rules import files as rules

ROW = "\0row"
"""Column of the rows' numbers; no name in a text file has such a character."""
_PASSED = {rules.ENCODING.code, rules.DELIMITER.code, rules.LINE_ENDINGS.code}


def read_raw(path: Path, outcome: Outcome) -> pa.Table:
    """Read a raw file.

    Parameters
    ----------
    path
        The file.
    outcome
        Learns that the encoding was guessed.

    Returns
    -------
    pyarrow.Table
        Columns of text, "" where nothing is, and `ROW`, int64: the 0-based data row.

    Raises
    ------
    SourceMissingError
        If there is no such file.
    SchemaError
        If it cannot be read, or has rows with too many or too few cells.
    """
    if not path.is_file():
        msg = "there is no such file"
        raise SourceMissingError(msg, where=Where(str(path)), hint="name the raw exports one by one, or by a pattern")
    nothing = pa.table({ROW: pa.array([], pa.int64())})
    if not path.stat().st_size:
        return nothing
    report = Report()
    pieces = list(read_chunks(path, path.name, report, is_tolerant=True))
    told = Report()
    for found in report.errors:
        if found.rule.code not in _PASSED:
            told.add_rows(
                found.rule,
                [spot.row for spot in found.spots],
                [spot.value for spot in found.spots],
                file=found.file,
                notes=[spot.note for spot in found.spots],
            )
    refuse_unreadable(told, path)
    if not pieces:
        # That it is UTF-16, say, is why there is nothing to read.
        refuse_unreadable(report, path)
        return nothing
    if report.has(rules.ENCODING):
        outcome.not_utf8.append(path.name)
    header = list(pieces[0].names) or list(pieces[0].columns)
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        msg = f"two columns are called {twice!r}"
        raise SchemaError(msg, where=Where(str(path)), hint="rename one of them, so that it is certain which is meant")
    names = dict.fromkeys(name for piece in pieces for name in piece.columns)
    columns = {
        name: pa.chunked_array(
            [
                _text(piece.columns[name], path, name) if name in piece.columns else pa.array([""] * len(piece))
                for piece in pieces
            ]
        )
        for name in names
    }
    return pa.table(columns | {ROW: pa.chunked_array([pa.array(piece.rows) for piece in pieces])})


def _text(raw: pa.Array, path: Path, name: str) -> pa.Array:
    """Return values as text, those within each other as JSON."""
    try:
        text = as_text(raw)
        if text is None:
            # A float would not hold every decimal.
            plain = raw if pa.types.is_decimal(raw.type) else plain_array(raw)
            is_nested = pa.types.is_nested(plain.type)
            text = pa.array(_json_texts(plain), pa.string()) if is_nested else pc.cast(plain, pa.string())
        text.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        msg = f"values of the type {raw.type} cannot be read as text: {str(error).splitlines()[0]}"
        raise SchemaError(msg, where=Where(str(path), column=name), hint="export them as text or numbers") from None
    return text.fill_null("")


def _json_texts(nested: pa.Array) -> list[str | None]:
    return [None if value is None else json.dumps(value, default=str) for value in nested.to_pylist()]
