"""Output on a terminal: tables, JSON, sizes, progress, and findings, grouped and counted, each with its fix."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from hmix_hub.studies.findings import Finding, Report, Spot, printable
from hmix_hub.studies.rules.rule import Severity

SPOTS_ON_SCREEN = 5
_WIDTH = 110


def echo_json(content: Any) -> None:
    """Print JSON, indented."""
    click.echo(json.dumps(content, indent=2))


def echo_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows in aligned columns; numbers to the right."""
    headings = list(rows[0])
    cells = [["" if row[name] is None else str(row[name]) for name in headings] for row in rows]
    widths = [max(len(line[i]) for line in [headings, *cells]) for i in range(len(headings))]
    rightly = [all(isinstance(row[name], int | float | None) for row in rows) for name in headings]
    for line in [headings, *cells]:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, rightly, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())


def size_text(n_bytes: int) -> str:
    """Return a number of bytes as text: 736 B, 14 kB, 1.3 MB; rounded, since sizes vary with library versions."""
    if n_bytes < 1000:
        return f"{n_bytes} B"
    if n_bytes < 999_500:
        return f"{n_bytes / 1000:.0f} kB"
    return f"{n_bytes / 1e6:,.1f} MB"


@contextmanager
def row_progress() -> Iterator[Callable[[str, int], None] | None]:
    """Yield a callback that shows the file and the rows read so far; `None` if not on a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm

    with tqdm(unit=" rows", unit_scale=True, leave=False) as bar:

        def show(file: str, rows: int) -> None:
            if bar.desc != f"{file}: ":
                bar.reset()
                bar.set_description(file, refresh=False)
            bar.update(rows - bar.n)

        yield show


def tell_on_terminal(said: str) -> None:
    """Print what is being done, if on a terminal."""
    if sys.stderr.isatty():
        click.echo(said, err=True)


def echo_report(report: Report, as_json: bool) -> int:
    """Print a report.

    Parameters
    ----------
    report
        The findings.
    as_json
        Whether to print JSON, for programs.

    Returns
    -------
    int
        Exit status: 0 without errors, otherwise 1.
    """
    if as_json:
        echo_json(report.as_dict())
    else:
        for finding in report:
            _echo_finding(finding, is_fixable=report.is_fixable(finding))
        click.echo(_summary(report))
    return int(bool(report.errors))


def _echo_finding(finding: Finding, *, is_fixable: bool) -> None:
    rule = finding.rule
    colour = "red" if rule.severity is Severity.ERROR else "yellow"
    head = click.style(f"{rule.severity} {rule.code} {rule.name}", fg=colour, bold=True)
    place = ", ".join(part for part in (finding.file, finding.column and f"column {finding.column}") if part)
    times = f", {finding.count:,} times" if finding.count > 1 else ""
    click.echo(f"{head}  {printable(place)}{times}")
    click.echo(textwrap.fill(f"{rule.meaning}.", _WIDTH, initial_indent="  ", subsequent_indent="  "))
    for spot in finding.spots[:SPOTS_ON_SCREEN]:
        if text := _spot_text(spot, finding.file):
            click.echo(f"    {text}")
    if finding.count > SPOTS_ON_SCREEN:
        click.echo(f"    … and {finding.count - SPOTS_ON_SCREEN:,} more")
    fix = f"{rule.fix}." + (" `hmix contribute fix` does this." if is_fixable else "")
    click.echo(textwrap.fill(fix, _WIDTH, initial_indent="  fix: ", subsequent_indent="       ") + "\n")


def _spot_text(spot: Spot, file: str) -> str:
    parts = []
    if spot.row is not None:
        # Spreadsheets count from 1 and include the header.
        line = f" (line {spot.row + 2})" if file.endswith(".csv") else ""
        parts.append(f"row {spot.row}{line}")
    if spot.value is not None:
        parts.append(repr(spot.value))
    # Names and values come from untrusted files and may hold control characters.
    said, note = printable(": ".join(parts)), printable(spot.note)
    return f"{said}: {note}" if said and note else said or note


def _summary(report: Report) -> str:
    rows = ", ".join(
        f"{count:,} row{'s' if count != 1 else ''} of {printable(file)}" for file, count in report.rows.items()
    )
    checked = f"checked {rows}: " if rows else ""
    errors, warnings = len(report.errors), len(report.warnings)
    if not errors and not warnings:
        return click.style(f"{checked}no problems found", fg="green")
    told = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return f"{checked}{', '.join(told)}"
