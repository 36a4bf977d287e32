"""Rows of a judgment file: the few bytes of each that rules across rows need.

Memory follows the number of rows, `ROW_BYTES` each, and not the size of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.studies.findings import Ints, Mask
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.tasks import TASKS

Hashes = npt.NDArray[np.uint64]

_COLUMNS = {
    "row": np.int64,
    "person": np.int32,
    "trial": np.int32,
    "first": np.int32,
    "second": np.int32,
    "stimulus": np.uint64,
    "answer": np.uint64,
    "time": np.float64,
    "is_repeat": np.bool_,
}
ROW_BYTES = sum(np.dtype(kind).itemsize for kind in _COLUMNS.values())
"""Bytes that are kept of a row."""

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


class Ledger:
    """Rows of one file that can be compared with each other: person, trial and stimulus are known.

    Parameters
    ----------
    task
        Task of the file.
    """

    def __init__(self, task: str) -> None:
        self.task = task
        self.people: dict[str, int] = {}
        self.broken: set[int] = set()
        self._left_out: list[npt.NDArray[np.int64]] = []
        self._parts: dict[str, list[npt.NDArray[Any]]] = {}

    def add(self, chunk: ObservedChunk, is_good: Mask) -> None:
        """Take rows up.

        Parameters
        ----------
        chunk
            N rows.
        is_good
            bool (N,): rows whose stimulus is good; the others are left out, and their people remembered as broken.
        """
        person, trial = self._persons(chunk), chunk.codes("trial_index")
        pictures = [chunk.codes("image_1_index"), chunk.codes("image_2_index")]
        answers = self._answers(chunk)
        good = is_good & (person >= 0) & (trial >= 0)
        stimulus = list(pictures)
        if TASKS[self.task].stimulus_column == "stimulus_id":
            shown = chunk.numbers("mixing_coefficient")
            good &= ~np.isnan(shown)
            stimulus.append(shown)
        is_read = good & self._has_answers(chunk)
        self.broken |= set(np.unique(person[~is_read & (person >= 0)]).tolist())
        self._leave_out(np.flatnonzero((person >= 0) & (trial >= 0) & ~good), chunk.rows, person, trial)
        kept = np.flatnonzero(good)
        columns = {
            "row": chunk.rows,
            "person": person,
            "trial": trial,
            "first": pictures[0],
            "second": pictures[1],
            "stimulus": hash_columns(stimulus),
            "answer": hash_columns(answers) if answers else np.zeros(len(chunk), np.uint64),
            "time": chunk.numbers("response_time_ms"),
            "is_repeat": chunk.truths("is_repeat"),
        }
        for name, kind in _COLUMNS.items():
            self._parts.setdefault(name, []).append(columns[name][kept].astype(kind, copy=False))

    def _leave_out(self, chosen: Ints, *columns: Ints) -> None:
        """Remember row, person and trial of rows whose stimulus is not good."""
        if len(chosen):
            self._left_out.append(np.stack([column[chosen] for column in columns]))

    def judgments(self) -> tuple[Ints, Ints, Ints]:
        """Return row, person and trial of every row that has them, whether or not its stimulus is good; rows rise."""
        row, person, trial = (self[name] if len(self) else np.zeros(0, np.int64) for name in ("row", "person", "trial"))
        if not self._left_out:
            return row, person, trial
        left_out = np.concatenate(self._left_out, axis=1)
        places = np.searchsorted(row, left_out[0])
        row, person, trial = (
            np.insert(kept, places, other) for kept, other in zip((row, person, trial), left_out, strict=True)
        )
        return row, person, trial

    def _has_answers(self, chunk: ObservedChunk) -> Mask:
        """Say of each row whether every answer that the file has could be read; bool (N,)."""
        read = np.ones(len(chunk), dtype=bool)
        for name in TASKS[self.task].answer:
            if name in chunk.values:
                read &= ~chunk.present[name] | chunk.values[name].is_valid().to_numpy(zero_copy_only=False)
        return read

    def _persons(self, chunk: ObservedChunk) -> Ints:
        if "participant_id" not in chunk.values:
            return np.full(len(chunk), -1, dtype=np.int64)
        encoded = chunk.values["participant_id"].dictionary_encode()
        codes = [self.people.setdefault(name, len(self.people)) for name in encoded.dictionary.to_pylist()]
        indices = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return np.array([*codes, -1], dtype=np.int64)[indices]

    def _answers(self, chunk: ObservedChunk) -> list[npt.NDArray[Any]]:
        return [
            chunk.codes(name) if name.endswith("class") else chunk.numbers(name) for name in TASKS[self.task].answer
        ]

    def __len__(self) -> int:
        return sum(map(len, self._parts.get("row", [])))

    @cached_property
    def names(self) -> list[str]:
        """Participant ids by number."""
        return list(self.people)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Give a column of all rows, in one chunk."""
        parts = self._parts[name]
        if len(parts) > 1:
            self._parts[name] = parts = [np.concatenate(parts)]
        return parts[0]

    def person_names(self, positions: Ints) -> list[str]:
        """Give the participant ids of rows."""
        return [self.names[code] for code in self["person"][positions].tolist()]
