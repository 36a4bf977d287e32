"""Reading of files: every row has its number, whatever stands between the rows, and however many are read at a time."""

from __future__ import annotations

import gzip
import random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from study_generator.broken import break_bytes
from study_generator.studies import studies

from hmix_hub.arrow_files import parse_csv
from hmix_hub.contribute.checking import check_study
from hmix_hub.studies.catalogue import catalogue
from hmix_hub.studies.example import example_study
from hmix_hub.studies.findings import Report
from hmix_hub.studies.reading import csv_file, parquet_file, read_chunks, text
from hmix_hub.studies.reading import json_file as jsonl_file
from hmix_hub.studies.study import Study

RETURN = "carriage return and line feed"


@pytest.fixture
def read(tmp_path):
    """Read the bytes of a file: its rows as (number, cells), and what is found as (code, row)."""

    def read_bytes(content, name="table.csv", **options):
        (tmp_path / name).write_bytes(content)
        report = Report()
        rows = [
            (number, cells)
            for chunk in read_chunks(tmp_path / name, name, report, **options)
            for number, cells in zip(
                chunk.rows.tolist(),
                zip(*(column.to_pylist() for column in chunk.columns.values()), strict=True),
                strict=True,
            )
        ]
        return rows, [(found.rule.code, spot.row) for found in report for spot in found.spots]

    return read_bytes


@pytest.fixture(params=[None, 24, 64, 1000], ids=lambda size: f"chunks of {size} bytes" if size else "one chunk")
def size(request, monkeypatch):
    """Bytes that are read at a time."""
    if request.param:
        for module in (csv_file, jsonl_file, text):
            monkeypatch.setattr(module, "CHUNK_BYTES", request.param)
    return request.param


TABLES = {
    "rows": (b"a,b\n1,2\n3,4\n", [(0, ("1", "2")), (1, ("3", "4"))]),
    "no line end at the end": (b"a,b\n1,2\n3,4", [(0, ("1", "2")), (1, ("3", "4"))]),
    RETURN: (b"a,b\r\n1,2\r\n3,4\r\n", [(0, ("1", "2")), (1, ("3", "4"))]),
    "blank lines are no rows": (b"a,b\n\n1,2\n\n\n3,4\n\n", [(0, ("1", "2")), (1, ("3", "4"))]),
    "a line end in quotes": (b'a,b\n1,"2\n2"\n3,4\n', [(0, ("1", "2\n2")), (1, ("3", "4"))]),
    "a comma in quotes": (b'a,b\n"1,1",2\n', [(0, ("1,1", "2"))]),
    "a quote in quotes": (b'a,b\n"1""1",2\n', [(0, ('1"1', "2"))]),
    "a quote within a cell": (b'a,b\n1"1,2\n3,4"\n', [(0, ('1"1', "2")), (1, ("3", '4"'))]),
    "empty cells": (b'a,b\n,\n"",""\n', [(0, ("", "")), (1, ("", ""))]),
    "one column": (b"a\n1\n2\n", [(0, ("1",)), (1, ("2",))]),
    "many scripts": ("a,b\né,한\n🐸,ไ\n".encode(), [(0, ("é", "한")), (1, ("🐸", "ไ"))]),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_read_row_by_row(name, read, size):
    content, rows = TABLES[name]
    assert read(content) == (rows, [])
    assert read(gzip.compress(content), "table.csv.gz") == (rows, [])


@pytest.mark.parametrize("content", [b"a,b", b"a,b\n", b"a,b\r\n", b"a,b\n\n\n"])
def test_a_header_alone_has_no_rows(content, read):
    assert read(content) == ([], [])


RAGGED = {
    "too few": (b"a,b\n1,2\n3\n5,6\n", [0, 2], [1]),
    "too many": (b"a,b\n1,2\n3,4,5\n5,6\n", [0, 2], [1]),
    "the first": (b"a,b\n1\n3,4\n", [1], [0]),
    "the last": (b"a,b\n1,2\n3\n", [0], [1]),
    "many in a row": (
        b"a,b\n" + b"1\n" * 30 + b"3,4\n" + b"5\n" * 30 + b"6,7\n",
        [30, 61],
        [*range(30), *range(31, 61)],
    ),
    "every second": (b"a,b\n" + b"1,2\n3\n" * 40, list(range(0, 80, 2)), list(range(1, 81, 2))),
    "after a blank line": (b"a,b\n\n1,2\n\n3\n5,6\n", [0, 2], [1]),
    "after a line end in quotes": (b'a,b\n1,"2\n2"\n3\n5,6\n', [0, 2], [1]),
    "a line of spaces": (b"a,b\n1,2\n  \n5,6\n", [0, 2], [1]),
    "all": (b"a,b\n" + b"1\n" * 50, [], list(range(50))),
}


@pytest.mark.parametrize("name", RAGGED)
def test_a_ragged_row_is_told_and_counted(name, read, size):
    content, numbers, ragged = RAGGED[name]
    rows, found = read(content)
    assert [number for number, _ in rows] == numbers
    assert found == [("HMX505", row) for row in ragged]


def test_reading_ends_where_too_many_rows_are_ragged(read, monkeypatch):
    monkeypatch.setattr(csv_file, "RAGGED_LIMIT", 3)
    assert read(b"a,b\n" + b"1\n" * 10)[1] == [("HMX505", 0), ("HMX505", 1), ("HMX505", 2)]


@settings(max_examples=100)
@given(text=st.text(alphabet='",;\n\ra', max_size=60), delimiter=st.sampled_from([",", ";"]))
def test_a_text_is_cut_where_a_row_ends_and_nowhere_else(text, delimiter):
    def parsed(part):
        ragged = []
        batch = parse_csv(part, ["a", "b"], delimiter, lambda row: ragged.append(row.text) or "skip")
        return list(zip(*batch.to_pydict().values(), strict=True)), ragged

    content = text.encode()
    for end in (b"\n", b"\r"):
        cut = csv_file._last_row_end(content, end, delimiter.encode())
        (rows, ragged), (more_rows, more_ragged) = parsed(content[:cut]), parsed(content[cut:])
        assert (rows + more_rows, ragged + more_ragged) == parsed(content)


BROKEN = {
    "a quote that is never closed": (b'a,b\n1,2\n3,"4\n5,6\n7,8\n', ("HMX506", 1)),
    "a quote over two lines of the header": (b'a,"b\nc",d\n1,2,3\n', ("HMX506", None)),
    "nothing": (b"", ("HMX506", None)),
    "a blank line first": (b"\na,b\n1,2\n", ("HMX506", None)),
    "semicolons": (b"a;b\n1;2\n", ("HMX503", None)),
    "carriage returns": (b"a,b\r1,2\r", ("HMX504", None)),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), ("HMX500", None)),
    "Latin-1": (b"a,b\n1,2\n3,\xe9\n", ("HMX500", 1)),
    "half of a character at the end": (b"a,b\n1,\xc3", ("HMX500", 0)),
    "a NUL": (b"a,b\n1,2\n3,\x00\n", ("HMX502", 1)),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_is_told_with_its_row(name, read):
    content, found = BROKEN[name]
    assert read(content)[1] == [found]


