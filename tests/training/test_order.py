"""Order of rows: the same for every number of processes, each row once, resumable anywhere."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.errors import ConfigurationError
from hmix_hub.training.order import Order, Permutation, Windows


def rows_of(order, epoch=0, start=0):
    size = order.batch_size
    return [
        rows[first : first + size].tolist()
        for rows in order.chunks(epoch, start)
        for first in range(0, len(rows), size)
    ]


@given(st.integers(0, 3000), st.integers(0, 2**63))
def test_a_permutation_has_each_row_once(n, seed):
    rows = Permutation(n, seed).rows(np.arange(n))
    assert sorted(rows.tolist()) == list(range(n))


@given(st.integers(1, 10**12), st.integers(0, 100), st.data())
def test_places_can_be_asked_for_one_by_one(n, seed, data):
    places = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=20)))
    permutation = Permutation(n, seed)
    together = permutation.rows(places)
    assert ((together >= 0) & (together < n)).all()
    assert [int(permutation.rows(places[i : i + 1])[0]) for i in range(len(places))] == together.tolist()
    assert len(set(together.tolist())) == len(set(places.tolist()))


@pytest.mark.parametrize(
    ("seeds", "places", "rows"),
    [
        ((10, 0, 0), range(10), [6, 4, 0, 9, 7, 8, 1, 2, 5, 3]),
        ((10**6, 1, 2), [0, 1, 999_999], [381337, 198128, 902688]),
        ((2**40, 1), [0, 2**39], [304847277081, 492069122521]),
    ],
)
def test_the_order_is_fixed_for_ever(seeds, places, rows):
    assert Permutation(*seeds).rows(np.array(places)).tolist() == rows


def chi_square(counts):
    expected = counts.mean()
    return float(((counts - expected) ** 2 / expected).sum())


def test_every_place_is_as_likely():
    counts = np.zeros((8, 8))
    for seed in range(1600):
        counts[np.arange(8), Permutation(8, seed).rows(np.arange(8))] += 1
    assert chi_square(counts) < 110  # 49 degrees of freedom: p = 1e-6


@pytest.mark.parametrize(("n", "orders", "limit"), [(3, 6, 37), (4, 24, 73), (5, 120, 205)])
def test_every_order_of_a_few_rows_is_as_likely(n, orders, limit):
    found = Counter(tuple(Permutation(n, seed).rows(np.arange(n)).tolist()) for seed in range(20 * orders))
    assert len(found) == orders
    assert chi_square(np.array(list(found.values()))) < limit  # orders - 1 degrees of freedom: p = 1e-6


@pytest.mark.parametrize("n", [7, 9, 25, 49])
def test_even_and_odd_orders_are_as_likely(n):
    def is_odd(order):
        inversions = sum(order[i] > order[j] for j in range(n) for i in range(j))
        return inversions % 2

    odd = sum(is_odd(Permutation(n, seed).rows(np.arange(n)).tolist()) for seed in range(400))
    assert abs(odd - 200) < 50  # five standard deviations


def test_a_seed_of_numpy_is_the_same_number():
    assert rows_of(Order(50, 7, seed=np.int64(3))) == rows_of(Order(50, 7, seed=3))


sizes = st.tuples(st.integers(0, 300), st.integers(1, 40), st.integers(1, 5))


@given(sizes, st.booleans(), st.integers(0, 5))
def test_the_union_over_ranks_is_the_epoch(size, shuffle, epoch):
    n, batch_size, world_size = size
    orders = [Order(n, batch_size, shuffle, 3, rank=rank, world_size=world_size) for rank in range(world_size)]
    rows = [row for order in orders for batch in rows_of(order, epoch) for row in batch]
    assert sorted(rows) == list(range(n))


@pytest.mark.parametrize("n", [40_000, 16_384, 32_769])
@pytest.mark.parametrize("world_size", [1, 3])
def test_more_rows_than_are_computed_at_a_time_are_one_epoch_too(n, world_size):
    orders = [Order(n, 300, seed=3, rank=rank, world_size=world_size) for rank in range(world_size)]
    per_rank = [rows_of(order) for order in orders]
    assert [order.steps() for order in orders] == [len(own) for own in per_rank]
    assert all(len(batch) == 300 for own in per_rank for batch in own[:-1])
    assert sorted(row for own in per_rank for batch in own for row in batch) == list(range(n))
    start = 40 * orders[0].stride
    assert [rows_of(order, start=start) for order in orders] == [own[40:] for own in per_rank]


@given(sizes, st.booleans())
def test_the_global_order_is_the_same_for_every_world_size(size, drop_last):
    n, batch_size, world_size = size
    alone = [row for batch in rows_of(Order(n, 7, seed=5)) for row in batch]
    orders = [Order(n, batch_size, True, 5, drop_last, rank, world_size) for rank in range(world_size)]
    per_rank = [[row for batch in rows_of(order) for row in batch] for order in orders]
    taken = sum(map(len, per_rank))
    assert [per_rank[place % world_size][place // world_size] for place in range(taken)] == alone[:taken]


@given(sizes)
def test_drop_last_gives_every_process_as_many_full_batches(size):
    n, batch_size, world_size = size
    batches = [rows_of(Order(n, batch_size, True, 0, True, rank, world_size)) for rank in range(world_size)]
    assert {len(own) for own in batches} == {n // (batch_size * world_size)}
    assert all(len(batch) == batch_size for own in batches for batch in own)


@given(sizes, st.booleans(), st.booleans(), st.data())
def test_to_go_on_anywhere_is_never_to_have_stopped(size, shuffle, drop_last, data):
    n, batch_size, world_size = size
    rank = data.draw(st.integers(0, world_size - 1))
    order = Order(n, batch_size, shuffle, 1, drop_last, rank, world_size)
    whole = rows_of(order, 2)
    assert order.steps() == len(whole)
    stop = data.draw(st.integers(0, len(whole)))
    start = min(stop * order.stride, n)
    assert rows_of(order, 2, start) == whole[stop:]
    assert order.steps(start) == len(whole) - stop


@pytest.mark.parametrize("buffer_size", [None, 9])
def test_epochs_and_seeds_differ(buffer_size):
    orders = [Order(50, 50, seed=seed, buffer_size=buffer_size) for seed in range(3)]
    assert len({tuple(rows_of(order, epoch)[0]) for order in orders for epoch in range(3)}) == 9


@given(sizes, st.booleans(), st.integers(1, 400), st.data())
def test_padding_gives_every_process_as_many_full_batches(size, shuffle, buffer_size, data):
    n, batch_size, world_size = size
    orders = [
        Order(n, batch_size, shuffle, 3, rank=rank, world_size=world_size, pad=True, buffer_size=buffer_size)
        for rank in range(world_size)
    ]
    start = data.draw(st.integers(0, n))
    per_rank = [rows_of(order, 1, start) for order in orders]
    steps = -(-(n - start) // (batch_size * world_size))
    assert all([len(batch) for batch in own] == [batch_size] * steps for own in per_rank)
    assert {order.steps(start) for order in orders} == {steps}
    alone = [row for batch in rows_of(Order(n, 7, shuffle, 3, buffer_size=buffer_size), 1) for row in batch]
    flat = [[row for batch in own for row in batch] for own in per_rank]
    taken = [flat[place % world_size][place // world_size] for place in range(steps * batch_size * world_size)]
    assert taken == [alone[(start + place) % n] for place in range(len(taken))]


@given(sizes, st.booleans(), st.integers(1, 400), st.data())
def test_windows_are_the_rows_of_the_order(size, shuffle, buffer_size, data):
    n, batch_size, world_size = size
    start = data.draw(st.integers(0, n))
    drop_last = data.draw(st.booleans())
    everything = []
    for rank in range(world_size):
        order = Order(n, batch_size, shuffle, 2, drop_last, rank, world_size, not drop_last, buffer_size)
        windows = list(order.windows(4, start))
        assert all(0 < len(rows) <= max(buffer_size, batch_size) for rows in windows)
        rows = [row for window in windows for row in window.tolist()]
        assert rows == [row for chunk in order.chunks(4, start) for row in chunk.tolist()]
        everything += rows
    if not start and not drop_last:
        assert set(everything) == set(range(n))


@given(st.integers(0, 900), st.integers(9, 300), st.integers(0, 9))
def test_a_windowed_order_has_each_row_once_in_windows_of_few_rows(n, buffer_size, seed):
    windows = Windows(n, buffer_size, (seed, 0))
    rows = windows.rows(np.arange(n))
    assert sorted(rows.tolist()) == list(range(n))
    assert max(np.diff([*windows.starts, n]), default=0) <= buffer_size
    if n <= buffer_size:
        assert rows.tolist() == Permutation(n, seed, 0).rows(np.arange(n)).tolist()


def test_the_windowed_order_is_fixed_for_ever():
    assert Windows(1000, 400, (1, 2)).rows(np.array([0, 1, 383, 384, 999])).tolist() == [576, 637, 765, 603, 299]


@pytest.mark.parametrize("world_size", [2, 3, 4, 16])
def test_each_process_reads_blocks_of_its_own(world_size):
    n, buffer_size, block = 100_000, 192 * 40, 40
    orders = [Order(n, 100, rank=rank, world_size=world_size, buffer_size=buffer_size) for rank in range(world_size)]
    per_rank = [list(order.windows(0)) for order in orders]
    for windows in zip(*per_rank, strict=True):
        if sum(map(len, windows)) == buffer_size:
            for rows in windows:
                assert len(rows) == buffer_size // world_size
                assert (np.diff(np.sort(rows)) != 1).sum() < buffer_size // block // world_size
    assert len(per_rank[0]) == n // buffer_size + 1


def test_rows_from_all_over_the_table_meet_in_a_batch():
    rows = next(Order(100_000, 192, buffer_size=7680).windows(0))
    spread = np.histogram(rows[:192], bins=10, range=(0, 100_000))[0]
    assert spread.min() > 3
    assert len(set((rows[:192] // 40).tolist())) > 150


@pytest.mark.parametrize(
    "options",
    [
        {"batch_size": 0},
        {"batch_size": 2.5},
        {"rank": 2, "world_size": 2},
        {"rank": -1},
        {"seed": -1},
        {"world_size": 0},
        {"buffer_size": 0},
        {"pad": True, "drop_last": True},
    ],
)
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ConfigurationError):
        Order(**({"n": 10, "batch_size": 2} | options))
