"""Columns as tensors: one rule for each type of column."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds
import torch

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema import Kind
from hmix_hub.schema.arrays import encode, matrix, places_in_lists
from hmix_hub.stimuli.columns import decode_images
from hmix_hub.stimuli.sizes import Size
from hmix_hub.tasks import FLAGS, RELEASED_FORMS, TASKS, by_stimulus_columns

_TABLES = [
    *(form.columns for form in RELEASED_FORMS.values()),
    *(task.columns for task in TASKS.values()),
    *(by_stimulus_columns(task, is_synthetic=True) for task in TASKS),
]
# The newer schema comes later and takes precedence.
_IS_NULLABLE = {column.name: column.nullable for table in _TABLES for column in table}
_LISTS = {Kind.FLOATS, Kind.LABELS}
RECORDED_LISTS = frozenset(
    column.name for task in TASKS.values() for column in task.columns if column.since and column.kind in _LISTS
)
"""Recorded paths of answers, of any length, so that their tensor is as wide as the longest."""
_IN_ORDER = RECORDED_LISTS | {
    column.name for task in TASKS.values() for column in task.by_stimulus.columns if column.kind is Kind.LABELS
}
"""Lists of labels that are not sets: the order of a page, and one label per judgment."""


class Request(NamedTuple):
    """Options for all columns; by column, `labels` are class names, and `vocabularies` the values of ids.

    Pictures must have one size, or are resized to `image_size`, height and width.
    """

    dtype: torch.dtype
    copy: bool
    labels: Mapping[str, list[str]]
    vocabularies: Mapping[str, list[str]]
    image_size: Size | None = None


class TensorColumn(NamedTuple):
    """A column as a tensor (N, ...); its mask, if nullable; and the values of its codes, if any."""

    values: torch.Tensor
    mask: torch.Tensor | None = None
    vocabulary: Sequence[str] = ()


def convert(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Convert a column to a tensor, by the rule for its type.

    Raises
    ------
    ConfigurationError
        If its type has no tensor form, or the floating type cannot represent one of its numbers.
    """
    for applies, convert in _RULES:
        if applies(column.type):
            try:
                return convert(name, column, request)
            except FloatingPointError:
                most = torch.finfo(request.dtype).max
                msg = f"column {name!r} has numbers beyond {most:g}, the maximum of {request.dtype}"
                hint = "use dtype=torch.float32, or choose columns with columns="
                raise ConfigurationError(msg, hint=hint) from None
    msg = f"column {name!r} of type {column.type} has no tensor form"
    raise ConfigurationError(msg, hint="choose columns with columns=")


def _tensor(array: np.ndarray, dtype: torch.dtype, *, copy: bool) -> torch.Tensor:
    """Convert an array to a tensor, sharing memory only if requested.

    A finite number beyond the range of the floating type raises a `FloatingPointError`.
    """
    if not copy and dtype in _NUMPY_TYPES and array.dtype == _NUMPY_TYPES[dtype]:
        return _view(array)
    with np.errstate(over="raise"):
        if dtype not in _NUMPY_TYPES:
            # A type that only torch has, such as bfloat16.
            wide = array.astype(np.float32)
            if np.max(np.abs(wide), initial=0, where=np.isfinite(wide)) > torch.finfo(dtype).max:
                raise FloatingPointError
            return torch.from_numpy(wide).to(dtype)
        tensor = torch.empty(array.shape, dtype=dtype)
        np.copyto(tensor.numpy(), array, casting="unsafe")
    return tensor


_NUMPY_TYPES = {
    torch.float16: np.float16,
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.int64: np.int64,
    torch.bool: np.bool_,
}
_quiet = threading.Lock()


def _view(array: np.ndarray) -> torch.Tensor:
    # Warning filters are shared by the process: two threads here at once would leave them changed.
    with _quiet, warnings.catch_warnings():
        # A view of Arrow memory is read-only, which torch does not support; this is documented.
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
    """Whether a column has no values, such as a column of a later schema in older judgments."""
    return len(column) > 0 and column.null_count == len(column)


