"""Rows of a judgment file in the form that rules across rows need, and the places that such rules find."""

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
"""Database table with the rows returned by `narrow_rows`."""


class Check:
    """A check of one judgment file: reads the rows chunk by chunk, and reports findings about them as a whole.

    Parameters
    ----------
    task
        Task of the file.
    manifest
        Manifest of the study.
    reporter
        Reporter for the file.
    """

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        self.task, self.manifest, self.reporter = task, manifest, reporter
        self.seen: dict[str, None] = {}
        """Names found in the rows, in order."""

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""

    def merge(self, later: Self) -> None:
        """Add the results of a check of the file's next rows."""
        self.seen |= later.seen

    def finish(self) -> None:
        """Report findings after all rows are read."""


def narrow_rows(chunk: ObservedChunk, task: str, is_good: Mask) -> pa.Table:
    """Return the columns that rules across rows need.

    Parameters
    ----------
    chunk
        N rows.
    task
        Task of the file.
    is_good
        bool (N,): whether a row's stimulus is valid.

    Returns
    -------
    pyarrow.Table
        N rows: `row`, `participant` (null if missing), `trial` (-1 if missing), `is_good` (whether participant, trial
        and stimulus are known, so that the row can be compared), `is_read` (whether it is good and all its answers
        could be read), columns of the stimulus and the answer, `time`, `is_repeat`, and `elapsed` (time on the server).
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
    # Unknown numbers are null, which compares as neither above nor below anything.
    return pa.array(chunk.numbers(name), pa.float64(), from_pandas=True)


def stimulus_of(task: str) -> str:
    """Return the columns of narrow rows that identify the stimulus, for a query."""
    shown = ["shown"] if TASKS[task].stimulus_column == "stimulus_id" else []
    return ", ".join(["first", "second", *shown, *(f"facet_{number}" for number in range(len(TASKS[task].facets)))])


def answer_of(task: str) -> str:
    """Return the columns of narrow rows with the answer, for a query."""
    return ", ".join(f"answer_{number}" for number in range(len(TASKS[task].answer)))


KEYS: dict[str, Callable[[str], str]] = {
    "participant": lambda task: "participant",
    "pair": lambda task: "least(first, second), greatest(first, second)",
    "content": lambda task: f"{stimulus_of(task)}, {answer_of(task)}, time",
}
"""Functions from a task to the SQL expression that rows compared with each other share, by name."""


class Ask:
    """Queries the rows of a file, which are in one database.

    Subclasses for rows in several parts override both members.

    Parameters
    ----------
    database
        Database with the table `rows`.
    """

    n_parts = 1
    """Number of parts."""

    def __init__(self, database: Database) -> None:
        self.database = database
        """Database for combining the answers of the parts."""

    def __call__(self, key: str, question: Callable[..., Any], *given: Any) -> list[Any]:
        """Return the parts' answers, in any order.

        Parameters
        ----------
        key
            One of `KEYS`; rows that share it must be in the same part.
        question, given
            Function of a part's database, which has only the part's rows, and its further arguments.
        """
        return [question(self.database, *given)]


Place = tuple[int, int, str | None, str]
"""A place where a rule is broken: sort key, row, value to show, and note."""


class Places(NamedTuple):
    """Places of a rule in a part of a file: their number, and the first `MOST_PLACES`, in order."""

    n: int = 0
    first: Sequence[Place] = ()


NOTE = "coalesce('participant ' || participant, '')"
"""SQL expression for a row's note."""


def places(database: Database, query: str, params: Sequence[object] | None = None) -> Places:
    """Return the places found by a query, which selects the fields of a `Place`."""
    found = database.rows(f"select *, count(*) over () from ({query}) order by 1 limit {MOST_PLACES}", params)
    return Places(found[0][-1], [place[:-1] for place in found]) if found else Places()


def tell(reporter: Reporter, rule: Rule, parts: Iterable[Places]) -> None:
    """Report the places of all parts of a file."""
    counts, first = zip(*parts, strict=True)
    told = list(islice(heapq.merge(*first), MOST_PLACES))
    rows, values, notes = ([place[i] for place in told] for i in (1, 2, 3))
    reporter.add_rows(rule, rows, values, notes=notes, count=sum(counts))
