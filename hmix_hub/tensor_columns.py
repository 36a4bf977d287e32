"""Columns as tensors: one rule for each type of column."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds
import torch

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema import Kind
from hmix_hub.schema.arrays import encode, matrix, widened
from hmix_hub.stimuli.columns import decode_images
from hmix_hub.tasks import FLAGS, RELEASED_FORMS, TASKS, by_stimulus_columns


@dataclass(frozen=True)
class Request:
    """What is asked of every column.

    Parameters
    ----------
    dtype
        Floating type of numbers.
    copy
        Whether tensors own their memory.
    labels
        Class names of each label column.
    vocabularies
        What ids are counted in, by column; a column that is not here is counted as its ids appear.
    """

    dtype: torch.dtype
    copy: bool
    labels: Mapping[str, list[str]]
    vocabularies: Mapping[str, list[str]]


@dataclass(frozen=True)
class TensorColumn:
    """A column as a tensor.

    Parameters
    ----------
    values
        First dimension N.
    mask
        Of a nullable column: bool (N,), or (N, M) of lists, true where there is a value.
    vocabulary
        What codes count; empty where the values are none.
    """

    values: torch.Tensor
    mask: torch.Tensor | None = None
    vocabulary: list[str] = field(default_factory=list)


_TABLES = [
    *(form.columns for form in RELEASED_FORMS.values()),
    *(task.columns for task in TASKS.values()),
    *(by_stimulus_columns(task, is_synthetic=True) for task in TASKS),
]
# The newer schema comes later and decides, where both have a column.
_IS_NULLABLE = {column.name: column.nullable for table in _TABLES for column in table}
_LISTS = {Kind.FLOATS, Kind.LABELS}
RECORDED_LISTS = frozenset(
    column.name for task in TASKS.values() for column in task.columns if column.since and column.kind in _LISTS
)
"""Lists of how an answer came about: of any length, so that their tensor is as wide as the longest."""


def convert_column(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Give a column as a tensor, with its mask and its vocabulary.

    Raises
    ------
    ConfigurationError
        If no tensor can hold it.
    """
    kind = column.type
    rules: list[tuple[Callable[[Any], bool], Callable[..., TensorColumn]]] = [
        (kinds.is_boolean, _truths),
        (kinds.is_floating, _numbers),
        (kinds.is_integer, _codes),
        (kinds.is_string, _ids),
        (kinds.is_large_string, _ids),
        (kinds.is_fixed_size_list, _distributions),
        (kinds.is_list, _lists),
        (kinds.is_large_list, _lists),
        (kinds.is_struct, _pictures),
    ]
    for applies, convert in rules:
        if applies(kind):
            try:
                return convert(name, column, request)
            except FloatingPointError:
                most = torch.finfo(request.dtype).max
                msg = f"column {name!r} has numbers beyond {most:g}, the most that {request.dtype} holds"
                hint = "ask for dtype=torch.float32, or name the columns that you want with columns="
                raise ConfigurationError(msg, hint=hint) from None
    msg = f"column {name!r} of type {kind} has no tensor form"
    raise ConfigurationError(msg, hint="name the columns that you want with columns=")


def _tensor(array: np.ndarray, dtype: torch.dtype, *, copy: bool) -> torch.Tensor:
    """Return an array as a tensor, sharing memory only where that was asked for.

    Raises
    ------
    FloatingPointError
        If a finite number is beyond what the floating type can hold.
    """
    if not copy and dtype in _NUMPY_TYPES and array.dtype == _NUMPY_TYPES[dtype]:
        return _view(array)
    with np.errstate(over="raise"):
        if dtype not in _NUMPY_TYPES:
            return _narrowed(array.astype(np.float32), dtype)
        tensor = torch.empty(array.shape, dtype=dtype)
        np.copyto(tensor.numpy(), array, casting="unsafe")
    return tensor


