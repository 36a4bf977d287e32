"""Categorical answers as arrays, from the columns of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hmix_hub.judgments.soft_labels import Answers

if TYPE_CHECKING:
    import pyarrow as pa


def codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give a label column as int64 (N,), -1 where it is null."""
    import pyarrow as pa

    return column.fill_null(-1).cast(pa.int64()).to_numpy()


def numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Give a number column as float64 (N,), NaN where it is null."""
    import pyarrow as pa

    return column.cast(pa.float64()).fill_null(float("nan")).to_numpy()


def matrix(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Give a column of distributions (fixed-size lists) as float64 (N, K)."""
    lists = column.combine_chunks()
    return lists.flatten().to_numpy().reshape(len(lists), lists.type.list_size)


def membership(column: pa.ChunkedArray, n_classes: int) -> npt.NDArray[np.bool_]:
    """Give a column of label lists as bool (N, K): true where the row's list has the label."""
    import pyarrow.compute as pc

    table = np.zeros((len(column), n_classes), dtype=bool)
    table[pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column).to_numpy()] = True
    return table


def categorical_answers(table: pa.Table, n_classes: int) -> Answers:
    """Gather the answers of a categorical judgment table.

    Parameters
    ----------
    table
        Table with top_class, top_probability, second_class, second_probability and impossible_classes; N rows.
    n_classes
        K.
    """
    return Answers(
        codes(table["top_class"]),
        numbers(table["top_probability"]),
        codes(table["second_class"]),
        numbers(table["second_probability"]),
        membership(table["impossible_classes"], n_classes),
    )
