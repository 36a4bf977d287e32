"""Ledger of a file's rows: the few bytes of each that rules across rows need.

Memory follows the number of rows, 41 bytes each, and not the size of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hmix_hub.judgments.flags import ANSWER_COLUMNS
from hmix_hub.schema import TASKS

if TYPE_CHECKING:
    from hmix_hub.studies.checks.place import Ints, Mask
    from hmix_hub.studies.observed import ObservedPiece

Hashes = npt.NDArray[np.uint64]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(32)


def hash_columns(columns: Sequence[npt.NDArray[Any]]) -> Hashes:
    """Hash N tuples of numbers of 64 bits; uint64 (N,), equal where the tuples are, and else almost never."""
    hashed = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        # Adding 0.0 makes -0.0 and 0.0 one.
        bits = (column + 0.0).view(np.uint64) if column.dtype == np.float64 else column.astype(np.int64).view(np.uint64)
        hashed = (hashed ^ bits) * _ODD
        hashed ^= hashed >> _SHIFT
    return hashed


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
        self._parts: dict[str, list[npt.NDArray[Any]]] = {}

    def add(self, piece: ObservedPiece, is_good: Mask) -> None:
        """Take rows up.

        Parameters
        ----------
        piece
            N rows.
        is_good
            bool (N,): rows whose stimulus is good; the others are left out, and their people remembered as broken.
        """
        person, trial = self._persons(piece), piece.codes("trial_index")
        pictures = [piece.codes("image_1_index"), piece.codes("image_2_index")]
        answers = self._answers(piece)
        good = is_good & (person >= 0) & (trial >= 0)
        stimulus = list(pictures)
        if TASKS[self.task].stimulus_column == "stimulus_id":
            shown = piece.numbers("mixing_coefficient")
            good &= ~np.isnan(shown)
            stimulus.append(shown)
        self.broken |= set(np.unique(person[~good & (person >= 0)]).tolist())
        kept = np.flatnonzero(good)
        for name, column, dtype in (
            ("row", piece.rows, np.int64),
            ("person", person, np.int32),
            ("trial", trial, np.int32),
            ("first", pictures[0], np.int32),
            ("second", pictures[1], np.int32),
            ("stimulus", hash_columns(stimulus), np.uint64),
            ("answer", hash_columns(answers) if answers else np.zeros(len(piece), np.uint64), np.uint64),
            ("time", piece.numbers("response_time_ms"), np.float64),
            ("is_repeat", piece.truths("is_repeat"), np.bool_),
        ):
            self._parts.setdefault(name, []).append(column[kept].astype(dtype, copy=False))

    def _persons(self, piece: ObservedPiece) -> Ints:
        if "participant_id" not in piece.values:
            return np.full(len(piece), -1, dtype=np.int64)
        encoded = piece.values["participant_id"].dictionary_encode()
        codes = [self.people.setdefault(name, len(self.people)) for name in encoded.dictionary.to_pylist()]
        indices = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
        return np.array([*codes, -1], dtype=np.int64)[indices]

    def _answers(self, piece: ObservedPiece) -> list[npt.NDArray[Any]]:
        return [
            piece.codes(name) if name.endswith("class") else piece.numbers(name) for name in ANSWER_COLUMNS[self.task]
        ]

    def __len__(self) -> int:
        return sum(map(len, self._parts.get("row", [])))

    @cached_property
    def names(self) -> list[str]:
        """Participant ids by number."""
        return list(self.people)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Give a column of all rows, in one piece."""
        parts = self._parts[name]
        if len(parts) > 1:
            self._parts[name] = parts = [np.concatenate(parts)]
        return parts[0]

    def person_names(self, positions: Ints) -> list[str]:
        """Give the participant ids of rows."""
        return [self.names[code] for code in self["person"][positions].tolist()]
