"""Leaves: the plain texts, numbers and times within a column, whatever lists and records it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types


@dataclass(frozen=True)
class Leaf:
    """Plain values of a column.

    Parameters
    ----------
    name
        The column's name, with the field's behind a point where it is made of records.
    values
        N values: text, numbers or times; bytes are text.
    rows
        int64 (N,): data row of each, several of which may be the same.
    """

    name: str
    values: pa.Array
    rows: npt.NDArray[np.int64]


def leaves_of(name: str, values: pa.Array, rows: npt.NDArray[np.int64]) -> Iterator[Leaf]:
    """Give the leaves of a column of N values in these data rows, int64 (N,)."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        yield from leaves_of(name, values.storage, rows)
    elif types.is_dictionary(kind):
        yield from leaves_of(name, values.dictionary_decode(), rows)
    elif types.is_struct(kind):
        # Not `field`, which forgets the parent's nulls and offset.
        for field, part in zip(kind, values.flatten(), strict=True):
            yield from leaves_of(f"{name}.{field.name}", part, rows)
    elif types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        yield from _items(name, values, rows)
    elif _is_binary(kind):
        yield Leaf(name, _decoded(values), rows)
    elif types.is_string(kind) or types.is_large_string(kind) or _is_number(kind) or types.is_temporal(kind):
        yield Leaf(name, values, rows)
    elif not (types.is_null(kind) or types.is_boolean(kind)):
        # Maps, unions and what Arrow may yet bring: rare enough to be written out one by one.
        yield Leaf(name, pa.array([_written(value) for value in values], pa.large_string()), rows)


def _items(name: str, values: pa.Array, rows: npt.NDArray[np.int64]) -> Iterator[Leaf]:
    parents = pc.list_parent_indices(values).to_numpy(zero_copy_only=False)
    yield from leaves_of(name, pc.list_flatten(values), rows[parents])


def _is_binary(kind: Any) -> bool:
    return bool(types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind))


def _is_number(kind: Any) -> bool:
    return bool(types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind))


def _decoded(values: pa.Array) -> pa.Array:
    plain = values.cast(pa.large_binary())
    return pc.cast(plain, options=pc.CastOptions(target_type=pa.large_string(), allow_invalid_utf8=True))


def _written(value: Any) -> str | None:
    try:
        plain = value.as_py()
    except (ValueError, OverflowError, TypeError):
        # Such as a text that is no UTF-8, or a year beyond Python's: its written form may be cut.
        return str(value)
    return None if plain is None else str(plain)
