"""Rows of a judgment file: the few bytes of each that rules across rows need.

Memory follows the number of rows, `ROW_BYTES` each, and not the size of the file.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hmix_hub.schema import Kind
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.row_hashes import hash_columns
from hmix_hub.tasks import TASKS

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


class Check:
    """A check of one judgment file: it looks at the rows chunk by chunk, and reports what they show together.

    Parameters
    ----------
    task
        Task of the file.
    manifest
        What the study says of itself.
    reporter
        The file.
    """

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        self.task, self.manifest, self.reporter = task, manifest, reporter

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""

    def merge(self, later: Self) -> None:
        """Add what a check of the next rows of the file has seen."""

    def finish(self) -> None:
        """Report what is known once all rows are read."""


class FileRows:
    """Rows of one file that can be compared with each other: person, trial and stimulus are known.

    Parameters
    ----------
    task
        Task of the file.
    """

    def __init__(self, task: str) -> None:
        self.task = task
        self.people: dict[str, int] = {}
        self._facets: dict[str, dict[Any, int]] = {name: {} for name in TASKS[task].facets}
        self.broken: set[int] = set()
        self._left_out: list[npt.NDArray[np.int64]] = []
        self._parts: dict[str, list[npt.NDArray[Any]]] = {}

    def add(self, chunk: ObservedChunk, is_good: Mask) -> None:
        """Add rows.

        Parameters
        ----------
        chunk
            N rows.
        is_good
            bool (N,): rows whose stimulus is good; the others, and those that do not say what was asked about it, are
            left out, and their people remembered as broken.
        """
        participant, trial = self._judged_by(chunk)
        pictures = [chunk.codes("image_1_index"), chunk.codes("image_2_index")]
        answers = self._answers(chunk)
        good = is_good & (participant >= 0) & (trial >= 0)
        stimulus = list(pictures)
        if TASKS[self.task].stimulus_column == "stimulus_id":
            shown = chunk.numbers("mixing_coefficient")
            good &= ~np.isnan(shown)
            stimulus.append(shown)
        for name, known in self._facets.items():
            facet = numbered(chunk, name, known)
            good &= facet >= 0
            stimulus.append(facet)
        is_read = good & self._has_answers(chunk)
        self.broken |= set(np.unique(participant[~is_read & (participant >= 0)]).tolist())
        self._leave_out(np.flatnonzero((participant >= 0) & (trial >= 0) & ~good), chunk.rows, participant, trial)
        kept = np.flatnonzero(good)
        columns = {
            "row": chunk.rows,
            "person": participant,
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

    def _judged_by(self, chunk: ObservedChunk) -> tuple[Ints, Ints]:
        """Return each row's person and trial; without participants, the same person for all, and the row's number."""
        if not TASKS[self.task].has_participants:
            return np.zeros(len(chunk), dtype=np.int64), chunk.rows
        return numbered(chunk, "participant_id", self.people), chunk.codes("trial_index")

    def _leave_out(self, chosen: Ints, *columns: Ints) -> None:
        """Remember row, person and trial of rows whose stimulus is not good."""
        if len(chosen):
            self._left_out.append(np.stack([column[chosen] for column in columns]))

    def judgments(self) -> tuple[Ints, Ints, Ints]:
        """Return row, person and trial of every row that has them, whether or not its stimulus is good; rows rise."""
        row, participant, trial = (
            self[name] if len(self) else np.zeros(0, np.int64) for name in ("row", "person", "trial")
        )
        if not self._left_out:
            return row, participant, trial
        left_out = np.concatenate(self._left_out, axis=1)
        places = np.searchsorted(row, left_out[0])
        row, participant, trial = (
            np.insert(kept, places, other) for kept, other in zip((row, participant, trial), left_out, strict=True)
        )
        return row, participant, trial

    def _has_answers(self, chunk: ObservedChunk) -> Mask:
        """For each row, whether every answer that the file has could be read; bool (N,)."""
        read = np.ones(len(chunk), dtype=bool)
        for name in TASKS[self.task].answer:
            if name in chunk.values:
                read &= ~chunk.present[name] | as_mask(chunk.values[name].is_valid())
        return read

    def _answers(self, chunk: ObservedChunk) -> list[npt.NDArray[Any]]:
        task = TASKS[self.task]
        if not task.has_participants:
            return []
        kinds = {column.name: column.kind for column in task.answer_columns}
        return [chunk.codes(name) if kinds[name] is Kind.LABEL else chunk.numbers(name) for name in task.answer]

    def __len__(self) -> int:
        return sum(map(len, self._parts.get("row", [])))

    @cached_property
    def names(self) -> list[str]:
        """Participant ids by number."""
        return list(self.people)

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return a column of all rows, in one chunk."""
        parts = self._parts[name]
        if len(parts) > 1:
            self._parts[name] = parts = [np.concatenate(parts)]
        return parts[0]

    def person_names(self, positions: Ints) -> list[str]:
        """Return the participant ids of rows."""
        return [self.names[code] for code in self["person"][positions].tolist()]


def numbered(chunk: ObservedChunk, name: str, known: dict[Any, int]) -> Ints:
    """Return the number of each row's value, as `known` counts them, to which new ones are added; -1: there is none."""
    if name not in chunk.values:
        return np.full(len(chunk), -1, dtype=np.int64)
    encoded = chunk.values[name].dictionary_encode()
    codes = [known.setdefault(value, len(known)) for value in encoded.dictionary.to_pylist()]
    indices = encoded.indices.fill_null(len(codes)).to_numpy(zero_copy_only=False)
    return np.array([*codes, -1], dtype=np.int64)[indices]
