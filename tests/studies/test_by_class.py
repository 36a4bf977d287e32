"""Numbers by class, as text, lists and records: what they hold, and what is told of the rest."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.studies.columns.reader import ColumnReader
from hmix_hub.studies.findings import Report, Reporter

CLASSES = Vocabulary(("cat", "dog", "fox"))
COUNTS = Column("class_counts", Kind.COUNTS, "votes by class", low=0, nullable=True)
SHARES = Column("class_frequencies", Kind.DISTRIBUTION, "shares by class", low=0, high=1, nullable=True)
HIDDEN = pa.FixedSizeListArray.from_arrays(pa.array(range(6)), 3, mask=pa.array([True, False]))
MANY = pa.array([{"dog": 2, "Cat": 1}, None, {"dog": None, "Cat": 3}])
READ = {
    "text": (["12|3|0", "[1, 2, 3]", ""], [[12, 3, 0], [1, 2, 3], None], []),
    "objects": (['{"dog": 12}', '{"Fox": 1, "cat": 2.0}', "{}"], [[0, 12, 0], [2, 0, 1], [0, 0, 0]], []),
    "both": (['{"dog": 12}', "", "1|0|0", '{"dog": 12}'], [[0, 12, 0], None, [1, 0, 0], [0, 12, 0]], []),
    "lists": (pa.array([[1, 2, 3], None]), [[1, 2, 3], None], []),
    "hidden beneath null": (HIDDEN, [None, [3, 4, 5]], []),
    "records": (MANY, [[1, 2, 0], None, [3, 0, 0]], []),
    "no rows": (pa.array([], pa.string()), [], []),
    "negative": (["1|-1|0", '{"cat": -1}', "1|0|0"], [None, None, [1, 0, 0]], [("HMX542", 0), ("HMX542", 1)]),
    "too many": (["1|2|2147483648"], [None], [("HMX542", 0)]),
    "broken": (["1.5|1|0", '{"cat": 0.5}'], [None, None], [("HMX541", 0), ("HMX541", 1)]),
    "another length": (["1|2", "[]", "1|2|3|4"], [None] * 3, [("HMX541", 0), ("HMX541", 1), ("HMX541", 2)]),
    "unknown class": (["1|2|3", '{"wolf": 1}'], [[1, 2, 3], None], [("HMX560", 1)]),
    "no numbers": (["many", '{"cat": "2"}', '{"cat": true}'], [None] * 3, [("HMX541", row) for row in (0, 1, 2)]),
    "no JSON": (['{"cat": 1', '{"cat": 1, "cat": 2}', '{"cat": 1, "CAT": 2}'], [None] * 3, None),
    "record of another class": (pa.array([{"wolf": 1.0}, {"wolf": None}]), [[0, 0, 0], [0, 0, 0]], [("HMX560", 0)]),
    "record of NaN": (pa.array([{"cat": float("nan")}]), [None], [("HMX541", 0)]),
}


def read(values, column=COUNTS):
    report = Report()
    reader = ColumnReader(column, CLASSES, Reporter(report, "file", column.name))
    found = reader.read(values, np.arange(len(values)))
    assert found.type == column.arrow_type(CLASSES)
    found.validate(full=True)
    return found.to_pylist(), sorted((told.rule.code, spot.row) for told in report for spot in told.spots), report


@pytest.mark.parametrize("kind", READ)
def test_counts_in_any_form_are_read_or_told(kind):
    values, expected, told = READ[kind]
    found, codes, _ = read(values if isinstance(values, pa.Array) else pa.array(values, pa.string()))
    assert found == expected
    assert codes == ([("HMX541", row) for row in range(3)] if told is None else told)


def test_an_unknown_class_is_answered_with_the_nearest_one():
    report = read(pa.array(['{"dgo": 1}']))[2]
    assert "'dgo'" in report.errors[0].spots[0].note
    assert "dog" in report.errors[0].spots[0].note


def test_another_number_of_numbers_says_how_many_classes_there_are():
    assert read(pa.array(["1|2"]))[2].errors[0].spots[0].note == "2 numbers, but the study has 3 classes"


def test_shares_outside_0_and_1_are_out_of_range():
    assert read(pa.array(["0.5|0.5|0", "50|50|0"]), SHARES)[:2] == ([[0.5, 0.5, 0.0], None], [("HMX542", 1)])


@given(st.lists(st.none() | st.lists(st.floats(0, 1), min_size=3, max_size=3)))
def test_every_share_comes_back_to_the_last_bit_from_each_form(shares):
    expected = [row and [value + 0.0 for value in row] for row in shares]
    for written in (
        lambda row: "|".join(map(repr, row)),
        json.dumps,
        lambda row: json.dumps(dict(zip(("Fox", "cat", "dog"), (row[2], row[0], row[1]), strict=True))),
    ):
        texts = pa.array(["" if row is None else written(row) for row in shares], pa.string())
        assert read(texts, SHARES)[:2] == (expected, [])
    assert read(pa.array(shares, pa.list_(pa.float64())), SHARES)[:2] == (expected, [])


@given(st.lists(st.text('0123456789.,|[]{}-" :catdogfx', max_size=16)))
def test_no_text_breaks_the_reader(texts):
    found = read(pa.array(texts, pa.string()))[0]
    assert len(found) == len(texts)
    assert all(value >= 0 for row in found for value in row or [])
