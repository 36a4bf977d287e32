"""Conditions of filters, and the rows of tables that meet them."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds

from hmix_hub.errors import FilterError, Where, nearest
from hmix_hub.schema import TOLERANCE, Vocabulary
from hmix_hub.schema.arrays import Floats, Mask, numbers
from hmix_hub.schema.judgment import OF_PARTICIPANTS
from hmix_hub.tasks import CONFIGURATIONS, why_no_participants

Vocabularies = Mapping[str, Vocabulary]

MOST_SEEN = 12
"""Maximum number of values that a warning lists."""


@dataclass(frozen=True)
class Condition(ABC):
    """Condition of one filter.

    Parameters
    ----------
    name
        Name of the filter.
    """

    name: str

    @abstractmethod
    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the columns that the condition uses, available or not."""

    @abstractmethod
    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows that meet the condition; bool (N,), false where the value is null.

        Parameters
        ----------
        table
            N rows with the condition's columns.
        vocabularies
            Class names of each label column.

        Raises
        ------
        FilterError
            If a class is not in the vocabulary.
        """

    def check(  # noqa: B027 - most conditions have nothing to check
        self, tables: Sequence[pa.Table], masks: Sequence[Mask]
    ) -> None:
        """Check that everything the condition names occurs in one of the tables.

        Parameters
        ----------
        tables
            All tables that there are.
        masks
            Mask, bool (N,), of the rows of each table that meet the condition.

        Raises
        ------
        FilterError
            If an id does not occur.
        """

    def may_be_met(self, low: object, high: object) -> bool:
        """Whether a row with a value from `low` to `high`, in the one column used, may meet the condition."""
        return True

    def seen(self, tables: Sequence[pa.Table], rows: Sequence[Mask]) -> str:
        """Return the values in rows of which none met the condition; empty if that is not informative."""
        return ""


@dataclass(frozen=True)
class IsAnyOf(Condition):
    """Condition that an id is one of several."""

    column: str
    fallback: str | None
    values: tuple[str, ...]

    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the id column, or its fallback if the table has only that."""
        return [self.fallback if self.fallback and self.column not in available else self.column]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows with any of the ids."""
        column = self._ids(table)
        return pc.is_in(column, pa.array(self.values, column.type)).to_numpy()

    def may_be_met(self, low: object, high: object) -> bool:
        """Whether any of the ids is from `low` to `high`, in the order of their code points."""
        return not (isinstance(low, str) and isinstance(high, str)) or any(low <= v <= high for v in self.values)

    def _ids(self, table: pa.Table) -> pa.ChunkedArray:
        name = self.columns(table.column_names)[0]
        _check_kind(self.name, name, table, (kinds.is_string, kinds.is_large_string), "strings")
        return table[name]

    def check(self, tables: Sequence[pa.Table], masks: Sequence[Mask]) -> None:
        """Check that each id is in one of the tables."""
        columns = [self._ids(table) for table in tables]
        found = {
            value
            for column, mask in zip(columns, masks, strict=True)
            for value in pc.unique(column.filter(pa.array(mask))).to_pylist()
        }
        unknown = [value for value in self.values if value not in found]
        if unknown and any(map(len, columns)):
            known = {value for column in columns for value in pc.unique(column).to_pylist()}
            msg = f"{self.name}: {', '.join(map(repr, unknown))} not found among the rows filtered"
            label = self.name.replace("_", " ").removesuffix("s") + "s"
            raise FilterError(msg, hint=nearest(unknown[0], sorted(known), label=label))


@dataclass(frozen=True)
class OfColumn(Condition):
    """Condition on one column."""

    column: str

    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the column."""
        return [self.column]


