"""Order of an epoch: the rows of each batch of each process, permuted place by place, even a billion of them.

If rows are read from files, jumping across the whole table would read a page of the disk for each row. In the order
`Windows`, consecutive rows come from few blocks of the table.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema.arrays import Ints

Halves = npt.NDArray[np.uint32]

_AT_ONCE = 16_384
"""Number of places computed at a time, few enough for the processor's cache."""


def check_whole(value: Any, name: str, low: int = 0) -> int:
    """Check that a value is an integer of at least `low`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        msg = f"{name} must be an integer of at least {low}, not {value!r}"
        raise ConfigurationError(msg)
    return int(value)


@dataclass(frozen=True)
class Order:
    """Order of N rows over epochs and processes.

    The rows of an epoch have one global order, which depends only on `seed` and the epoch; process `rank` of
    `world_size` takes every `world_size`-th of them, `batch_size` at a time. `drop_last` leaves out rows that do not
    fill a batch in every process; `pad` fills it by repeating the first rows of the order.

    With a `buffer_size`, the order is that of `Windows`, which needs at most that many rows at a time.
    """

    n: int
    batch_size: int
    shuffle: bool = True
    seed: int = 0
    drop_last: bool = False
    rank: int = 0
    world_size: int = 1
    pad: bool = False
    buffer_size: int | None = None

    def __post_init__(self) -> None:
        for name, low in (("batch_size", 1), ("world_size", 1), ("rank", 0), ("seed", 0)):
            check_whole(getattr(self, name), name, low)
        if self.buffer_size is not None:
            check_whole(self.buffer_size, "buffer_size", 1)
        if self.rank >= self.world_size:
            msg = f"rank is {self.rank}, but the ranks of {self.world_size} processes are 0 to {self.world_size - 1}"
            raise ConfigurationError(msg)
        if self.pad and self.drop_last:
            msg = "pad and drop_last cannot be combined: the last batch is either filled or left out"
            raise ConfigurationError(msg)

    def __str__(self) -> str:
        process = f", process {self.rank} of {self.world_size}" if self.world_size > 1 else ""
        return (f"shuffled with seed {self.seed}" if self.shuffle else "not shuffled") + process

    @property
    def stride(self) -> int:
        """Number of rows that all processes together take in one step."""
        return self.batch_size * self.world_size

    def end(self, start: int = 0) -> int:
        """Return the position after the last one that this process takes, starting at `start`."""
        if not (self.drop_last or self.pad):
            return self.n
        steps, left = divmod(self.n - start, self.stride)
        return start + (steps + bool(self.pad and left)) * self.stride

    def steps(self, start: int = 0) -> int:
        """Return the number of this process's batches from a position on."""
        mine = self.end(start) - start - self.rank
        return max(0, -(-mine // self.stride))

    def places(self, place: int, n: int) -> range:
        """Return the places of a batch of n rows of this process, in the step starting at a place."""
        first = place + self.rank
        return range(first, first + self.world_size * n, self.world_size)

    def chunks(self, epoch: int, start: int = 0) -> Iterator[Ints]:
        """Yield this process's rows of an epoch from a position on, int64 (R,), several steps at a time.

        Whole batches in sequence; only the epoch's last may be smaller.
        """
        windows = self._windows(epoch)
        begin, end = start + self.rank, self.end(start)
        width = max(1, _AT_ONCE // self.batch_size) * self.stride
        for first in range(begin, end, width):
            yield windows.rows(np.arange(first, min(first + width, end), self.world_size))

    def windows(self, epoch: int, start: int = 0) -> Iterator[Ints]:
        """Yield the same rows as `chunks`, one window at a time; a batch may span windows."""
        windows = self._windows(epoch)
        begin, end = start + self.rank, self.end(start)
        edges = [*windows.starts, *([self.n] if end > self.n else []), end]
        for low, high in pairwise(edges):
            first = begin + max(0, -(-(low - begin) // self.world_size)) * self.world_size
            if first < min(high, end):
                yield windows.rows(np.arange(first, min(high, end), self.world_size))

    def _windows(self, epoch: int) -> Windows:
        seeds = (self.seed, epoch) if self.shuffle else None
        return Windows(self.n, self.buffer_size or self.n, seeds)


_LANES = 192
"""Number of parts of a window: a multiple of 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96 and 192."""
_BLOCK = 1024
"""Rows of a block: for numbers, about what a disk reads at a time anyway."""


@dataclass(frozen=True)
class Windows:
    """Random order of N rows, divided into consecutive windows, each with rows from few blocks of the table.

    Blocks of consecutive rows are put in random order and dealt to the lanes of windows. The places of a window cycle
    through its lanes, and rows are permuted within a lane. So each of `world_size` processes, which takes every
    `world_size`-th place, has its own lanes and reads only its own blocks, if the number of lanes is a multiple of the
    number of processes; yet the order is the same for any number of them. Rows that do not fill a lane come last,
    permuted. If all rows fit in one window, they are permuted as a whole.

    Parameters
    ----------
    n
        Number of rows.
    buffer_size
        Maximum number of rows in a window.
    seeds
        Seeds that determine the order; `None`: rows are in order.
    """

    n: int
    buffer_size: int
    seeds: tuple[int, ...] | None

    @cached_property
    def starts(self) -> list[int]:
        """First place of each window, in order."""
        if self.seeds is None:
            return list(range(0, self.n, max(1, self.buffer_size)))
        return [depth * self._lanes * self._block for depth in self._depths]

    @cached_property
    def _lanes(self) -> int:
        return min(_LANES, self.buffer_size)

    @cached_property
    def _block(self) -> int:
        return min(_BLOCK, self.buffer_size // self._lanes)

    @cached_property
    def _depths(self) -> list[int]:
        """Number of blocks of each lane in earlier windows: the same for all, up to one."""
        if self.n <= self.buffer_size:
            return [0]
        depth = self.n // self._block // self._lanes
        number = -(-depth // (self.buffer_size // (self._lanes * self._block)))
        return [window * depth // number for window in range(number + 1)]

    def rows(self, places: Ints) -> Ints:
        """Return the rows, int64 (B,), at places of the order; places from N on start over."""
        if len(places) and places[-1] >= self.n:
            places = places % self.n
        if self.seeds is None:
            return places
        if len(self.starts) == 1:
            return self._whole.rows(places)
        window = np.searchsorted(self.starts, places, side="right") - 1
        rows = np.empty(len(places), dtype=np.int64)
        for each in np.unique(window).tolist():
            here = window == each
            inside = places[here] - self.starts[each]
            rows[here] = self._rest(inside) if each == len(self.starts) - 1 else self._of_lanes(each, inside)
        return rows

    @cached_property
    def _whole(self) -> Permutation:
        return Permutation(self.n, *(self.seeds or ()))

    @cached_property
    def _blocks(self) -> Permutation:
        return Permutation(self.n // self._block, *(self.seeds or ()), 1)

    @cached_property
    def _short(self) -> int:
        """Number of the block before which the remaining rows are placed: a different one in each epoch."""
        return int(Permutation(self._blocks.n + 1, *(self.seeds or ()), 2).rows(np.zeros(1, dtype=np.int64))[0])

    def _first_rows(self, places: Ints) -> Ints:
        """Return the first row of the blocks at places of their order."""
        blocks = self._blocks.rows(places)
        return blocks * self._block + np.where(blocks >= self._short, self.n % self._block, 0)

    def _of_lanes(self, window: int, inside: Ints) -> Ints:
        before, size = self._depths[window], (self._depths[window + 1] - self._depths[window]) * self._block
        turn, lane = np.divmod(inside, self._lanes)
        # One permutation for all lanes, with different offsets: their blocks differ anyway.
        seed = repr(tuple(map(int, (size, window, *(self.seeds or ()))))).encode()
        begin, shift = np.frombuffer(hashlib.shake_128(seed).digest(8 * self._lanes), "<u4").reshape(2, -1) % size
        own = Permutation(size, *(self.seeds or ()), 3, window).rows((turn + begin[lane]) % size)
        block, offset = np.divmod((own + shift[lane]) % size, self._block)
        return self._first_rows((before + block) * self._lanes + lane) + offset

    def _rest(self, inside: Ints) -> Ints:
        start = self.starts[-1]
        own = Permutation(self.n - start, *(self.seeds or ()), 4).rows(inside)
        block, offset = np.divmod(own, self._block)
        block += start // self._block
        rows, is_short = np.full(len(own), self._short * self._block), block >= self._blocks.n
        rows[~is_short] = self._first_rows(block[~is_short])
        return rows + offset


_ROUNDS = 6
_ROUNDS_OF_FEW = 32
"""Few rows need more rounds for all orders to be equally likely: 26 for 5 rows, 6 from 4096 on."""
_FACTORS = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)


class Permutation:
    """Random order of N rows, determined by its seeds on every machine and in every version.

    A Feistel network over a rectangle of at least N cells; a place outside is mapped again until it is inside. Source:
    Black and Rogaway, *Ciphers with Arbitrary Finite Domains*, CT-RSA 2002.
    """

    def __init__(self, n: int, *seeds: int) -> None:
        self.n = n
        side = math.isqrt(max(n - 1, 0)) + 1
        # Even, since rounds over two odd sides only yield even permutations, half of all orders.
        self._height = side + side % 2
        self._width = max(1, -(-n // self._height))
        rounds = max(_ROUNDS, _ROUNDS_OF_FEW - 2 * n.bit_length())
        digest = hashlib.shake_128(repr(tuple(map(int, (n, *seeds)))).encode()).digest(4 * rounds)
        self._keys = np.frombuffer(digest, dtype="<u4").astype(np.uint32)

    def rows(self, places: Ints) -> Ints:
        """Return the rows, int64 (B,) of 0 to N - 1, at places of the order; each row is at one place."""
        rows = self._step(places)
        outside = np.flatnonzero(rows >= self.n)
        while len(outside):
            rows[outside] = self._step(rows[outside])
            outside = outside[rows[outside] >= self.n]
        return rows

    def _step(self, cells: Ints) -> Ints:
        high = cells // self._width
        low = (cells - high * self._width).astype(np.uint32)
        halves = (high.astype(np.uint32), np.uint32(self._height)), (low, np.uint32(self._width))
        for number, key in enumerate(self._keys):
            (half, size), (other, _) = halves[number % 2], halves[1 - number % 2]
            _add(half, other, key, size)
        rows: Ints = halves[0][0].astype(np.int64)
        rows *= self._width
        rows += low
        return rows


def _add(half: Halves, other: Halves, key: np.uint32, size: np.uint32) -> None:
    """Add, in place, a keyed hash of the other half to this one, modulo its size, which is below 2**31."""
    mixed = other * _FACTORS[0]
    mixed += key
    mixed ^= mixed >> 15
    mixed *= _FACTORS[1]
    mixed ^= mixed >> 16
    # NumPy divides by a scalar with vector instructions, but computes remainders one by one.
    mixed -= mixed // size * size
    half += mixed
    np.minimum(half, half - size, out=half)
