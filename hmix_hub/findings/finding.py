"""A finding: one question about the judgments, answered by a sentence, numbers, tables and series for figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from hmix_hub.findings.number import Number
from hmix_hub.schema.arrays import Floats

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
        Words of the axes, with units.
    levels
        float64 (L,): places on the horizontal axis.
    mean, low, high
        float64 (L,): values with the ends of their intervals, NaN where there are none.
    names
        L names of categories, whose places are 0, 1, ...; empty: the levels are numbers.
    reference
        float64 (L,): what the values are compared with, as the shown coefficients; `None`: nothing.
    kind
        "intervals": points with intervals. "points": a cloud of single values without intervals. "bars": parts of a
        whole.
    numbers
        Ids of the L numbers; empty where the values are no numbers of the report, as those of single judgments.
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
        """Return the series of L numbers; `axes` are the words of both axes, `levels` `None` the places 0 to L - 1."""
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
        The question or its subject.
    text
        What was found, in sentences computed from the numbers.
    numbers
        Its numbers; those in its tables are among them.
    tables
        Its tables.
    series
        Its series, one group of figures.
    method
        How its numbers are estimated, where that goes beyond a mean; empty: it does not.
    """

    id: str
    title: str
    text: str
    numbers: tuple[Number, ...]
    tables: tuple[Table, ...] = ()
    series: tuple[Series, ...] = ()
    method: str = ""
