"""Files with one table: text with any delimiter, JSON (also in JATOS archives), Parquet, NumPy arrays."""

from __future__ import annotations

import codecs
import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where, first_line
from hmix_hub.file_forms import begins_json
from hmix_hub.files import natural_order
from hmix_hub.importing.outcome import NOT_UTF8, ROW, Outcome
from hmix_hub.importing.readers.raw_file import TEXT_LIMIT, RawFile, RawText, numbered, refuse_first
from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.arrays import as_text, plain_array
from hmix_hub.studies.reading.chunks import INFLATED_FREE, INFLATED_RATIO, RAW_COLUMN_LIMIT, Chunk, UnreadableError
from hmix_hub.studies.reading.csv_file import read_csv
from hmix_hub.studies.reading.json_file import SIZE_LIMIT, read_json, read_jsonl
from hmix_hub.studies.reading.parquet_file import read_parquet
from hmix_hub.studies.reading.text import TableFile
from hmix_hub.studies.rules import files as rules

_TABLES = (".csv", ".tsv", ".tab")
_NOT_JSON = "text that is not JSON: if it is a table, rename it to end in .csv"
_RESULT = re.compile(r"(?:^|/)data\.txt$")
_ENTRIES = 100_000
_SHOWN = 80
"""Number of characters shown at the end of a result's name."""
_MARK = b"\x93NUMPY"
_NUMBERS = "biuf"
"""Kinds of dtype: booleans, integers and floats."""


def is_parquet(raw: RawFile) -> bool:
    """Return whether a file is Parquet, from its extension."""
    return raw.ending == ".parquet"


def is_json(raw: RawFile) -> bool:
    """Return whether a text is JSON, from its beginning or its extension."""
    # A file with a table's extension that begins like JSON is reported as such.
    return raw.ending in {".json", ".jsonl"} or (begins_json(raw.text) and raw.ending not in _TABLES)


def is_any(_raw: RawFile) -> bool:
    """Return True: any other text is a table."""
    return True


def read_parquet_file(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read a Parquet file."""
    return _table(raw, read_parquet(raw.path), Report(), outcome)


def read_json_text(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read JSON as written by jsPsych and JATOS: arrays of objects in sequence, or one object per line."""
    if not begins_json(raw.text) and raw.text:
        raw.refuse(_NOT_JSON, rule=rules.FOREIGN)
    with RawText(raw.path, raw.layout.skip) as text:
        return read_json_stream(raw, text, outcome)


def read_json_stream(raw: RawFile, text: TableFile, outcome: Outcome) -> pa.Table:
    """Read JSON from the text of a raw file."""
    report = Report()
    # One array per line is not one object per line, but can be read like a sequence of arrays.
    read = read_jsonl if raw.ending == ".jsonl" and raw.text.startswith(b"{") else read_json
    return _table(raw, read(text, raw.path.name, report, most_columns=RAW_COLUMN_LIMIT), report, outcome)


def read_delimited(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read a text file with delimiters."""
    with RawText(raw.path, raw.layout.skip) as text:
        return read_table_stream(raw, text, outcome)


def read_table_stream(raw: RawFile, text: TableFile, outcome: Outcome) -> pa.Table:
    """Read a table from the text of a raw file, dropping repeated headers, as in concatenated files."""
    report = Report()
    chunks = read_csv(text, raw.path.name, report, is_tolerant=True, is_raw=True)
    table = _table(raw, chunks, report, outcome)
    return _without_headers(table.slice(max(raw.layout.header - 1, 0)), outcome)


def _without_headers(table: pa.Table, outcome: Outcome) -> pa.Table:
    names = [name for name in table.column_names if name != ROW]
    is_header = np.ones(table.num_rows, dtype=bool)
    for name in names:
        if not is_header.any():
            return table
        is_header &= pc.equal(table[name], name).to_numpy(zero_copy_only=False)
    if not names or not is_header.any():
        return table
    outcome.dropped["the row repeats the header"] += int(is_header.sum())
    return table.filter(pa.array(~is_header))


def _table(raw: RawFile, chunks: Iterator[Chunk], report: Report, outcome: Outcome) -> pa.Table:
    """Return chunks as one table of text, or raise an error for the file's first fault."""
    try:
        read = list(chunks)
    except UnreadableError as error:
        refuse_first(raw.path, [found for found in report.errors if found.rule not in rules.GUESSED])
        raw.refuse(str(error), rule=error.rule, row=error.row)
    refuse_first(raw.path, [found for found in report.errors if found.rule not in rules.GUESSED])
    if not read:
        # There is a reason why nothing could be read, such as a binary file.
        refuse_first(raw.path, report.errors)
        return numbered(pa.table({}), [])
    if report.has(rules.ENCODING):
        outcome.remark(raw.path, NOT_UTF8)
    header = list(read[0].names) or list(read[0].columns)
    twice = next((name for name, count in Counter(header).items() if count > 1), None)
    if twice is not None:
        msg = f"two columns are named {twice!r}"
        hint = "rename one of them, so that the name is unambiguous"
        raise SchemaError(msg, where=Where(str(raw.path)), hint=hint)

    def column(name: str) -> pa.ChunkedArray:
        return pa.chunked_array(
            _text(chunk.columns[name], raw, name) if name in chunk.columns else pa.array([""] * len(chunk))
            for chunk in read
        )

    columns = {name: column(name) for name in dict.fromkeys(name for chunk in read for name in chunk.columns)}
    return pa.table(columns | {ROW: pa.chunked_array([pa.array(chunk.rows) for chunk in read])})


def _text(values: pa.Array, raw: RawFile, name: str) -> pa.Array:
    """Return values as text, with JSON for nested values."""
    try:
        text = as_text(values)
        if text is None:
            # A float cannot represent every decimal.
            plain = values if pa.types.is_decimal(values.type) else plain_array(values)
            is_nested = pa.types.is_nested(plain.type)
            text = pa.array(map(_json, plain.to_pylist()), pa.string()) if is_nested else pc.cast(plain, pa.string())
        text.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        msg = f"values of type {values.type} cannot be read as text: {str(error).splitlines()[0]}"
        where = Where(str(raw.path), column=name)
        raise SchemaError(msg, where=where, hint="export them as text or numbers") from None
    return text.fill_null("")


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, default=str)


def is_jatos_archive(raw: RawFile) -> bool:
    """Return whether a file is an archive of JATOS results, with a data.txt in a folder for each."""
    return raw.head.startswith(b"PK\x03\x04") and not raw.is_compressed and bool(_results(raw))


def _results(raw: RawFile) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(raw.path) as archive:
            infos = archive.infolist()
    except (OSError, ValueError, zipfile.BadZipFile):
        return []
    return [info for info in infos if _RESULT.search(info.filename)]


def read_jatos_archive(raw: RawFile, outcome: Outcome) -> pa.Table:
    """Read the results of a JATOS archive, in the order of their numbers, skipping empty ones.

    Raises
    ------
    SchemaError
        If the archive is damaged or too large, or a result is damaged, with its name.
    """
    parts = {info.filename: text for info, text in _result_texts(raw) if text}
    outcome.remark(raw.path, f"a JATOS archive: {len(parts)} data.txt were read")
    if not parts:
        return numbered(pa.table({}), [])
    try:
        return _read_results(raw, list(parts.values()), outcome)
    except SchemaError as error:
        raise _of_result(raw, parts, error) from None


def _result_texts(raw: RawFile) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    results = _results(raw)
    if len(results) > _ENTRIES:
        raw.refuse(f"{len(results):,} results, but the maximum is {_ENTRIES:,}", rule=rules.TOO_LARGE)
    most = min(SIZE_LIMIT, INFLATED_FREE + INFLATED_RATIO * raw.path.stat().st_size)
    size = sum(info.file_size for info in results)
    if size > most:
        raw.refuse(f"the results take {size:,} bytes, but the maximum is {most:,}", rule=rules.TOO_LARGE)
    try:
        with zipfile.ZipFile(raw.path) as archive:
            for info in sorted(results, key=lambda one: natural_order(one.filename)):
                yield info, archive.read(info).strip().removeprefix(codecs.BOM_UTF8).strip()
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zlib.error, zipfile.BadZipFile) as error:
        raw.refuse(f"the archive is damaged or password-protected: {first_line(error)}")


