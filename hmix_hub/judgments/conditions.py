"""Conditions: what filters ask of a row, and the rows of tables that meet them."""

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
"""Most values that a warning lists one by one."""


@dataclass(frozen=True)
class Condition(ABC):
    """What one filter asks.

    Parameters
    ----------
    name
        Name of the filter.
    """

    name: str

    @abstractmethod
    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the columns that the condition looks at, among those available or not."""

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
            If it names a class that is not in the vocabulary.
        """

    def check(  # noqa: B027 - most conditions have nothing to check
        self, tables: Sequence[pa.Table], masks: Sequence[Mask]
    ) -> None:
        """Check that everything that the condition names is in one of the tables.

        Parameters
        ----------
        tables
            All tables that there are.
        masks
            For each, its rows that meet the condition; bool (N,).

        Raises
        ------
        FilterError
            If an id is not there.
        """

    def may_be_met(self, low: object, high: object) -> bool:
        """Whether a row may meet the condition whose value, in the one column looked at, is from `low` to `high`."""
        return True

    def seen(self, tables: Sequence[pa.Table], rows: Sequence[Mask]) -> str:
        """Return what there was in rows of which none met the condition; empty where that would tell nothing."""
        return ""


@dataclass(frozen=True)
class IsAnyOf(Condition):
    """An id is one of several."""

    column: str
    fallback: str | None
    values: tuple[str, ...]

    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the id column, or its fallback where the table has that alone."""
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
    """A condition on one column."""

    column: str

    def columns(self, available: Sequence[str]) -> list[str]:
        """Return the column."""
        return [self.column]


@dataclass(frozen=True)
class IsWithin(OfColumn):
    """A number lies in one of several closed intervals."""

    intervals: tuple[tuple[float, float], ...]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows in any of the intervals."""
        values = self._numbers(table)
        mask = np.zeros(len(values), dtype=bool)
        for low, high in self.intervals:
            mask |= (values >= low - TOLERANCE) & (values <= high + TOLERANCE)
        return mask

    def may_be_met(self, low: object, high: object) -> bool:
        """Whether any of the intervals has a number from `low` to `high`."""
        if not (isinstance(low, float | int) and isinstance(high, float | int)):
            return True
        # Some writers count NaN among the values of a column, of which the others are then not known.
        return math.isnan(low + high) or any(
            start - TOLERANCE <= high and low <= stop + TOLERANCE for start, stop in self.intervals
        )

    def _numbers(self, table: pa.Table) -> Floats:
        _check_kind(self.name, self.column, table, (kinds.is_integer, kinds.is_floating, kinds.is_null), "numbers")
        return numbers(table[self.column])

    def seen(self, tables: Sequence[pa.Table], rows: Sequence[Mask]) -> str:
        """Return which numbers there were: all of a few, the ends of many."""
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
    "tables that went through pandas or CSV lose their types: write Parquet and read it with "
    'load_dataset("parquet", ...), or restore them with hmix_hub.from_pandas(frame)'
)


@dataclass(frozen=True)
class IsTrue(OfColumn):
    """A truth value is the one wanted."""

    wanted: bool

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows with the wanted value."""
        _check_kind(self.name, self.column, table, (kinds.is_boolean,), "truth values")
        return np.asarray(table[self.column].to_numpy(), dtype=bool) == self.wanted


@dataclass(frozen=True)
class HasNoneOf(Condition):
    """A row carries none of several flags."""

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
    """Return the columns that conditions look at, each once.

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
                why = why_no_participants(available) if column in OF_PARTICIPANTS else ""
                raise FilterError(msg, hint=why or (advice if present in available else _where_it_is(column)))
            needed[column] = None
    return list(needed)


def _where_it_is(column: str) -> str:
    names = [c.name for c in CONFIGURATIONS.values() if column in {own.name for own in c.columns()}]
    return f"it is a column of {', '.join(names)}"