@dataclass(frozen=True)
class IsWithin(OfColumn):
    """Condition that a number is in one of several closed intervals."""

    intervals: tuple[tuple[float, float], ...]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows in any of the intervals."""
        values = self._numbers(table)
        mask = np.zeros(len(values), dtype=bool)
        for low, high in self.intervals:
            mask |= (values >= low - TOLERANCE) & (values <= high + TOLERANCE)
        return mask

    def may_be_met(self, low: object, high: object) -> bool:
        """Whether any of the intervals overlaps with `low` to `high`."""
        if not (isinstance(low, float | int) and isinstance(high, float | int)):
            return True
        # Some writers include NaN in a column's statistics, which are then unusable.
        return math.isnan(low + high) or any(
            start - TOLERANCE <= high and low <= stop + TOLERANCE for start, stop in self.intervals
        )

    def _numbers(self, table: pa.Table) -> Floats:
        _check_kind(self.name, self.column, table, (kinds.is_integer, kinds.is_floating, kinds.is_null), "numbers")
        return numbers(table[self.column])

    def seen(self, tables: Sequence[pa.Table], rows: Sequence[Mask]) -> str:
        """Return which numbers there were: all if few, otherwise the smallest and largest."""
        found = np.concatenate([self._numbers(table)[own] for table, own in zip(tables, rows, strict=True)])
        values = np.unique(found[~np.isnan(found)])
        if not len(values):
            return "there were no values"
        if len(values) <= MOST_SEEN:
            return f"its values were {', '.join(f'{value:g}' for value in values)}"
        return f"its values were from {values[0]:g} to {values[-1]:g}"


def _check_kind(name: str, column: str, table: pa.Table, are: Sequence[Callable[..., bool]], expected: str) -> None:
    kind = table[column].type
    if not any(is_one(kind) for is_one in are):
        msg = f"{name}: the column holds {kind}, not {expected}"
        raise FilterError(msg, where=Where(column=column), hint=FEATURES_HINT)


FEATURES_HINT = (
    'pandas and CSV lose types: write Parquet and read it with load_dataset("parquet", ...), '
    "or restore types with hmix_hub.from_pandas(frame)"
)


@dataclass(frozen=True)
class IsTrue(OfColumn):
    """Condition that a truth value is the given one."""

    wanted: bool

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows with the wanted value."""
        _check_kind(self.name, self.column, table, (kinds.is_boolean,), "truth values")
        return np.asarray(table[self.column].to_numpy(), dtype=bool) == self.wanted


@dataclass(frozen=True)
class HasNoneOf(Condition):
    """Condition that a row has none of several flags."""

    flags: tuple[str, ...]

    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the flags column."""
        return ["flags"]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows without any of the flags."""
        mask = np.ones(table.num_rows, dtype=bool)
        column = table["flags"]
        _check_kind(self.name, "flags", table, (pa.types.is_list, pa.types.is_large_list), "lists of flags")
        flattened = pc.list_flatten(column)
        unwanted = pc.is_in(flattened, pa.array(self.flags, flattened.type))
        mask[pc.list_parent_indices(column).filter(unwanted).to_numpy()] = False
        return mask


def within(conditions: Sequence[Condition], available: Sequence[str]) -> tuple[Condition, ...]:
    """Return the conditions whose columns are all available."""
    return tuple(c for c in conditions if set(c.columns(available)) <= set(available))


def select_rows(
    tables: Sequence[pa.Table],
    conditions: Sequence[Condition],
    vocabularies: Sequence[Vocabularies],
    *,
    is_whole: bool = True,
) -> tuple[list[Mask], str]:
    """Return the rows that meet all conditions, in one or several tables.

    Parameters
    ----------
    tables
        Tables with the columns of every condition, N rows each.
    conditions
        The conditions.
    vocabularies
        For each table, the class names of each label column.
    is_whole
        Whether the tables are complete, so that an id in none of them does not exist.

    Returns
    -------
    tuple
        bool (N,) for each table; and the condition that removed the last row, as text, empty if rows are left.

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
        "in the midpoint tasks, participants saw all mixtures of a pair; filter the answer with selected_coefficient",
    ),
    "participant_id": (
        "n_participants",
        "a by-stimulus table pools participants: filter the judgments, then call by_stimulus()",
    ),
}


def check_columns(conditions: Sequence[Condition], available: Sequence[str]) -> list[str]:
    """Return the columns that conditions use, each once.

    Raises
    ------
    FilterError
        If a column is not available: filters never ignore missing columns.
    """
    needed: dict[str, None] = {}
    for condition in conditions:
        for column in condition.columns(available):
            if column not in available:
                present, advice = _MISSING_HINTS.get(column, ("", ""))
                msg = f"{condition.name}: this table has no column {column!r}"
                why = why_no_participants(available) if column in OF_PARTICIPANTS else ""
                raise FilterError(msg, hint=why or (advice if present in available else _where_it_is(column)))
            needed[column] = None
    return list(needed)


def _where_it_is(column: str) -> str:
    names = [c.name for c in CONFIGURATIONS.values() if column in {own.name for own in c.columns()}]
    return f"it is a column of {', '.join(names)}"
