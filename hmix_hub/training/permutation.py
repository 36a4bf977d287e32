"""Permutation of a million rows or a billion, computed place by place: no list of them is ever held."""

from __future__ import annotations

import hashlib
import math

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_ROUNDS = 6
_MIX = np.uint64(0x9E3779B97F4A7C15)


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
        self._height = max(1, math.isqrt(max(n - 1, 0)) + 1)
        self._width = max(1, -(-n // self._height))
        digest = hashlib.blake2b(repr((n, *seeds)).encode(), digest_size=8 * _ROUNDS).digest()
        self._keys = np.frombuffer(digest, dtype="<u8").astype(np.uint64)

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
        rows = self._step(places.astype(np.uint64))
        outside = np.flatnonzero(rows >= self.n)
        while len(outside):
            rows[outside] = self._step(rows[outside])
            outside = outside[rows[outside] >= self.n]
        return rows.astype(np.int64)

    def _step(self, cells: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
        height, width = np.uint64(self._height), np.uint64(self._width)
        high, low = cells // width, cells % width
        for number, key in enumerate(self._keys):
            if number % 2:
                low = _add(low, high, key, width)
            else:
                high = _add(high, low, key, height)
        return high * width + low


def _add(
    half: npt.NDArray[np.uint64], other: npt.NDArray[np.uint64], key: np.uint64, size: np.uint64
) -> npt.NDArray[np.uint64]:
    """Add a keyed hash of the other half, modulo the size of this one; size is below 2**32."""
    mixed = other * _MIX + key
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    moved = half + (((mixed & np.uint64(0xFFFFFFFF)) * size) >> np.uint64(32))
    return np.where(moved >= size, moved - size, moved)
