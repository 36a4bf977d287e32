"""Findings on a screen: grouped, counted, each with its fix."""

from __future__ import annotations

import textwrap

import click

from hmix_hub.cli.text import echo_json
from hmix_hub.studies.findings import Finding, Report, Spot, printable
from hmix_hub.studies.rules.rule import Severity

SPOTS_ON_SCREEN = 5
_WIDTH = 110


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
        Exit status: 0 where there is no error, else 1.
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
    place = printable(place)
    times = f", {finding.count:,} times" if finding.count > 1 else ""
    click.echo(f"{head}  {place}{times}")
    click.echo(textwrap.fill(f"{rule.meaning}.", _WIDTH, initial_indent="  ", subsequent_indent="  "))
    for spot in finding.spots[:SPOTS_ON_SCREEN]:
        if text := describe_spot(spot, finding.file):
            click.echo(f"    {text}")
    if finding.count > SPOTS_ON_SCREEN:
        click.echo(f"    … and {finding.count - SPOTS_ON_SCREEN:,} more")
    fix = f"{rule.fix}." + (" `hmix contribute fix` does this." if is_fixable else "")
    click.echo(textwrap.fill(fix, _WIDTH, initial_indent="  fix: ", subsequent_indent="       ") + "\n")


def describe_spot(spot: Spot, file: str) -> str:
    """Say where a spot is, what stands there, and what is particular to it."""
    parts = []
    if spot.row is not None:
        # Spreadsheets count from 1, and the header is a line.
        line = f" (line {spot.row + 2})" if file.endswith(".csv") else ""
        parts.append(f"row {spot.row}{line}")
    if spot.value is not None:
        parts.append(repr(spot.value))
    # Names and values are of whoever made the files; a terminal obeys what they may hold.
    said, note = printable(": ".join(parts)), printable(spot.note)
    return f"{said}: {note}" if said and note else said or note


def _summary(report: Report) -> str:
    rows = ", ".join(f"{count:,} rows of {printable(file)}" for file, count in report.rows.items())
    checked = f"checked {rows}: " if rows else ""
    errors, warnings = len(report.errors), len(report.warnings)
    if not errors and not warnings:
        return click.style(f"{checked}no problems found", fg="green")
    told = [f"{n} {word}{'s' if n > 1 else ''}" for n, word in ((errors, "error"), (warnings, "warning")) if n]
    return f"{checked}{', '.join(told)}"
