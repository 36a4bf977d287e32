"""Outcome of an import: the judgments from raw files, and what was dropped and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from hmix_hub.errors import SchemaError, Where
from hmix_hub.studies.manifest_fields import PLACEHOLDER

ROW = "\0row"
"""Column of row numbers; column names in files do not contain this character."""
NO_ROW = "the file has no rows"
"""Reason for a file without judgments: a page may be closed before anything is recorded."""
NOT_UTF8 = "not UTF-8, read as Windows-1252; check accented letters"
_NAMED = 3
"""Number of files listed in a note; the others are counted."""


@dataclass
class Outcome:
    """Results of an import."""

    tables: dict[str, list[pa.Table]] = field(default_factory=dict)
    """Tables by task, in the order of the raw files: observed columns, with class names for labels."""
    dropped: Counter[str] = field(default_factory=Counter)
    """Numbers of dropped rows, by reason."""
    notes: list[str] = field(default_factory=list)
    is_synthetic: bool = False
    image_sets: set[str] = field(default_factory=set)
    left_out: dict[str, list[str]] = field(default_factory=dict)
    """Names of files without judgments, by reason."""
    remarks: dict[str, list[str]] = field(default_factory=dict)
    """Names of files by remark on how they were read, if that is not obvious from the extension."""
    corrections: Counter[str] = field(default_factory=Counter)
    """Numbers of answers corrected like the authors of CIFAR-10S did, by correction."""

    @property
    def image_set(self) -> str:
        """Return the image set of all raw files, for study.yaml; a placeholder if there is not exactly one."""
        return next(iter(self.image_sets)) if len(self.image_sets) == 1 else PLACEHOLDER

    def rows(self, task: str) -> int:
        """Return the number of judgments of a task."""
        return sum(part.num_rows for part in self.tables.get(task, []))

    def leave_out(self, path: Path, reason: str) -> None:
        """Record that a file has no judgments, such as that of an aborted session."""
        self.left_out.setdefault(reason, []).append(path.name)

    def remark(self, path: Path, said: str) -> None:
        """Record how a file was read."""
        self.remarks.setdefault(said, []).append(path.name)

    @property
    def notes_on_files(self) -> list[str]:
        """Return notes on files without judgments, on how files were read, and on corrections."""
        notes = [f"{_named(names)}: no judgment ({reason})" for reason, names in self.left_out.items()]
        notes += [f"{_named(names)}: {remark}" for remark, names in self.remarks.items()]
        if self.corrections:
            counts = self.corrections.most_common()
            read = ", ".join(f"{what} ({count} row{'s' if count > 1 else ''})" for what, count in counts)
            notes.append(f"probability of the top class, corrected like the authors of CIFAR-10S did: {read}")
        return notes

    def nothing(self, path: Path | None, *, hint: str = "a raw file has one row for each judgment") -> SchemaError:
        """Return the error of an import without judgments; `path` is the first of its files."""
        dropped = [f"{count} row{'s' if count > 1 else ''}: {why}" for why, count in self.dropped.most_common()]
        msg = "; ".join(["no row is a judgment", *dropped, *self.notes_on_files])
        return SchemaError(msg, where=Where(str(path)) if path else None, hint=hint)


def _named(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more files" if more > 0 else "")
