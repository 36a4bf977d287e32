"""Counts of numbers that add up over parts of the data; histograms and quantiles as plain JSON values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.resampling import Floats, Ints, Means

Histogram = dict[str, Any]

DIGITS = 6
"""Decimal places of figures: finer than their precision, coarser than differences from the order of summation."""
MOST_VALUES = 21
"""Maximum number of distinct values listed in a histogram; more are grouped into intervals."""
TIME_EDGES = (0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 60_000, 120_000, 300_000, None)
"""Edges of the histogram of response times, ms; `None`: unbounded."""
QUANTILES = (0, 5, 25, 50, 75, 95, 100)
_TENTHS = np.arange(11) / 10


def rounded(value: float | np.floating[Any] | None) -> float | None:
    """Round a figure for JSON; `None` if not finite, and without negative zero."""
    return None if value is None or not np.isfinite(value) else round(float(value), DIGITS) + 0.0


def deviation_of(squares: float, freedom: int) -> float | None:
    """Return a standard deviation from a sum of squares about the mean; `None` without a degree of freedom."""
    return rounded(np.sqrt(max(squares, 0.0) / freedom)) if freedom > 0 else None


def interval(means: Means, level: int = 0) -> list[float | None] | None:
    """Return both ends of a mean's interval; `None` if it has none."""
    ends = [rounded(means.low[level]), rounded(means.high[level])]
    return None if None in ends else ends


@dataclass(frozen=True)
class Tally:
    """Counts of each number in some data; counts of parts of the data add up.

    Parameters
    ----------
    values, counts
        (D,): numbers, increasing, and int64 (D,).
    """

    values: npt.NDArray[Any]
    counts: Ints

    @classmethod
    def of(cls, numbers: npt.NDArray[Any], counts: Ints | None = None) -> Tally:
        """Count (N,) numbers, each once, or as often as in `counts`."""
        if counts is None:
            return cls(*np.unique(numbers, return_counts=True))
        values, places = np.unique(numbers, return_inverse=True)
        return cls(values, np.bincount(places, counts, len(values)).astype(np.int64))

    def some(self) -> Tally:
        """Return only as many values as needed to show that a histogram cannot list them."""
        return Tally(self.values[: MOST_VALUES + 1], self.counts[: MOST_VALUES + 1])

    def __add__(self, other: Tally) -> Tally:
        return Tally.of(np.concatenate([self.values, other.values]), np.concatenate([self.counts, other.counts]))

    def summary(self) -> dict[str, Any]:
        """Summarise integers: `min`, `median`, `max` (`None` without numbers), and `histogram`."""
        found = quantiles(int(self.counts.sum()), [self], (0, 50, 100))
        least, median, most = found.values()
        return {
            "min": None if least is None else int(least),
            "median": median,
            "max": None if most is None else int(most),
            "histogram": self.histogram(),
        }

    def histogram(self) -> Histogram:
        """Return how often each integer occurs.

        Returns
        -------
        dict
            `values`, increasing, and `counts` of each; for more than `MOST_VALUES` distinct values, `edges`, E + 1
            integers, and E `counts`: interval e is [edges[e], edges[e + 1]).
        """
        if len(self.values) <= MOST_VALUES:
            return {"values": self.values.tolist(), "counts": self.counts.tolist()}
        low, high = int(self.values[0]), int(self.values[-1])
        width = -(-(high - low + 1) // (MOST_VALUES - 1))
        edges = np.arange(low, high + width + 1, width)
        found = np.bincount((self.values - low) // width, self.counts, len(edges) - 1)
        return {"edges": edges.tolist(), "counts": found.astype(np.int64).tolist()}


@dataclass(frozen=True)
class ShareCounts:
    """Counts of shares, 0 to 1, in some data; counts of parts of the data add up.

    Parameters
    ----------
    exact
        Exact shares, to `DIGITS`; only some of them, if more than `MOST_VALUES`.
    tenths
        int64 (10,): number of shares in each tenth.
    """

    exact: Tally
    tenths: Ints

    @classmethod
    def of(cls, shares: Floats) -> ShareCounts:
        """Count float64 (N,) shares, NaN left out."""
        known = np.round(shares[~np.isnan(shares)], DIGITS) + 0.0
        return cls(Tally.of(known).some(), np.histogram(known, _TENTHS)[0])

    def __add__(self, other: ShareCounts) -> ShareCounts:
        return ShareCounts((self.exact + other.exact).some(), self.tenths + other.tenths)

    def histogram(self) -> Histogram:
        """Return how often each share occurs.

        Returns
        -------
        dict
            `values`, increasing, and `counts` of each; for more than `MOST_VALUES` distinct values, as `by_tenth`.
        """
        return self.exact.histogram() if len(self.exact.values) <= MOST_VALUES else self.by_tenth()

    def by_tenth(self) -> Histogram:
        """Return `edges`, the tenths, and ten `counts`: interval e is [edges[e], edges[e + 1]), the last one closed."""
        return {"edges": _TENTHS.tolist(), "counts": self.tenths.tolist()}


def time_counts(times: Floats) -> Ints:
    """Count float64 (N,) response times, ms, none of them NaN, between `TIME_EDGES`; each interval without its end."""
    finite = np.array([np.inf if edge is None else edge for edge in TIME_EDGES])
    return np.bincount(np.searchsorted(finite, times, side="right") - 1, minlength=len(finite) - 1)


def quantiles(n: int, tallies: Iterable[Tally], percents: Sequence[int] = QUANTILES) -> dict[str, float | None]:
    """Return quantiles of numbers by percent: "0" is the minimum, "50" the median; all `None` without numbers.

    Between two values it is linear, type 7 of Hyndman and Fan.

    Source: https://doi.org/10.2307/2684934

    Parameters
    ----------
    n
        How many numbers there are.
    tallies
        All numbers, in consecutive tallies with increasing values.
    percents
        Percents, 0 to 100.
    """
    if not n:
        return {str(percent): None for percent in percents}
    places = (n - 1) * (np.array(percents) / 100)
    wanted = np.concatenate([np.floor(places), np.ceil(places)]).astype(np.int64)
    found, seen = np.zeros(len(wanted)), 0
    for tally in tallies:
        ends = seen + np.cumsum(tally.counts)
        here = np.flatnonzero((wanted >= seen) & (wanted < ends[-1]))
        found[here] = tally.values[np.searchsorted(ends, wanted[here], side="right")]
        seen = int(ends[-1])
    low, high = np.split(found, 2)
    between = places - np.floor(places)
    # From the nearer end, like NumPy.
    values = np.where(between < 0.5, low + (high - low) * between, high - (high - low) * (1 - between))
    return {str(percent): rounded(value) for percent, value in zip(percents, values, strict=True)}
