"""Selection: the rows of tables that meet conditions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.errors import FilterError
from hmix_hub.judgments.conditions import Condition, Mask, Vocabularies
from hmix_hub.tasks import CONFIGURATIONS

if TYPE_CHECKING:
    import pyarrow as pa


def select_rows(
    tables: Sequence[pa.Table],
    conditions: Sequence[Condition],
    vocabularies: Sequence[Vocabularies],
    *,
    is_whole: bool = True,
) -> tuple[list[Mask], str]:
    """Find the rows that meet all conditions, in one or several tables.

    Parameters
    ----------
    tables
        Tables with the columns of every condition, N rows each.
    conditions
        What is asked.
    vocabularies
        For each table, the class names of each label column.
    is_whole
        Whether the tables are all there is, so that an id that is in none of them does not exist.

    Returns
    -------
    tuple
        bool (N,) for each table, and which condition removed the last row of all, as text: empty while any is left.

    Raises
    ------
    FilterError
        If a condition names what is in none of the tables.
    """
    kept = [np.ones(table.num_rows, dtype=bool) for table in tables]
    emptied_by = ""
    for condition in conditions:
        before = kept
        masks = [condition.mask(table, own) for table, own in zip(tables, vocabularies, strict=True)]
        if is_whole:
            condition.check(tables, masks)
        kept = [rows & mask for rows, mask in zip(before, masks, strict=True)]
        if any(rows.any() for rows in before) and not any(rows.any() for rows in kept):
            seen = condition.seen(tables, before)
            emptied_by = f"the filter {condition.name!r} removed the last" + (f"; {seen}" if seen else "")
    return kept, emptied_by


_MISSING_HINTS = {
    "mixing_coefficient": (
        "selected_coefficient",
        "in the midpoint tasks a person saw all mixtures of a pair; to filter by the answer, use selected_coefficient",
    ),
    "participant_id": ("n_participants", "a by-stimulus table pools people: filter the judgments, then by_stimulus()"),
}


def check_columns(conditions: Sequence[Condition], available: Sequence[str]) -> list[str]:
    """Give the columns that conditions look at, each once.

    Raises
    ------
    FilterError
        If a column is not available: a filter never passes over what it cannot see.
    """
    needed: dict[str, None] = {}
    for condition in conditions:
        for column in condition.columns(available):
            if column not in available:
                present, advice = _MISSING_HINTS.get(column, ("", ""))
                msg = f"{condition.name}: this table has no column {column!r}"
                raise FilterError(msg, hint=advice if present in available else _where_it_is(column))
            needed[column] = None
    return list(needed)


def _where_it_is(column: str) -> str:
    names = [c.name for c in CONFIGURATIONS.values() if column in {own.name for own in c.columns()}]
    return f"it is a column of {', '.join(names)}"
