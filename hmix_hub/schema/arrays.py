"""Columns as arrays: rows of a column of any chunks and size, values in NumPy, recoded classes.

The offsets of texts, pictures and lists have 32 bits, so one chunk of a column holds at most 2 GiB. `pyarrow` refuses
many operations on larger columns.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from hmix_hub.errors import SchemaError
from hmix_hub.schema.column import BY_CLASS_KINDS, Kind

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST = (1 << 31) - 1
"""Maximum number of bytes of texts, or items of lists, in one chunk."""


def as_mask(truths: pa.Array | pa.ChunkedArray) -> Mask:
    """Return truth values as bool (N,), false where null."""
    return np.asarray(truths.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


def places_in_lists(lengths: Ints) -> Ints:
    """Return the position, from 0, of each item within its list, for consecutive lists of given lengths.

    Examples
    --------
    >>> places_in_lists(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - lengths, lengths)


def take(column: pa.ChunkedArray, rows: Ints) -> pa.ChunkedArray:
    """Return rows of a column, in as few chunks as possible.

    Reads only the requested rows: `ChunkedArray.take` first copies a column of texts into one chunk.

    Parameters
    ----------
    column
        N values of any type.
    rows
        int64 (M,), 0 to N - 1, in any order and as often as wanted.
    """
    if not _has_offsets(column.type):
        # Such columns are not copied.
        return column.take(pa.array(rows)) if len(rows) else column.slice(0, 0)
    if column.num_chunks == 1:
        needed = _needed(column.chunk(0), rows, rows + 1)
        parts = [column.chunk(0).take(pa.array(rows[part])) for part in _parts(needed)]
        return pa.chunked_array(parts, column.type)
    starts = np.cumsum([0, *map(len, column.chunks)])
    chunk_of = np.searchsorted(starts, rows, side="right") - 1
    order = np.argsort(chunk_of, kind="stable")
    ends = np.searchsorted(chunk_of[order], np.arange(column.num_chunks + 1))
    needed = np.zeros(len(rows), dtype=np.int64)
    own = [order[begin:end] for begin, end in pairwise(ends.tolist())]
    for number, places in enumerate(own):
        if len(places):
            first = rows[places] - starts[number]
            needed[places] = _needed(column.chunk(number), first, first + 1)
    taken = []
    for part in _parts(needed):
        chosen = [places[(places >= part.start) & (places < part.stop)] for places in own]
        found = [
            column.chunk(number).take(pa.array(rows[places] - starts[number]))
            for number, places in enumerate(chosen)
            if len(places)
        ]
        back = np.empty(part.stop - part.start, dtype=np.int64)
        back[np.concatenate(chosen) - part.start] = np.arange(len(back))
        taken.append(pa.concat_arrays(found).take(pa.array(back)))
    return pa.chunked_array(taken, column.type)


def _parts(needed: Ints) -> list[slice]:
    """Split rows, given the bytes or items of each, into runs that fit into one chunk; without rows, none."""
    if not len(needed):
        return []
    total = np.cumsum(needed)
    if total[-1] <= MOST:
        return [slice(0, len(needed))]
    cuts = [0]
    while cuts[-1] < len(needed):
        before = total[cuts[-1] - 1] if cuts[-1] else 0
        # At least one row, which came from one chunk and so fits.
        cuts.append(max(cuts[-1] + 1, int(np.searchsorted(total, before + MOST, side="right"))))
    return [slice(begin, end) for begin, end in pairwise(cuts)]


def _has_offsets(kind: pa.DataType) -> bool:
    """Whether a type holds texts, bytes or lists of any length."""
    if types.is_struct(kind):
        return any(_has_offsets(field.type) for field in kind)
    return types.is_string(kind) or types.is_binary(kind) or types.is_list(kind) or types.is_fixed_size_list(kind)