def test_a_table_in_an_older_encoding_is_read_where_that_is_asked_for(read):
    assert read(b"a,b\n1,\xe9\n", is_tolerant=True)[0] == [(0, ("1", "é"))]
    # Windows has no character for this byte.
    assert read(b"a,b\n1,\x81\n", is_tolerant=True)[0] == [(0, ("1", "\x81"))]


JSON = {
    "objects": (b'{"a": 1, "b": "x"}\n{"a": 2, "b": "y"}\n', [(0, ("1", "x")), (1, ("2", "y"))]),
    "blank lines are no rows": (b'\n{"a": 1}\n \n\n{"a": 2}', [(0, ("1",)), (1, ("2",))]),
    RETURN: (b'{"a": 1}\r\n{"a": 2}\r\n', [(0, ("1",)), (1, ("2",))]),
    "a key that comes late": (
        b'{"a": 1}\n' * 9 + b'{"a": 2, "b": 3}\n',
        [*((n, ("1", None)) for n in range(9)), (9, ("2", "3"))],
    ),
    "truths, lists and nothing": (b'{"a": true, "b": null, "c": ["x"]}\n', [(0, ("true", None, '["x"]'))]),
    "numbers as they are": (
        b'{"a": 0.1, "b": 9007199254740993, "c": 1e400}\n',
        [(0, ("0.1", "9007199254740993", "inf"))],
    ),
}


@pytest.mark.parametrize("name", JSON)
def test_lines_of_json_are_read_row_by_row(name, read, monkeypatch):
    content, rows = JSON[name]
    assert read(content, "table.jsonl") == (rows, [])
    monkeypatch.setattr(jsonl_file, "CHUNK_ROWS", 2)
    assert read(content, "table.jsonl") == (rows, [])


BROKEN_JSON = {
    "no JSON": b'{"a": 1}\n{"a": 1\n',
    "no object": b'{"a": 1}\n[1]\n',
    "a key twice": b'{"a": 1}\n{"a": 1, "a": 2}\n',
    "a key twice within": b'{"a": 1}\n{"a": {"b": 1, "b": 2}}\n',
    "half of a character": b'{"a": 1}\n{"a": "\\ud800"}\n',
    "a number of 5000 digits": b'{"a": 1}\n{"a": ' + b"9" * 5000 + b"}\n",
}


