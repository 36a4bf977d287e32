"""Text of tables on a terminal."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click


def echo_table(rows: Sequence[dict[str, Any]]) -> None:
    """Print rows in aligned columns; numbers to the right."""
    headings = list(rows[0])
    cells = [[_cell(row[name]) for name in headings] for row in rows]
    widths = [max(len(line[i]) for line in [headings, *cells]) for i in range(len(headings))]
    rightly = [all(isinstance(row[name], int | float | None) for row in rows) for name in headings]
    for line in [headings, *cells]:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, rightly, strict=True)
        ]
        click.echo("  ".join(parts).rstrip())


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def size_text(n_bytes: int) -> str:
    """Return a number of bytes for people: 736 B, 14 kB, 1.3 MB; rounded, since libraries vary."""
    if n_bytes < 1000:
        return f"{n_bytes} B"
    if n_bytes < 999_500:
        return f"{n_bytes / 1000:.0f} kB"
    return f"{n_bytes / 1e6:,.1f} MB"


def echo_json(content: Any) -> None:
    """Print JSON, indented."""
    click.echo(json.dumps(content, indent=2))
