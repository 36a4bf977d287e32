"""Rows picked by number: the same as `Dataset.select` picks, whatever the dataset has been through."""

import pickle

import numpy as np
import pytest
from datasets import Dataset, concatenate_datasets
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.tables import arrow_columns, pick_rows

DATASET = Dataset.from_dict({"n": list(range(50)), "name": [f"row {n}" for n in range(50)]})
STATES = {
    "whole": lambda ds: ds,
    "sliced": lambda ds: ds.select(range(5, 45)),
    "picked": lambda ds: ds.select(range(0, 50, 3)),
    "shuffled": lambda ds: ds.shuffle(seed=1),
    "formatted": lambda ds: ds.with_format("numpy", columns=["n"]),
    "concatenated": lambda ds: concatenate_datasets([ds, ds.select(range(9))]),
    "reversed": lambda ds: ds.select(range(49, -1, -1)),
    "renamed": lambda ds: ds.rename_column("name", "title"),
    "fewer columns": lambda ds: ds.remove_columns("name"),
    "with a column": lambda ds: ds.add_column("double", [2 * n for n in range(len(ds))]),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("rows", [[], [0], [3, 4, 5], [0, 2, 7], [1, 2, 3, 8]])
def test_the_rows_are_those_of_select(state, rows):
    dataset = STATES[state](DATASET)
    picked, selected = pick_rows(dataset, np.array(rows, dtype=np.int64)), dataset.select(rows)
    assert picked.with_format(None)[:] == selected.with_format(None)[:]
    assert picked.format == selected.format
    assert picked.features == selected.features
    assert picked.split == selected.split


@given(st.sets(st.integers(0, 49)), st.data())
@settings(max_examples=40)
def test_picking_twice_is_picking_once(first, data):
    rows = np.array(sorted(first), dtype=np.int64)
    again = np.array(sorted(data.draw(st.sets(st.integers(0, len(rows) - 1)) if first else st.just(set()))), np.int64)
    assert pick_rows(pick_rows(DATASET, rows), again)["n"][:] == rows[again].tolist()


def test_the_fingerprint_follows_the_rows():
    rows = np.array([0, 2, 7])
    one, same, other = (pick_rows(DATASET, r)._fingerprint for r in (rows, rows.copy(), rows + 1))
    assert one == same != other


def test_picked_rows_survive_pickling_mapping_and_saving(tmp_path):
    picked = pick_rows(DATASET, np.array([0, 2, 7]))
    assert pickle.loads(pickle.dumps(picked))["n"][:] == [0, 2, 7]
    assert picked.map(lambda row: {"n": row["n"] + 1})["n"][:] == [1, 3, 8]
    picked.save_to_disk(tmp_path / "saved")
    assert Dataset.load_from_disk(tmp_path / "saved")["n"][:] == [0, 2, 7]


@pytest.mark.parametrize("state", STATES)
def test_columns_are_those_of_the_dataset(state):
    dataset = STATES[state](DATASET)
    assert arrow_columns(dataset, ["n"])["n"].to_pylist() == dataset.with_format(None)["n"][:]


def test_a_format_is_kept_by_a_filter(load_sample):
    formatted = load_sample().with_format("torch", columns=["confidence"])
    assert hmix_hub.filter(formatted, mixing_coefficient=0.5).format["type"] == "torch"
