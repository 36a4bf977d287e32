"""Rows of a judgment file as rules across rows need them, and the places that such rules find."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.schema import Kind
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.findings import MOST_PLACES, Mask, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS

ROWS = "rows"
"""Table of a database that holds what `narrow_rows` returns."""


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


def narrow_rows(chunk: ObservedChunk, task: str, is_good: Mask) -> pa.Table:
    """Return what rules across rows look at.

    Parameters
    ----------
    chunk
        N rows.
    task
        Task of the file.
    is_good
        bool (N,): rows whose stimulus is good.

    Returns
    -------
    pyarrow.Table
        N rows: `row`, `participant` (null: none), `trial` (-1: none), `is_good` (whether the row can be compared with
        others: who judged, in which trial, and what of are known), `is_read` (and every answer that it has could be
        read), those of the stimulus and the answer, `time`, `is_repeat`, and `elapsed`: the time on the server.
    """
    participant, trial = chunk.values.get("participant_id"), chunk.codes("trial_index")
    if participant is None:
        participant = pa.nulls(len(chunk), pa.string())
    good = is_good.copy()
    if TASKS[task].has_participants:
        good &= as_mask(participant.is_valid()) & (trial >= 0)
    columns: dict[str, Any] = {"row": chunk.rows, "participant": participant, "trial": trial.astype(np.int32)}
    stimulus: dict[str, Any] = {
        "first": chunk.codes("image_1_index").astype(np.int32),
        "second": chunk.codes("image_2_index").astype(np.int32),
    }
    if TASKS[task].stimulus_column == "stimulus_id":
        stimulus["shown"] = _numbers(chunk, "mixing_coefficient")
        good &= as_mask(stimulus["shown"].is_valid())
    for number, name in enumerate(TASKS[task].facets):
        facet = chunk.values.get(name, pa.nulls(len(chunk), pa.string()))
        stimulus[f"facet_{number}"] = facet
        good &= as_mask(facet.is_valid())
    is_label = {column.name: column.kind is Kind.LABEL for column in TASKS[task].answer_columns}
    read = good.copy()
    answer: dict[str, Any] = {}
    for number, name in enumerate(TASKS[task].answer):
        if TASKS[task].has_participants:
            codes = chunk.codes(name).astype(np.int32) if is_label[name] else _numbers(chunk, name)
            answer[f"answer_{number}"] = codes
        if name in chunk.values:
            read &= ~chunk.present[name] | as_mask(chunk.values[name].is_valid())
    columns |= {"is_good": good, "is_read": read} | stimulus | answer
    columns |= {"time": _numbers(chunk, "response_time_ms"), "elapsed": _numbers(chunk, "server_elapsed_ms")}
    return pa.table(columns | {"is_repeat": chunk.truths("is_repeat")})


def _numbers(chunk: ObservedChunk, name: str) -> pa.Array:
    # As null, a number that is not known is neither above nor below another one.
    return pa.array(chunk.numbers(name), pa.float64(), from_pandas=True)


def stimulus_of(task: str) -> str:
    """Return the columns of narrow rows that say what was judged, for a query."""
    shown = ["shown"] if TASKS[task].stimulus_column == "stimulus_id" else []
    return ", ".join(["first", "second", *shown, *(f"facet_{number}" for number in range(len(TASKS[task].facets)))])


def answer_of(task: str) -> str:
    """Return the columns of narrow rows that are the answer, for a query."""
    return ", ".join(f"answer_{number}" for number in range(len(TASKS[task].answer)))


KEYS: dict[str, Callable[[str], str]] = {
    "participant": lambda task: "participant",
    "pair": lambda task: "least(first, second), greatest(first, second)",
    "content": lambda task: f"{stimulus_of(task)}, {answer_of(task)}, time",
}
"""What rows share that a rule compares, by name: for a task, the columns of `rows`, or what a query makes of them."""


class Ask:
    """Asks questions of the rows of a file that lie in one database.

    Whoever has them in several parts overrides both members.

    Parameters
    ----------
    database
        Holds the table `rows`.
    """

    n_parts = 1
    """Number of parts."""

    def __init__(self, database: Database) -> None:
        self.database = database
        """Where what parts answer may be brought together."""

    def __call__(self, key: str, question: Callable[..., Any], *given: Any) -> list[Any]:
        """Return the answers of the parts, in any order.

        Parameters
        ----------
        key
            One of `KEYS`: rows that share it must lie in one part.
        question, given
            A function of the database of a part, which holds its rows alone, and of what else it is given.
        """
        return [question(self.database, *given)]


class Place(NamedTuple):
    """Where a rule is broken: what places are ordered by, the row, the value shown and the note."""

    order: int
    row: int
    value: str | None
    note: str


@dataclass(frozen=True)
class Places:
    """Places of one rule in one part of a file.

    Parameters
    ----------
    count
        Number of all.
    first
        The first of them, `MOST_PLACES` at the most, in order.
    """

    count: int
    first: Sequence[Place]

    @classmethod
    def of_rows(cls, found: list[tuple[int, str | None]], count: int) -> Places:
        """Return the places of rows, of each its number and its participant."""
        places = [
            Place(row, row, None, "" if who is None else f"participant {who}") for row, who in found[:MOST_PLACES]
        ]
        return cls(count, places)


def tell(reporter: Reporter, rule: Rule, parts: Iterable[Places]) -> None:
    """Report the places of all parts of a file."""
    parts = list(parts)
    places = list(islice(heapq.merge(*(part.first for part in parts)), MOST_PLACES))
    reporter.add_rows(
        rule,
        [place.row for place in places],
        [place.value for place in places],
        notes=[place.note for place in places],
        count=sum(part.count for part in parts),
    )
