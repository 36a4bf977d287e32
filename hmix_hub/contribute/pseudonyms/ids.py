"""Participant ids in a file: copies of them in other columns, and rewriting of a file with new ids."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet, types

from hmix_hub.arrow_files import open_parquet
from hmix_hub.contribute.privacy.cells import cells_of
from hmix_hub.contribute.privacy.patterns import plain_texts
from hmix_hub.errors import SourceError, Where
from hmix_hub.studies.reading.chunks import CHUNK_BYTES, Chunk
from hmix_hub.studies.reading.csv_file import header_of
from hmix_hub.studies.reading.text import TableFile, open_bytes

ID = "participant_id"
COMPUTED = "judgment_id"
"""Column that contains the id and is computed when the study is loaded, so the new file omits it."""

_MARK = b"\xef\xbb\xbf"
# Possessive throughout, so that a field has only one reading, and broken files take linear time.
_FIELD = rb'((?>"[^"]*+(?:""[^"]*+)*+"[^,\r\n]*+|[^,\r\n"][^,\r\n]*+|))'
_END = rb"(\r\n|\n|\r|\Z)"
_BLANK = re.compile(rb"[\r\n]+")
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_WRITER_METADATA = (b"pandas", b"huggingface")
SHORTEST = 8
"""Minimum length of an id whose occurrence within another text is not a coincidence."""
_NUMBER = r"^\s*-?[0-9]*(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?\s*$"
_TOKENS = (re.compile(r"[0-9A-Za-z]+"), re.compile(r"""[^\s"'&=?,;:/\\<>()\[\]{}|]+"""))


class IdCopies:
    """Searches one file for other columns that contain the original ids.

    Columns defined by the schema are `measures`: if a trial has the same number as a participant, this is not a copy.
    """

    def __init__(self, ids: Iterable[str], measures: frozenset[str]) -> None:
        self._ids = {name for name in ids if len(name) >= SHORTEST}
        self._measures = measures
        self._same: dict[str, bool] = {}
        self._holding: dict[str, None] = {}
        self._people: set[str] = set()

    def add(self, chunk: Chunk) -> None:
        """Search rows."""
        participants = as_texts(chunk.columns[ID])
        if participants is None:
            return
        self._people.update(text for text in plain_texts(participants.unique())[:3] if text)
        for column, values in chunk.columns.items():
            if column in {ID, COMPUTED}:
                continue
            if column not in self._measures and self._same.get(column, True):
                self._compare(column, values, participants)
            if self._ids and column not in self._holding:
                self._search(column, values, chunk)

    @property
    def columns(self) -> list[str]:
        """Columns that contain ids: the participant's own in every row, or a long one within a text."""
        same = [column for column, is_same in self._same.items() if is_same and len(self._people) > 1]
        return list(dict.fromkeys([*same, *self._holding]))

    def _compare(self, column: str, values: pa.Array, participants: pa.Array) -> None:
        texts = as_texts(values)
        if texts is None:
            return
        is_present = pc.and_(texts.is_valid(), pc.not_equal(texts, ""))
        if pc.any(is_present).as_py():
            same = pc.equal(texts, participants).filter(pc.fill_null(is_present, False))
            self._same[column] = bool(pc.all(pc.fill_null(same, False)).as_py())

    def _search(self, column: str, values: pa.Array, chunk: Chunk) -> None:
        for cells in cells_of(column, values, chunk.rows):
            if cells.are_text:
                distinct = cells.values.unique()
                words = distinct.filter(pc.invert(pc.match_substring_regex(distinct, _NUMBER)))
                texts = filter(None, plain_texts(words))
                if any(not self._ids.isdisjoint([text, *chain(*(t.findall(text) for t in _TOKENS))]) for text in texts):
                    self._holding[column] = None
                    return


def as_texts(values: pa.Array) -> pa.Array | None:
    """Return N texts or whole numbers as texts; `None` for other types."""
    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if types.is_string(kind) or types.is_large_string(kind) or types.is_integer(kind):
        return values.cast(pa.large_string())
    return None


def rewrite_ids(source: Path, target: BinaryIO, new: Mapping[str, str], name: str) -> int:
    """Rewrite a file with new ids, and return the number of rows.

    CSV and JSON lines keep every other byte (of the content of a compressed file); Parquet keeps its columns, types,
    row groups and compression, and its writer's metadata if they stay true. Empty ids stay empty. `new` must contain
    every id of the file; ids to keep map to themselves.

    Raises
    ------
    SourceError
        If the file has changed since its ids were read.
    """
    ids = _NewIds(new, name)
    endings = source.name.lower()
    if endings.endswith(".parquet"):
        return _rewrite_parquet(source, target, ids)
    rewrite = _rewrite_jsonl if endings.endswith((".jsonl", ".jsonl.gz")) else _rewrite_csv
    if not endings.endswith(".gz"):
        return rewrite(source, target, ids)
    with gzip.GzipFile(filename="", fileobj=target, mode="wb", mtime=0) as stream:
        return rewrite(source, cast(BinaryIO, stream), ids)


@dataclass(frozen=True)
class _NewIds:
    """New ids of a file by old ones."""

    by_old: Mapping[str, str]
    file: str

    def of(self, old: str, row: int) -> str:
        if old not in self.by_old:
            msg = "the file changed while its ids were read, or has a form that cannot be kept"
            hint = "close other programs that write to it, and run this again"
            raise SourceError(msg, where=Where(self.file, row, ID), hint=hint)
        return self.by_old[old]


