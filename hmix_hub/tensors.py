"""Tensors of datasets: `hmix_hub.to_tensors`."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.judgments.answers import matrix
from hmix_hub.schema import BY_STIMULUS_COLUMNS, FLAGS, TASKS
from hmix_hub.schema.released import RELEASED_COLUMNS
from hmix_hub.tables import arrow_columns, check_dataset_type, vocabularies_of

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

PROVENANCE = ("judgment_id", "source_file", "source_row", "schema_version")
"""Columns that no default asks for: they say where a row came from, and nothing about a judgment."""

MASK_SUFFIX = "_mask"


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
    vocabularies: Mapping[str, Sequence[str]] | None = None,
) -> Tensors:
    """Give the columns of a dataset as tensors.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows: any selection.
    columns
        Which columns; `None` is all but judgment_id, source_file, source_row and schema_version.
    dtype
        Floating type of coefficients, confidences, probabilities and response times.
    copy
        True: the tensors own their memory. False: a column whose values lie in memory as the tensor wants them (same
        type, no nulls, in one piece) becomes a view of them. **A view is read-only: writing into one whose file is
        mapped ends the process with a segmentation fault.** Coefficients are stored as float64, so only
        `dtype=torch.float64` lets them be views.
    vocabularies
        What ids are counted in, by column: the `vocabularies` of other tensors, so that a person has the same code in
        the train and the test part; an id that is not in them becomes -1. `None`: ids are counted as they appear.

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
        stimulus_id
        is_repeat                                       (N,)      bool
        soft_label, mean_soft_label                     (N, K)    `dtype`   probabilities, each row sums to 1
        impossible_classes                              (N, K)    bool      true where ruled out
        flags                                           (N, F)    bool      one place per flag of any task; see
                                                                            `vocabularies["flags"]`
        selected_coefficients, inferred_coefficients,   (N, M)    `dtype`   one per judgment, padded with NaN to
        confidences                                                         the longest list, M
        soft_labels                                     (N, M, K) `dtype`   likewise
        <column>_mask, for every nullable column        (N,)      bool      true where there is a value
        <column>_mask, for a column of lists            (N, M)    bool      likewise
        =============================================== ========= ========= =======================================

    Raises
    ------
    ConfigurationError
        If a column is not in the dataset, `dtype` is not a floating type, or the labels count in other classes than
        `vocabularies` say.
    """
    check_dataset_type(dataset)
    if not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        msg = f"dtype is the floating type of coefficients, such as torch.float32, not {dtype!r}"
        raise ConfigurationError(msg, hint="labels, indices and ids are int64 whatever it is")
    names = _choose(dataset, columns)
    table = arrow_columns(dataset, names)
    labels = {name: list(vocabulary.names) for name, vocabulary in vocabularies_of(dataset.features).items()}
    request = _Request(dtype, copy, labels, {name: list(v) for name, v in (vocabularies or {}).items()})
    converted = [_convert(name, table[name], request) for name in names]
    tensors = Tensors()
    for name, column in zip(names, converted, strict=True):
        tensors[name] = column.values
        if column.mask is not None:
            tensors[name + MASK_SUFFIX] = column.mask
        if column.vocabulary:
            _check_vocabulary(name, column.vocabulary, request)
            tensors.vocabularies[name] = column.vocabulary
    return tensors


def _choose(dataset: datasets.Dataset, columns: str | Sequence[str] | None) -> list[str]:
    if columns is None:
        return [name for name in dataset.column_names if name not in PROVENANCE]
    columns = [columns] if isinstance(columns, str) else list(columns)
    for name in columns:
        if name not in dataset.column_names:
            msg = f"the dataset has no column {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, dataset.column_names, label="columns"))
    return columns


@dataclass(frozen=True)
class _Request:
    dtype: torch.dtype
    copy: bool
    labels: Mapping[str, list[str]]
    vocabularies: Mapping[str, list[str]]


@dataclass(frozen=True)
class _Column:
    values: torch.Tensor
    mask: torch.Tensor | None = None
    vocabulary: list[str] = field(default_factory=list)


def _check_vocabulary(name: str, found: list[str], request: _Request) -> None:
    if found != request.vocabularies.get(name, found):
        msg = f"column {name!r} counts in other names than vocabularies[{name!r}]"
        raise ConfigurationError(msg, hint="join the datasets first with hmix_hub.join, which recodes labels")


_EVERY_COLUMN = [c for task in TASKS.values() for c in task.columns] + [
    c for columns in BY_STIMULUS_COLUMNS.values() for c in columns
]
_RELEASED_COLUMNS = [c for columns in RELEASED_COLUMNS.values() for c in columns]
_NULLABLE = {c.name for c in _EVERY_COLUMN if c.nullable} | (
    {c.name for c in _RELEASED_COLUMNS if c.nullable} - {c.name for c in _EVERY_COLUMN}
)


def _convert(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    import pyarrow.types as kinds

    kind = column.type
    rules: list[tuple[Callable[[Any], bool], Callable[..., _Column]]] = [
        (kinds.is_boolean, _truths),
        (kinds.is_floating, _numbers),
        (kinds.is_integer, _codes),
        (kinds.is_string, _ids),
        (kinds.is_large_string, _ids),
        (kinds.is_fixed_size_list, _distributions),
        (kinds.is_list, _lists),
        (kinds.is_large_list, _lists),
    ]
    for applies, convert in rules:
        if applies(kind):
            return convert(name, column, request)
    msg = f"column {name!r} of type {kind} has no tensor form"
    raise ConfigurationError(msg, hint="name the columns that you want with columns=")


def _tensor(array: np.ndarray, dtype: torch.dtype, *, copy: bool) -> torch.Tensor:
    """Give an array as a tensor, sharing memory only where that was asked for."""
    if not copy:
        return _view(array).to(dtype)
    if dtype not in _NUMPY_TYPES:
        return torch.from_numpy(array.astype(np.float32)).to(dtype)
    tensor = torch.empty(array.shape, dtype=dtype)
    with np.errstate(over="ignore"):  # as torch: what a narrow type cannot hold becomes infinite
        np.copyto(tensor.numpy(), array, casting="unsafe")
    return tensor


_NUMPY_TYPES = {torch.float16, torch.float32, torch.float64, torch.int64, torch.bool}
_quiet = threading.Lock()


def _view(array: np.ndarray) -> torch.Tensor:
    # Python's warning filters belong to the process: two threads in here at once would leave them changed.
    with _quiet, warnings.catch_warnings():
        # A view of Arrow memory is read-only, which torch has no notion of; the caller was told.
        warnings.simplefilter("ignore", UserWarning)
        return torch.from_numpy(np.ascontiguousarray(array))


def _mask(name: str, column: pa.ChunkedArray) -> torch.Tensor | None:
    if name not in _NULLABLE and not column.null_count:
        return None
    if not column.null_count:
        return torch.ones(len(column), dtype=torch.bool)
    return _tensor(column.is_valid().to_numpy(), torch.bool, copy=True)


def _truths(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    filled = column.fill_null(False) if column.null_count else column
    return _Column(_tensor(filled.to_numpy(), torch.bool, copy=True), _mask(name, column))


def _numbers(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    # to_numpy turns nulls into NaN.
    return _Column(_tensor(column.to_numpy(), request.dtype, copy=request.copy), _mask(name, column))


def _codes(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    filled = column.fill_null(-1) if column.null_count else column
    values = _tensor(filled.to_numpy(), torch.int64, copy=request.copy)
    return _Column(values, _mask(name, column), request.labels.get(name, []))


def _ids(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    import pyarrow as pa
    import pyarrow.compute as pc

    vocabulary = request.vocabularies.get(name)
    if vocabulary is None:
        encoded = pc.dictionary_encode(column.combine_chunks())
        indices, vocabulary = encoded.indices, encoded.dictionary.to_pylist()
    else:
        indices = pc.index_in(column, pa.array(vocabulary, column.type)).combine_chunks()
    if indices.null_count:
        indices = indices.fill_null(-1)
    return _Column(_tensor(indices.to_numpy(), torch.int64, copy=request.copy), _mask(name, column), vocabulary)


def _distributions(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    return _Column(_tensor(matrix(column), request.dtype, copy=request.copy))


def _lists(name: str, column: pa.ChunkedArray, request: _Request) -> _Column:
    import pyarrow.types as kinds

    kind = column.type.value_type
    if kinds.is_string(kind) or kinds.is_large_string(kind):
        return _flags(name, column)
    if kinds.is_integer(kind) and name in request.labels:
        return _memberships(column, np.asarray(column.combine_chunks().flatten()), request.labels[name])
    return _padded(column, request)


def _flags(name: str, column: pa.ChunkedArray) -> _Column:
    """Mark the flags of each row; every flag has its place whatever the task, so that tasks can be put together."""
    import pyarrow as pa
    import pyarrow.compute as pc

    flattened = pc.list_flatten(column)
    names = list(dict.fromkeys([*FLAGS, *pc.unique(flattened).to_pylist()]))
    return _memberships(column, pc.index_in(flattened, pa.array(names, flattened.type)).to_numpy(), names)


def _memberships(column: pa.ChunkedArray, codes: np.ndarray, names: list[str]) -> _Column:
    import pyarrow.compute as pc

    table = np.zeros((len(column), len(names)), dtype=bool)
    table[pc.list_parent_indices(column).to_numpy(), codes] = True
    return _Column(_tensor(table, torch.bool, copy=False), vocabulary=names)


def _padded(column: pa.ChunkedArray, request: _Request) -> _Column:
    import pyarrow.compute as pc

    lengths = pc.list_value_length(column).to_numpy()
    rows = pc.list_parent_indices(column).to_numpy()
    places = np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    values = _items(pc.list_flatten(column))
    shape = (len(column), int(lengths.max(initial=0)))
    padded = np.full((*shape, *values.shape[1:]), np.nan)
    padded[rows, places] = values
    mask = np.zeros(shape, dtype=bool)
    mask[rows, places] = ~np.isnan(values) if values.ndim == 1 else True
    return _Column(_tensor(padded, request.dtype, copy=False), _tensor(mask, torch.bool, copy=False))


def _items(flattened: pa.ChunkedArray) -> np.ndarray:
    """Give list items as float64 (M,), or (M, K) where each is a distribution."""
    import pyarrow as pa
    import pyarrow.types as kinds

    if kinds.is_fixed_size_list(flattened.type):
        return matrix(flattened)
    return flattened.cast(pa.float64()).to_numpy()
