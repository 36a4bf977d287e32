"""Outcome of an import: what was taken, what was dropped, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hmix_hub.errors import SchemaError, Where
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import PLACEHOLDER

if TYPE_CHECKING:
    import pyarrow as pa


NO_ROW = "the file has no row"
"""Why a file has no judgment: a page may be closed before anything is recorded."""
_NAMED = 3
"""Files that a note names; the others are counted."""


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
    image_sets
        Image sets that the raw files name.
    left_out
        Names of the files that have no judgment, by reason.
    not_utf8
        Names of the files whose encoding was guessed.
    corrections
        Answers that are read as the authors of CIFAR-10S read them, by what is read as what.
    """

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    is_synthetic: bool = False
    image_sets: set[str] = field(default_factory=set)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    not_utf8: list[str] = field(default_factory=list)
    corrections: Counter[str] = field(default_factory=Counter)

    @property
    def image_set(self) -> str:
        """Image set that all raw files name, as study.yaml says it; a placeholder where they do not."""
        return next(iter(self.image_sets)) if len(self.image_sets) == 1 else PLACEHOLDER

    def rows(self, task: str) -> int:
        """Return the number of judgments of a task."""
        return sum(part.num_rows for part in self.tables.get(task, []))

    def leave_out(self, path: Path, reason: str) -> None:
        """Record that a file has no judgment, as one of a session that was broken off."""
        self.left_out.setdefault(reason, []).append(path.name)

    @property
    def notes_on_files(self) -> list[str]:
        """Files that have no judgment, or whose encoding was guessed; a note for each reason."""
        notes = [f"{_named(names)}: no judgment ({reason})" for reason, names in self.left_out.items()]
        if self.not_utf8:
            notes.append(f"{_named(self.not_utf8)}: not UTF-8, read as Windows-1252; check accented letters")
        if self.corrections:
            read = ", ".join(
                f"{what} ({count} row{'s' if count > 1 else ''})" for what, count in self.corrections.most_common()
            )
            notes.append(f"probability of the top class, as the authors of CIFAR-10S read it: {read}")
        return notes

    def nothing(self, path: Path | None, *, hint: str = "a raw file has one row for each judgment") -> SchemaError:
        """Return the error of an import that no judgment came of; `path` is the first of its files."""
        dropped = [f"{count} row{'s' if count > 1 else ''}: {why}" for why, count in self.dropped.most_common()]
        msg = "; ".join(["no row is a judgment", *dropped, *self.notes_on_files])
        return SchemaError(msg, where=Where(str(path)) if path else None, hint=hint)


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more files" if more > 0 else "")


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
        raise SchemaError(msg, where=Where(str(path), spot.row), hint=found.rule.fix)
