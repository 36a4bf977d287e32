"""JSON files, with one object per line or arrays of objects; values become text, as in CSV."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.chunks import CHUNK_BYTES, CHUNK_ROWS, COLUMN_LIMIT, Chunk, UnreadableError
from hmix_hub.studies.reading.text import TableFile, look_at_text
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

_HALF = re.compile(r"\\[uU][dD][89a-fA-F]")
_LONGEST_KEY = 60
_WORDS = {True: "true", False: "false"}


def read_jsonl(file: TableFile, name: str, report: Report, *, most_columns: int = COLUMN_LIMIT) -> Iterator[Chunk]:
    """Read a file with one JSON object per line; the columns are all keys, in order of appearance."""
    form = look_at_text(file, name, report, has_delimiter=False)
    if not form.is_plain:
        return
    # Collect all keys first, since a key may appear late; its column is empty in earlier rows.
    names = _names(file, most_columns)
    records: list[dict[str, Any]] = []
    rows: list[int] = []
    size = 0
    try:
        for row, record, length in _records(file):
            records.append(record)
            rows.append(row)
            size += length
            if len(records) >= CHUNK_ROWS or size >= CHUNK_BYTES:
                yield make_chunk(names, records, rows)
                records, rows, size = [], [], 0
    except UnreadableError:
        # Yield the rows before the fault.
        if records:
            yield make_chunk(names, records, rows)
        raise
    if records:
        yield make_chunk(names, records, rows)


def _names(file: TableFile, most_columns: int) -> dict[str, None]:
    names: dict[str, None] = {}
    try:
        for row, record, _ in _records(file):
            if len(record) > len(names) or not record.keys() <= names.keys():
                names |= dict.fromkeys(record)
            if len(names) > most_columns:
                msg = f"more than {most_columns} columns"
                raise UnreadableError(msg, row=row, rule=column_rules.MANY)
    except UnreadableError as error:
        if error.rule is column_rules.MANY:
            raise
        # The fault is reported later, after the rows before it.
    return names


def _records(file: TableFile) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Yield each row's number, its object, and the length of its line in characters."""
    row = -1
    stream = io.TextIOWrapper(file.start(), encoding="utf-8-sig", newline="\n")
    try:
        while line := stream.readline(CHUNK_BYTES):
            if len(line) >= CHUNK_BYTES:
                msg = f"a line is longer than {CHUNK_BYTES} characters"
                raise UnreadableError(msg, row=row + 1, rule=rules.TOO_LARGE)
            if not line.strip():
                continue
            row += 1
            try:
                record = json.loads(line, object_pairs_hook=each_key_once)
            except (ValueError, RecursionError) as error:
                msg = f"the line is not JSON: {error}"
                raise UnreadableError(msg, row=row) from None
            if not isinstance(record, dict):
                msg = "the line is not a JSON object with columns as keys"
                raise UnreadableError(msg, row=row)
            if _HALF.search(line) and is_broken(record):
                msg = "a text holds half of a character, \\ud800 to \\udfff"
                raise UnreadableError(msg, row=row)
            yield row, record, len(line)
    finally:
        # Otherwise the wrapper would close the file.
        stream.detach()


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object from its pairs; raise `ValueError` for duplicate keys, of which `json` would use the last."""
    record = dict(pairs)
    if len(record) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        msg = f"the key {twice[:_LONGEST_KEY]!r} is repeated"
        raise ValueError(msg)
    return record


def make_chunk(names: dict[str, None], records: list[dict[str, Any]], rows: list[int]) -> Chunk:
    """Return objects as a chunk with a column of text for each name."""
    columns = {name: pa.array([value_text(record.get(name)) for record in records], pa.string()) for name in names}
    return Chunk(columns, np.array(rows, dtype=np.int64))


def is_broken(record: dict[str, Any]) -> bool:
    """Return whether a text in an object contains a lone surrogate."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def value_text(value: Any) -> str | None:
    """Return a JSON value as the text of a cell; `None` for null."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value) if isinstance(value, list | dict) else repr(value)


SIZE_LIMIT = 2**28
"""Maximum size of a file in bytes, since it is held in memory."""
_KEYS_SHOWN = 5


def read_json(file: TableFile, name: str, report: Report, *, most_columns: int = COLUMN_LIMIT) -> Iterator[Chunk]:
    """Read the objects of a JSON file, in order: one array, an array of arrays, or several arrays in sequence."""
    if not look_at_text(file, name, report, has_delimiter=False).is_plain:
        return
    content = bytearray()
    for block in file.blocks():
        content += block
        if len(content) > SIZE_LIMIT:
            msg = f"the JSON file has more than {SIZE_LIMIT} bytes; write one object per line (.jsonl)"
            raise UnreadableError(msg, rule=rules.TOO_LARGE)
    records = list(_objects(content.decode("utf-8-sig")))
    del content
    names = dict.fromkeys(key for record in records for key in record)
    if len(names) > most_columns:
        msg = f"more than {most_columns} columns"
        raise UnreadableError(msg, rule=column_rules.MANY)
    for start in range(0, len(records), CHUNK_ROWS):
        part = records[start : start + CHUNK_ROWS]
        yield make_chunk(names, part, list(range(start, start + len(part))))


def _objects(text: str) -> Iterator[dict[str, Any]]:
    values = list(_values(text))
    if len(values) == 1 and isinstance(values[0], dict) and any(isinstance(v, list | dict) for v in values[0].values()):
        keys = ", ".join(repr(key) for key in list(values[0])[:_KEYS_SHOWN])
        msg = f"nested JSON, one object with the keys {keys}: write the rows as one array of objects, or as CSV"
        raise UnreadableError(msg, rule=rules.FOREIGN)
    row = 0
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            # Exports of several participants have an array for each.
            for record in one if isinstance(one, list) else [one]:
                if not isinstance(record, dict):
                    msg = f"expected an object with columns as keys, found {json.dumps(record)[:40]}"
                    raise UnreadableError(msg, row=row)
                if is_broken(record):
                    msg = "a text holds half of a character, \\ud800 to \\udfff"
                    raise UnreadableError(msg, row=row)
                yield record
                row += 1


def _values(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(object_pairs_hook=each_key_once)
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            msg = f"the file is not JSON: {error}"
            raise UnreadableError(msg) from None
        yield value
