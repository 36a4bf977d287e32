"""Permutation of a million rows or a billion, computed place by place: no list of them is ever held."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Halves = npt.NDArray[np.uint32]

_ROUNDS = 6
_ROUNDS_OF_FEW = 32
"""A handful of rows takes more rounds until each order of them is as likely: 26 for 5, 6 from 4096 on."""
_FACTORS = np.uint32(0x9E3779B1), np.uint32(0x85EBCA77)


class Permutation:
    """Random order of N rows, fixed by its seeds for ever and on every machine.

    A Feistel network over a rectangle of at least N cells; a place that falls outside walks on until it is inside.
    Source: Black and Rogaway, *Ciphers with Arbitrary Finite Domains*, CT-RSA 2002.

    Parameters
    ----------
    n
        N, rows.
    seeds
        Whatever the order depends on: a seed, an epoch.
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
        """Give the rows that stand at places of the order.

        Parameters
        ----------
        places
            int64 (B,), 0 to N - 1.

        Returns
        -------
        numpy.ndarray
            int64 (B,), 0 to N - 1; each row stands at one place.
        """
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
