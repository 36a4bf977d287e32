"""Datasets as text: CSV, JSON lines, or the first rows as a table that fits the terminal."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.tables import arrow_columns, vocabularies_of

if TYPE_CHECKING:
    import datasets

_GAP = "  "
_WIDEST_LIST = 40
_WIDEST_NAME = 12
"""Longest column name that stays on one line above narrower values."""
_NULL = "-"


def readable_rows(dataset: datasets.Dataset) -> list[dict[str, Any]]:
    """Return the rows of a dataset with class names in place of labels; null stays `None`."""
    vocabularies = vocabularies_of(dataset.features)
    rows: list[dict[str, Any]] = dataset.with_format(None).to_list()
    for row in rows:
        for column, vocabulary in vocabularies.items():
            row[column] = _named(row[column], vocabulary.names)
    return rows


def _named(value: int | list[int] | None, names: tuple[str, ...]) -> str | list[str] | None:
    if isinstance(value, list):
        return [names[code] for code in value]
    return None if value is None else names[value]


def csv_text(dataset: datasets.Dataset) -> str:
    """Return a dataset as CSV; null is empty, a list is JSON."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(dataset.column_names)
    for row in readable_rows(dataset):
        writer.writerow(json.dumps(value) if isinstance(value, list) else value for value in row.values())
    return stream.getvalue()


def jsonl_text(dataset: datasets.Dataset) -> str:
    """Return a dataset as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in readable_rows(dataset))


def screen_width() -> int | None:
    """Return the width of the terminal in characters; `None` if the output goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def empty_columns(dataset: datasets.Dataset) -> set[str]:
    """Return the names of the columns that hold only nulls and empty lists."""
    empty = set()
    for name in dataset.column_names:
        column = arrow_columns(dataset, [name])[name]
        is_list = pa.types.is_list(column.type) or pa.types.is_large_list(column.type)
        filled = (pc.sum(pc.list_value_length(column)).as_py() or 0) if is_list else len(column) - column.null_count
        if len(column) and not filled:
            empty.add(name)
    return empty


def table_text(dataset: datasets.Dataset, most_rows: int, width: int | None = None) -> str:
    """Lay out the first rows of a dataset for a screen, with the total number of rows.

    Parameters
    ----------
    dataset
        N rows.
    most_rows
        Maximum number of rows to show.
    width
        Characters per line. Columns that do not fit are left out, last ones first, and listed; ids are never cut, so
        that they can be pasted. `None`: unlimited.
    """
    rows = readable_rows(dataset.select(range(min(most_rows, len(dataset)))))
    lines, left_out = [f"{len(dataset)} rows"], []
    if rows:
        blocks = [_column_lines(name, [row[name] for row in rows]) for name in dataset.column_names]
        kept = _fitting(blocks, width)
        left_out = dataset.column_names[kept:]
        height = max(len(block) for block in blocks[:kept])
        padded = [[" " * len(block[0])] * (height - len(block)) + block for block in blocks[:kept]]
        lines += [_GAP.join(cells).rstrip() for cells in zip(*padded, strict=True)]
    if len(rows) < len(dataset):
        lines.append(f"… and {len(dataset) - len(rows)} rows more; --format csv prints all")
    if left_out:
        lines.append(f"hidden to fit the terminal: {', '.join(left_out)}; choose with --columns NAME,NAME")
    return "\n".join(lines) + "\n"


def _fitting(blocks: Sequence[Sequence[str]], width: int | None) -> int:
    """Return how many columns fit, at least one."""
    if width is None:
        return len(blocks)
    used = len(blocks[0][0])
    for number, block in enumerate(blocks[1:], 1):
        used += len(_GAP) + len(block[0])
        if used > width:
            return number
    return len(blocks)


def _column_lines(name: str, values: Sequence[Any]) -> list[str]:
    """Return the lines of a column, padded to one width: its name, broken at underscores, then its values."""
    cells = [_cell(value) for value in values]
    widest = max(map(len, cells))
    words = name.split("_")
    room = max(widest, _WIDEST_NAME, *map(len, words))
    head = [""]
    for number, word in enumerate(words):
        joined = f"{head[-1]}_{word}" if number else word
        if len(joined) > room:
            head[-1] += "_"
            head.append(word)
        else:
            head[-1] = joined
    width = max(widest, *map(len, head))
    to_right = all(isinstance(value, int | float) or value is None for value in values)
    return [line.rjust(width) if to_right else line.ljust(width) for line in [*head, *cells]]


def _cell(value: Any) -> str:
    if value is None:
        return _NULL
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        text = ", ".join(map(_cell, value)) or _NULL
        return text if len(text) <= _WIDEST_LIST else text[: _WIDEST_LIST - 1] + "…"
    return str(value)
