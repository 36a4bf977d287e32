"""Rewriting of the participant ids of a file, in its format, all else as it stands."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
from pyarrow import parquet, types

from hmix_hub.arrow_files import open_parquet
from hmix_hub.errors import SourceError, Where
from hmix_hub.studies.reading.chunks import CHUNK_BYTES
from hmix_hub.studies.reading.csv_file import header_of
from hmix_hub.studies.reading.text import TableFile, open_bytes

ID = "participant_id"
COMPUTED = "judgment_id"
"""Column that holds the id within, and is computed when the study is loaded: it is left out of the new file."""

_MARK = b"\xef\xbb\xbf"
# Possessive throughout: a field has one reading, and a broken file must not cost more than its length.
_FIELD = rb'((?>"[^"]*+(?:""[^"]*+)*+"[^,\r\n]*+|[^,\r\n"][^,\r\n]*+|))'
_END = rb"(\r\n|\n|\r|\Z)"
_BLANK = re.compile(rb"[\r\n]+")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_WRITER_METADATA = (b"pandas", b"huggingface")

Replacements = Mapping[str, str]
"""New ids by old ones; an id that is to stay stands for itself."""


def rewrite_ids(source: Path, target: BinaryIO, new: Replacements, name: str) -> int:
    """Write a file anew with other ids.

    CSV and JSON lines keep every other byte (of what a compressed file holds); Parquet keeps its columns, types, row
    groups and compression, and the remarks of the program that wrote it where they stay true. Empty ids stay empty.

    Parameters
    ----------
    source
        A file that reads without errors.
    target
        What the new file is written to.
    new
        Every id of the file, with its new one.
    name
        What messages call the file.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    SourceError
        If the file is not what it was when its ids were read.
    """
    endings = source.name.lower()
    if endings.endswith(".parquet"):
        return _rewrite_parquet(source, target, new, name)
    rewrite = _rewrite_jsonl if endings.endswith((".jsonl", ".jsonl.gz")) else _rewrite_csv
    if not endings.endswith(".gz"):
        return rewrite(source, target, new, name)
    with gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0) as stream:
        return rewrite(source, cast(BinaryIO, stream), new, name)


def _new_id(old: str, new: Replacements, name: str, row: int) -> str:
    if old not in new:
        msg = "the file changed while its ids were read, or is written in a way that cannot be kept"
        raise SourceError(
            msg, where=Where(name, row, ID), hint="close other programs that write it, and run this again"
        )
    return new[old]


def _rewrite_csv(source: Path, target: BinaryIO, new: Replacements, name: str) -> int:
    with TableFile(source) as file:
        names = header_of(file)
    place = names.index(ID)
    kept = [number for number, column in enumerate(names) if column != COMPUTED]
    rows = -1
    with open_bytes(source) as stream:
        for fields, end in _records(stream, len(names), name):
            if fields and rows >= 0 and fields[place]:
                fields[place] = _new_cell(fields[place], new, name, rows)
            rows += bool(fields)
            target.write(b",".join(fields[number] for number in kept) + end if fields else end)
    return rows


def _records(stream: BinaryIO, n: int, name: str) -> Iterator[tuple[list[bytes], bytes]]:
    """Give the records of a CSV file as n raw fields and a line ending; blank lines and byte order marks have none."""
    record = re.compile(b",".join([_FIELD] * n) + _END)
    buffer, at_end = stream.read(len(_MARK)), False
    if buffer == _MARK:
        yield [], buffer
        buffer = b""
    while not at_end:
        block = stream.read(CHUNK_BYTES)
        at_end = not block
        buffer += block
        position = 0
        while position < len(buffer):
            blank = _BLANK.match(buffer, position)
            match = blank or record.match(buffer, position)
            # What reaches the end of the buffer may go on in the next block.
            if match is None or (match.end() == len(buffer) and not at_end):
                break
            yield ([], match[0]) if blank else (list(match.groups()[:-1]), match.groups()[-1])
            position = match.end()
        buffer = buffer[position:]
    if buffer:
        msg = "a row cannot be read as it stands: its cells are not as many as the header's, or a quote is missing"
        raise SourceError(msg, where=Where(name), hint="`hmix contribute validate` says where")


def _new_cell(raw: bytes, new: Replacements, name: str, row: int) -> bytes:
    if not raw.startswith(b'"'):
        return _new_id(raw.decode(), new, name, row).encode()
    end = raw.rindex(b'"')
    old = raw[1:end].replace(b'""', b'"') + raw[end + 1 :]
    return b'"' + _new_id(old.decode(), new, name, row).encode() + b'"' if old else raw


def _rewrite_jsonl(source: Path, target: BinaryIO, new: Replacements, name: str) -> int:
    rows = 0
    with open_bytes(source) as stream:
        for line in iter(lambda: stream.readline(8 * CHUNK_BYTES), b""):
            if not line.removeprefix(_MARK).strip():
                target.write(line)
                continue
            mark = _MARK if rows == 0 and line.startswith(_MARK) else b""
            target.write(mark + _new_line(line[len(mark) :].decode(), new, name, rows).encode())
            rows += 1
    return rows


def _new_line(line: str, new: Replacements, name: str, row: int) -> str:
    members = _members(line)
    for number, (key, start, value_start, end) in reversed(list(enumerate(members))):
        if key == ID:
            value = json.loads(line[value_start:end])
            if isinstance(value, bool | float | list | dict):
                msg = f"the id is written as {line[value_start:end][:1]}…, and neither text nor a whole number"
                raise SourceError(msg, where=Where(name, row, ID), hint="write ids as text")
            if value not in {None, ""}:
                line = line[:value_start] + json.dumps(_new_id(str(value), new, name, row)) + line[end:]
        elif key == COMPUTED:
            is_last = number == len(members) - 1
            first = members[number - 1][3] if is_last and number else start
            line = line[:first] + line[end if is_last else members[number + 1][1] :]
    return line


def _members(line: str) -> list[tuple[str, int, int, int]]:
    """Give the members of a JSON object: key, and where it, its value, and what is behind them start."""
    members: list[tuple[str, int, int, int]] = []
    at = _skipped(line, line.index("{") + 1)
    while line[at] == '"':
        start = at
        key, at = _DECODER.raw_decode(line, start)
        value_start = _skipped(line, line.index(":", at) + 1)
        _, end = _DECODER.raw_decode(line, value_start)
        members.append((key, start, value_start, end))
        at = _skipped(line, end)
        at = _skipped(line, at + 1) if line[at] == "," else at
    return members


def _skipped(line: str, at: int) -> int:
    match = _SPACE.match(line, at)
    return match.end() if match else at


def _rewrite_parquet(source: Path, target: BinaryIO, new: Replacements, name: str) -> int:
    rows = 0
    with open_parquet(source, page_checksum_verification=True) as file:
        old = file.schema_arrow
        metadata = dict(old.metadata or {})
        schema = _new_schema(old)
        if schema.types != old.types:
            metadata = {key: value for key, value in metadata.items() if key not in _WRITER_METADATA}
        schema = schema.with_metadata(metadata or None)
        with parquet.ParquetWriter(target, schema, compression=_codecs(file.metadata)) as writer:
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                ids = _new_ids(table.column(ID), schema.field(ID).type, new, name, rows)
                columns = [ids if column == ID else table.column(column) for column in schema.names]
                writer.write_table(table.from_arrays(columns, schema=schema), row_group_size=max(table.num_rows, 1))
                rows += table.num_rows
    return rows


def _new_schema(schema: pa.Schema) -> pa.Schema:
    fields = [field for field in schema if field.name != COMPUTED]
    for number, field in enumerate(fields):
        if field.name == ID and types.is_integer(field.type):
            fields[number] = field.with_type(pa.string())
    return pa.schema(fields)


def _new_ids(ids: pa.ChunkedArray, kind: Any, new: Replacements, name: str, start: int) -> pa.ChunkedArray:
    texts = ids.cast(pa.string()).to_pylist()
    changed = [_new_id(old, new, name, start + row) if old else old for row, old in enumerate(texts)]
    made = pa.array(changed, pa.string())
    return pa.chunked_array([made.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else made.cast(kind)])


def _codecs(metadata: Any) -> dict[str, str] | str:
    if not metadata.num_row_groups:
        return "snappy"
    group = metadata.row_group(0)
    columns = [group.column(number) for number in range(group.num_columns)]
    names = {"UNCOMPRESSED": "NONE"}
    return {
        column.path_in_schema: names.get(column.compression, column.compression)
        for column in columns
        if column.path_in_schema != COMPUTED
    }
