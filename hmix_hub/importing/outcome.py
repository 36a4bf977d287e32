"""Outcome of an import: what was taken from raw files, what was dropped, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from hmix_hub.errors import SchemaError, Where
from hmix_hub.studies.manifest_fields import PLACEHOLDER

ROW = "\0row"
"""Column of the rows' numbers; no name in a text file has such a character."""
NO_ROW = "the file has no row"
"""Why a file has no judgment: a page may be closed before anything is recorded."""
NOT_UTF8 = "not UTF-8, read as Windows-1252; check accented letters"
_NAMED = 3
"""Files that a note names; the others are counted."""


@dataclass
class Outcome:
    """What an import found."""

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    """By task, parts in the order of the raw files: observed columns, labels as names."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Rows that were dropped, by reason."""
    notes: list[str] = field(default_factory=list)
    is_synthetic: bool = False
    image_sets: set[str] = field(default_factory=set)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """Names of the files that have no judgment, by reason."""
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """Names of the files by how they were read, where that is not what their ending says."""
    corrections: Counter[str] = field(default_factory=Counter)
    """Answers that are read as the authors of CIFAR-10S read them, by what is read as what."""

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

    def remark(self, path: Path, said: str) -> None:
        """Record how a file was read."""
        self.remarks.setdefault(said, []).append(path.name)

    @property
    def notes_on_files(self) -> list[str]:
        """Files that have no judgment, or how they were read; a note for each reason."""
        notes = [f"{_named(names)}: no judgment ({reason})" for reason, names in self.left_out.items()]
        notes += [f"{_named(names)}: {remark}" for remark, names in self.remarks.items()]
        if self.corrections:
            counts = self.corrections.most_common()
            read = ", ".join(f"{what} ({count} row{'s' if count > 1 else ''})" for what, count in counts)
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
