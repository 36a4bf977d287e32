"""JSON files: arrays of objects, as jsPsych, JATOS and Label Studio write them; their values as text, as in CSV."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading.jsonl_file import each_key_once, is_broken, make_piece
from hmix_hub.studies.reading.pieces import COLUMN_LIMIT, PIECE_ROWS, Piece, UnreadableError
from hmix_hub.studies.reading.text import blocks, look_at_text
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as rules

SIZE_LIMIT = 2**28
"""Most bytes of a file, which is held in memory as a whole."""
_KEYS_SHOWN = 5


def read_json(path: Path, name: str, report: Report) -> Iterator[Piece]:
    """Read the objects of a JSON file, in order: of one array, of arrays within it, or of several one after another.

    Raises
    ------
    UnreadableError
        If it holds anything else.
    """
    if not look_at_text(path, name, report, has_delimiter=False).is_plain:
        return
    if path.stat().st_size > SIZE_LIMIT:
        msg = f"a JSON file of more than {SIZE_LIMIT} bytes; write one object a line (.jsonl)"
        raise UnreadableError(msg, rule=rules.TOO_LARGE)
    records = list(_records(b"".join(blocks(path)).decode("utf-8-sig")))
    names = dict.fromkeys(key for record in records for key in record)
    if len(names) > COLUMN_LIMIT:
        msg = f"more than {COLUMN_LIMIT} columns"
        raise UnreadableError(msg, rule=column_rules.MANY)
    for start in range(0, len(records), PIECE_ROWS):
        part = records[start : start + PIECE_ROWS]
        yield make_piece(names, part, list(range(start, start + len(part))))


def _records(text: str) -> Iterator[dict[str, Any]]:
    values = list(_values(text))
    if len(values) == 1 and isinstance(values[0], dict) and any(isinstance(v, list | dict) for v in values[0].values()):
        keys = ", ".join(repr(key) for key in list(values[0])[:_KEYS_SHOWN])
        msg = f"nested JSON, one object with the keys {keys}: write its rows as one array of objects, or as CSV"
        raise UnreadableError(msg, rule=rules.FOREIGN)
    row = 0
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            # Exports of several participants have an array of each.
            for record in one if isinstance(one, list) else [one]:
                if not isinstance(record, dict):
                    msg = f"{json.dumps(record)[:40]} stands where an object with the columns as keys should be"
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
            msg = f"it is no JSON: {error}"
            raise UnreadableError(msg) from None
        yield value
