"""Rows of a judgment file as rules across rows need them, and the places that such rules find."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
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
        self.seen: dict[str, None] = {}
        """Names that the rows hold, in order."""

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""

    def merge(self, later: Self) -> None:
        """Add what a check of the next rows of the file has seen."""
        self.seen |= later.seen

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
    about, null = TASKS[task], pa.nulls(len(chunk), pa.string())
    columns: dict[str, Any] = {"row": chunk.rows, "participant": chunk.values.get("participant_id", null)}
    columns |= {name: chunk.codes(codes).astype(np.int32) for name, codes in _CODES.items()}
    columns |= {name: _numbers(chunk, numbers) for name, numbers in _NUMBERS.items()}
    columns |= {f"facet_{i}": chunk.values.get(name, null) for i, name in enumerate(about.facets)}
    good, known = is_good.copy(), stimulus_of(task).split(", ")[2:]
    if about.has_participants:
        labels = {column.name for column in about.answer_columns if column.kind is Kind.LABEL}
        for i, name in enumerate(about.answer):
            is_label = name in labels
            columns[f"answer_{i}"] = chunk.codes(name).astype(np.int32) if is_label else _numbers(chunk, name)
        good &= columns["trial"] >= 0
        known.append("participant")
    for name in known:
        good &= as_mask(columns[name].is_valid())
    read = good & ~np.logical_or.reduce([chunk.is_unread(name) for name in about.answer])
    return pa.table(columns | {"is_good": good, "is_read": read, "is_repeat": chunk.truths("is_repeat")})


_CODES = {"trial": "trial_index", "first": "image_1_index", "second": "image_2_index"}
_NUMBERS = {"shown": "mixing_coefficient", "time": "response_time_ms", "elapsed": "server_elapsed_ms"}


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


Place = tuple[int, int, str | None, str]
"""Where a rule is broken: what places are ordered by, the row, the value shown and the note."""


class Places(NamedTuple):
    """Places of a rule in a part of a file: the number of all, and the first `MOST_PLACES` of them, in order."""

    n: int = 0
    first: Sequence[Place] = ()


NOTE = "coalesce('participant ' || participant, '')"
"""Note of a row, for a query."""


def places(database: Database, query: str, params: Sequence[object] | None = None) -> Places:
    """Return the places that a query finds: it selects what a `Place` has."""
    found = database.rows(f"select *, count(*) over () from ({query}) order by 1 limit {MOST_PLACES}", params)
    return Places(found[0][-1], [place[:-1] for place in found]) if found else Places()


def tell(reporter: Reporter, rule: Rule, parts: Iterable[Places]) -> None:
    """Report the places of all parts of a file."""
    counts, first = zip(*parts, strict=True)
    told = list(islice(heapq.merge(*first), MOST_PLACES))
    rows, values, notes = ([place[i] for place in told] for i in (1, 2, 3))
    reporter.add_rows(rule, rows, values, notes=notes, count=sum(counts))
