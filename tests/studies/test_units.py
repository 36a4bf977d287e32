"""Tables that are larger than a unit: sorted, and cut into units of whole participants or stimuli; the same rows."""

from __future__ import annotations

import csv
import io
from functools import partial
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.studies.checks import computed
from hmix_hub.studies.example import csv_bytes, example_study, write_files
from hmix_hub.studies.opened import Space
from hmix_hub.studies.stored_rows import cut, read_rows
from hmix_hub.studies.study import Study
from hmix_hub.tasks import CATEGORICAL, CONFIGURATIONS, INFER, TASKS

SMALL = Space(unit=20, shard=2)
JUDGED = [name for name, task in TASKS.items() if task.has_participants]


def in_units(folder, space=SMALL):
    study = Study.open(folder, space=space)
    study.keeps_rows = True
    assert not study.report.errors
    return study


@pytest.mark.parametrize("task", JUDGED)
def test_the_units_hold_all_rows_sorted_by_participant(task, tmp_path):
    folder = write_files(tmp_path, example_study(task))
    whole, study = Study.open(folder).tables[task], in_units(folder)
    units = list(study.units(task))
    assert [len(unit) for unit in units] == [24] * 6
    people = [set(unit["participant_id"].to_pylist()) for unit in units]
    assert sum(map(len, people)) == len(set().union(*people))
    assert pa.concat_tables(units).equals(
        whole.sort_by([("participant_id", "ascending"), ("trial_index", "ascending")])
    )
    assert study.rows_of(task) == len(whole)
    assert study.tables[task].equals(pa.concat_tables(units))


def test_rows_that_pool_their_participants_are_cut_into_whole_stimuli(tmp_path):
    (task,) = TASKS.keys() - set(JUDGED)
    folder = write_files(tmp_path, example_study(task))
    whole, units = Study.open(folder).tables[task], list(in_units(folder).units(task))
    assert [len(unit) for unit in units] == [20] * 6 + [12]
    assert sorted(pa.concat_tables(units).to_pylist(), key=str) == sorted(whole.to_pylist(), key=str)
    coefficients = pa.concat_tables(units)["mixing_coefficient"].to_pylist()
    assert coefficients == sorted(coefficients)


@pytest.mark.parametrize("name", [name for name, one in CONFIGURATIONS.items() if one.by_stimulus])
def test_by_stimulus_a_unit_is_whole_stimuli_and_lists_are_in_table_order(name, tmp_path):
    task = CONFIGURATIONS[name].task
    study = in_units(write_files(tmp_path, example_study(task)))
    units = list(study.units(name))
    assert len(units) > 3
    pooled = pa.concat_tables(units)
    wanted = by_stimulus(pa.concat_tables(study.units(task)), task, study.manifest.vocabulary)
    assert sorted(pooled.to_pylist(), key=str) == sorted(wanted.to_pylist(), key=str)
    assert pooled["mixing_coefficient"].to_pylist() == sorted(pooled["mixing_coefficient"].to_pylist())
    assert study.rows_of(name) == len(wanted)


OWN = {
    "whole": ["1", "2", ""],
    "id": ["007", "7"],
    "number": ["1.5", "-0", "0"],
    "written": ["1.10", "1.1"],
    "truth": ["True", "false"],
    "Truth": ["yes", "no"],
    "none": [""],
    "late": ["1"] * 143 + ["one"],
}


def with_own_columns(task=INFER, columns=OWN):
    files = example_study(task)
    path = f"judgments/{task}.csv"
    rows = list(csv.DictReader(io.StringIO(files[path].decode())))
    for number, row in enumerate(rows):
        row |= {f"x_{name}": values[number % len(values)] for name, values in columns.items()}
    return files | {path: csv_bytes(rows)}


