"""Tensors of datasets: `hmix_hub.to_tensors`, with one rule for each type of column."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as kinds
import torch

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError
from hmix_hub.schema import Kind
from hmix_hub.schema.arrays import encode, matrix, widened
from hmix_hub.stimuli.columns import decode_images
from hmix_hub.tables import arrow_columns, check_dataset_type, named_columns, vocabularies_of
from hmix_hub.tasks import FLAGS, RELEASED_FORMS, TASKS, by_stimulus_columns, distributions_among

PROVENANCE = ("judgment_id", "source_file", "source_row", "schema_version")
"""Columns that no default asks for: they say where a row came from, and nothing about a judgment."""
MASK_SUFFIX = "_mask"

_TABLES = [
    *(form.columns for form in RELEASED_FORMS.values()),
    *(task.columns for task in TASKS.values()),
    *(by_stimulus_columns(task, is_synthetic=True) for task in TASKS),
]
# The newer schema comes later and decides, where both have a column.
_IS_NULLABLE = {column.name: column.nullable for table in _TABLES for column in table}
_LISTS = {Kind.FLOATS, Kind.LABELS}
_RECORDED_LISTS = frozenset(
    column.name for task in TASKS.values() for column in task.columns if column.since and column.kind in _LISTS
)
"""Lists of how an answer came about: of any length, so that their tensor is as wide as the longest."""


class Tensors(dict[str, torch.Tensor]):
    """Tensors by column name, all with the same first dimension.

    Attributes
    ----------
    vocabularies
        For each column of codes, the values that the codes count: ids, class names or flags.
    """

    def __init__(self) -> None:
        super().__init__()
        self.vocabularies: dict[str, list[str]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Tensors, (), {"vocabularies": self.vocabularies}, None, iter(self.items())


def to_tensors(
    dataset: datasets.Dataset,
    columns: str | Sequence[str] | None = None,
    dtype: torch.dtype = torch.float32,
    *,
    copy: bool = True,
    vocabularies: Tensors | Mapping[str, Sequence[str]] | None = None,
) -> Tensors:
    """Return the columns of a dataset as tensors.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows: any selection.
    columns
        Which columns; `None` is all but judgment_id, source_file, source_row and schema_version, and the lists of how
        an answer came about (paths and their times, grid_coefficients, class_order), which are as long as they are.
    dtype
        Floating type of coefficients, confidences, probabilities and response times; the latter go beyond 65,504, the
        most that torch.float16 holds.
    copy
        True: the tensors own their memory. False: a column whose values lie in memory as the tensor wants them (same
        type, no nulls, in one piece) becomes a view of them. **A view is read-only: writing into one whose file is
        mapped ends the process with a segmentation fault.** Coefficients are stored as float64, so only
        `dtype=torch.float64` lets them be views.
    vocabularies
        What ids are counted in, by column: other tensors, or their `vocabularies`, so that a person has the same code
        in the train and the test part; an id that is not in them becomes -1. `None`: ids are counted as they appear.

    Returns
    -------
    Tensors
        A dict of contiguous tensors in the order of the columns, each mask right behind its column, with the
        vocabularies as an attribute; `TensorDataset(*tensors.values())` works. To save them, `torch.save(dict(tensors),
        file)`: a plain dict is what `torch.load` reads without trust.

        =============================================== ========= ========= =======================================
        column                                          shape     dtype     values
        =============================================== ========= ========= =======================================
        coefficients, confidence, probabilities,        (N,)      `dtype`   0 to 1, milliseconds; NaN where null
        response_time_ms, means and differences
        image_1_index, image_2_index, trial_index,      (N,)      int64     -1 where null
        presentation, condition, n_judgments, ...
        image_1_label, image_2_label, top_class,        (N,)      int64     0 to K - 1; -1 where null
        second_class
        study_id, task, participant_id, batch_id,       (N,)      int64     codes, counted in the order of first
        collection_round, image_set, pair_id,                               appearance; see `vocabularies`
        stimulus_id, image_1_side
        is_repeat, inferred_touched, confidence_touched (N,)      bool      false where null
        soft_label, mean_soft_label, class_frequencies  (N, K)    `dtype`   probabilities, each row sums to 1
        class_counts                                    (N, K)    int64     votes; -1 where null
        impossible_classes                              (N, K)    bool      true where ruled out
        flags                                           (N, F)    bool      one place per flag of any task; see
                                                                            `vocabularies["flags"]`
        selected_coefficients, inferred_coefficients,   (N, M)    `dtype`   one per judgment, padded with NaN to
        confidences                                                         the longest list, M
        soft_labels                                     (N, M, K) `dtype`   likewise
        paths, their times, grid_coefficients           (N, M)    `dtype`   in order, padded with NaN
        class_order                                     (N, M)    int64     in order, padded with -1
        image, image_1, image_2                         (N, 3, H, uint8     pictures, red, green, blue
                                                        W)
        <column>_mask, for every nullable column        (N,)      bool      true where there is a value
        <column>_mask, for a column of lists            (N, M)    bool      likewise
        =============================================== ========= ========= =======================================

    Raises
    ------
    ConfigurationError
        If a column is not in the dataset, `dtype` is not a floating type or cannot hold a number of a column, or the
        labels count in other classes than `vocabularies` say.
    """
    check_dataset_type(dataset)
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        msg = f"dtype is the floating type of coefficients, such as torch.float32, not {dtype!r}"
        raise ConfigurationError(msg, hint="labels, indices and ids are int64 whatever it is")
    if columns is None:
        names = [name for name in dataset.column_names if name not in {*PROVENANCE, *_RECORDED_LISTS}]
    else:
        names = named_columns(dataset, columns)
    if distributions_among(names):
        # Labels come with the names of their own column, distributions with none.
        in_one_order(dataset)
    table = arrow_columns(dataset, names)
    labels = {name: list(vocabulary.names) for name, vocabulary in vocabularies_of(dataset.features).items()}
    given = vocabularies.vocabularies if isinstance(vocabularies, Tensors) else vocabularies or {}
    request = _Request(dtype, copy, labels, {name: list(values) for name, values in given.items()})
    converted = [_convert(name, table[name], request) for name in names]
    tensors = Tensors()
    for name, column in zip(names, converted, strict=True):
        tensors[name] = column.values
        if column.mask is not None:
            tensors[name + MASK_SUFFIX] = column.mask
        if column.vocabulary:
            if column.vocabulary != request.vocabularies.get(name, column.vocabulary):
                msg = f"column {name!r} counts in other names than vocabularies[{name!r}]"
                raise ConfigurationError(msg, hint="join the datasets first with hmix_hub.join, which recodes labels")
            tensors.vocabularies[name] = list(column.vocabulary)
    return tensors


class _Request(NamedTuple):
    """What is asked of every column; by column, `labels` are class names, and `vocabularies` what ids count."""

    dtype: torch.dtype
    copy: bool
    labels: Mapping[str, list[str]]
    vocabularies: Mapping[str, list[str]]


class _Column(NamedTuple):
    """A column as a tensor (N, ...); its mask, where it is nullable; and what its codes count, where it has some."""

    values: torch.Tensor
    mask: torch.Tensor | None = None
    vocabulary: Sequence[str] = ()


def _convert(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    for applies, convert in _RULES:
        if applies(column.type):
            try:
                return convert(name, column, request)
            except FloatingPointError:
                most = torch.finfo(request.dtype).max
                msg = f"column {name!r} has numbers beyond {most:g}, the most that {request.dtype} holds"
                hint = "ask for dtype=torch.float32, or name the columns that you want with columns="
                raise ConfigurationError(msg, hint=hint) from None
    msg = f"column {name!r} of type {column.type} has no tensor form"
    raise ConfigurationError(msg, hint="name the columns that you want with columns=")


def _tensor(array: np.ndarray, dtype: torch.dtype, *, copy: bool) -> torch.Tensor:
    """Return an array as a tensor, sharing memory only where that was asked for.

    A finite number that is beyond what the floating type can hold is a `FloatingPointError`.
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
    """Whether a column has no value at all, as what came with a later schema has none in older judgments."""
    return len(column) > 0 and column.null_count == len(column)