def _rewrite_csv(source: Path, target: BinaryIO, ids: _NewIds) -> int:
    with TableFile(source) as file:
        names = header_of(file)
    place = names.index(ID)
    kept = [number for number, column in enumerate(names) if column != COMPUTED]
    rows = -1
    with open_bytes(source) as stream:
        for fields, end in _records(stream, len(names), ids.file):
            if fields and rows >= 0 and fields[place]:
                fields[place] = _new_cell(fields[place], ids, rows)
            rows += bool(fields)
            target.write(b",".join(fields[number] for number in kept) + end if fields else end)
    return rows


def _records(stream: BinaryIO, n: int, name: str) -> Iterator[tuple[list[bytes], bytes]]:
    """Yield the records of a CSV file as n raw fields and a line ending; blank lines and byte order marks have none."""
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
            # A match at the end of the buffer may continue in the next block.
            if match is None or (match.end() == len(buffer) and not at_end):
                break
            yield ([], match[0]) if blank else (list(match.groups()[:-1]), match.groups()[-1])
            position = match.end()
        buffer = buffer[position:]
    if buffer:
        msg = "a row is malformed: its number of cells differs from the header's, or a quote is missing"
        raise SourceError(msg, where=Where(name), hint="`hmix contribute validate` reports where")


def _new_cell(raw: bytes, ids: _NewIds, row: int) -> bytes:
    if not raw.startswith(b'"'):
        return ids.of(raw.decode(), row).encode()
    end = raw.rindex(b'"')
    old = raw[1:end].replace(b'""', b'"') + raw[end + 1 :]
    return b'"' + ids.of(old.decode(), row).encode() + b'"' if old else raw


def _rewrite_jsonl(source: Path, target: BinaryIO, ids: _NewIds) -> int:
    rows = 0
    with open_bytes(source) as stream:
        for line in iter(lambda: stream.readline(8 * CHUNK_BYTES), b""):
            if not line.removeprefix(_MARK).strip():
                target.write(line)
                continue
            mark = _MARK if rows == 0 and line.startswith(_MARK) else b""
            target.write(mark + _new_line(line[len(mark) :].decode(), ids, rows).encode())
            rows += 1
    return rows


def _new_line(line: str, ids: _NewIds, row: int) -> str:
    members = _members(line)
    for number, (key, start, value_start, end) in reversed(list(enumerate(members))):
        if key == ID:
            value = json.loads(line[value_start:end])
            if isinstance(value, bool | float | list | dict):
                msg = f"the id is written as {line[value_start:end][:1]}…, which is neither text nor a whole number"
                raise SourceError(msg, where=Where(ids.file, row, ID), hint="write ids as text")
            if value not in {None, ""}:
                line = line[:value_start] + json.dumps(ids.of(str(value), row)) + line[end:]
        elif key == COMPUTED:
            is_last = number == len(members) - 1
            first = members[number - 1][3] if is_last and number else start
            line = line[:first] + line[end if is_last else members[number + 1][1] :]
    return line


def _members(line: str) -> list[tuple[str, int, int, int]]:
    """Return the members of a JSON object: the key, and where the key, the value and the rest start."""
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


def _rewrite_parquet(source: Path, target: BinaryIO, ids: _NewIds) -> int:
    rows = 0
    with open_parquet(source, page_checksum_verification=True) as file:
        old = file.schema_arrow
        metadata = dict(old.metadata or {})
        fields = [field for field in old if field.name != COMPUTED]
        is_number = {field.name for field in fields if field.name == ID and types.is_integer(field.type)}
        schema = pa.schema([field.with_type(pa.string()) if field.name in is_number else field for field in fields])
        if schema.types != old.types:
            metadata = {key: value for key, value in metadata.items() if key not in _WRITER_METADATA}
        schema = schema.with_metadata(metadata or None)
        with parquet.ParquetWriter(target, schema, compression=_codecs(file.metadata)) as writer:
            for number in range(file.num_row_groups):
                table = file.read_row_group(number)
                changed = _changed(table.column(ID), schema.field(ID).type, ids, rows)
                columns = [changed if column == ID else table.column(column) for column in schema.names]
                writer.write_table(table.from_arrays(columns, schema=schema), row_group_size=max(table.num_rows, 1))
                rows += table.num_rows
    return rows


def _changed(old: pa.ChunkedArray, kind: Any, ids: _NewIds, start: int) -> pa.ChunkedArray:
    texts = old.cast(pa.string()).to_pylist()
    made = pa.array([text and ids.of(text, start + row) for row, text in enumerate(texts)], pa.string())
    return pa.chunked_array([(made.dictionary_encode() if types.is_dictionary(kind) else made).cast(kind)])


def _codecs(metadata: Any) -> dict[str, str] | str:
    if not metadata.num_row_groups:
        return "snappy"
    group = metadata.row_group(0)
    codecs = {(column := group.column(n)).path_in_schema: column.compression for n in range(group.num_columns)}
    return {path: "NONE" if codec == "UNCOMPRESSED" else codec for path, codec in codecs.items() if path != COMPUTED}