def _read_results(raw: RawFile, texts: Sequence[bytes], outcome: Outcome) -> pa.Table:
    read = read_json_stream if begins_json(texts[0]) else read_table_stream
    with RawText(raw.path, stream=io.BytesIO(b"\n".join(texts))) as text:
        return read(raw, text, outcome)


def _of_result(raw: RawFile, parts: Mapping[str, bytes], error: SchemaError) -> SchemaError:
    """Return the error of the first result that cannot be read on its own, or the given error if each can."""
    for name, text in parts.items():
        try:
            _read_results(raw, [text], Outcome())
        except SchemaError as of_one:
            where = Where(str(raw.path), of_one.where.row, of_one.where.column)
            return SchemaError(f"{name[-_SHOWN:]} in it: {of_one.message}", where=where, hint=of_one.hint)
    return error


def is_array(raw: RawFile) -> bool:
    """Return whether a file is a NumPy array, from its first bytes."""
    return raw.head.startswith(_MARK) and not raw.is_compressed


def read_array(raw: RawFile, _outcome: Outcome) -> pa.Table:
    """Read an array of shape (N, M) as columns 0 to M - 1, or of shape (N,) as column 0.

    Nothing is unpickled: arrays of objects are errors.
    """
    if raw.ending != ".npy":
        raw.refuse("a NumPy array: rename it to end in .npy", rule=rules.FOREIGN)
    try:
        array = np.load(raw.path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, TypeError) as error:
        raw.refuse(f"not a complete NumPy array of numbers: {first_line(error)}")
    if array.dtype.kind not in _NUMBERS or array.ndim not in {1, 2}:
        raw.refuse(
            f"an array of {array.dtype} with shape {array.shape} is not a table: save numbers in rows and columns"
        )
    table = array.reshape(len(array), -1) if array.size else np.zeros((0, 1))
    if table.shape[1] > RAW_COLUMN_LIMIT or table.nbytes > TEXT_LIMIT:
        raw.refuse(f"an array of shape {array.shape} is too large for a table of judgments")
    first = raw.layout.skip
    columns = {str(number): _texts(table[first:, number]) for number in range(table.shape[1])}
    return pa.table(columns | {ROW: pa.array(np.arange(first, len(table), dtype=np.int64))})


def _texts(numbers: np.ndarray) -> pa.Array:
    """Return numbers as texts, with "" for NaN."""
    values = pa.array(np.ascontiguousarray(numbers), from_pandas=True)
    return pc.fill_null(pc.cast(values, pa.string()), "")
