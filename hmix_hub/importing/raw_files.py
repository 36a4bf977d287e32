"""Raw files: any CSV, JSON or Parquet as columns of text, and what came of them: what was taken, dropped, and why."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, SourceMissingError, Where
from hmix_hub.studies.findings import Finding, Report
from hmix_hub.studies.manifest_fields import PLACEHOLDER
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import as_text, plain_array
from hmix_hub.studies.rules import files as rules

ROW = "\0row"
"""Column of the rows' numbers; no name in a text file has such a character."""
NO_ROW = "the file has no row"
"""Why a file has no judgment: a page may be closed before anything is recorded."""
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
    not_utf8: list[str] = field(default_factory=list)
    """Names of the files whose encoding was guessed."""
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

    @property
    def notes_on_files(self) -> list[str]:
        """Files that have no judgment, or whose encoding was guessed; a note for each reason."""
        notes = [f"{_named(names)}: no judgment ({reason})" for reason, names in self.left_out.items()]
        if self.not_utf8:
            notes.append(f"{_named(self.not_utf8)}: not UTF-8, read as Windows-1252; check accented letters")
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


def read_raw(path: Path, outcome: Outcome) -> pa.Table:
    """Read a raw file: columns of text, "" where nothing is, and `ROW`, int64, the 0-based data row.

    `outcome` learns that the encoding was guessed.

    Raises
    ------
    SourceMissingError
        If there is no such file.
    SchemaError
        If it cannot be read, or has rows with too many or too few cells.
    """
    if not path.is_file():
        msg = "there is no such file"
        raise SourceMissingError(msg, where=Where(str(path)), hint="name the raw exports one by one, or by a pattern")
    nothing = pa.table({ROW: pa.array([], pa.int64())})
    if not path.stat().st_size:
        return nothing
    report = Report()
    chunks = list(read_chunks(path, path.name, report, is_tolerant=True))
    _refuse([found for found in report.errors if found.rule not in rules.GUESSED], path)
    if not chunks:
        # That it is UTF-16, say, is why there is nothing to read.
        _refuse(report.errors, path)
        return nothing
    if report.has(rules.ENCODING):
        outcome.not_utf8.append(path.name)
    header = list(chunks[0].names) or list(chunks[0].columns)
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        msg = f"two columns are called {twice!r}"
        raise SchemaError(msg, where=Where(str(path)), hint="rename one of them, so that it is certain which is meant")

    def column(name: str) -> pa.ChunkedArray:
        return pa.chunked_array(
            _text(chunk.columns[name], path, name) if name in chunk.columns else pa.array([""] * len(chunk))
            for chunk in chunks
        )

    columns = {name: column(name) for name in dict.fromkeys(name for chunk in chunks for name in chunk.columns)}
    return pa.table(columns | {ROW: pa.chunked_array([pa.array(chunk.rows) for chunk in chunks])})


def _text(raw: pa.Array, path: Path, name: str) -> pa.Array:
    """Return values as text, those within each other as JSON."""
    try:
        text = as_text(raw)
        if text is None:
            # A float would not hold every decimal.
            plain = raw if pa.types.is_decimal(raw.type) else plain_array(raw)
            is_nested = pa.types.is_nested(plain.type)
            text = pa.array(map(_json, plain.to_pylist()), pa.string()) if is_nested else pc.cast(plain, pa.string())
        text.validate(full=True)
    except (pa.ArrowException, UnicodeDecodeError) as error:
        msg = f"values of the type {raw.type} cannot be read as text: {str(error).splitlines()[0]}"
        raise SchemaError(msg, where=Where(str(path), column=name), hint="export them as text or numbers") from None
    return text.fill_null("")


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, default=str)


def _refuse(errors: Sequence[Finding], path: Path) -> None:
    if errors:
        rule, spot = errors[0].rule, errors[0].spots[0]
        msg = f"{rule.code}: {rule.meaning}" + (f": {spot.note}" if spot.note else "")
        raise SchemaError(msg, where=Where(str(path), spot.row), hint=rule.fix)
