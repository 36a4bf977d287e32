"""JSON-lines files: one object a line, its values as text, as in CSV."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.pieces import COLUMN_LIMIT, PIECE_BYTES, PIECE_ROWS, Piece, UnreadableError
from hmix_hub.studies.reading.text import look_at_text, open_bytes
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

_WORDS = {True: "true", False: "false"}


def read_jsonl(path: Path, name: str, report: Report) -> Iterator[Piece]:
    """Read a file of JSON objects, one a line; the columns are the keys of the first piece, in order of appearance.

    Raises
    ------
    UnreadableError
        If it cannot be read (any further).
    """
    form = look_at_text(path, name, report, has_delimiter=False)
    if not form.is_plain:
        return
    names: dict[str, None] = {}
    records: list[dict[str, Any]] = []
    rows: list[int] = []
    for row, record in _records(path):
        records.append(record)
        rows.append(row)
        names |= dict.fromkeys(record)
        if len(names) > COLUMN_LIMIT:
            msg = f"more than {COLUMN_LIMIT} columns"
            raise UnreadableError(msg, row=row, rule=column_rules.MANY)
        if len(records) == PIECE_ROWS:
            yield _piece(names, records, rows)
            records, rows = [], []
    if records:
        yield _piece(names, records, rows)


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
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
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                msg = f"the line is no JSON: {error}"
                raise UnreadableError(msg, row=row) from None
            if not isinstance(record, dict):
                msg = "the line is no JSON object with the columns as keys"
                raise UnreadableError(msg, row=row)
            yield row, record


def _piece(names: dict[str, None], records: list[dict[str, Any]], rows: list[int]) -> Piece:
    import pyarrow as pa

    columns = {}
    for name in names:
        texts = [_text(record.get(name)) for record in records]
        try:
            columns[name] = pa.array(texts, pa.string())
        except UnicodeEncodeError:
            row = next(row for row, text in zip(rows, texts, strict=True) if text is not None and _is_broken(text))
            msg = f"{name} holds half of a character, \\ud800 to \\udfff"
            raise UnreadableError(msg, row=row) from None
    return Piece(columns, np.array(rows, dtype=np.int64))


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _WORDS[value]
    return json.dumps(value) if isinstance(value, list | dict) else repr(value)