def test_the_whole_file_decides_the_types_of_own_columns(tmp_path):
    folder = write_files(tmp_path, with_own_columns())
    whole, study = Study.open(folder).tables[INFER], in_units(folder)
    kinds = dict(zip(whole.column_names, whole.schema.types, strict=True))
    assert [str(kinds[f"x_{name}"]) for name in OWN] == "int64 string double string bool string string string".split()
    assert {unit.schema for unit in study.units(INFER)} == {whole.schema}
    ordered = whole.sort_by([("participant_id", "ascending"), ("trial_index", "ascending")])
    assert pa.concat_tables(study.units(INFER)).equals(ordered)


def test_what_all_answers_show_to_have_been_asked_decides_the_soft_labels_of_each_unit(tmp_path):
    files = example_study(CATEGORICAL)
    manifest = files["study.yaml"].decode()
    start, end = manifest.index("soft_labels:"), manifest.index("citation:")
    files["study.yaml"] = (manifest[:start] + manifest[end:]).encode()
    folder = write_files(tmp_path, files)
    whole = Study.open(folder).tables[CATEGORICAL]
    ordered = whole.sort_by([("participant_id", "ascending"), ("trial_index", "ascending")])
    assert pa.concat_tables(Study.open(folder, space=SMALL).units(CATEGORICAL)).equals(ordered)


@given(st.lists(st.integers(1, 7), max_size=30), st.integers(1, 9), st.data())
def test_a_unit_ends_with_the_key_that_fills_it(sizes, size, data):
    keys = [key for key, rows in enumerate(sizes) for _ in range(rows)]
    ends = sorted(data.draw(st.sets(st.integers(0, len(keys)), max_size=9)) | {0, len(keys)})
    parts = [pa.table({"key": pa.array(keys[start:end], pa.int64())}) for start, end in pairwise(ends)]
    units = [unit["key"].to_pylist() for unit in cut(parts, ["key"], size)]
    assert [key for unit in units for key in unit] == keys
    for unit in units[:-1]:
        assert len(unit) >= size
        assert unit.index(unit[-1]) < size
    assert all(set(one).isdisjoint(other) for one, other in pairwise(units))


def test_computed_columns_of_a_large_file_are_compared_in_the_order_of_the_file(tmp_path, monkeypatch):
    table = Study.open(write_files(tmp_path / "example", example_study(INFER))).tables[INFER]
    columns = {name: table[name].to_pylist() for name in ("judgment_id", "batch_id", "presentation")}
    for name, row in (("batch_id", 100), ("batch_id", 7), ("presentation", 143)):
        columns[name][row] = 9
    files = example_study(INFER)
    rows = list(csv.DictReader(io.StringIO(files[f"judgments/{INFER}.csv"].decode())))
    given = [{**row, **{name: values[number] for name, values in columns.items()}} for number, row in enumerate(rows)]
    order = np.random.default_rng(0).permutation(len(given)).tolist()
    folder = write_files(
        tmp_path / "given", files | {f"judgments/{INFER}.csv": csv_bytes([given[number] for number in order])}
    )
    whole = Study.open(folder).report.as_dict()
    monkeypatch.setattr(computed, "read_rows", partial(read_rows, unit=20))
    assert Study.open(folder).report.as_dict() == whole
    places = {
        (found["column"], place["row"])
        for found in whole["findings"]
        if found["code"] == "HMX534"
        for place in found["places"]
    }
    assert places == {("batch_id", order.index(100)), ("batch_id", order.index(7)), ("presentation", order.index(143))}


def test_rows_in_the_order_of_the_file_are_whole_also_after_they_were_broken_off(tmp_path):
    folder = write_files(tmp_path, example_study(INFER))
    study = Study.open(folder, space=SMALL)
    rows = study.rows(INFER)
    assert rows.is_large

    broken = rows.in_file_order(["pair_id"])
    next(broken)
    broken.close()
    found = pa.concat_tables(rows.in_file_order(["pair_id"]))

    assert found["pair_id"].to_pylist() == Study.open(folder).tables[INFER]["pair_id"].to_pylist()
