"""Melting: a table with one row a person and a column for each item becomes one with a row for each answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.importing.cells import are_filled, repeated
from hmix_hub.importing.map_keys import Strict
from hmix_hub.importing.outcome import ROW
from hmix_hub.importing.patterns import check_pattern, group_of
from hmix_hub.schema import arrays


class Melt(Strict):
    """Which columns of a wide table hold the answers, and what they become."""

    columns: str | list[str] = Field(
        description=r"Regular expression that fits the whole names of the columns, such as `'Q(\d+)'`, whose group is "
        r"the item; or names. A second group, `'Q(\d+)_(answer|sure)'`, names the column of values."
    )
    into: list[str] = Field(
        min_length=1,
        max_length=2,
        description="Names of the columns of items and of answers, `[item, answer]`; where a second group names the "
        "latter, `[item]`.",
    )

    @model_validator(mode="after")
    def _check(self) -> Melt:
        if self._groups == 1 and len(self.into) == 1:
            msg = "into has one name, and needs two: [item, answer]"
            raise ValueError(msg)
        if len(set(self.into)) < len(self.into) or not all(self.into):
            msg = "into needs two different names"
            raise ValueError(msg)
        return self

    @property
    def _groups(self) -> int:
        return check_pattern(self.columns, most=2) if isinstance(self.columns, str) else 1

    @property
    def said(self) -> str:
        """What messages call its columns."""
        return repr(self.columns) if isinstance(self.columns, str) else ", ".join(self.columns)

    def found(self, names: list[str]) -> dict[str, dict[str, str]]:
        """Return the columns among names that are melted: by item, by the name of the column of values.

        Raises
        ------
        ConfigurationError
            If two columns hold the same item's values.
        """
        if isinstance(self.columns, str):
            texts, expression = pa.array(names, pa.string()), rf"^(?:{self.columns})$"
            items = group_of(expression, texts).to_pylist()
            named = group_of(expression, texts, 2).to_pylist() if self._groups > 1 else [None] * len(names)
            of = [value or (self.into[1] if len(self.into) > 1 else None) for value in named]
        else:
            items, of = [name if name in self.columns else None for name in names], [self.into[1]] * len(names)
        found: dict[str, dict[str, str]] = {}
        for name, item, value in zip(names, items, of, strict=True):
            if item is None or not value:
                continue
            columns = found.setdefault(item, {})
            if value in columns:
                msg = f"two columns hold the {value} of item {item!r}: {columns[value]!r} and {name!r}"
                hint = "let the group of `melt: columns:` tell them apart"
                raise ConfigurationError(msg, hint=hint)
            columns[value] = name
        return found

    def made(self, names: list[str]) -> list[str]:
        """Return the names of the columns that come of it."""
        values = (value for columns in self.found(names).values() for value in columns)
        return list(dict.fromkeys([self.into[0], *values]))

    def apply(self, raw: pa.Table, kept: list[str], path: Path) -> pa.Table:
        """Return a row for each item of each row that has an answer, row by row, items in the order of their columns.

        Parameters
        ----------
        raw
            N rows.
        kept
            Other columns that are wanted, which are repeated.
        path
            The file, for messages.

        Raises
        ------
        ConfigurationError
            If a column that comes of it has the name of one that is there.
        """
        found, made = self.found(raw.column_names), self.made(raw.column_names)
        twice = next((name for name in made if name in raw.column_names), None)
        if twice is not None:
            msg = f"`melt:` makes a column {twice!r}, and the file has one of this name"
            hint = "choose another name under `into:`, and where the map names the column"
            raise ConfigurationError(msg, where=Where(str(path), column=twice), hint=hint)
        empty = pa.chunked_array([pa.array([""] * raw.num_rows, pa.string())])
        values = {
            value: [raw[columns[value]] if value in columns else empty for columns in found.values()]
            for value in made[1:]
        }
        is_filled = np.zeros((len(found), raw.num_rows), dtype=bool)
        for columns in values.values():
            is_filled |= np.stack([are_filled(column) for column in columns])
        rows, items = np.nonzero(is_filled.T)
        places = items * raw.num_rows + rows
        melted = {
            name: arrays.take(raw[name], rows)
            if name == ROW
            else repeated(raw[name], rows, f"{name}, repeated for each item,")
            for name in kept
        }
        melted[made[0]] = arrays.take(pa.chunked_array([pa.array(list(found), pa.string())]), items)
        for value, columns in values.items():
            chunks = [chunk for column in columns for chunk in column.chunks]
            melted[value] = arrays.take(pa.chunked_array(chunks, pa.string()), places)
        return pa.table(melted)
