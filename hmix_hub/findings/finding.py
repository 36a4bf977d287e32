"""A finding: one question about the judgments, answered with text, numbers, tables and series for figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hmix_hub.schema.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class RowRef:
    """Rows of one task's judgment table.

    Parameters
    ----------
    table
        Name of the configuration, such as "infer_mixing_factor".
    rows
        int64 (N,): row numbers in the report's table of that task, ascending and unique.
    columns
        Columns that the number was computed from; the first holds the answer itself.
    """

    table: str
    rows: Ints
    columns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RowRef):
            return NotImplemented
        return (self.table, self.columns) == (other.table, other.columns) and np.array_equal(self.rows, other.rows)

    def __hash__(self) -> int:
        return hash((self.table, self.columns, self.rows.tobytes()))


@dataclass(frozen=True)
class Number:
    """A number of a report.

    Parameters
    ----------
    id
        Stable slug, such as "infer.mean.0.25".
    label
        Description in words, without the value.
    value
        Estimate; `None` if the judgments do not determine it.
    low, high
        Ends of its 95 % interval; `None` if there is none, as with fewer than two participants.
    unit
        Unit, such as "share of image 1" or "percent"; may be empty.
    n_judgments, n_participants
        Numbers of judgments that it was computed from, and of their participants.
    rows
        These judgments.
    note
        Remark needed to interpret it; may be empty.
    """

    id: str
    label: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    n_judgments: int
    n_participants: int
    rows: RowRef
    note: str = ""

    @property
    def counts(self) -> tuple[str, str]:
        """Return the numbers of judgments and participants, as cells of a table."""
        return str(self.n_judgments), str(self.n_participants)

    @property
    def has_interval(self) -> bool:
        """Return whether the number has an interval."""
        return self.low is not None and self.high is not None

    def contains(self, value: float) -> bool | None:
        """Return whether the interval contains a value; `None` if there is no interval."""
        return None if self.low is None or self.high is None else bool(self.low <= value <= self.high)


Cell = Number | str


@dataclass(frozen=True)
class Table:
    """A table of numbers.

    Parameters
    ----------
    id
        Stable slug.
    title
        What it shows.
    columns
        C headings.
    rows
        Rows of C cells each: a number or a text.
    """

    id: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, eq=False)
class Series:
    """Values by level, for a figure.

    Parameters
    ----------
    id
        Stable slug.
    label
        What the series is, for a legend.
    x_label, y_label
        Axis labels, with units.
    levels
        float64 (L,): places on the horizontal axis.
    mean, low, high
        float64 (L,): values and the ends of their intervals; NaN if there is none.
    names
        L names of categories at places 0, 1, ...; empty if the levels are numbers.
    reference
        float64 (L,): values to compare with, such as the shown coefficients; `None` if there are none.
    kind
        "intervals" for points with intervals, "points" for a cloud of single values, "bars" for parts of a whole.
    numbers
        Ids of the L numbers; empty if the values are not numbers of the report, such as single judgments.
    """

    id: str
    label: str
    x_label: str
    y_label: str
    levels: Floats
    mean: Floats
    low: Floats
    high: Floats
    names: tuple[str, ...] = ()
    reference: Floats | None = None
    kind: Literal["intervals", "points", "bars"] = "intervals"
    numbers: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        id: str,  # noqa: A002 - the field that it fills
        label: str,
        axes: tuple[str, str],
        numbers: Sequence[Number],
        *,
        levels: Sequence[float] | Floats | None = None,
        names: Sequence[str] = (),
        reference: Floats | None = None,
        kind: Literal["intervals", "points", "bars"] = "intervals",
    ) -> Series:
        """Return the series of L numbers; `axes` are both labels, and `levels` defaults to 0 to L - 1."""
        values = [[number.value, number.low, number.high] for number in numbers]
        mean, low, high = np.array(values, dtype=np.float64).reshape(len(numbers), 3).T
        places = np.arange(len(numbers)) if levels is None else levels
        return cls(
            id,
            label,
            *axes,
            np.asarray(places, dtype=np.float64),
            mean,
            low,
            high,
            tuple(names),
            reference,
            kind,
            tuple(number.id for number in numbers),
        )


@dataclass(frozen=True)
class Finding:
    """A finding.

    Parameters
    ----------
    id
        Stable slug, such as "inferred-against-shown".
    title
        Question or subject.
    text
        Result, in sentences generated from the numbers.
    numbers
        Its numbers, including those in its tables.
    tables
        Its tables.
    series
        Its series, drawn as figures.
    method
        How its numbers are estimated; empty if they are plain means.
    """

    id: str
    title: str
    text: str
    numbers: tuple[Number, ...]
    tables: tuple[Table, ...] = ()
    series: tuple[Series, ...] = ()
    method: str = ""
