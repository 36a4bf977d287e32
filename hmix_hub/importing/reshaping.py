"""Reshaping raw tables: item columns become rows, and item tables are joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from hmix_hub.errors import ConfigurationError, SchemaError, SourceMissingError, Where, nearest
from hmix_hub.files import is_plain_inside
from hmix_hub.importing.cells import are_filled, repeated
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.patterns import check_pattern, group_of
from hmix_hub.importing.readers import read_raw
from hmix_hub.schema import arrays
from hmix_hub.studies.manifest_fields import Strict

_LISTED = 10
_BETWEEN = "\0"
"""Separator of texts in a key of several columns; cells do not contain it."""


class Melt(Strict):
    """Columns of a wide table that contain answers, and the columns they become."""

    columns: str | list[str] = Field(
        description=r"Regular expression that matches whole column names, such as `'Q(\d+)'`, whose group is the item; "
        r"or a list of names. A second group, `'Q(\d+)_(answer|sure)'`, is the name of the column of values."
    )
    into: list[str] = Field(
        min_length=1,
        max_length=2,
        description="Names of the columns for items and answers, `[item, answer]`; just `[item]` if a second group "
        "names the latter.",
    )

    @model_validator(mode="after")
    def _check(self) -> Melt:
        if self._groups == 1 and len(self.into) == 1:
            msg = "into needs two names: [item, answer]"
            raise ValueError(msg)
        if not isinstance(self.columns, str) and (not self.columns or len(set(self.columns)) < len(self.columns)):
            msg = "columns needs column names without duplicates"
            raise ValueError(msg)
        if len(set(self.into)) < len(self.into) or not all(self.into):
            msg = "into needs two different names"
            raise ValueError(msg)
        return self

    @property
    def _groups(self) -> int:
        return check_pattern(self.columns, most=2) if isinstance(self.columns, str) else 1

    @property
    def in_words(self) -> str:
        """Return its columns, for messages."""
        return repr(self.columns) if isinstance(self.columns, str) else ", ".join(self.columns)

    def found(self, names: list[str]) -> dict[str, dict[str, str]]:
        """Return which of `names` are melted: the columns by item and by name of the column of values.

        Raises
        ------
        ConfigurationError
            If two columns hold the same item's values.
        """
        # Row numbers are not a column of the file, even if the expression matches.
        names = [name for name in names if name != ROW]
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
                hint = "change the group of `melt: columns:` to distinguish them"
                raise ConfigurationError(msg, hint=hint)
            columns[value] = name
        return found

    def made(self, names: list[str]) -> list[str]:
        """Return the names of the columns made by melting."""
        values = (value for columns in self.found(names).values() for value in columns)
        return list(dict.fromkeys([self.into[0], *values]))

    def apply(self, raw: pa.Table, kept: list[str], path: Path) -> pa.Table:
        """Return one row per row and item with an answer, in the order of the rows and then of the items' columns.

        Parameters
        ----------
        raw
            N rows.
        kept
            Other columns to keep, which are repeated.
        path
            The file, for messages.

        Raises
        ------
        ConfigurationError
            If a new column has the name of an existing one.
        """
        found, made = self.found(raw.column_names), self.made(raw.column_names)
        twice = next((name for name in made if name in raw.column_names), None)
        if twice is not None:
            msg = f"`melt:` makes a column {twice!r}, but the file already has one"
            hint = "choose another name in `into:`, and wherever the map uses the column"
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


class ItemTable(Strict):
    """A table of items to join to the rows."""

    file: str = Field(description="File name in the map's folder: CSV, or any other format of raw files.")
    by: str | dict[str, str] = Field(
        description="Column with the item in both tables; or `{item: id}`, the raw table's and the item table's."
    )
    optional: bool = Field(False, description="Whether items without a row get empty cells.")

    @field_validator("file")
    @classmethod
    def _check_file(cls, file: str) -> str:
        if not file.strip(".") or not file.isprintable() or any(mark in file for mark in "/\\:"):
            msg = f"{file!r} is not the name of a file in the map's folder"
            raise ValueError(msg)
        return file

    @property
    def keys(self) -> dict[str, str]:
        """Return the columns of the item table by those of the raw table."""
        return {self.by: self.by} if isinstance(self.by, str) else self.by


class JoinedTable:
    """An item table, and the items that have no row in it.

    Parameters
    ----------
    table
        Its entry in the map.
    folder
        The map's folder; `None` if there is none.
    outcome
        Records how the file was read.

    Raises
    ------
    SourceMissingError
        If the file does not exist in the folder.
    ConfigurationError
        If a column to join by is missing.
    SchemaError
        If the table has no rows, or an item has two.
    """

    def __init__(self, table: ItemTable, folder: Path | None, outcome: Outcome) -> None:
        self.item_table = table
        path = (folder or Path()) / table.file
        self._where = Where(str(path))
        if folder is None or not is_plain_inside(path, folder):
            msg = "the map's item table does not exist"
            raise SourceMissingError(msg, where=self._where, hint="put the file into the map's folder")
        self._table = read_raw(path, outcome)
        if not self._table.num_rows:
            msg = "the map's item table has no rows"
            raise SchemaError(msg, where=self._where, hint="write one row for each item below the column names")
        self.names = [name for name in self._table.column_names if name != ROW and name not in table.keys.values()]
        for name in table.keys.values():
            if name not in self._table.column_names:
                msg = f"the item table has no column {name!r} to join by"
                hint = nearest(name, [n for n in self._table.column_names if n != ROW], label="columns")
                raise ConfigurationError(msg, where=self._where, hint=hint)
        self._keys = arrays.one_piece(self._key(self._table, list(table.keys.values())))
        self._refuse_twice()
        self._lacking: Counter[str] = Counter()
        self._first: Where | None = None

    @staticmethod
    def _key(table: pa.Table, names: Sequence[str]) -> pa.ChunkedArray:
        texts = [pc.utf8_trim_whitespace(table[name]) for name in names]
        return texts[0] if len(texts) == 1 else pc.binary_join_element_wise(*texts, _BETWEEN)

    def _refuse_twice(self) -> None:
        first = pc.index_in(self._keys, self._keys).to_numpy(zero_copy_only=False)
        again = np.flatnonzero(first != np.arange(len(first)))
        if len(again):
            row, number = int(again[0]), int(first[again[0]])
            msg = f"item {_shown(self._keys[row].as_py())} has two rows in the item table, {number} and {row}"
            column = ", ".join(self.item_table.keys.values())
            raise SchemaError(msg, where=Where(self._where.file, row, column), hint="keep one row for each item")

    def join(self, raw: pa.Table, wanted: Sequence[str], path: Path) -> pa.Table:
        """Return N rows with the wanted columns of the item table, "" for items without a row.

        Raises
        ------
        ConfigurationError
            If both tables have a wanted column.
        """
        columns = [name for name in self.names if name in wanted]
        twice = next((name for name in columns if name in raw.column_names), None)
        if twice is not None:
            msg = f"both the file and {self.item_table.file} have a column {twice!r}"
            hint = f"rename it in {self.item_table.file}, and wherever the map uses it"
            raise ConfigurationError(msg, where=Where(str(path), column=twice), hint=hint)
        codes, texts = arrays.encode(self._key(raw, list(self.item_table.keys)))
        places = pc.index_in(texts, self._keys)
        self._count(codes, texts, np.asarray(places.is_null()), raw, path)
        for name in columns:
            found = self._table[name].take(places).fill_null("")
            raw = raw.append_column(name, repeated(found, codes, f"{name} of {self.item_table.file}"))
        return raw

    def _count(self, codes: arrays.Ints, texts: pa.Array, is_lacking: arrays.Mask, raw: pa.Table, path: Path) -> None:
        names = texts.to_pylist()
        is_lacking = is_lacking & np.array([bool(name.strip(_BETWEEN)) for name in names], dtype=bool)
        counts = np.bincount(codes, minlength=len(names))
        self._lacking.update({names[item]: int(counts[item]) for item in np.flatnonzero(is_lacking)})
        rows = np.flatnonzero(is_lacking[codes])
        if len(rows) and self._first is None:
            self._first = Where(str(path), raw[ROW][int(rows[0])].as_py(), ", ".join(self.item_table.keys))

    def finish(self) -> list[str]:
        """Return notes on items without a row.

        Raises
        ------
        SchemaError
            If there are such items, and the table is not `optional`.
        """
        if not self._lacking:
            return []
        items = list(map(_shown, self._lacking))
        more = f" and {len(items) - _LISTED} more" if len(items) > _LISTED else ""
        counted = f"{len(items)} item{'s' if len(items) > 1 else ''} ({self._lacking.total()} rows)"
        msg = f"{self.item_table.file} has no row for {counted}: {', '.join(items[:_LISTED])}{more}"
        if self.item_table.optional:
            return [msg]
        file = self.item_table.file
        hint = f"add a row for each to {file}, drop their rows with `rows:`, or write `optional: true` for the table"
        raise SchemaError(msg, where=self._first, hint=hint)


def _shown(key: str) -> str:
    return repr(", ".join(key.split(_BETWEEN))[:40])
