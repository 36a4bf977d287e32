"""Clashes: a copy of a judgment is told from another judgment with the same trial, whatever else is wrong."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.fixing import fix
from hmix_hub.studies.example import example_study
from hmix_hub.studies.rules.changes import ROW, rows_changed
from hmix_hub.studies.study import Study
from hmix_hub.tasks import INFER

TABLE = f"judgments/{INFER}.csv"


def with_rows(change):
    files = example_study()
    rows_changed("", change).apply(files)
    return files


def clashes(report):
    return {found.rule.code: found.count for found in report if found.rule.code in {"HMX570", "HMX571"}}


def copied(*rows, **cells):
    """Append copies of rows, with other cells."""
    return lambda table: [*table, *(table[row] | cells for row in rows)]


def test_a_session_that_was_imported_twice_is_fixed(write):
    def imported_twice(rows):
        every = [*rows, *(dict(row) for row in rows[:12])]
        return [row | {"source_file": f"raw{n // 10}.csv", "source_row": n} for n, row in enumerate(every)]

    files = with_rows(imported_twice)
    folder = write(files)
    assert clashes(check_study(Study.open(folder))) == {"HMX571": 12}
    fixes, report = fix(Study.open(folder, is_draft=True))
    assert [(fix.rule.code, fix.count) for fix in fixes] == [("HMX571", 12)]
    assert report.findings == []
    kept = list(csv.DictReader(io.StringIO((folder / TABLE).read_text())))
    assert kept == list(csv.DictReader(io.StringIO(files[TABLE].decode())))[:-12]


@pytest.mark.parametrize("cells", [{"x_side": "right"}, {"collection_round": "2"}, {"confidence": "0.011"}])
def test_a_row_that_differs_in_a_cell_is_another_judgment(cells, write):
    (name,) = cells
    first = {name: "left"} if name == "x_side" else {name: "1"} if name == "collection_round" else {}
    files = with_rows(lambda rows: copied(ROW, **cells)([row | first for row in rows]))
    folder = write(files)
    assert clashes(check_study(Study.open(folder))) == {"HMX570": 1}
    assert fix(Study.open(folder, is_draft=True))[0] == []


def test_copies_and_other_versions_of_one_judgment_are_counted_apart(write):
    files = with_rows(lambda rows: copied(ROW)(copied(ROW, confidence="0.011")(copied(ROW)(rows))))
    assert clashes(check_study(Study.open(write(files)))) == {"HMX570": 1, "HMX571": 2}


@pytest.mark.parametrize("column", ["image_1_label", "mixing_coefficient", "image_1_index", "inferred_coefficient"])
def test_clashes_are_counted_where_the_rows_have_other_errors(column, write):
    files = with_rows(copied(ROW, 8, 9, **{column: "neither"}))
    assert clashes(check_study(Study.open(write(files)))) == {"HMX570": 3}


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view(), None])
def test_copies_are_known_in_every_format(kind, write):
    files = with_rows(copied(ROW))
    rows = list(csv.DictReader(io.StringIO(files.pop(TABLE).decode())))
    stream = io.BytesIO()
    if kind:
        columns = {name: pa.array([row[name] for row in rows], kind) for name in rows[0]}
        parquet.write_table(pa.table(columns), stream)
    else:
        stream.write("".join(json.dumps(row) + "\n" for row in rows).encode())
    table = TABLE.replace("csv", "parquet" if kind else "jsonl")
    report = check_study(Study.open(write(files | {table: stream.getvalue()})))
    assert clashes(report) == {"HMX571": 1}
