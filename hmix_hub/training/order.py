"""Order of an epoch: which rows each batch of each process has; a billion rows are permuted place by place."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError

Ints = npt.NDArray[np.int64]
Halves = npt.NDArray[np.uint32]

_AT_ONCE = 16_384
"""Places whose rows are computed at a time: few enough for the processor's cache."""


def check_whole(value: Any, name: str, low: int = 0) -> int:
    """Check that a value is a whole number that is not too low."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
        msg = f"{name} is a whole number of {low} or more, not {value!r}"
        raise ConfigurationError(msg)
    return int(value)


@dataclass(frozen=True)
class Order:
    """Order of N rows over epochs and processes.

    The rows of an epoch stand in one global order, which depends on `seed` and the epoch alone; process `rank` of
    `world_size` takes every `world_size`-th of them, `batch_size` at a time. `drop_last` leaves out what does not fill
    a batch in every process.
    """

    n: int
    batch_size: int
    shuffle: bool = True
    seed: int = 0
    drop_last: bool = False
    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        for name, low in (("batch_size", 1), ("world_size", 1), ("rank", 0), ("seed", 0)):
            check_whole(getattr(self, name), name, low)
        if self.rank >= self.world_size:
            msg = f"rank is {self.rank}, and the ranks of {self.world_size} processes are 0 to {self.world_size - 1}"
            raise ConfigurationError(msg)

    @property
    def stride(self) -> int:
        """Rows that all processes together take in one step."""
        return self.batch_size * self.world_size

    def end(self, start: int = 0) -> int:
        """Return the position behind the last one that this process takes, when it begins at `start`."""
        return start + (self.n - start) // self.stride * self.stride if self.drop_last else self.n

    def steps(self, start: int = 0) -> int:
        """Return the number of this process's batches from a position on."""
        mine = self.end(start) - start - self.rank
        return max(0, -(-mine // self.stride))

    def chunks(self, epoch: int, start: int = 0) -> Iterator[Ints]:
        """Yield this process's rows of an epoch from a position on, int64 (R,), several steps at a time.

        Whole batches, one behind the other; only the epoch's last may be smaller.
        """
        permutation = Permutation(self.n, self.seed, epoch) if self.shuffle else None
        begin, end = start + self.rank, self.end(start)
        width = max(1, _AT_ONCE // self.batch_size) * self.stride
        for first in range(begin, end, width):
            places = np.arange(first, min(first + width, end), self.world_size)
            yield places if permutation is None else permutation.rows(places)


_ROUNDS = 6
_ROUNDS_OF_FEW = 32
"""A handful of rows takes more rounds until each order of them is as likely: 26 for 5, 6 from 4096 on."""
_FACTORS = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)


class Permutation:
    """Random order of N rows, fixed for ever and on every machine by whatever seeds it depends on.

    A Feistel network over a rectangle of at least N cells; a place that falls outside walks on until it is inside.
    Source: Black and Rogaway, *Ciphers with Arbitrary Finite Domains*, CT-RSA 2002.
    """

    def __init__(self, n: int, *seeds: int) -> None:
        self.n = n
        side = math.isqrt(max(n - 1, 0)) + 1
        # Even, since rounds over two odd sides give even permutations alone: half of all orders.
        self._height = side + side % 2
        self._width = max(1, -(-n // self._height))
        rounds = max(_ROUNDS, _ROUNDS_OF_FEW - 2 * n.bit_length())
        digest = hashlib.shake_128(repr(tuple(map(int, (n, *seeds)))).encode()).digest(4 * rounds)
        self._keys = np.frombuffer(digest, dtype="<u4").astype(np.uint32)

    def rows(self, places: Ints) -> Ints:
        """Return the rows, int64 (B,) of 0 to N - 1, at places of the order; each row stands at one place."""
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
    """Add a keyed hash of the other half to this one, modulo its size, which is below 2**31; in place."""
    mixed = other * _FACTORS[0]
    mixed += key
    mixed ^= mixed >> 15
    mixed *= _FACTORS[1]
    mixed ^= mixed >> 16
    # numpy divides by a scalar with vector instructions, but takes remainders one by one.
    mixed -= mixed // size * size
    half += mixed
    np.minimum(half, half - size, out=half)
