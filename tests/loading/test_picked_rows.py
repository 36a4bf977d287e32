"""Picked rows, as split, shuffle, select and filter leave them: gathered at once, and never listed one by one."""

from __future__ import annotations

import datasets
import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.schema import arrays
from hmix_hub.tables import arrow_columns, pick_rows
from hmix_hub.tasks import RELEASED_CONFIGURATIONS


def in_pieces(dataset, rows):
    """The same dataset, its table cut every so many rows."""
    table = dataset.data.table.combine_chunks()
    cut = pa.Table.from_batches(table.to_batches(max_chunksize=rows), table.schema)
    return datasets.Dataset(cut, info=dataset.info, fingerprint="0123456789abcdef")


@pytest.fixture
def no_lists(monkeypatch):
    """Let `datasets` not gather rows: it lists their numbers in Python."""

    def refuse(*_, **__):
        msg = "the numbers of picked rows were turned into a list"
        raise AssertionError(msg)

    monkeypatch.setattr(datasets.formatting.formatting, "_query_table_with_indices_mapping", refuse)


def test_what_datasets_would_do_is_noticed(numbered, no_lists):
    with pytest.raises(AssertionError, match="into a list"):
        numbered.shuffle(seed=0).with_format("arrow")[:]


def same(one, other):
    if isinstance(one, torch.Tensor):
        return torch.equal(torch.nan_to_num(one, nan=-7), torch.nan_to_num(other, nan=-7))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    return one == other


JOBS = {
    "batches": lambda d: list(hmix_hub.batches(d, 64, targets="shown", columns=["participant_id", "flags"]))[-1],
    "mapped batches": lambda d: list(hmix_hub.batches(d, 64, targets="human", keep_in_memory=False))[-1],
    "JudgmentDataset": lambda d: dict(hmix_hub.JudgmentDataset(d, targets="human_weighted")[5]),
    "to_tensors": hmix_hub.to_tensors,
    "by_stimulus": lambda d: hmix_hub.by_stimulus(d).to_list(),
    "render": hmix_hub.render,
    "filter": lambda d: arrow_columns(hmix_hub.filter(d, mixing_coefficient=0.5), d.column_names).to_pylist(),
    "split": lambda d: arrow_columns(hmix_hub.split(d, by="participant")["test"], ["judgment_id"]).to_pylist(),
    "add_images": lambda d: hmix_hub.add_images(d).data.table.to_pylist(),
    "join": lambda d: arrow_columns(hmix_hub.join([d]), d.column_names).to_pylist(),
}


@pytest.mark.parametrize("job", JOBS)
def test_picked_rows_give_what_a_table_of_them_gives(job, load_sample, no_lists):
    whole = load_sample().select(range(400))
    rows = np.random.default_rng(0).permutation(400)[:150]
    table = pa.Table.from_batches(whole.data.table.to_batches(), whole.features.arrow_schema)
    alone = datasets.Dataset(table.slice(0, 400).take(pa.array(rows)), info=whole.info)
    assert same(JOBS[job](in_pieces(whole, 30).select(rows)), JOBS[job](alone))


@pytest.fixture(scope="module")
def numbered():
    texts = [None if number % 7 == 0 else "x" * (number % 5) + str(number) for number in range(60)]
    lists = [[text] * (number % 3) for number, text in enumerate(texts)]
    return datasets.Dataset.from_dict({"number": list(range(60)), "text": texts, "list": lists})


@settings(max_examples=40)
@given(st.lists(st.integers(0, 59), max_size=40), st.data(), st.integers(1, 60))
def test_rows_picked_twice_are_those_of_the_table(numbered, rows, data, piece):
    picked = in_pieces(numbered, piece).select(rows)
    again = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=20) if rows else st.just([]))
    twice = pick_rows(picked, np.array(again, dtype=np.int64))
    expected = numbered.to_list()
    assert arrow_columns(picked, numbered.column_names).to_pylist() == [expected[row] for row in rows]
    assert arrow_columns(twice, ["text", "number"])["number"].to_pylist() == [rows[row] for row in again]
    assert twice.to_list() == [expected[rows[row]] for row in again]


def test_a_dataset_keeps_its_format_when_rows_of_it_are_picked(numbered):
    formatted = numbered.shuffle(seed=0).with_format("numpy", columns=["number"])
    picked = pick_rows(formatted, np.array([3, 1]))
    assert picked.format == formatted.format
    assert picked["number"][:].tolist() == [formatted["number"][3], formatted["number"][1]]


@pytest.mark.parametrize("images", ["mixed", "endpoints"])
def test_pictures_that_fill_more_than_one_piece(images, monkeypatch, load_sample, tmp_path):
    rows = load_sample().select(range(40))
    expected = hmix_hub.add_images(rows, images)
    monkeypatch.setattr(arrays, "MOST", 20_000)
    added = hmix_hub.add_images(rows, images)
    names = [name for name in added.column_names if name not in rows.column_names]
    assert all(added.data.column(name).num_chunks > 1 for name in names)
    assert added.data.table.to_pylist() == expected.data.table.to_pylist()
    assert same(hmix_hub.to_tensors(added, names), hmix_hub.to_tensors(expected, names))
    options = {"split": "train[:40]", "source": "sample", "images": images, "cache_dir": tmp_path}
    assert hmix_hub.load_dataset("h-mix", **options).data.table.to_pylist() == expected.data.table.to_pylist()


def test_ids_of_more_than_2_gib(load_sample):
    few = load_sample().select(range(128))
    texts = pa.array([f"{number:07}" + "x" * (1 << 20) for number in range(128)])
    table = few.data.table.slice(0, 128).combine_chunks()
    place = table.column_names.index("stimulus_id")
    table = pa.concat_tables([table.set_column(place, "stimulus_id", texts)] * 17)
    dataset = datasets.Dataset(table, info=few.info, fingerprint="0123456789abcdef")
    tensors = hmix_hub.to_tensors(dataset, ["stimulus_id"])
    assert (tensors["stimulus_id"] == torch.arange(128).repeat(17)).all()
    assert torch.equal(
        hmix_hub.to_tensors(dataset, "stimulus_id", vocabularies=tensors)["stimulus_id"], tensors["stimulus_id"]
    )
    assert len(hmix_hub.filter(dataset, stimuli=texts[3].as_py())) == 17
    shuffled = dataset.shuffle(seed=0).select(range(50))
    assert arrow_columns(shuffled, ["stimulus_id"])["stimulus_id"].null_count == 0


@pytest.mark.parametrize("config", RELEASED_CONFIGURATIONS)
def test_a_shuffled_table_has_the_tensors_of_its_rows(config, load_sample, no_lists):
    whole = load_sample(config).select(range(30))
    rows = np.random.default_rng(1).permutation(30)
    got = hmix_hub.to_tensors(whole.select(rows))
    expected = hmix_hub.to_tensors(whole, vocabularies=got)
    assert same(dict(got), {name: tensor[torch.from_numpy(rows)] for name, tensor in expected.items()})