def _truths(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    if _is_empty(column):
        return TensorColumn(torch.zeros(len(column), dtype=torch.bool), _mask(name, column))
    filled = column.fill_null(False) if column.null_count else column
    return TensorColumn(_tensor(filled.to_numpy(), torch.bool, copy=True), _mask(name, column))


def _numbers(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    # to_numpy converts nulls to NaN.
    return TensorColumn(_tensor(column.to_numpy(), request.dtype, copy=request.copy), _mask(name, column))


def _codes(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    values = _tensor(_whole(name, column), torch.int64, copy=request.copy)
    return TensorColumn(values, _mask(name, column), request.labels.get(name, []))


def _whole(name: str, column: pa.ChunkedArray) -> np.ndarray:
    """Return integers, -1 where null, in a type that fits in int64."""
    if kinds.is_uint64(column.type) or (column.null_count and kinds.is_unsigned_integer(column.type)):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            msg = f"column {name!r} has integers beyond {2**63 - 1}, the maximum of torch.int64"
            raise ConfigurationError(msg, hint="choose columns with columns=") from None
    return (column.fill_null(-1) if column.null_count else column).to_numpy()


def _is_text(kind: pa.DataType) -> bool:
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind))


def _ids(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    codes, values = encode(column)
    return convert_coded(name, codes, values.to_pylist(), request)


def convert_coded(name: str, codes: np.ndarray, values: list[str], request: Request) -> TensorColumn:
    """Return a text column as a tensor, given the codes of rows, -1 where null, and the values of codes."""
    vocabulary, is_known = request.vocabularies.get(name), codes >= 0
    mask = torch.from_numpy(is_known) if _IS_NULLABLE.get(name) or not is_known.all() else None
    if vocabulary is None:
        return TensorColumn(_tensor(codes, torch.int64, copy=True), mask, values)
    texts, counted = (pa.array(each, pa.large_string()) for each in (values, vocabulary))
    places = pc.index_in(texts, counted).fill_null(-1).to_numpy()
    # The code of nulls, -1, selects the last position.
    return TensorColumn(_tensor(np.append(places, -1)[codes], torch.int64, copy=True), mask, vocabulary)


def _distributions(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    is_whole, is_nullable = kinds.is_integer(column.type.value_type), bool(_IS_NULLABLE.get(name))
    values = matrix(column, is_nullable=is_nullable)
    if is_whole and column.null_count:
        values = np.where(np.isnan(values), -1, values)
    return TensorColumn(
        _tensor(values, torch.int64 if is_whole else request.dtype, copy=request.copy),
        _mask(name, column) if is_nullable else None,
    )


def _pictures(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Decode an image column, each distinct picture once: uint8 (N, 3, H, W)."""
    return TensorColumn(torch.from_numpy(decode_images(name, column, request.image_size)))


def _lists(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    kind = column.type.value_type
    if _is_text(kind):
        return _flags(column)
    if kinds.is_integer(kind) and name in request.labels and name not in _IN_ORDER:
        return _memberships(column, pc.list_flatten(column).to_numpy(), request.labels[name])
    return _padded(name, column, request)


def _flags(column: pa.ChunkedArray) -> TensorColumn:
    """Return the flags of each row, one column per flag, in the same order for all tasks so that they can be joined."""
    codes, values = encode(pc.list_flatten(column))
    found = values.to_pylist()
    names = list(dict.fromkeys([*FLAGS, *found]))
    return _memberships(column, np.array([names.index(name) for name in found], dtype=np.int64)[codes], names)


def _memberships(column: pa.ChunkedArray, codes: np.ndarray, names: list[str]) -> TensorColumn:
    table = np.zeros((len(column), len(names)), dtype=bool)
    table[pc.list_parent_indices(column).to_numpy(), codes] = True
    return TensorColumn(_tensor(table, torch.bool, copy=False), vocabulary=names)


def _padded(name: str, column: pa.ChunkedArray, request: Request) -> TensorColumn:
    """Return lists of numbers or distributions in order, padded with NaN; integers with -1.

    Null lists are empty.
    """
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    rows = pc.list_parent_indices(column).to_numpy()
    places = places_in_lists(lengths)
    shape = (len(column), int(lengths.max(initial=0)))
    items = pc.list_flatten(column)
    is_whole, is_distribution = kinds.is_integer(items.type), kinds.is_fixed_size_list(items.type)
    if is_whole:
        values = _whole(name, items)
    else:
        values = matrix(items) if is_distribution else items.cast(pa.float64()).to_numpy()
    padded = np.full((*shape, *values.shape[1:]), -1 if is_whole else np.nan)
    padded[rows, places] = values
    mask = np.zeros(shape, dtype=bool)
    mask[rows, places] = items.is_valid().to_numpy() if is_whole else is_distribution or ~np.isnan(values)
    tensor = _tensor(padded, torch.int64 if is_whole else request.dtype, copy=False)
    return TensorColumn(tensor, torch.from_numpy(mask), request.labels.get(name, []) if is_whole else [])


_RULES: tuple[tuple[Callable[[pa.DataType], bool], Callable[..., TensorColumn]], ...] = (
    (kinds.is_boolean, _truths),
    (kinds.is_floating, _numbers),
    (kinds.is_integer, _codes),
    (_is_text, _ids),
    (kinds.is_fixed_size_list, _distributions),
    (lambda kind: kinds.is_list(kind) or kinds.is_large_list(kind), _lists),
    (kinds.is_struct, _pictures),
)
