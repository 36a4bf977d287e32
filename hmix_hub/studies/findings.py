"""Findings: violations of the rules in a study, grouped by rule, file and column, and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.studies.rules.rule import Rule, Severity

Mask = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

MOST_PLACES = 100
"""Maximum number of rows listed per finding; all are counted."""
MOST_SHOWN = 60
"""Maximum number of characters shown of a value."""


@dataclass(frozen=True)
class Spot:
    """One place where a rule is broken."""

    row: int | None = None
    """0-based data row; `None` if the spot is the whole file or column."""
    value: str | None = None
    """The value found there, shortened."""
    note: str = ""
    """Details of this place; may be empty."""


@dataclass
class Finding:
    """All violations of one rule in one column of one file."""

    rule: Rule
    file: str
    """Path within the study folder; empty for the study as a whole."""
    column: str
    """Name of the column, or of the manifest field; empty if the finding is about neither."""
    count: int = 0
    spots: list[Spot] = field(default_factory=list)
    """The first `MOST_PLACES` places."""

    def __reduce__(self) -> tuple[object, ...]:
        # A rule's examples are functions, which cannot be pickled: send its code; the other process has the rule.
        return _finding, (self.rule.code, self.file, self.column, self.count, self.spots)

    def as_dict(self, *, is_fixable: bool) -> dict[str, Any]:
        """Return the finding as JSON-serializable data."""
        return {
            "code": self.rule.code,
            "rule": self.rule.name,
            "severity": str(self.rule.severity),
            "file": self.file,
            "column": self.column,
            "count": self.count,
            "meaning": self.rule.meaning,
            "fix": self.rule.fix,
            "fixable": is_fixable,
            "places": [{"row": spot.row, "value": spot.value, "note": spot.note} for spot in self.spots],
        }


def _finding(code: str, *parts: Any) -> Finding:
    from hmix_hub.studies.catalogue import catalogue

    return Finding(catalogue()[code], *parts)


class Report:
    """Collects findings; memory does not grow with the number of invalid rows."""

    def __init__(self) -> None:
        self._findings: dict[tuple[str, str, str], Finding] = {}
        self.rows: dict[str, int] = {}

    def add(
        self,
        rule: Rule,
        *,
        file: str = "",
        column: str = "",
        row: int | None = None,
        value: object = None,
        note: str = "",
    ) -> None:
        """Add one place."""
        self.add_rows(rule, [row], [value], file=file, column=column, notes=[note])

    def add_rows(
        self,
        rule: Rule,
        rows: Sequence[int | None],
        values: Iterable[object],
        *,
        file: str,
        column: str = "",
        notes: Iterable[str] | None = None,
        count: int | None = None,
    ) -> None:
        """Add places: 0-based data rows in ascending order, the value found in each, and a note on each.

        With `count`, the total number of places, only the first of them need to be given.
        """
        if not len(rows):
            return
        finding = self._findings.setdefault((rule.code, file, column), Finding(rule, file, column))
        finding.count += len(rows) if count is None else count
        room = MOST_PLACES - len(finding.spots)
        told = zip(rows, values, notes or ("" for _ in rows), strict=False)
        for (row, value, note), _ in zip(told, range(room), strict=False):
            finding.spots.append(Spot(None if row is None else int(row), shown(value), note))

    def merge(self, later: Report) -> None:
        """Add the findings from the next piece of a file; findings about the whole file repeat in every piece."""
        for key, found in later._findings.items():
            mine = self._findings.setdefault(key, Finding(found.rule, found.file, found.column))
            of_file = [spot for spot in found.spots if spot.row is None and spot in mine.spots]
            mine.count += found.count - len(of_file)
            kept = [spot for spot in found.spots if spot not in of_file]
            mine.spots += kept[: MOST_PLACES - len(mine.spots)]
        for file, rows in later.rows.items():
            self.rows[file] = self.rows.get(file, 0) + rows

    @property
    def findings(self) -> list[Finding]:
        """Return all findings: errors first, then by file, code and column."""
        return sorted(
            self._findings.values(),
            key=lambda found: (found.rule.severity is not Severity.ERROR, found.file, found.rule.code, found.column),
        )

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def errors(self) -> list[Finding]:
        """Return the findings that are errors."""
        return [finding for finding in self if finding.rule.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """Return the findings that are warnings."""
        return [finding for finding in self if finding.rule.severity is Severity.WARNING]

    def has(self, *rules: Rule, file: str | None = None) -> bool:
        """Return whether any of these rules is broken, in one file or (with `None`) anywhere."""
        codes = {rule.code for rule in rules}
        return any(code in codes and file in {None, where} for code, where, _ in self._findings)

    def is_fixable(self, finding: Finding) -> bool:
        """Return whether `hmix contribute fix` can fix the finding."""
        blocked = (found.rule.is_blocking and found.file == finding.file for found in self._findings.values())
        return finding.rule.is_fixed_in(finding.file) and not any(blocked)

    def has_errors_in(self, *files: str) -> bool:
        """Return whether any of these files has an error."""
        return any(
            where in files and found.rule.severity is Severity.ERROR for (_, where, _), found in self._findings.items()
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-serializable data."""
        return {
            "is_valid": not self.errors,
            "errors": len(self.errors),
            "warnings": len(self.warnings),
            "rows": dict(self.rows),
            "findings": [finding.as_dict(is_fixable=self.is_fixable(finding)) for finding in self],
        }


@dataclass(frozen=True)
class Reporter:
    """Reports findings against one file, or one column of it."""

    report: Report
    file: str
    column: str = ""

    def of(self, column: str) -> Reporter:
        """Return the reporter of another column of the file."""
        return Reporter(self.report, self.file, column)

    def add(self, rule: Rule, *, row: int | None = None, value: object = None, note: str = "") -> None:
        """Report one place; see `Report.add`."""
        self.report.add(rule, file=self.file, column=self.column, row=row, value=value, note=note)

    def add_rows(
        self,
        rule: Rule,
        rows: Sequence[int],
        values: Sequence[object] | None = None,
        *,
        notes: Iterable[str] | None = None,
        count: int | None = None,
    ) -> None:
        """Report rows; see `Report.add_rows`. With `values=None`, no values are shown."""
        values = [None] * len(rows) if values is None else values
        self.report.add_rows(rule, rows, values, file=self.file, column=self.column, notes=notes, count=count)

    def add_where(
        self, rule: Rule, bad: Mask, rows: Ints, values: pa.Array | None = None, note: str | Callable[[int], str] = ""
    ) -> Mask:
        """Report the rows where a mask, bool (N,), is true: their numbers, int64 (N,), and optionally the N values.

        `note` is one text for all rows, or a function of the position, 0 to N - 1. Returns the inverted mask.
        """
        found = np.flatnonzero(bad)
        if len(found):
            first = found[:MOST_PLACES].tolist()
            self.add_rows(
                rule,
                rows[first].tolist(),
                None if values is None else [values[i].as_py() for i in first],
                notes=[note if isinstance(note, str) else note(i) for i in first],
                count=len(found),
            )
        return ~bad


def shown(value: object) -> str | None:
    """Return a value as text of at most `MOST_SHOWN` characters, without control characters."""
    if value is None:
        return None
    text = value if isinstance(value, str) else repr(value)
    cut = text[: MOST_SHOWN + 1]
    safe = printable(cut[:MOST_SHOWN])
    return safe + "…" if len(cut) > MOST_SHOWN else safe


def printable(text: str) -> str:
    r"""Return a text with unprintable characters escaped, such as \x1b, which a terminal would interpret."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
