"""Readable rows: class names instead of label numbers, and every float to its last bit."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from hmix_hub.tables import vocabularies_of

if TYPE_CHECKING:
    import datasets


def readable_rows(dataset: datasets.Dataset) -> list[dict[str, Any]]:
    """Give the rows of a dataset with class names in place of labels; null stays `None`."""
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
    """Write a dataset as CSV; null is empty, a list is JSON."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(dataset.column_names)
    for row in readable_rows(dataset):
        writer.writerow(json.dumps(value) if isinstance(value, list) else value for value in row.values())
    return stream.getvalue()


def jsonl_text(dataset: datasets.Dataset) -> str:
    """Write a dataset as JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in readable_rows(dataset))