def _truths(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    if _is_empty(column):
        return _Column(torch.zeros(len(column), dtype=torch.bool), _mask(name, column))
    filled = column.fill_null(False) if column.null_count else column
    return _Column(_tensor(filled.to_numpy(), torch.bool, copy=True), _mask(name, column))


def _numbers(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    # to_numpy turns nulls into NaN.
    return _Column(_tensor(column.to_numpy(), request.dtype, copy=request.copy), _mask(name, column))


def _codes(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    values = _tensor(_whole(name, column), torch.int64, copy=request.copy)
    return _Column(values, _mask(name, column), request.labels.get(name, []))


def _whole(name: str, column: pa.ChunkedArray) -> np.ndarray:
    """Return integers, -1 where null, in a type that int64 holds."""
    if kinds.is_uint64(column.type) or (column.null_count and kinds.is_unsigned_integer(column.type)):
        try:
            column = column.cast(pa.int64())
        except pa.ArrowInvalid:
            msg = f"column {name!r} has integers beyond {2**63 - 1}, the most that torch.int64 holds"
            raise ConfigurationError(msg, hint="name the columns that you want with columns=") from None
    return (column.fill_null(-1) if column.null_count else column).to_numpy()


def _is_text(kind: pa.DataType) -> bool:
    return bool(kinds.is_string(kind) or kinds.is_large_string(kind))


def _ids(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    vocabulary = request.vocabularies.get(name)
    if _is_empty(column):
        values = torch.full((len(column),), -1, dtype=torch.int64)
        return _Column(values, _mask(name, column), [] if vocabulary is None else vocabulary)
    if vocabulary is None:
        codes, values = encode(column)
        vocabulary = values.to_pylist()
    else:
        wide = widened(column)
        codes = pc.index_in(wide, pa.array(vocabulary, wide.type)).fill_null(-1).to_numpy()
    return _Column(_tensor(codes, torch.int64, copy=request.copy), _mask(name, column), vocabulary)


def _distributions(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    is_whole, is_nullable = kinds.is_integer(column.type.value_type), bool(_IS_NULLABLE.get(name))
    values = matrix(column, is_nullable=is_nullable)
    if is_whole and column.null_count:
        values = np.where(np.isnan(values), -1, values)
    return _Column(
        _tensor(values, torch.int64 if is_whole else request.dtype, copy=request.copy),
        _mask(name, column) if is_nullable else None,
    )


def _pictures(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    """Decode an image column, each distinct picture once: uint8 (N, 3, H, W)."""
    return _Column(torch.from_numpy(decode_images(name, column)))


def _lists(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    kind = column.type.value_type
    if _is_text(kind):
        return _flags(column)
    if kinds.is_integer(kind) and name in request.labels and name not in _RECORDED_LISTS:
        return _memberships(column, pc.list_flatten(column).to_numpy(), request.labels[name])
    return _padded(name, column, request)


def _flags(column: pa.ChunkedArray) -> _Column:
    """Return the flags of each row, one column a flag, in the same order for every task so that tasks can be joined."""
    flattened = pc.list_flatten(column)
    names = list(dict.fromkeys([*FLAGS, *pc.unique(flattened).to_pylist()]))
    return _memberships(column, pc.index_in(flattened, pa.array(names, flattened.type)).to_numpy(), names)


def _memberships(column: pa.ChunkedArray, codes: np.ndarray, names: list[str]) -> _Column:
    table = np.zeros((len(column), len(names)), dtype=bool)
    table[pc.list_parent_indices(column).to_numpy(), codes] = True
    return _Column(_tensor(table, torch.bool, copy=False), vocabulary=names)


def _padded(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    """Return lists of numbers or of distributions in their order, padded with NaN; of whole numbers, with -1.

    Lists that are null are empty ones.
    """
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    rows = pc.list_parent_indices(column).to_numpy()
    places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
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
    return _Column(tensor, torch.from_numpy(mask), request.labels.get(name, []) if is_whole else [])


_RULES: tuple[tuple[Callable[[pa.DataType], bool], Callable[..., _Column]], ...] = (
    (kinds.is_boolean, _truths),
    (kinds.is_floating, _numbers),
    (kinds.is_integer, _codes),
    (_is_text, _ids),
    (kinds.is_fixed_size_list, _distributions),
    (lambda kind: kinds.is_list(kind) or kinds.is_large_list(kind), _lists),
    (kinds.is_struct, _pictures),
)
