"""Columns in any number of pieces: rows of them, and their distinct values, as if they were in one."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hmix_hub.errors import SchemaError
from hmix_hub.schema import arrays

NUMBERS = st.lists(st.floats(allow_nan=False), min_size=2, max_size=2)
KINDS = {
    pa.string(): st.text(max_size=6),
    pa.binary(): st.binary(max_size=6),
    pa.int64(): st.integers(-9, 9),
    pa.list_(pa.string()): st.lists(st.text(max_size=3), max_size=3),
    pa.list_(pa.float64(), 2): NUMBERS,
    pa.list_(pa.list_(pa.float64(), 2)): st.lists(NUMBERS, max_size=3),
    pa.struct({"bytes": pa.binary(), "path": pa.string()}): st.fixed_dictionaries(
        {"bytes": st.binary(max_size=9), "path": st.none() | st.text(max_size=2)}
    ),
}


@st.composite
def columns(draw):
    """A column of some type, cut into pieces, of which some begin within longer ones."""
    kind = draw(st.sampled_from(list(KINDS)))
    values = draw(st.lists(st.none() | KINDS[kind], min_size=1, max_size=20))
    cuts = sorted(draw(st.lists(st.integers(0, len(values)), max_size=4)))
    array = pa.array(values, kind)
    ends = [0, *cuts, len(values)]
    return pa.chunked_array([array.slice(a, b - a) for a, b in pairwise(ends)])


@settings(max_examples=50)
@given(columns(), st.data(), st.sampled_from([1, 5, 40, arrays.MOST]))
def test_rows_of_a_column_are_the_same_however_it_is_cut(column, data, most):
    rows = data.draw(st.lists(st.integers(0, len(column) - 1), max_size=30))
    values = column.to_pylist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "MOST", most)
        taken = arrays.take(column, np.array(rows, dtype=np.int64))
    assert taken.type == column.type
    assert taken.to_pylist() == [values[row] for row in rows]
    assert most < arrays.MOST or taken.num_chunks <= 1


@settings(max_examples=50)
@given(columns(), st.sampled_from([1, arrays.MOST]), st.sampled_from(["mask", "encode"]))
def test_distinct_values_are_counted_as_they_appear(column, most, nulls):
    if pa.types.is_nested(column.type):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "MOST", most)
        codes, values = arrays.encode(column, nulls)
    expected = list(dict.fromkeys(v for v in column.to_pylist() if nulls == "encode" or v is not None))
    assert values.to_pylist() == expected
    assert [None if code < 0 else expected[code] for code in codes] == column.to_pylist()


@pytest.fixture(scope="module")
def more_than_2_gib():
    """17 times the same 128 MiB of texts, in the memory of one."""
    return pa.chunked_array([pa.array([f"{number:07}" + "x" * (1 << 20) for number in range(128)])] * 17)


def test_a_column_of_more_than_2_gib_is_encoded_and_gathered(more_than_2_gib):
    assert more_than_2_gib.nbytes > arrays.MOST
    with pytest.raises(pa.ArrowInvalid, match="overflow"):
        more_than_2_gib.take(pa.array([1]))
    codes, values = arrays.encode(more_than_2_gib)
    assert (codes == np.tile(np.arange(128), 17)).all()
    assert len(values) == 128
    rows = np.array([2175, 0, 130])
    assert [text.as_py()[:7] for text in arrays.take(more_than_2_gib, rows)] == ["0000127", "0000000", "0000002"]


def test_a_piece_holds_no_more_than_it_can():
    column = pa.chunked_array([["abc", "", "defg", "h"]])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrays, "MOST", 4)
        taken = arrays.take(column, np.array([0, 3, 1, 2, 2, 0, 0]))
    assert [chunk.to_pylist() for chunk in taken.chunks] == [["abc", "h", ""], ["defg"], ["defg"], ["abc"], ["abc"]]


COUNTED = st.lists(st.none() | st.lists(st.integers(0, 2**53), min_size=3, max_size=3), max_size=8)


@given(COUNTED, st.permutations([0, 1, 2, 3]))
def test_counts_by_class_are_recoded_and_come_back(rows, order):
    kind = pa.list_(pa.int64(), 3)
    column = pa.chunked_array([pa.array(rows[:2], kind), pa.array(rows[2:], kind)])
    moved = arrays.recode(column, arrays.Kind.COUNTS, np.array(order[:3]), 4)
    assert moved.type == pa.list_(pa.int64(), 4)
    expected = [None if row is None else [0] * 4 for row in rows]
    for old, new in zip(rows, expected, strict=True):
        for code, value in zip(order[:3], old or [], strict=False):
            new[code] = value
    assert moved.to_pylist() == expected
    found = arrays.matrix(moved, is_nullable=True)
    assert np.isnan(found).any(axis=1).tolist() == [row is None for row in rows]


def test_counts_that_are_null_are_refused_where_none_may_be():
    column = pa.chunked_array([pa.array([[1, 2], None], pa.list_(pa.int64(), 2))])
    with pytest.raises(SchemaError, match="different numbers of classes"):
        arrays.matrix(column)
