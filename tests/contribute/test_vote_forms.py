"""Forms in which votes are contributed: counts in each form, objects by class, columns of a map, and many rows."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_votes import CLASSES, TASK, load, write_votes
from pyarrow import parquet

import hmix_hub
from hmix_hub.contribute.checking import check_study
from hmix_hub.contribute.importer import import_raw
from hmix_hub.schema import Vocabulary
from hmix_hub.studies.columns.by_class import ByClassReader
from hmix_hub.studies.example import csv_bytes, example_study, write_files
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.study import Study
from hmix_hub.tasks import TASKS

FORMS = {
    "bars": lambda row: "|".join(map(str, row)),
    "list": json.dumps,
    "object": lambda row: json.dumps({name: n for name, n in zip(CLASSES, row, strict=True) if n}),
    "object of many lines": lambda row: json.dumps(dict(zip(CLASSES, map(float, row), strict=True)), indent=1),
    "jsonl": lambda row: dict(zip(CLASSES, row, strict=True)),
}


@pytest.mark.parametrize("form", FORMS)
def test_counts_come_back_to_the_last_bit_in_every_form(form, tmp_path_factory):
    @settings(max_examples=8)
    @given(rows=st.lists(st.lists(st.integers(0, 200), min_size=3, max_size=3).filter(any), min_size=1, max_size=5))
    def check(rows):
        cells = [{"class_counts": FORMS[form](row)} for row in rows]
        folder = write_votes(tmp_path_factory.mktemp("votes-of"), cells, ending="jsonl" if form == "jsonl" else "csv")
        table = Study.open(folder).judgments(TASK)
        assert table["class_counts"].to_pylist() == rows
        assert table["class_frequencies"].to_pylist() == [[n / sum(row) for n in row] for row in rows]

    check()


ODD_NAMES = ("cat", " : 5, ", 'q"t', "x\\y", "a, b}", "-1e5")


@settings(max_examples=60, deadline=None)
@given(
    cells=st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(ODD_NAMES), st.integers(0, 9) | st.floats(0, 2**31 - 1), min_size=1),
            st.sampled_from([None, 2]),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_objects_are_read_as_json_reads_them_whatever_their_classes_are_called(cells):
    column = next(column for column in TASKS[TASK].columns if column.name == "class_frequencies")
    report = Report()
    reader = ByClassReader(replace(column, high=None), Vocabulary(ODD_NAMES), Reporter(report, "a.csv"))
    written = pa.array([json.dumps(numbers, indent=indent) for numbers, indent in cells])
    found = reader.from_text(written, np.arange(len(cells))).to_pylist()
    assert found == [[float(numbers.get(name, 0)) for name in ODD_NAMES] for numbers, _ in cells]
    assert not report.errors


@pytest.mark.parametrize(
    "cell", ['{"cat": 1, "cat": 2}', '{"cat": 1e999}', '{"cow": 1}', '{"cat": 01}', '{"cat": true}']
)
def test_an_object_among_others_that_is_none_of_numbers_by_class_is_a_finding(cell, votes):
    rows = [{"class_counts": '{"cat": 1, "dog": 2}'}] * 2 + [{"class_counts": cell}]
    found = [finding for finding in Study.open(votes(rows)).report.errors if finding.column == "class_counts"]
    assert [spot.row for finding in found for spot in finding.spots] == [2]


def test_frequencies_without_counts_are_kept_as_they_are(votes):
    ds = load(
        votes(
            [
                {"class_frequencies": "0.3|0.7|0", "n_votes": "10"},
                {"class_frequencies": "0.33|0.33|0.33", "n_votes": ""},
            ]
        )
    )
    assert ds["class_counts"][:] == [None, None]
    assert ds["n_votes"][:] == [10, None]
    assert ds[0]["class_frequencies"] == [0.3, 0.7, 0.0]
    assert ds[1]["class_frequencies"] == pytest.approx([1 / 3] * 3, abs=1e-15)
    assert hmix_hub.to_tensors(ds)["class_counts"].tolist() == [[-1] * 3] * 2
    assert not hmix_hub.to_tensors(ds)["class_counts_mask"].any()


def test_a_map_makes_counts_of_a_column_for_each_class(tmp_path):
    raw = tmp_path / "raw.csv"
    raw.write_text("picture,label,n_cat,n_dog\n0,cat,12,3\n1,dog,,7\n")
    column_map = tmp_path / "map.yaml"
    column_map.write_text(
        f"task: {TASK}\ncolumns:\n  image_1_index: picture\n  image_1_label: label\n"
        "  mixing_coefficient: {constant: '1'}\n"
        "  class_counts: {counts: {cat: n_cat, dog: n_dog}}\n"
    )
    import_raw([raw], tmp_path / "study", map_file=column_map)
    written = (tmp_path / f"study/judgments/{TASK}.csv").read_text()
    assert '""cat"": 12' in written
    manifest = tmp_path / "study/study.yaml"
    text = (
        manifest.read_text()
        .replace("source: TODO", "source: cifar10/test")
        .replace("classes: TODO", "classes: [cat, dog]")
    )
    manifest.write_text(text)
    ds = load(tmp_path / "study")
    assert ds["class_counts"][:] == [[12, 3], [0, 7]]


def test_many_rows_are_read_to_the_last_one(tmp_path):
    n = 50_000
    counts = np.random.default_rng(0).integers(0, 60, (n, 10))
    counts[:, 0] += 1
    first = np.arange(n) // 10
    table = pa.table(
        {
            "image_1_index": first,
            "image_2_index": first + 1 + np.arange(n) % 10,
            "mixing_coefficient": np.full(n, 0.5),
            "class_counts": ["|".join(map(str, row)) for row in counts.tolist()],
        }
    )
    folder = write_files(tmp_path / "many", {"study.yaml": example_study(TASK)["study.yaml"]})
    (folder / "judgments").mkdir()
    parquet.write_table(table, folder / f"judgments/{TASK}.parquet")
    found = Study.open(folder).judgments(TASK)
    assert np.array_equal(np.array(found["class_counts"].to_pylist()), counts)


def test_the_votes_of_cifar10h_load_to_the_last_bit(cifar10h_counts, tmp_path):
    counts = np.load(cifar10h_counts)
    files = example_study(TASK)
    manifest = files["study.yaml"].decode().replace("mixing: pixel-linear", "mixing: none")
    rows = [
        {"image_1_index": index, "mixing_coefficient": 1, "class_counts": "|".join(map(str, row))}
        for index, row in enumerate(counts.tolist())
    ]
    folder = write_files(
        tmp_path / "cifar10h", {"study.yaml": manifest.encode(), f"judgments/{TASK}.csv": csv_bytes(rows)}
    )
    study = Study.open(folder)
    assert not check_study(study).errors
    table = study.judgments(TASK)
    shares = np.array(table["class_frequencies"].to_pylist())
    assert np.array_equal(shares, counts / counts.sum(axis=1, keepdims=True))
    labels = table["image_1_label"].to_numpy()
    assert (len(table), int(counts.sum())) == (10_000, 511_000)
    assert (shares.argmax(axis=1) == labels).mean() == 0.9921
