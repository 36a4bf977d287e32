"""Batches of streams: each process reads its own shards, every row once, resumable anywhere."""

import itertools
import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import hmix_hub
from hmix_hub.errors import ConfigurationError

N = 120


def sample(**options):
    return hmix_hub.load_dataset("h-mix", split=f"train[:{N}]", source="sample", **options)


def places(batch):
    return list(zip(batch["shard"].tolist(), batch["row"].tolist(), strict=True))


def read(n_shards, batch_size, world_size=1, epoch=0, **options):
    """Return the batches of an epoch of each process."""
    stream = sample().to_iterable_dataset(num_shards=n_shards)
    options = {"images": None, "epoch": epoch, "world_size": world_size, **options}
    return [list(hmix_hub.batches(stream, batch_size, rank=rank, **options)) for rank in range(world_size)]


streams = st.tuples(st.integers(1, 7), st.integers(1, 50), st.integers(1, 3), st.integers(30, 150))


@settings(max_examples=8)
@given(streams, st.booleans())
def test_the_union_over_ranks_is_the_stream(size, shuffle):
    n_shards, batch_size, world_size, buffer_size = size
    per_rank = read(n_shards, batch_size, world_size, buffer_size=buffer_size, shuffle=shuffle)
    found = [place for own in per_rank for batch in own for place in places(batch)]
    shards = [shard for shard, _ in found]
    assert len(set(found)) == len(found) == N
    assert all(len(batch["row"]) == batch_size for own in per_rank for batch in own[:-1])
    if n_shards >= world_size:
        own_shards = [{shard for batch in own for shard in batch["shard"].tolist()} for own in per_rank]
        assert sum(map(len, own_shards)) == len(set(shards))


@settings(max_examples=8)
@given(streams, st.booleans())
def test_every_process_can_have_as_many_full_batches(size, pad):
    n_shards, batch_size, world_size, buffer_size = size
    per_rank = read(n_shards, batch_size, world_size, buffer_size=buffer_size, pad=pad, drop_last=not pad)
    assert len({len(own) for own in per_rank}) == 1
    assert all(len(batch["row"]) == batch_size for own in per_rank for batch in own)
    found = [(place, *more) for own in per_rank for batch in own for place, *more in told(batch)]
    once = [place for place, is_repeated in found if not is_repeated]
    assert len(set(once)) == len(once)
    if pad:
        assert len(once) == N
        assert {place for place, _ in found} == set(once)


def told(batch):
    return zip(places(batch), batch.get("repeated", torch.zeros(len(batch["row"]))).tolist(), strict=True)


@settings(max_examples=8)
@given(streams, st.sampled_from(["pad", "drop_last", "shuffle"]), st.data())
def test_resumed_anywhere_it_is_as_if_never_stopped(size, option, data):
    n_shards, batch_size, world_size, buffer_size = size
    rank = data.draw(st.integers(0, world_size - 1))
    stream = sample().to_iterable_dataset(num_shards=n_shards)
    options = {"images": None, "rank": rank, "world_size": world_size, "buffer_size": buffer_size, option: True}
    whole = hmix_hub.batches(stream, batch_size, **options)
    never_stopped, states = [], [whole.state_dict()]
    for batch in whole:
        never_stopped.append(places(batch))
        states.append(json.loads(json.dumps(whole.state_dict())))
    first = len(never_stopped)
    never_stopped += map(places, itertools.islice(whole, 3))
    stop = data.draw(st.integers(0, first))
    resumed = hmix_hub.batches(stream, batch_size, **options)
    resumed.load_state_dict(states[stop])
    rest = [places(batch) for batch in itertools.chain(resumed, itertools.islice(resumed, 3))]
    if stop == first:
        rest = rest[: len(never_stopped) - stop]
    assert rest == never_stopped[stop:]


def test_batches_hold_the_pictures_targets_and_columns_of_their_rows():
    dataset = sample()
    rendered, shards = hmix_hub.render(dataset), dataset.to_iterable_dataset(num_shards=3)
    starts = [0, *itertools.accumulate(len(list(shards.shard(3, shard))) for shard in range(3))]
    people = sorted(set(dataset["participant_id"][:]))
    options = {"columns": ["participant_id"], "vocabularies": {"participant_id": people}, "buffer_size": 50}
    loader = hmix_hub.batches(shards, 16, **options)
    assert "a stream of 3 shards in batches of up to 16" in repr(loader)
    expected = hmix_hub.batches(dataset, N, shuffle=False, columns="inferred_coefficient")
    (human,) = (batch["human"] for batch in expected)
    for batch in loader:
        rows = [starts[shard] + row for shard, row in places(batch)]
        assert torch.equal(batch["image"], rendered[rows].float() * (1 / 255))
        assert torch.equal(batch["human"], human[rows])
        assert [people[code] for code in batch["participant_id"]] == dataset.select(rows)["participant_id"][:]


def test_epochs_read_the_shards_in_other_orders():
    orders = [
        [shard for batch in read(5, 7, epoch=epoch)[0] for shard in batch["shard"].tolist()] for epoch in range(3)
    ]
    firsts = [list(dict.fromkeys(order)) for order in orders]
    assert len({tuple(first) for first in firsts}) > 1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"columns": "participant_id"}, "are unknown before it is read"),
        ({"mix": object()}, "mix= requires a dataset in files"),
        ({"buffer_size": 0}, "buffer_size must be an integer"),
    ],
)
def test_what_a_stream_cannot_do_is_told(options, told):
    with pytest.raises(ConfigurationError, match=told):
        hmix_hub.batches(sample().to_iterable_dataset(), 8, **options)


def test_a_state_of_another_process_is_refused():
    stream = sample().to_iterable_dataset(num_shards=4)
    state = hmix_hub.batches(stream, 8, images=None, world_size=2).state_dict()
    for options in ({"world_size": 2, "rank": 1}, {}, {"world_size": 2, "buffer_size": 10}):
        with pytest.raises(ConfigurationError, match="to other batches"):
            hmix_hub.batches(stream, 8, images=None, **options).load_state_dict(state)
    with pytest.raises(ConfigurationError, match="5 integers"):
        hmix_hub.batches(stream, 8, images=None, world_size=2).load_state_dict(state | {"place": 3})


def test_the_number_of_batches_is_told_where_it_is_known():
    stream = sample().to_iterable_dataset(num_shards=4)
    with pytest.raises(TypeError, match="how many batches"):
        len(hmix_hub.batches(stream, 8, images=None))
    padded = hmix_hub.batches(stream, 8, images=None, pad=True, world_size=2)
    n_batches = sum(1 for _ in padded)
    assert len(padded) == n_batches
