"""Types of Parquet columns: those that say what CSV would are read alike, all others are findings."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import uuid

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.privacy.scan import scan_privacy
from hmix_hub.studies.example import example_study
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL

N = 144
PATH = f"judgments/{CATEGORICAL}"


def broken_text():
    offsets = pa.py_buffer(np.arange(0, 2 * N + 1, 2, dtype=np.int32).tobytes())
    return pa.Array.from_buffers(pa.string(), N, [None, offsets, pa.py_buffer(b"\xff\xfe" * N)])


def array(value, kind=None):
    return pa.array([value] * N, kind)


TYPES = {
    "decimal": array(decimal.Decimal("0.25")),
    "float16": pa.array(np.full(N, 0.25, np.float16)),
    "float32": pa.array(np.full(N, 0.1, np.float32)),
    "NaN": array(float("nan")),
    "infinity": array(float("inf")),
    "int8": array(1, pa.int8()),
    "int64": array(2**63 - 1),
    "uint64": array(2**64 - 1, pa.uint64()),
    "bool": array(True),
    "null": pa.nulls(N),
    "text": array("dog"),
    "large text": array("dog", pa.large_string()),
    "view of text": array("dog", pa.string_view()),
    "dictionary of text": array("dog").dictionary_encode(),
    "dictionary of numbers": array(0.25).dictionary_encode(),
    "dictionary of whole numbers": array(1).dictionary_encode(),
    "text that is no UTF-8": broken_text(),
    "text with a NUL": array("a\0b"),
    "formula": array("=1+1"),
    "bytes": array(b"\xff\x01"),
    "timestamp": array(1, pa.timestamp("ns", "UTC")),
    "date": array(datetime.date(2025, 3, 1)),
    "time": array(datetime.time(1, 2)),
    "duration": array(1, pa.duration("ms")),
    "list of text": array(["dog"]),
    "list of labels": array([1, 2]),
    "list of labels beyond": array([1, 2000]),
    "list of nothing": array([None]),
    "list with nothing": array(["dog", None]),
    "list of numbers": array([1.0]),
    "list of lists": array([[1]]),
    "list of no UTF-8": pa.ListArray.from_arrays(pa.array(range(N + 1), pa.int32()), broken_text()),
    "record": array({"dog": 1}),
    "map": array([("a", 1)], pa.map_(pa.string(), pa.int64())),
    "UUID": pa.ExtensionArray.from_storage(pa.uuid(), array(uuid.UUID(int=1).bytes, pa.binary(16))),
    "JSON": pa.ExtensionArray.from_storage(pa.json_(), array("{}")),
}
COLUMNS = [
    "participant_id",
    "is_repeat",
    "image_1_label",
    "mixing_coefficient",
    "impossible_classes",
    "class_order",
    "x_own",
    "flags",
]


@pytest.fixture
def check(write, tmp_path):
    """Check the example study as Parquet, with a column of another type; the report, and a way to the table."""

    def check_with(column, values):
        files = example_study(CATEGORICAL)
        rows = list(csv.DictReader(io.StringIO(files.pop(f"{PATH}.csv").decode())))
        table = {name: pa.array([row[name] for row in rows]) for name in rows[0]} | {column: values}
        stream = io.BytesIO()
        parquet.write_table(pa.table(table), stream)
        folder = write(files | {f"{PATH}.parquet": stream.getvalue()})
        study = Study.open(folder)
        check_study(study)
        return study

    return check_with


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("kind", TYPES)
def test_a_column_of_any_type_is_read_or_a_finding(column, kind, check):
    checked = check(column, TYPES[kind])
    if not checked.report.errors:
        assert len(read_judgments(checked.folder, checked.manifest, CATEGORICAL)) == N


@pytest.mark.parametrize("kind", TYPES)
def test_a_column_of_any_type_is_searched_for_what_gives_people_away(kind, check):
    scan_privacy(Study.open(check("x_own", TYPES[kind]).folder.path))


READ = [
    ("mixing_coefficient", "decimal", 0.25),
    ("mixing_coefficient", "float16", 0.25),
    ("mixing_coefficient", "float32", 0.1),
    ("mixing_coefficient", "dictionary of numbers", 0.25),
    ("mixing_coefficient", "int8", 1.0),
    ("top_class", "dictionary of text", 5),
    ("top_class", "view of text", 5),
    ("top_class", "int8", 1),
    ("impossible_classes", "list of text", [5]),
    ("impossible_classes", "list of labels", [1, 2]),
    ("is_repeat", "int8", True),
    ("collection_round", "int8", "1"),
    ("x_own", "decimal", 0.25),
    ("x_own", "float32", 0.1),
    ("x_own", "int8", 1),
    ("x_own", "uint64", str(2**64 - 1)),
    ("x_own", "bool", True),
    ("x_own", "JSON", "{}"),
]


@pytest.mark.parametrize(("column", "kind", "value"), READ)
def test_a_type_that_says_what_text_would_is_read(column, kind, value, check):
    checked = check(column, TYPES[kind])
    assert checked.report.errors == []
    assert read_judgments(checked.folder, checked.manifest, CATEGORICAL)[column][0].as_py() == value


REFUSED = [
    ("mixing_coefficient", "bool", "HMX541"),
    ("mixing_coefficient", "duration", "HMX541"),
    ("mixing_coefficient", "NaN", "HMX541"),
    ("trial_index", "uint64", "HMX541"),
    ("participant_id", "bytes", "HMX541"),
    ("participant_id", "text that is no UTF-8", "HMX500"),
    ("top_class", "uint64", "HMX560"),
    ("top_class", "bool", "HMX541"),
    ("impossible_classes", "list of labels beyond", "HMX560"),
    ("impossible_classes", "list of numbers", "HMX541"),
    ("impossible_classes", "list of no UTF-8", "HMX500"),
    ("impossible_classes", "record", "HMX541"),
    ("impossible_classes", "int8", "HMX541"),
    ("x_own", "record", "HMX541"),
    ("x_own", "timestamp", "HMX541"),
    ("x_own", "list of text", "HMX541"),
    ("x_own", "NaN", "HMX541"),
    ("x_own", "text that is no UTF-8", "HMX500"),
    ("x_own", "text with a NUL", "HMX502"),
    ("x_own", "formula", "HMX548"),
    ("flags", "list of no UTF-8", "HMX500"),
]


@pytest.mark.parametrize(("column", "kind", "code"), REFUSED)
def test_a_type_that_says_something_else_is_a_finding(column, kind, code, check):
    codes = {found.rule.code for found in check(column, TYPES[kind]).report if found.column == column}
    assert code in codes


def test_whole_numbers_for_classes_that_are_numbers_are_refused(write):
    files = example_study(CATEGORICAL)
    names = [str(number) for number in range(1, 11)]
    files["study.yaml"] = files["study.yaml"].replace(b"classes: cifar10", f"classes: {names}".encode())
    del files[f"{PATH}.csv"]
    stream = io.BytesIO()
    parquet.write_table(pa.table({"image_1_label": [1, 2]}), stream)
    report = check_study(Study.open(write(files | {f"{PATH}.parquet": stream.getvalue()})))
    assert "HMX541" in {found.rule.code for found in report if found.column == "image_1_label"}
