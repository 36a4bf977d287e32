"""Lists of numbers of any Arrow type, and in text: what they hold, and what is told of the rest."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.studies.columns.numbers import NumberListReader, is_list_of_numbers
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.tasks import INFER, columns

(COLUMN,) = (column for column in columns(INFER) if column.name == "inferred_path")
HIDDEN = pa.ListArray.from_arrays(
    pa.array([0, 2, 4], pa.int32()), pa.array([7.0, 8.0, 0.5, 1.0]), mask=pa.array([1, 0]).cast(pa.bool_())
)
MIXED = [[0.1, 0.2], None, [], [1, 0], [0.3, None], [float("nan")], [5]]
READ = {
    "float64": (pa.array(MIXED), [[0.1, 0.2], None, [], [1.0, 0.0], None, None, None]),
    "float32": (pa.array([[0.1], None], pa.large_list(pa.float32())), [[0.1], None]),
    "float16": (pa.array([[0.5], None], pa.list_(pa.float16())), [[0.5], None]),
    "fixed size": (pa.array([[0, 1], None, [1, 0]], pa.list_(pa.int8(), 2)), [[0.0, 1.0], None, [1.0, 0.0]]),
    "uint64": (pa.array([[0, 1], [2**63]], pa.list_(pa.uint64())), [[0.0, 1.0], None]),
    "nothing": (pa.array([None, []], pa.list_(pa.null())), [None, []]),
    "a part": (pa.array(MIXED).slice(2, 2), [[], [1.0, 0.0]]),
    "hidden beneath null": (HIDDEN, [None, [0.5, 1.0]]),
    "text": (pa.array(["0.1|0.2", "", None, "[]", "[0.5]"]), [[0.1, 0.2], None, None, [], [0.5]]),
    "no rows": (pa.array([], pa.string()), []),
}
TOLD = {"float64": [("HMX541", [4, 5]), ("HMX542", [6])], "uint64": [("HMX542", [1])]}


def read(values):
    report = Report()
    reader = NumberListReader(COLUMN, Reporter(report, "file", "column"))
    found = (reader.from_lists if is_list_of_numbers(values.type) else reader.from_text)(values, np.arange(len(values)))
    found.validate(full=True)
    return found.to_pylist(), [(told.rule.code, [spot.row for spot in told.spots]) for told in report]


@pytest.mark.parametrize("kind", READ)
def test_lists_of_any_type_are_read_or_told(kind):
    values, expected = READ[kind]
    assert read(values) == (expected, TOLD.get(kind, []))


@given(st.lists(st.none() | st.lists(st.floats(0, 1))), st.booleans())
def test_every_number_comes_back_to_the_last_bit(lists, is_json):
    def written(values):
        if values is None:
            return ""
        return str(values) if is_json or not values else "|".join(map(repr, values))

    expected = [values and [value + 0.0 for value in values] for values in lists]
    assert read(pa.array(list(map(written, lists)), pa.string())) == (expected, [])
    assert read(pa.array(lists, pa.list_(pa.float64()))) == (expected, [])


@given(st.lists(st.text('0123456789.,|[]- eE"xn\n', max_size=12)))
def test_no_text_breaks_the_reader(texts):
    found, _ = read(pa.array(texts, pa.string()))
    assert len(found) == len(texts)
    assert all(0 <= value <= 1 for values in found for value in values or [])
