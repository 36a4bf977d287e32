"""Judgments of one task as findings use them: columns as arrays, and numbers with intervals over participants."""

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
    """A file that judgments were read from: its study, its name, and its sha256 (`None` if unknown)."""

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
        N rows of its judgment table, from one or more studies.
    vocabulary
        Class names that its labels refer to.
    places
        Files that they were read from.
    place_of, row_of
        int64 (N,): position of each row's file in `places`, and the 0-based data row in that file.
    seed, resamples
        Seed and number of resamplings of the intervals.
    client
        Dask client whose workers compute the slow resamplings; `None` for this process.
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
        """Return the task's definition."""
        return TASKS[self.task]

    @cached_property
    def people(self) -> Ints:
        """Return the number of each row's participant, int64 (N,), by sorted id, independent of the order of rows."""
        names = pc.binary_join_element_wise(self.table["study_id"], self.table["participant_id"], "\n")
        return np.unique(names.to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1].astype(np.int64)

    @cached_property
    def answers(self) -> Answers:
        """Return each row's participant, stimulus and presentation."""
        stimuli = encode_key([self.table[name] for name in self.definition.key_columns])
        presentations = self.table["presentation"].to_numpy().astype(np.int64)
        return Answers(self.people, stimuli, presentations, self.table["is_repeat"].to_numpy().astype(bool))

    @cached_property
    def stimulus_columns(self) -> tuple[str, ...]:
        """Return the columns that identify stimuli: the id, the image set if there are several, and what was asked."""
        image_set, *others = self.definition.key_columns
        sets = (image_set,) if pc.count_distinct(self.table[image_set]).as_py() > 1 else ()
        return (*sets, *others)

    @cached_property
    def by_facet(self) -> list[tuple[str, Ints]]:
        """Return each question asked about a stimulus with its rows, int64 (M,); without facets, one unnamed part."""
        if not self.definition.facets:
            return [("", np.arange(len(self)))]
        (facet,) = self.definition.facets
        names = self.table[facet].to_numpy(zero_copy_only=False)
        return [(name, np.flatnonzero(names == name)) for name in sorted(set(names))]

    def once(self, compute: Callable[[Judgments], T]) -> T:
        """Return the result of a function of these judgments, which is computed only once."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found

    def column(self, name: str) -> Floats:
        """Return a numeric column as float64 (N,), NaN where null."""
        if name not in self._known:
            self._known[name] = numbers(self.table[name])
        return self._known[name]

    def labels(self, name: str) -> Ints:
        """Return a label column as int64 (N,), -1 where null."""
        return codes(self.table[name])

    def matrix(self, name: str) -> Floats:
        """Return a column of distributions as float64 (N, K)."""
        return matrix(self.table[name])

    def readable(self) -> pa.Table:
        """Return the table with class names for labels, and with the columns `file`, `sha256` and `row` added."""
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
        """Return whether each row has a flag; bool (N,)."""
        return has_flag(self.table["flags"], flag)

    def people_of(self, rows: Ints) -> Ints:
        """Return the participants of rows, int64 (M,), numbered from 0 within these rows."""
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
        """Return a number with the rows it was computed from.

        Parameters
        ----------
        name, label, unit, note
            See `Number`; `name` is the id.
        estimate
            The estimate and both ends of its interval; values that are not finite become `None`, and so does the
            interval of a single participant.
        rows
            int64 (M,): rows that it was computed from.
        columns
            Columns that it was computed from.
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
        """Return the mean of values at each of L levels, with intervals from resampling participants.

        Parameters
        ----------
        name, label
            Id and label, with `{}` in place of the level.
        values
            float64 (M,): value of each row.
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
        """Return the means of values, float64 (M,), by level, int64 (M,), with intervals over participants."""
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
        """Return the mean of the values, float64 (M,), of rows, int64 (M,)."""
        means = self.means(values, np.zeros(len(rows), dtype=np.int64), rows, 1)
        return self.number(name, label, estimate_of(means), rows, columns, unit=unit)

    def moments(self, statistic: Callable[[Floats], Floats], terms: Floats, rows: Ints) -> Means:
        """Return statistics of sums over rows, with intervals from resampling participants.

        Parameters
        ----------
        statistic
            Function from sums of the terms, float64 (R, T), to float64 (R, L).
        terms
            float64 (M, T): terms of each row.
        rows
            int64 (M,).
        """
        sums = Groups(self.people_of(rows)).sum(terms)
        return self._resampled(lambda weights: statistic(weights @ sums), *sums.shape)

    def over_people(self, statistic: Callable[[Floats], Floats], spread: Spread) -> Means:
        """Return statistics of judgments by stimulus, with intervals from resampling participants.

        Parameters
        ----------
        statistic
            Function from weights of the U participants, float64 (R, U), to float64 (R, L).
        spread
            The judgments that the statistics are computed from.
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
    """Return the levels of the shown coefficient, float64 (L,), and the level of each row, int64 (N,)."""
    return levels_of(judgments.column("mixing_coefficient"))


Tasks = Mapping[str, Judgments]
"""Judgments by task, without tasks that have none."""
