"""Categorical answers as arrays, from the columns of a table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError
from hmix_hub.judgments.soft_labels import Answers
from hmix_hub.schema.questions import QUESTIONS, Question


def codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """Give a label column as int64 (N,), -1 where it is null."""
    return column.cast(pa.int64()).fill_null(-1).to_numpy()


def numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Give a number column as float64 (N,), NaN where it is null."""
    return column.cast(pa.float64()).fill_null(float("nan")).to_numpy()


def one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Give a column as one array; without a copy where it is one already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def matrix(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """Give a column of distributions as float64 (N, K); without a copy where it is in one piece.

    Raises
    ------
    SchemaError
        If its lists are not all of one length.
    """
    lists = one_piece(column)
    lengths = {getattr(lists.type, "list_size", None)} - {None}
    lengths |= set(pc.unique(pc.list_value_length(lists)).to_pylist())
    if len(lengths) > 1 or None in lengths:
        msg = "the distributions are not all over the same number of classes"
        raise SchemaError(msg, hint="join datasets with hmix_hub.join, which spreads them over the union")
    return lists.flatten().to_numpy().reshape(len(lists), next(iter(lengths), 0))


def membership(column: pa.ChunkedArray, n_classes: int) -> npt.NDArray[np.bool_]:
    """Give a column of label lists as bool (N, K): true where the row's list has the label."""
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


def asked_questions(table: pa.Table) -> tuple[Question, ...]:
    """Return the questions that the answers of a categorical table show to have been asked.

    Parameters
    ----------
    table
        Table with top_probability, second_class, second_probability and impossible_classes; N rows.

    Returns
    -------
    tuple of str
        A question counts as asked if a row answers it; the probabilities, if one is given that is not 1. An answer that
        no row holds may have been asked for all the same: a manifest that says so goes first.
    """
    top = numbers(table["top_probability"])
    is_answered: dict[Question, bool] = {
        "probabilities": bool((~np.isnan(top) & (top != 1)).any())
        or table["second_probability"].null_count < table.num_rows,
        "second_class": table["second_class"].null_count < table.num_rows,
        "impossible_classes": bool(pc.sum(pc.list_value_length(table["impossible_classes"])).as_py()),
    }
    return tuple(question for question in QUESTIONS if is_answered[question])
