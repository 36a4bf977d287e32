"""Exports of platforms, known by their columns: Qualtrics' extra header rows, Zooniverse's subjects."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from hmix_hub.importing.outcome import ROW
from hmix_hub.importing.readers.nested_exports import is_label_studio, is_psiturk, label_studio_rows, psiturk_rows
from hmix_hub.studies.reading.json_file import each_key_once


@dataclass(frozen=True)
class Export:
    """An export of a platform.

    Parameters
    ----------
    name
        The platform.
    fits
        Whether a table is of its form.
    arranged
        Returns the table with a row for each answer, and a remark on what was done; "": nothing to remark.
    """

    name: str
    fits: Callable[[pa.Table], bool]
    arranged: Callable[[pa.Table], tuple[pa.Table, str]]


_IMPORT_ID = '{"ImportId"'
_HEADERS = 2
"""Rows below the names in which Qualtrics has the questions' words, and ids."""


def _is_qualtrics(table: pa.Table) -> bool:
    return bool(_qualtrics_headers(table))


def _qualtrics_headers(table: pa.Table) -> int:
    """Return how many rows are of the header: up to that of the ids, in the first ones."""
    for number in range(min(_HEADERS, table.num_rows)):
        cells = [table[name][number].as_py() for name in table.column_names if name != ROW]
        if sum(cell.startswith(_IMPORT_ID) for cell in cells) > len(cells) / 2:
            return number + 1
    return 0


def _without_qualtrics_headers(table: pa.Table) -> tuple[pa.Table, str]:
    number = _qualtrics_headers(table)
    rows = "2 more header rows" if number > 1 else "1 more header row"
    return table.slice(number), f"an export of Qualtrics: {rows} left out"


_ZOONIVERSE = {"classification_id", "metadata", "annotations", "subject_data"}


def _is_zooniverse(table: pa.Table) -> bool:
    return set(table.column_names) >= _ZOONIVERSE


def _with_subject(table: pa.Table) -> tuple[pa.Table, str]:
    """Add what subject_data holds under the subject's number, which is another key in each row."""
    if "subject" not in table.column_names:
        subjects = [_only_value(text) for text in table["subject_data"].to_pylist()]
        table = table.append_column("subject", pa.array(subjects, pa.string()))
    return table, "an export of Zooniverse: the column `subject` is what subject_data holds"


def _only_value(text: str) -> str:
    data = _parsed(text)
    values = list(data.values()) if isinstance(data, dict) else []
    return json.dumps(values[0]) if len(values) == 1 and isinstance(values[0], dict) else ""


def _parsed(text: str) -> Any:
    """Return the JSON of a cell; `None` where it is none."""
    try:
        return json.loads(text, object_pairs_hook=each_key_once)
    except (ValueError, RecursionError):
        return None


EXPORTS = (
    Export("Qualtrics", _is_qualtrics, _without_qualtrics_headers),
    Export("Zooniverse", _is_zooniverse, _with_subject),
    Export("Label Studio", is_label_studio, label_studio_rows),
    Export("psiTurk", is_psiturk, psiturk_rows),
)
"""Exports that are known, each by columns that no other has."""