@pytest.mark.parametrize("name", BROKEN_JSON)
def test_a_line_that_is_no_object_is_told_with_its_row(name, read):
    assert read(BROKEN_JSON[name], "table.jsonl")[1] == [("HMX506", 1)]


@pytest.mark.parametrize("row", [0, 5])
def test_the_row_of_a_byte_that_is_no_text_is_told_in_json_as_in_csv(row, read):
    lines = [b'{"a": 1}\n'] * 9
    lines[row] = b'{"a": "\xe9"}\n'
    assert read(b"".join(lines), "table.jsonl")[1] == [("HMX500", row)]


def test_a_compressed_file_that_grows_beyond_measure_is_not_inflated(read, monkeypatch):
    monkeypatch.setattr(text, "INFLATED_FREE", 1000)
    assert read(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000), "table.csv.gz")[1] == [("HMX507", None)]


def test_a_compressed_file_may_grow_as_tables_do(read):
    rows, found = read(gzip.compress(b"a,b\n" + b"1,2\n" * 1000), "table.csv.gz")
    assert (len(rows), found) == (1000, [])


# One cell of 100 kB is longer than a chunk.
EXAMPLES = [rule for rule in catalogue().values() if rule.code < "HMX600" and rule.name != "too-large"]


@pytest.mark.parametrize("rule", EXAMPLES, ids=lambda rule: f"{rule.code}-{rule.name}")
def test_the_findings_of_an_example_are_the_same_however_much_is_read_at_a_time(rule, write):
    files = example_study(rule.example.task)
    rule.example.failing.apply(files)
    folder = write(files)
    whole = check_study(Study.open(folder)).as_dict()
    with pytest.MonkeyPatch.context() as patch:
        # The example of too many columns has long rows.
        patch.setattr(csv_file, "CHUNK_BYTES", 20_000 if rule.name == "too-many-columns" else 700)
        assert check_study(Study.open(folder)).as_dict() == whole


_PATCHED = ((csv_file, "CHUNK_BYTES"), (jsonl_file, "CHUNK_ROWS"), (parquet_file, "CHUNK_ROWS"))


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(study=studies(fewest_trials=2), seed=st.integers(0, 2**32), is_broken=st.booleans())
def test_the_findings_are_the_same_however_much_is_read_at_a_time(study, seed, is_broken, put):
    rng = random.Random(seed)
    if is_broken and study.style.ending in {"csv", "jsonl"}:
        study.edit(lambda content: break_bytes(content, rng))
    folder = put(study)
    whole = check_study(Study.open(folder)).as_dict()
    # Longer than any row.
    sizes = {"CHUNK_BYTES": 20_000 if is_broken else 1500, "CHUNK_ROWS": rng.randrange(1, 9)}
    with pytest.MonkeyPatch.context() as patch:
        for module, name in _PATCHED:
            patch.setattr(module, name, sizes[name])
        assert check_study(Study.open(folder)).as_dict() == whole


def _parquet(rows, length):
    columns = {"x_a": pa.repeat("a", rows), "x_b": pa.array([[1] * length] * rows, pa.list_(pa.int8()))}
    stream = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), stream)
    return stream.getvalue().to_pybytes()


@pytest.mark.parametrize(
    ("limits", "lists", "note"),
    [
        ({"ROW_LIMIT": 100}, (101, 0), "101 rows, but the maximum is 100"),
        ({"ROW_LIMIT": 100}, (100, 0), None),
        ({"ROWS_FREE": 10, "ROWS_PER_BYTE": 1}, (50_000, 0), "cannot be judgments; if they are, write them as CSV"),
        ({"ROWS_FREE": 50_000, "ROWS_PER_BYTE": 0}, (50_000, 0), None),
        ({"VALUES_LIMIT": 60}, (20, 3), None),
        ({"VALUES_LIMIT": 60}, (20, 4), "80 list items; write smaller row groups"),
        ({"TEXT_LIMIT": 800}, (2, 99), None),
        ({"TEXT_LIMIT": 800}, (2, 101), "a row has 809 bytes"),
    ],
)
def test_a_parquet_file_is_refused_by_what_it_says_of_itself(limits, lists, note, tmp_path, monkeypatch):
    for name, limit in limits.items():
        monkeypatch.setattr(parquet_file, name, limit)
    path = tmp_path / "a.parquet"
    path.write_bytes(_parquet(*lists))
    report = Report()
    read = sum(map(len, read_chunks(path, path.name, report)))
    if note is None:
        assert (read, report.findings) == (lists[0], [])
    else:
        (found,) = report
        assert found.rule.code == "HMX507"
        assert note in found.spots[0].note
