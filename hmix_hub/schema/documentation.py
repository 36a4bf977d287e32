"""Column tables for people, derived from the columns."""

from __future__ import annotations

from collections.abc import Iterable

from hmix_hub.schema.column import Column


def describe_column(column: Column) -> dict[str, str]:
    """Give a column's name, type, unit, range, whether null is allowed, and meaning, as text."""
    return {
        "column": column.name,
        "type": column.kind.value + (", null" if column.nullable else ""),
        "unit": column.unit,
        "range": column.range,
        "meaning": column.meaning + (f" (since {column.since})" if column.since else ""),
    }


def markdown_table(rows: Iterable[dict[str, str]]) -> str:
    """Lay rows out as a Markdown table; the first row's keys are the headings."""
    rows = list(rows)
    headings = list(rows[0])
    cells = [[row[heading].replace("|", "\\|") for heading in headings] for row in rows]
    lines = [headings, ["---"] * len(headings), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def column_table(columns: Iterable[Column]) -> str:
    """Lay columns out as a Markdown table."""
    described = map(describe_column, columns)
    return markdown_table(
        {**column, "column": f"`{column['column']}`", "meaning": as_markdown(column["meaning"])} for column in described
    )


def as_markdown(text: str) -> str:
    """Give plain text as Markdown that shows the same: no tags, no emphasis."""
    return text.replace("<", "&lt;").replace("*", "\\*")
