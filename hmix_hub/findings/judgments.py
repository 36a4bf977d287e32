"""Judgments of one task as findings read them: columns as arrays, numbers with intervals over participants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.findings.finding import Number, RowRef
from hmix_hub.findings.wording import level_name
from hmix_hub.resampling import RESAMPLES, Means, levels_of, resample, resample_means, widened_level
from hmix_hub.schema import Vocabulary, has_flag
from hmix_hub.schema.arrays import Floats, Ints, Mask, codes, matrix, numbers
from hmix_hub.schema.column import Kind
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Answers, Spread
from hmix_hub.tasks import OVER_CLASSES, TASKS
from hmix_hub.tasks.task import Task

if TYPE_CHECKING:
    from distributed import Client

T = TypeVar("T")

SHARE = "share of image 1"
"""Unit of coefficients."""


@dataclass(frozen=True)
class Place:
    """A file that judgments were read from: its study, its name, and its sha256 (`None`: not known)."""

    study_id: str
    file: str
    sha256: str | None


@dataclass(frozen=True, eq=False)
class Judgments:
    """Judgments of one task.

    Parameters
    ----------
    task
        Name of the task.
    table
        N rows of its judgment table, of one study or several.
    vocabulary
        Class names that its labels count in.
    places
        Files that they were read from.
    place_of, row_of
        int64 (N,): number of each row's place, and its 0-based data row there.
    seed, resamples
        Of the intervals.
    client
        Whose workers compute the resamplings that take long; `None`: this process.
    """

    task: str
    table: pa.Table
    vocabulary: Vocabulary
    places: tuple[Place, ...]
    place_of: Ints
    row_of: Ints
    seed: int = 0
    resamples: int = RESAMPLES
    client: Client | None = field(default=None, repr=False)
    _known: dict[str, Floats] = field(default_factory=dict, repr=False)
    _computed: dict[Callable[[Judgments], Any], Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.table.num_rows

    @property
    def definition(self) -> Task:
        """The task's definition."""
        return TASKS[self.task]

    @cached_property
    def people(self) -> Ints:
        """Number of each row's participant; int64 (N,). Numbers follow the sorted ids, whatever the order of rows."""
        names = pc.binary_join_element_wise(self.table["study_id"], self.table["participant_id"], "\n")
        return np.unique(names.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1].astype(np.int64)

    @cached_property
    def answers(self) -> Answers:
        """Who answered about which stimulus, and which showing of it to the person it was."""
        stimuli = encode_key([self.table[name] for name in self.definition.key_columns])
        presentations = self.table["presentation"].to_numpy().astype(np.int64)
        return Answers(self.people, stimuli, presentations, self.table["is_repeat"].to_numpy().astype(bool))

    @cached_property
    def stimulus_columns(self) -> tuple[str, ...]:
        """Columns that tell stimuli apart: the id, the set of pictures where there are several, and what was asked."""
        image_set, *others = self.definition.key_columns
        sets = (image_set,) if pc.count_distinct(self.table[image_set]).as_py() > 1 else ()
        return (*sets, *others)

    @cached_property
    def by_facet(self) -> list[tuple[str, Ints]]:
        """What was asked about a stimulus, and its rows, int64 (M,); without facets, one part that has no name."""
        if not self.definition.facets:
            return [("", np.arange(len(self)))]
        (facet,) = self.definition.facets
        names = self.table[facet].to_numpy(zero_copy_only=False)
        return [(name, np.flatnonzero(names == name)) for name in sorted(set(names))]

    def once(self, compute: Callable[[Judgments], T]) -> T:
        """Return what a function of these judgments returns, which is computed once."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found

    def column(self, name: str) -> Floats:
        """Return a number column; float64 (N,), NaN where it is null."""
        if name not in self._known:
            self._known[name] = numbers(self.table[name])
        return self._known[name]

    def labels(self, name: str) -> Ints:
        """Return a label column; int64 (N,), -1 where it is null."""
        return codes(self.table[name])

    def matrix(self, name: str) -> Floats:
        """Return a column of distributions; float64 (N, K)."""
        return matrix(self.table[name])

    def readable(self) -> pa.Table:
        """Return the table with classes by name, and with the file, the row and the sha256 of each row."""
        table = self.table
        for number, name in enumerate(table.column_names):
            if name in OVER_CLASSES and OVER_CLASSES[name].kind is Kind.LABEL:
                named = pa.array(self.vocabulary.names).take(table[name].combine_chunks())
                table = table.set_column(number, name, named)
        of_place = pa.array(self.place_of)
        for name, values in (
            ("file", [place.file for place in self.places]),
            ("sha256", [place.sha256 for place in self.places]),
        ):
            table = table.append_column(name, pa.array(values, pa.string()).take(of_place))
        return table.append_column("row", pa.array(self.row_of))

    def flagged(self, flag: str) -> Mask:
        """Return which rows have a flag; bool (N,)."""
        return has_flag(self.table["flags"], flag)

    def people_of(self, rows: Ints) -> Ints:
        """Return the participants of rows, counted from 0 among these rows alone; int64 (M,)."""
        return np.unique(self.people[rows], return_inverse=True)[1].astype(np.int64)

    def number(
        self,
        name: str,
        label: str,
        estimate: tuple[float, float, float],
        rows: Ints,
        columns: Sequence[str],
        *,
        unit: str = "",
        note: str = "",
    ) -> Number:
        """Return a number that was computed from rows; what is not finite is `None`, and so is one person's interval.

        Parameters
        ----------
        name, label, unit, note
            See `Number`; the id is the name.
        estimate
            The estimate and both ends of its interval.
        rows
            int64 (M,): the rows behind it.
        columns
            Columns behind it.
        """
        rows = np.unique(rows)
        n_participants = len(np.unique(self.people[rows]))
        value, low, high = (float(part) + 0.0 if np.isfinite(part) else None for part in estimate)
        if n_participants < 2 or None in {value, low, high}:
            low = high = None
        ref = RowRef(self.task, rows, tuple(columns))
        return Number(name, label, value, low, high, unit, len(rows), n_participants, ref, note)

    def means_by(
        self,
        name: str,
        label: str,
        values: Floats,
        *,
        levels: tuple[Floats, Ints],
        rows: Ints,
        columns: Sequence[str],
        unit: str = "",
    ) -> list[Number]:
        """Return the mean of values at each of L levels, with intervals by resampling participants.

        Parameters
        ----------
        name, label
            Ids and labels, in which `{}` stands for the level.
        values
            float64 (M,): value of each of the rows.
        levels
            Coefficients of the levels, float64 (L,), and the level of each row, int64 (M,).
        rows
            int64 (M,).
        columns, unit
            See `number`.
        """
        names, of_row = list(map(level_name, levels[0])), levels[1]
        means = self.means(values, of_row, rows, len(names))
        return [
            self.number(
                name.format(words),
                label.format(words),
                estimate_of(means, level),
                rows[of_row == level],
                columns,
                unit=unit,
            )
            for level, words in enumerate(names)
        ]

    def means(self, values: Floats, levels: Ints, rows: Ints, n_levels: int) -> Means:
        """Return means of values, float64 (M,), of rows at levels, int64 (M,), over their participants."""
        people = self.people_of(rows)
        level = widened_level(int(people.max(initial=-1)) + 1)
        return resample_means(values, levels, people, n_levels, self.seed, resamples=self.resamples, level=level)

    def mean(
        self,
        name: str,
        label: str,
        values: Floats,
        rows: Ints,
        columns: Sequence[str],
        *,
        unit: str = "",
    ) -> Number:
        """Return the mean of values, float64 (M,), of rows, int64 (M,)."""
        means = self.means(values, np.zeros(len(rows), dtype=np.int64), rows, 1)
        return self.number(name, label, estimate_of(means), rows, columns, unit=unit)

    def moments(self, statistic: Callable[[Floats], Floats], terms: Floats, rows: Ints) -> Means:
        """Return statistics of sums over rows, with intervals by resampling participants.

        Parameters
        ----------
        statistic
            From sums of the terms, float64 (R, T), to float64 (R, L).
        terms
            float64 (M, T): the terms of each row.
        rows
            int64 (M,).
        """
        sums = Groups(self.people_of(rows)).sum(terms)
        return self._resampled(lambda weights: statistic(weights @ sums), *sums.shape)

    def over_people(self, statistic: Callable[[Floats], Floats], spread: Spread) -> Means:
        """Return statistics of judgments by stimulus, with intervals by resampling participants.

        Parameters
        ----------
        statistic
            From weights of its U participants, float64 (R, U), to float64 (R, L).
        spread
            The judgments that the statistics are of.
        """
        return self._resampled(statistic, spread.counts.shape[1], spread.width, self.client)

    def _resampled(
        self, statistic: Callable[[Floats], Floats], n_people: int, width: int, client: Client | None = None
    ) -> Means:
        options: dict[str, Any] = {"seed": self.seed, "resamples": self.resamples, "level": widened_level(n_people)}
        return resample(statistic, n_people, width=width, client=client, **options)


def estimate_of(means: Means, level: int = 0) -> tuple[float, float, float]:
    """Return an estimate and both ends of its interval."""
    return float(means.mean[level]), float(means.low[level]), float(means.high[level])


def shown_levels(judgments: Judgments) -> tuple[Floats, Ints]:
    """Return the levels of the shown coefficient, float64 (L,), and each row's, int64 (N,)."""
    return levels_of(judgments.column("mixing_coefficient"))


Tasks = Mapping[str, Judgments]
"""Judgments by task; a task that nobody was asked is not among them."""
