"""Hashes of rows, and the rows that share one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.studies.findings import Ints

Hashes = npt.NDArray[np.uint64]

_ODD = 0x9E3779B97F4A7C15
_STEPS = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
_LAST = np.uint64(31)
_BLOCK = 1 << 14


def hash_columns(columns: Sequence[npt.NDArray[Any]]) -> Hashes:
    """Hash N tuples of numbers of 64 bits; uint64 (N,), equal where the tuples are, and else almost never."""
    hashed = np.empty(len(columns[0]), dtype=np.uint64)
    # By blocks, so that what is made on the way stays in the cache, and small.
    for start in range(0, len(hashed), _BLOCK):
        block = slice(start, start + _BLOCK)
        hashed[block] = _hash_block([column[block] for column in columns])
    return hashed


def _hash_block(columns: Sequence[npt.NDArray[Any]]) -> Hashes:
    hashed = np.zeros(len(columns[0]), dtype=np.uint64)
    for number, column in enumerate(columns):
        # Adding 0.0 makes -0.0 and 0.0 one.
        bits = (column + 0.0).view(np.uint64) if column.dtype == np.float64 else column.astype(np.int64).view(np.uint64)
        hashed = hashed * np.uint64(_ODD) + _scattered(bits, number)
    return hashed


def _scattered(bits: Hashes, place: int) -> Hashes:
    """Scatter numbers, at each place of a tuple in another way: else (3, hash of 3) would equal (7, hash of 7).

    Source: G. Steele, D. Lea, C. Flood, Fast splittable pseudorandom number generators, OOPSLA 2014: SplitMix64.
    """
    scattered: Hashes = bits + np.uint64((place + 1) * _ODD % 2**64)
    for shift, factor in _STEPS:
        scattered ^= scattered >> shift
        scattered *= factor
    scattered ^= scattered >> _LAST
    return scattered


def rows_that_share(keys: npt.NDArray[np.integer]) -> Ints:
    """Find the rows whose key another row has, too; positions, rising, int64."""
    if (keys[1:] > keys[:-1]).all():
        return np.zeros(0, dtype=np.int64)
    places = np.uint64(2 ** len(keys).bit_length() - 1)
    # A row's place rides along with the head of its hash: numbers are sorted faster than places by their keys.
    hashed = keys if keys.dtype == np.uint64 else hash_columns([keys])
    packed = hashed & ~places
    packed |= np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    is_next = packed[1:] ^ packed[:-1] <= places
    candidates = packed[np.append(is_next, False) | np.append(False, is_next)] & places
    found = np.sort(candidates.astype(np.int64))
    # Of the few rows that are left, some may share the head alone.
    _, group, sizes = np.unique(keys[found], return_inverse=True, return_counts=True)
    return found[sizes[group] > 1]


def later_ones(keys: npt.NDArray[np.integer]) -> Ints:
    """Return the positions of the rows whose key an earlier row has; rising, int64."""
    shared = rows_that_share(keys)
    order = shared[np.argsort(keys[shared], kind="stable")]
    return np.sort(order[1:][keys[order[1:]] == keys[order[:-1]]])
