"""JSON-lines files: one object a line, its values as text, as in CSV."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.pieces import COLUMN_LIMIT, PIECE_BYTES, PIECE_ROWS, Piece, UnreadableError
from hmix_hub.studies.reading.text import look_at_text, open_bytes
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

_HALF = re.compile(r"\\[uU][dD][89a-fA-F]")
_LONGEST_KEY = 60
_WORDS = {True: "true", False: "false"}


def read_jsonl(path: Path, name: str, report: Report) -> Iterator[Piece]:
    """Read a file of JSON objects, one a line; the columns are all keys, in order of appearance.

    Raises
    ------
    UnreadableError
        If it cannot be read (any further).
    """
    form = look_at_text(path, name, report, has_delimiter=False)
    if not form.is_plain:
        return
    # Before any row, since a key may come late: its column is then empty in the rows before.
    names = _names(path)
    records: list[dict[str, Any]] = []
    rows: list[int] = []
    size = 0
    try:
        for row, record, length in _records(path):
            records.append(record)
            rows.append(row)
            size += length
            if len(records) >= PIECE_ROWS or size >= PIECE_BYTES:
                yield make_piece(names, records, rows)
                records, rows, size = [], [], 0
    except UnreadableError:
        # What stands before is read, however much of it there is.
        if records:
            yield make_piece(names, records, rows)
        raise
    if records:
        yield make_piece(names, records, rows)


def _names(path: Path) -> dict[str, None]:
    names: dict[str, None] = {}
    try:
        for row, record, _ in _records(path):
            if len(record) > len(names) or not record.keys() <= names.keys():
                names |= dict.fromkeys(record)
            if len(names) > COLUMN_LIMIT:
                msg = f"more than {COLUMN_LIMIT} columns"
                raise UnreadableError(msg, row=row, rule=column_rules.MANY)
    except UnreadableError as error:
        if error.rule is column_rules.MANY:
            raise
        # The rows before are read, and then it is told.
    return names


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any], int]]:
    """Give the number of each row, its object, and the characters of its line."""
    row = -1
    with io.TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="\n") as stream:
        while line := stream.readline(PIECE_BYTES):
            if len(line) >= PIECE_BYTES:
                msg = f"a line is longer than {PIECE_BYTES} characters"
                raise UnreadableError(msg, row=row + 1, rule=rules.TOO_LARGE)
            if not line.strip():
                continue
            row += 1
            try:
                record = json.loads(line, object_pairs_hook=each_key_once)
            except (ValueError, RecursionError) as error:
                msg = f"the line is no JSON: {error}"
                raise UnreadableError(msg, row=row) from None
            if not isinstance(record, dict):
                msg = "the line is no JSON object with the columns as keys"
                raise UnreadableError(msg, row=row)
            if _HALF.search(line) and is_broken(record):
                msg = "a text holds half of a character, \\ud800 to \\udfff"
                raise UnreadableError(msg, row=row)
            yield row, record, len(line)


def each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object made of its members; `json` alone would take the last of a key that stands twice, and not tell.

    Raises
    ------
    ValueError
        If a key stands twice.
    """
    record = dict(pairs)
    if len(record) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        msg = f"the key {twice[:_LONGEST_KEY]!r} stands twice"
        raise ValueError(msg)
    return record


def make_piece(names: dict[str, None], records: list[dict[str, Any]], rows: list[int]) -> Piece:
    """Return objects as a piece: a column for each name, its values as text."""
    columns = {name: pa.array([_text(record.get(name)) for record in records], pa.string()) for name in names}
    return Piece(columns, np.array(rows, dtype=np.int64))


def is_broken(record: dict[str, Any]) -> bool:
    """Whether a text within an object holds half of a character."""
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value) if isinstance(value, list | dict) else repr(value)
