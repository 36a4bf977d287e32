"""Combination of a task's statistics from parts: counts, and rows in piles until all units have been added.

A unit consists of whole participants (in tasks without participants, whole stimuli). Its part of the statistics is a
small object that any process can compute, with `unit_part` in `hmix_hub.contribute.description.statistics`. Parts are
added in the order of the units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.cells import COUNT, UNIT, Folded, arrays, combined, fold, fold_ordered
from hmix_hub.comparisons import CHOICES, COEFFICIENTS, SOFT_LABELS, Comparison, with_terms
from hmix_hub.database import Database
from hmix_hub.piles import MOST_ROWS, Pile
from hmix_hub.schema.arrays import Ints, encode, matrix
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Answers
from hmix_hub.tallies import Tally
from hmix_hub.tasks.task import Task

ID, FIRST, PLACE = "id", "first", "place"
PEOPLE, UNITS, ANSWERS, TIMES, RETEST, BETWEEN = "people", "units", "answers", "times", "retest", "between"
PAIR = ("image_set", "image_1_label", "image_1_index", "image_2_label", "image_2_index")
"""Columns that identify a pair of pictures; answers about all its mixtures are processed together."""
SHOWN = "mixing_coefficient"
ALL = ""
"""Scope of all answers; other scopes are the values of the facet, such as one scale."""
COMPARISONS = {"agreement": COEFFICIENTS, "class_agreement": SOFT_LABELS, "choice_agreement": CHOICES}
"""How answers are compared with each other, by a name among a task's `statistics`."""
Parts = tuple[dict[str, Any], dict[str, pa.Table]]
"""A unit's part of the figures: counts that add up over units, and cells by pile."""
_PLACES = 32
"""Bits of a row's index within its unit."""


def comparison_of(task: Task) -> Comparison:
    """Return the comparison of answers in a task."""
    return next(COMPARISONS[name] for name in task.statistics if name in COMPARISONS)


@dataclass(frozen=True)
class UnitRows:
    """Judgments of one unit, in the order of their ids.

    Parameters
    ----------
    table, task
        N rows with the columns used for figures, and their task.
    units
        int64 (N,): number of each row's participant (without participants, of the row), in the order of the ids.
    """

    table: pa.Table
    task: Task
    units: Ints


@dataclass(frozen=True)
class Part:
    """The part of the statistics from one unit.

    Parameters
    ----------
    n_units
        Number of participants (without participants, of rows), numbered from 0 in the order of their judgments' ids.
    counts
        Counts that add up over parts, by name; see `hmix_hub.cells.combined`.
    piles
        Rows by pile. The column `unit` is numbered within the part.
    names
        Names by column of `answers` in which they are replaced by numbers.
    """

    n_units: int
    counts: Mapping[str, Any]
    piles: Mapping[str, pa.Table]
    names: Mapping[str, list[str]] = field(default_factory=dict)