def _needed(array: pa.Array, begin: Ints, end: Ints) -> Ints:
    """Return how many offsets of a chunk each run of values needs, by the fullest of nested types; int64 (M,)."""
    kind = array.type
    begin, end = begin + array.offset, end + array.offset
    if types.is_struct(kind):
        fields = [array.field(number) for number in range(kind.num_fields)]
        # A field of a slice is a slice, too.
        needed = [_needed(field, begin - array.offset, end - array.offset) for field in fields]
        return np.max(needed, axis=0, initial=0) if needed else np.zeros(len(begin), dtype=np.int64)
    if types.is_fixed_size_list(kind):
        return _needed(array.values, begin * kind.list_size, end * kind.list_size)
    if types.is_string(kind) or types.is_binary(kind) or types.is_list(kind):
        offsets = np.frombuffer(array.buffers()[1] or b"\0\0\0\0", dtype=np.int32)
        if not len(array):
            return np.zeros(len(begin), dtype=np.int64)
        first, last = offsets[begin].astype(np.int64), offsets[end].astype(np.int64)
        if not types.is_list(kind):
            return last - first
        return np.maximum(last - first, _needed(array.values, first, last))
    return np.zeros(len(begin), dtype=np.int64)


def encode(column: pa.ChunkedArray, null_encoding: str = "mask") -> tuple[Ints, pa.Array]:
    """Return the code of each value, and the distinct values in the order of first appearance.

    Parameters
    ----------
    column
        N values; texts and bytes of any size.
    null_encoding
        "mask": nulls have no code. "encode": null is a value like others.

    Returns
    -------
    tuple
        int64 (N,), -1 where the value is null; and the D distinct values, in a type of 64-bit offsets where the column
        has more than `MOST` bytes.
    """
    encoded = widened(column).dictionary_encode(null_encoding)
    if not encoded.num_chunks:
        return np.zeros(0, dtype=np.int64), pa.array([], column.type)
    # Each chunk has the dictionary of all.
    codes = [chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    return np.concatenate(codes, dtype=np.int64), encoded.chunk(encoded.num_chunks - 1).dictionary


def widened(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column, in the type of 64-bit offsets if its texts have more than `MOST` bytes; nothing is copied."""
    wide = {True: pa.large_string(), False: pa.large_binary()}
    is_narrow = types.is_string(column.type) or types.is_binary(column.type)
    return column.cast(wide[types.is_string(column.type)]) if is_narrow and column.nbytes > MOST else column


def codes(column: pa.ChunkedArray) -> Ints:
    """Return a label column as int64 (N,), -1 where it is null."""
    return column.cast(pa.int64()).fill_null(-1).to_numpy()


def numbers(column: pa.ChunkedArray) -> Floats:
    """Return a number column as float64 (N,), NaN where it is null."""
    return column.cast(pa.float64()).fill_null(float("nan")).to_numpy()


def one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Return a column as one array, without a copy if it already is."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def matrix(column: pa.ChunkedArray, *, is_nullable: bool = False) -> Floats:
    """Return a column of distributions or counts as (N, K), without a copy if it has one chunk.

    Parameters
    ----------
    column
        N lists of K numbers.
    is_nullable
        Whether lists may be null; their rows are then NaN.

    Returns
    -------
    numpy.ndarray
        (N, K) of the numbers' own type, float64 for distributions and int64 for counts; float64 where lists are null.

    Raises
    ------
    SchemaError
        If its lists differ in length, or one is null and must not be.
    """
    lists = one_piece(column)
    lengths = {getattr(lists.type, "list_size", None)} - {None}
    known = pc.list_value_length(lists)
    lengths |= set(pc.unique(known.drop_null() if is_nullable else known).to_pylist())
    if len(lengths) > 1 or None in lengths:
        msg = "the distributions are over different numbers of classes"
        raise SchemaError(msg, hint="join datasets with hmix_hub.join, which spreads them over the union")
    n_classes = int(next(iter(lengths), 0) or 0)
    # The values below null lists are not flattened.
    found = lists.flatten().to_numpy().reshape(len(lists) - lists.null_count, n_classes)
    if not lists.null_count:
        return found
    filled = np.full((len(lists), n_classes), np.nan)
    filled[lists.is_valid().to_numpy(zero_copy_only=False)] = found
    return filled


def classes_or_shares(column: pa.ChunkedArray) -> Ints | Floats:
    """Return answers about classes: labels as int64 (N,), distributions as float64 (N, K)."""
    return codes(column) if types.is_integer(column.type) else matrix(column)


def shares_by_class(column: pa.ChunkedArray, n_classes: int) -> Floats:
    """Return answers about classes as shares, float64 (N, K): distributions as they are, labels as one-hot rows."""
    answers = classes_or_shares(column)
    if answers.ndim > 1:
        return answers.astype(np.float64, copy=False)
    shares = np.zeros((len(answers), n_classes))
    shares[np.arange(len(answers)), answers] = 1
    return shares


def class_masses(labels: Floats | Ints, one: Ints, two: Ints) -> tuple[Floats, Floats, Floats]:
    """Return the probability on the class of image 1, on that of image 2, and on all others; float64 (N,) each.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.3.2.

    Parameters
    ----------
    labels
        float64 (N, K): soft labels; rows sum to 1. Or int64 (N,): classes, each with probability 1.
    one, two
        int64 (N,): classes of both pictures. If the second is -1 (a single picture) or the same class, its probability
        is 0.
    """
    rows, has_second = np.arange(len(labels)), (two >= 0) & (two != one)
    if labels.ndim == 1:
        first, second = (labels == one) * 1.0, (has_second & (labels == two)) * 1.0
    else:
        first, second = labels[rows, one], np.where(has_second, labels[rows, two], 0.0)
    return first, second, 1 - first - second


def membership(column: pa.ChunkedArray, n_classes: int) -> Mask:
    """Return a column of label lists as bool (N, K): true where the row's list has the label."""
    table = np.zeros((len(column), n_classes), dtype=bool)
    table[pc.list_parent_indices(column).to_numpy(), pc.list_flatten(column).to_numpy()] = True
    return table


def distributions(shares: Floats, kind: Kind = Kind.DISTRIBUTION) -> pa.FixedSizeListArray:
    """Return float64 (N, K) as a column of N distributions or counts; rows of NaN become null, as in `matrix`."""
    is_null = np.isnan(shares[:, 0]) if shares.shape[1] else np.zeros(len(shares), dtype=bool)
    numbers_ = shares.ravel()
    if kind is Kind.COUNTS:
        numbers_ = np.where(np.isnan(numbers_), 0, numbers_).astype(np.int64)
    mask = pa.array(is_null) if is_null.any() else None
    return pa.FixedSizeListArray.from_arrays(pa.array(numbers_), shares.shape[1], mask=mask)


def recode(column: pa.ChunkedArray, kind: Kind, target: Ints, n_classes: int) -> pa.ChunkedArray:
    """Return a column with recoded classes.

    Parameters
    ----------
    column
        N labels, lists of labels, distributions or counts by class, or lists of distributions.
    kind
        Which of these.
    target
        int64 (K,): new code of each class.
    n_classes
        Number of classes of the new vocabulary; those not among the K have probability 0.
    """
    if kind is Kind.LABEL:
        return pc.take(pa.array(target), column)
    if kind in BY_CLASS_KINDS:
        return pa.chunked_array([_spread(column, target, n_classes, kind)])
    lengths = pc.list_value_length(column).fill_null(0).to_numpy()
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    items = pc.list_flatten(column)
    values = (
        pc.take(pa.array(target), items).combine_chunks() if kind is Kind.LABELS else _spread(items, target, n_classes)
    )
    is_null = pc.is_null(column).combine_chunks() if column.null_count else None
    return pa.chunked_array([pa.ListArray.from_arrays(offsets, values, mask=is_null)])


def _spread(
    column: pa.ChunkedArray, target: Ints, n_classes: int, kind: Kind = Kind.DISTRIBUTION
) -> pa.FixedSizeListArray:
    spread = np.zeros((len(column), n_classes))
    if len(column):
        values = matrix(column, is_nullable=True)
        spread[:, target] = values
        spread[np.isnan(values).any(axis=1)] = np.nan
    return distributions(spread, kind)
