"""Recoding: columns that count classes, in the order of another vocabulary."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.judgments.answers import matrix
from hmix_hub.schema import Kind
from hmix_hub.tasks import BY_STIMULUS_COLUMNS, TASKS

LABELS, DISTRIBUTIONS = {Kind.LABEL, Kind.LABELS}, {Kind.DISTRIBUTION, Kind.DISTRIBUTIONS}
_TABLES = [*(task.columns for task in TASKS.values()), *BY_STIMULUS_COLUMNS.values()]
OVER_CLASSES = {column.name: column for table in _TABLES for column in table if column.kind in LABELS | DISTRIBUTIONS}
"""Columns of the schema that count classes, by name: labels, lists of labels, and distributions over all classes."""


def distributions_among(names: Iterable[str]) -> list[str]:
    """Return the names of columns that hold distributions over all classes."""
    return [name for name in names if name in OVER_CLASSES and OVER_CLASSES[name].kind in DISTRIBUTIONS]


def recode(column: pa.ChunkedArray, kind: Kind, target: npt.NDArray[np.int64], n_classes: int) -> pa.ChunkedArray:
    """Return a column with its classes counted otherwise.

    Parameters
    ----------
    column
        N labels, lists of labels, distributions, or lists of distributions.
    kind
        Which of these.
    target
        int64 (K,): new code of each class.
    n_classes
        Number of classes of the new vocabulary; those that are none of the K have no probability.
    """
    if kind is Kind.LABEL:
        return pc.take(pa.array(target), column)
    if kind is Kind.DISTRIBUTION:
        return pa.chunked_array([_spread(column, target, n_classes)])
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    items = pc.list_flatten(column)
    values = (
        pc.take(pa.array(target), items).combine_chunks() if kind is Kind.LABELS else _spread(items, target, n_classes)
    )
    is_null = pc.is_null(column).combine_chunks() if column.null_count else None
    return pa.chunked_array([pa.ListArray.from_arrays(offsets, values, mask=is_null)])


def _spread(column: pa.ChunkedArray, target: npt.NDArray[np.int64], n_classes: int) -> pa.FixedSizeListArray:
    spread = np.zeros((len(column), n_classes))
    if len(column):
        spread[:, target] = matrix(column)
    return pa.FixedSizeListArray.from_arrays(pa.array(spread.ravel()), n_classes)