class Gathered:
    """The combined parts of one task.

    Parameters
    ----------
    parts
        One for each unit, in the order of the units.
    task
        The task.
    database
        Stores what does not fit into memory, until the figures are computed.
    people
        Pile for the participants and rounds of several tasks; `None`: none.
    most
        See `Pile`.
    """

    def __init__(
        self,
        parts: Iterable[Part],
        task: Task,
        database: Database,
        *,
        people: Pile | None = None,
        most: int = MOST_ROWS,
    ) -> None:
        self.task, self._database, self._most = task, database, most
        self._piles: dict[str, Pile] = {} if people is None else {PEOPLE: people}
        self._names: dict[str, dict[str, int]] = {}
        self.n_units = 0
        self.counts: dict[str, Any] = combined(map(self._add, parts))
        self.stimulus_counts: dict[str, Any] = combined(map(self._compare, self.pile(ANSWERS).groups(*PAIR)))
        self.pile(ANSWERS).drop()

    def close(self) -> None:
        """Remove all rows from the database, except those of `people`."""
        for name, pile in self._piles.items():
            if name != PEOPLE:
                pile.drop()

    def _add(self, part: Part) -> Mapping[str, Any]:
        for name, rows in part.piles.items():
            table = rows
            for column, names in part.names.items() if name == ANSWERS else ():
                known = self._names.setdefault(column, {})
                numbers = np.array([known.setdefault(text, len(known)) for text in names], dtype=np.int64)
                table = _with(table, column, numbers[table[column].to_numpy()])
            if UNIT in table.column_names:
                table = _with(table, UNIT, table[UNIT].to_numpy() + self.n_units)
            self.pile(name).add(table)
        self.n_units += part.n_units
        return part.counts

    def pile(self, name: str) -> Pile:
        """Return a pile by name."""
        if name not in self._piles:
            self._piles[name] = Pile(self._database, f"statistics_{self.task.name}_{len(self._piles)}", self._most)
        return self._piles[name]

    @cached_property
    def ranks(self) -> Ints:
        """Rank of each unit in the order of the ids of judgments; int64 (U,)."""
        ranks, start = np.empty(self.n_units, dtype=np.int64), 0
        for block in self.pile(UNITS).ordered(ID):
            units = block[UNIT].to_numpy()
            ranks[units] = np.arange(start, start + len(units))
            start += len(units)
        return ranks

    def fold(self, name: str, among: str = "") -> Folded:
        """Fold the cells of a pile; see `hmix_hub.cells.fold`."""
        return fold(self.pile(name), self.ranks, self.pile(among) if among else None)

    @property
    def scopes(self) -> list[str]:
        """Values of the facet, in increasing order."""
        return sorted({name for facet in self.task.facets for name in self._names.get(facet, ())})

    def judgments_per_unit(self) -> Tally:
        """Return the counts of units by their number of judgments."""
        found = (Tally.of(block[COUNT].to_numpy()) for block in self.pile(UNITS).ordered(ID))
        return combined(found) or Tally.of(np.zeros(0, dtype=np.int64))

    def times(self) -> Iterator[Tally]:
        """Yield the counts of response times in increasing order; one value may continue in the next tally."""
        return (
            Tally.of(block["time"].to_numpy(), block[COUNT].to_numpy()) for block in self.pile(TIMES).ordered("time")
        )

    def agreement(self, scope: str = ALL) -> dict[str, Any]:
        """Compute the agreement between participants about the same stimulus."""
        pile = self.pile(BETWEEN + scope)
        blocks = with_terms(arrays(block.drop_columns(FIRST)) for block in pile.ordered(FIRST))
        return comparison_of(self.task).agreement(
            fold_ordered(blocks, len(pile)), self.stimulus_counts[BETWEEN + scope]
        )

    def retest(self, scope: str = ALL, among: str = "") -> dict[str, Any]:
        """Compute the agreement of participants with their own earlier answers."""
        return comparison_of(self.task).retest(self.fold(RETEST + scope, among), self.counts[RETEST + scope])

    def _compare(self, rows: pa.Table) -> dict[str, Any]:
        """Count and compare all answers about some pairs of pictures."""
        pairs = encode_key([rows[name].to_numpy() + 1 for name in PAIR])
        stimuli = encode_key([pairs, rows[SHOWN]]) if SHOWN in rows.column_names else pairs
        judged = encode_key([stimuli, *(rows[facet] for facet in self.task.facets)])
        found: dict[str, Any] = {"pairs": int(pairs.max(initial=-1)) + 1, "stimuli": int(stimuli.max(initial=-1)) + 1}
        found["judgments"] = Tally.of(np.bincount(judged))
        if not self.task.has_participants:
            return found
        units = rows[UNIT].to_numpy()
        found["people"] = Tally.of(Groups(judged).distinct(units))
        places = (self.ranks[units] << _PLACES) + rows[PLACE].to_numpy()
        order = np.argsort(places)
        answers = Answers(units, judged, rows["presentation"].to_numpy(), np.zeros(len(units), dtype=bool))
        for scope, own in self._by_scope(rows, order):
            chosen, groups = answers.of(own).between_participants()
            taken = rows.take(pa.array(own[chosen]))
            given = {name[1:]: _values(taken[name]) for name in rows.column_names if name.startswith("_")}
            sums, found[BETWEEN + scope] = comparison_of(self.task).between(given, groups)
            first = {FIRST: places[own[chosen]][groups.first], COUNT: groups.sizes}
            self.pile(BETWEEN + scope).add(pa.table(first | sums))
            found[f"judged{scope}"] = len(np.unique(judged[own]))
        return found

    def _by_scope(self, rows: pa.Table, order: Ints) -> Iterator[tuple[str, Ints]]:
        yield ALL, order
        for facet in self.task.facets:
            values = rows[facet].to_numpy()[order]
            for scope in self.scopes:
                yield scope, order[values == self._names[facet][scope]]


def answers_table(table: pa.Table, task: Task, columns: Mapping[str, Any]) -> tuple[pa.Table, dict[str, list[str]]]:
    """Return the rows of `answers`, and the names that some of its columns replace with numbers.

    Parameters
    ----------
    table
        Judgments of one unit.
    task
        Their task.
    columns
        Additional columns besides the judged ones.
    """
    names = {}
    judged: dict[str, Any] = {}
    for name in (PAIR[0], *task.facets):
        judged[name], known = encode(table[name])
        names[name] = known.to_pylist()
    for name in PAIR[1:]:
        judged[name] = table[name].cast(pa.int32()).fill_null(-1)
    if task.shows == "mixture":
        judged[SHOWN] = table[SHOWN]
    return pa.table(judged | dict(columns)), names


def _values(column: pa.ChunkedArray) -> Any:
    return matrix(column) if pa.types.is_fixed_size_list(column.type) else column.to_numpy()


def _with(table: pa.Table, name: str, values: Ints) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(values))
