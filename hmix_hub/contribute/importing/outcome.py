"""Outcome of an import: what was taken, what was dropped, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hmix_hub.errors import SchemaError, Where
from hmix_hub.studies.findings import Report

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Outcome:
    """What an import found.

    Parameters
    ----------
    tables
        By task, parts in the order of the raw files: observed columns, labels as names.
    dropped
        Rows that were dropped, by reason.
    notes
        What else a person should know.
    is_synthetic
        Whether rows are marked as made by a program.
    """

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    is_synthetic: bool = False

    def rows(self, task: str) -> int:
        """Count the judgments of a task."""
        return sum(part.num_rows for part in self.tables.get(task, []))


def refuse_unreadable(report: Report, path: Path) -> None:
    """Raise the first error of reading a raw file.

    Raises
    ------
    SchemaError
        If there is one.
    """
    if report.errors:
        found = report.errors[0]
        spot = found.spots[0]
        msg = f"{found.rule.code}: {found.rule.meaning}" + (f": {spot.note}" if spot.note else "")
        raise SchemaError(msg, where=Where(str(path), spot.row), hint=found.rule.mend)