def _narrowed(array: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    """Return an array in a type that only torch has, such as bfloat16."""
    if np.max(np.abs(array), initial=0, where=np.isfinite(array)) > torch.finfo(dtype).max:
        raise FloatingPointError
    return torch.from_numpy(array).to(dtype)


_NUMPY_TYPES = {
    torch.float16: np.float16,
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.int64: np.int64,
    torch.bool: np.bool_,
}
_quiet = threading.Lock()


def _view(array: np.ndarray) -> torch.Tensor:
    # Python's warning filters belong to the process: two threads in here at once would leave them changed.
    with _quiet, warnings.catch_warnings():
        # A view of Arrow memory is read-only, which torch has no notion of; the caller was told.
        warnings.simplefilter("ignore", UserWarning)
        return torch.from_numpy(np.ascontiguousarray(array))


def _mask(name: str, column: pa.ChunkedArray) -> torch.Tensor | None:
    if not (_IS_NULLABLE.get(name) or column.null_count):
        return None
    if not column.null_count:
        return torch.ones(len(column), dtype=torch.bool)
    if _is_empty(column):
        return torch.zeros(len(column), dtype=torch.bool)
    return _tensor(column.is_valid().to_numpy(), torch.bool, copy=True)


def _is_empty(column: pa.ChunkedArray) -> bool:
    """Say whether a column has no value at all, as what came with a later schema has none in older judgments."""
    return len(column) > 0 and column.null_count == len(column)


def _truths(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    if _is_empty(column):
        return TensorColumn(torch.zeros(len(column), dtype=torch.bool), _mask(name, column))
    filled = column.fill_null(False) if column.null_count else column
    return TensorColumn(_tensor(filled.to_numpy(), torch.bool, copy=True), _mask(name, column))


def _numbers(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    # to_numpy turns nulls into NaN.
    return TensorColumn(_tensor(column.to_numpy(), request.dtype, copy=request.copy), _mask(name, column))


def _codes(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    values = _tensor(_whole(name, column), torch.int64, copy=request.copy)
    return TensorColumn(values, _mask(name, column), request.labels.get(name, []))


def _whole(name: str, column: pa.ChunkedArray) -> np.ndarray:
    """Return integers, -1 where null, in a type that int64 holds."""
    if kinds.is_uint64(column.type) or (column.null_count and kinds.is_unsigned_integer(column.type)):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            msg = f"column {name!r} has integers beyond {2**63 - 1}, the most that torch.int64 holds"
            raise ConfigurationError(msg, hint="name the columns that you want with columns=") from None
    return (column.fill_null(-1) if column.null_count else column).to_numpy()


def _ids(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    vocabulary = request.vocabularies.get(name)
    if _is_empty(column):
        values = torch.full((len(column),), -1, dtype=torch.int64)
        return TensorColumn(values, _mask(name, column), [] if vocabulary is None else vocabulary)
    if vocabulary is None:
        codes, values = encode(column)
        vocabulary = values.to_pylist()
    else:
        wide = widened(column)
        codes = pc.index_in(wide, pa.array(vocabulary, wide.type)).fill_null(-1).to_numpy()
    return TensorColumn(_tensor(codes, torch.int64, copy=request.copy), _mask(name, column), vocabulary)


def _distributions(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    return TensorColumn(_tensor(matrix(column), request.dtype, copy=request.copy))


def _pictures(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Decode an image column, each distinct picture once: uint8 (N, 3, H, W)."""
    return TensorColumn(torch.from_numpy(decode_images(name, column)))


def _lists(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    kind = column.type.value_type
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return _flags(name, column)
    if kinds.is_integer(kind) and name in request.labels and name not in RECORDED_LISTS:
        return _memberships(column, pc.list_flatten(column).to_numpy(), request.labels[name])
    return _padded_integers(name, column, request) if kinds.is_integer(kind) else _padded(column, request)


def _flags(name: str, column: pa.ChunkedArray) -> TensorColumn:
    """Mark the flags of each row; every flag has its place whatever the task, so that tasks can be put together."""
    flattened = pc.list_flatten(column)
    names = list(dict.fromkeys([*FLAGS, *pc.unique(flattened).to_pylist()]))
    return _memberships(column, pc.index_in(flattened, pa.array(names, flattened.type)).to_numpy(), names)


def _memberships(column: pa.ChunkedArray, codes: np.ndarray, names: list[str]) -> TensorColumn:
    table = np.zeros((len(column), len(names)), dtype=bool)
    table[pc.list_parent_indices(column).to_numpy(), codes] = True
    return TensorColumn(_tensor(table, torch.bool, copy=False), vocabulary=names)


def _padded_integers(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Return lists of integers in their order, those that are null as empty ones, padded with -1."""
    rows, places, shape = _grid(column)
    items = pc.list_flatten(column)
    padded = np.full(shape, -1, dtype=np.int64)
    padded[rows, places] = _whole(name, items)
    mask = np.zeros(shape, dtype=bool)
    mask[rows, places] = items.is_valid().to_numpy()
    vocabulary = request.labels.get(name, [])
    return TensorColumn(torch.from_numpy(padded), torch.from_numpy(mask), vocabulary)


def _grid(column: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray, tuple[int, int]]:
    """Return the row of each item of lists, its place in its list, and the shape that they all fit into."""
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    rows = pc.list_parent_indices(column).to_numpy()
    places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return rows, places, (len(column), int(lengths.max(initial=0)))


def _padded(column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Return lists of numbers, or of distributions, in their order, padded with NaN."""
    rows, places, shape = _grid(column)
    values = _items(pc.list_flatten(column))
    padded = np.full((*shape, *values.shape[1:]), np.nan)
    padded[rows, places] = values
    mask = np.zeros(shape, dtype=bool)
    mask[rows, places] = ~np.isnan(values) if values.ndim == 1 else True
    return TensorColumn(_tensor(padded, request.dtype, copy=False), _tensor(mask, torch.bool, copy=False))


def _items(flattened: pa.ChunkedArray) -> np.ndarray:
    """Give list items as float64 (M,), or (M, K) where each is a distribution."""
    if kinds.is_fixed_size_list(flattened.type):
        return matrix(flattened)
    return flattened.cast(pa.float64()).to_numpy()
