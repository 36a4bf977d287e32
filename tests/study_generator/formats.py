"""Judgment files in every format that a study may have them in."""

from __future__ import annotations

import csv
import gzip
import io
import json
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from pyarrow import parquet

_LABELS = ("_label", "_class", "_classes", "class_order")


@dataclass(frozen=True)
class Style:
    """How a table is written.

    `ending` is its format; the next four are of CSV alone: what ends lines and divides cells, whether every cell is
    quoted, and by row how many cells more or fewer than columns it has. `kinds` are Arrow types of Parquet columns
    that are not to have their usual one; `labels_as_codes` writes labels there as numbers; `omits_nulls` leaves keys
    of JSON out where there is no value; `ends` is whether the last line ends.
    """

    ending: str = "csv"
    newline: str = "\n"
    delimiter: str = ","
    quotes_all: bool = False
    ends: bool = True
    ragged: dict[int, int] = field(default_factory=dict)
    kinds: dict[str, pa.DataType] = field(default_factory=dict)
    labels_as_codes: bool = False
    omits_nulls: bool = False


def write_table(columns: list[str], rows: list[dict[str, Any]], style: Style, classes: list[str]) -> bytes:
    """Write rows in a style; the columns of one name are the same."""
    if style.ending == "parquet":
        return _parquet(columns, rows, style, classes)
    content = (_jsonl if style.ending.startswith("jsonl") else _csv)(columns, rows, style)
    return gzip.compress(content, 1, mtime=0) if style.ending.endswith(".gz") else content


def cell(value: Any) -> str:
    """Return a value as text, as CSV has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and not (value and isinstance(value[0], str)):
        # An empty list is none that is missing.
        return "|".join(map(repr, value)) if len(value) % 3 == 1 else json.dumps(value)
    if isinstance(value, list):
        is_plain = not any("|" in name or name.startswith("[") for name in value)
        return "|".join(value) if is_plain else json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else repr(value)


def _csv(columns: list[str], rows: list[dict[str, Any]], style: Style) -> bytes:
    stream = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if style.quotes_all else csv.QUOTE_MINIMAL
    writer = csv.writer(stream, delimiter=style.delimiter, quoting=quoting, lineterminator=style.newline)
    writer.writerow(columns)
    for number, row in enumerate(rows):
        cells = [cell(row.get(name)) for name in columns]
        more = style.ragged.get(number, 0)
        writer.writerow(cells[:more] if more < 0 else cells + ["more"] * more)
    text = stream.getvalue()
    return (text if style.ends else text.removesuffix(style.newline)).encode()


def _jsonl(columns: list[str], rows: list[dict[str, Any]], style: Style) -> bytes:
    lines = []
    for row in rows:
        record = {name: row.get(name) for name in columns}
        # The first row names every column: one that is nowhere would be missing.
        if style.omits_nulls and lines:
            record = {name: value for name, value in record.items() if value is not None}
        lines.append(json.dumps(record, ensure_ascii=False))
    return style.newline.join([*lines, ""] if style.ends else lines).encode()


def _parquet(columns: list[str], rows: list[dict[str, Any]], style: Style, classes: list[str]) -> bytes:
    codes = {name.lower(): code for code, name in enumerate(classes)}

    def value_of(row: dict[str, Any], name: str) -> Any:
        value = row.get(name)
        if not style.labels_as_codes or value is None or not name.endswith(_LABELS):
            return value
        return [codes[item.lower()] for item in value] if isinstance(value, list) else codes[value.lower()]

    arrays = []
    for name in columns:
        array = pa.array([value_of(row, name) for row in rows])
        if pa.types.is_null(array.type):
            array = array.cast(style.kinds.get(name, pa.string()))
        arrays.append(array.cast(style.kinds[name]) if name in style.kinds else array)
    stream = io.BytesIO()
    parquet.write_table(pa.table(arrays, names=columns), stream, row_group_size=max(len(rows) // 2, 1))
    return stream.getvalue()
