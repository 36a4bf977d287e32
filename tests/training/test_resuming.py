"""Resuming: epochs follow each other, and a state goes on with the very next batch, for any number of processes."""

import pickle
from itertools import zip_longest

import pytest
import torch
from datasets import concatenate_datasets
from hypothesis import given
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError


@pytest.fixture(scope="module")
def sample(load_sample):
    return load_sample()


def test_more_rows_than_one_chunk_are_given_once_and_resumed_within(load_sample):
    dataset = concatenate_datasets([load_sample()] * 30)
    loader = hmix_hub.batches(dataset, 1000, images=None)
    whole, states = [], []
    for batch in loader:
        whole.append(batch["row"].tolist())
        states.append(loader.state_dict())
    assert sorted(row for rows in whole for row in rows) == list(range(len(dataset)))
    for stop in (0, 15, 16, 17, len(whole) - 2):
        loader.load_state_dict(states[stop])
        assert [batch["row"].tolist() for batch in loader] == whole[stop + 1 :]


def test_the_usual_loop_over_epochs_goes_on_where_it_stopped(load_sample):
    loader = hmix_hub.batches(load_sample(), 100, images=None)
    state = None
    for number, _ in enumerate(loader):
        if number == 4:
            state = loader.state_dict()
    resumed = hmix_hub.batches(load_sample(), 100, images=None)
    resumed.load_state_dict(state)
    lengths = []
    for epoch in range(state["epoch"], 3):
        resumed.set_epoch(epoch)
        lengths.append(len(list(resumed)))
    assert lengths == [8, 13, 13]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"place": -5}, "integer"),
        ({"epoch": 1.5}, "integer"),
        ({"epoch": None}, "integer"),
        ({"fingerprint": "x"}, "to other batches"),
    ],
)
def test_a_damaged_state_is_refused(change, told, load_sample):
    loader = hmix_hub.batches(load_sample(), 100, images=None)
    with pytest.raises(ConfigurationError, match=told):
        loader.load_state_dict(loader.state_dict() | change)
    for nothing in ({}, None, [1]):
        with pytest.raises(ConfigurationError, match="not a state of batches: it lacks epoch, place"):
            loader.load_state_dict(nothing)


@given(st.integers(1, 90), st.integers(1, 4), st.booleans(), st.data())
def test_resumed_anywhere_it_is_as_if_never_stopped(sample, batch_size, world_size, drop_last, data):
    dataset = sample.select(range(100))
    rank = data.draw(st.integers(0, world_size - 1))
    options = {"images": None, "seed": 7, "drop_last": drop_last, "rank": rank, "world_size": world_size}
    options["pad"] = not drop_last and data.draw(st.booleans())
    if data.draw(st.booleans()):
        options |= {"keep_in_memory": False, "buffer_size": data.draw(st.integers(9, 120))}
    whole = hmix_hub.batches(dataset, batch_size, **options)
    never_stopped, states = [], [whole.state_dict()]
    for _ in range(2):
        for batch in whole:
            never_stopped.append(batch["row"].tolist())
            states.append(whole.state_dict())
    stop = data.draw(st.integers(0, len(never_stopped)))
    resumed = hmix_hub.batches(dataset, batch_size, **options)
    resumed.load_state_dict(pickle.loads(pickle.dumps(states[stop])))
    rest = [batch["row"].tolist() for _ in range(3) for batch in resumed]
    assert rest[: len(never_stopped) - stop] == never_stopped[stop:]


def test_a_state_may_go_on_with_more_processes(load_sample):
    dataset = load_sample().select(range(200))
    one = hmix_hub.batches(dataset, 30, images=None)
    order = [row for batch in one for row in batch["row"].tolist()]
    one.set_epoch(0)
    running = iter(one)
    next(running)
    taken = order[:30]
    two = [hmix_hub.batches(dataset, 8, images=None, rank=rank, world_size=2) for rank in (0, 1)]
    for part in two:
        part.load_state_dict(one.state_dict())
    rest = [batch["row"].tolist() for part in two for batch in part]
    assert sorted(taken + [row for rows in rest for row in rows]) == list(range(200))


@given(st.integers(1, 60), st.integers(1, 20), st.integers(2, 4), st.integers(1, 3))
def test_all_processes_say_the_same_state_and_any_number_go_on_from_it(sample, n, batch_size, world_size, others):
    dataset = sample.select(range(n))
    parts = [
        hmix_hub.batches(dataset, batch_size, images=None, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    taken = []
    for batches in zip_longest(*parts):
        taken += [row for batch in batches if batch for row in batch["row"].tolist()]
        states = [part.state_dict() for part, batch in zip(parts, batches, strict=True) if batch]
        assert all(state == states[0] for state in states)
        if states[0]["epoch"]:
            continue
        resumed = [hmix_hub.batches(dataset, 3, images=None, rank=rank, world_size=others) for rank in range(others)]
        for part in resumed:
            part.load_state_dict(states[0])
        rest = [row for part in resumed for batch in part for row in batch["row"].tolist()]
        assert sorted(taken + rest) == list(range(n))


def test_a_state_of_other_rows_or_another_seed_is_refused(load_sample):
    dataset = load_sample()
    state = hmix_hub.batches(dataset, 8, images=None).state_dict()
    for other in (
        hmix_hub.batches(dataset.select(range(50)), 8, images=None),
        hmix_hub.batches(dataset.select(range(len(dataset) - 1, -1, -1)), 8, images=None),
        hmix_hub.batches(dataset, 8, images=None, seed=1),
        hmix_hub.batches(dataset, 8, images=None, shuffle=False),
        hmix_hub.batches(dataset, 8, images=None, keep_in_memory=False, buffer_size=100),
    ):
        with pytest.raises(ConfigurationError, match="the state belongs to other batches"):
            other.load_state_dict(state)


def test_rows_that_fill_one_window_go_on_from_a_state_of_rows_in_memory(load_sample):
    dataset = load_sample()
    held, read = (hmix_hub.batches(dataset, 100, images=None, keep_in_memory=keep) for keep in (True, False))
    iterator = iter(held)
    next(iterator)
    read.load_state_dict(held.state_dict())
    assert [batch["row"].tolist() for batch in read] == [batch["row"].tolist() for batch in iterator]


def test_rows_that_fill_up_the_last_batches_are_told(load_sample):
    parts = [
        hmix_hub.batches(load_sample().select(range(50)), 8, images=None, rank=r, world_size=4, pad=True)
        for r in range(4)
    ]
    batches = [batch for part in parts for batch in part]
    assert [len(batch["row"]) for batch in batches] == [8] * 8
    repeated = torch.cat([batch["repeated"] for batch in batches])
    rows = torch.cat([batch["row"] for batch in batches])
    assert sorted(rows[~repeated].tolist()) == list(range(50))
    first = torch.stack([batch["row"] for batch in batches[::2]], dim=1).flatten()
    assert sorted(rows[repeated].tolist()) == sorted(first[:14].tolist())


def test_each_loop_is_the_next_epoch_and_a_broken_one_begins_again(load_sample):
    loader = hmix_hub.batches(load_sample(), 400, images=None)
    first = [batch["row"].tolist() for batch in loader]
    assert loader.epoch == 1
    second = [batch["row"].tolist() for batch in loader]
    assert first != second
    broken = next(iter(loader))["row"].tolist()
    assert next(iter(loader))["row"].tolist() == broken
    loader.set_epoch(0)
    assert [batch["row"].tolist() for batch in loader] == first
    assert len(loader) == len(first)
