"""The map-style dataset, in a `DataLoader` with and without workers."""

import pickle

import pytest
import torch
from torch.utils.data import ConcatDataset, DataLoader, Subset

import hmix_hub


@pytest.fixture(scope="module")
def rows(load_sample):
    return hmix_hub.JudgmentDataset(load_sample(), targets=["human", "shown"], columns=["confidence"])


def test_an_item_is_a_row(rows, load_sample):
    item = rows[5]
    assert set(item) == {"image", "human", "shown", "confidence", "confidence_mask"}
    torch.testing.assert_close(item["image"], hmix_hub.render(load_sample())[5].float() / 255)
    assert torch.equal(rows[-1]["human"], rows[len(rows) - 1]["human"])


@pytest.mark.parametrize("row", [5000, -5000])
def test_a_row_that_is_not_there_is_an_index_error(row, rows):
    with pytest.raises(IndexError):
        rows[row]


def test_no_rows_are_an_empty_batch(rows):
    assert {name: len(tensor) for name, tensor in rows.__getitems__([]).batch.items()} == dict.fromkeys(rows[0], 0)


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("context", [None, "fork", "spawn"])
def test_a_loader_gives_the_rows_with_and_without_workers(context, rows):
    options = {} if context is None else {"num_workers": 1, "multiprocessing_context": context}
    loader = DataLoader(rows, batch_size=500, **options)
    for number, batch in enumerate(loader):
        start = 500 * number
        items = [rows[row] for row in range(start, min(start + 500, len(rows)))]
        assert same(batch, {name: torch.stack([item[name] for item in items]) for name in items[0]})


def test_subsets_and_concatenations_collate_as_usual(rows):
    expected = next(iter(DataLoader(rows, batch_size=4)))
    assert same(next(iter(DataLoader(Subset(rows, range(4)), batch_size=4))), expected)
    assert same(next(iter(DataLoader(ConcatDataset([rows, rows]), batch_size=4))), expected)


def test_it_survives_pickling(rows):
    assert same(pickle.loads(pickle.dumps(rows))[7], rows[7])
