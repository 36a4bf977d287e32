"""Histograms and summaries of numbers, as plain JSON values that are the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.resampling import Means, resample_means

Numbers = npt.NDArray[np.float64]
Histogram = dict[str, Any]

DIGITS = 6
"""Decimal digits that figures are rounded to: finer than any of them is known, coarser than sums in another order."""
MOST_VALUES = 21
"""Most different values that a histogram names one by one; more are put into intervals."""
TIME_EDGES = (0, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 60_000, 120_000, 300_000, None)
"""Edges of the histogram of response times, ms; `None`: no upper one."""
QUANTILES = (0, 5, 25, 50, 75, 95, 100)
_TENTHS = np.arange(11) / 10


def rounded(value: float | np.floating[Any] | None) -> float | None:
    """Round a figure for JSON; `None` for what is not a finite number, and no negative zero."""
    return None if value is None or not np.isfinite(value) else round(float(value), DIGITS) + 0.0


def mean(values: Numbers) -> float | None:
    """Average float64 (N,) values; `None` of none."""
    return rounded(values.mean()) if len(values) else None


def deviation(values: Numbers) -> float | None:
    """Return the sample standard deviation, over N - 1, of float64 (N,) values; `None` of fewer than two."""
    return rounded(values.std(ddof=1)) if len(values) > 1 else None


def interval(means: Means, level: int = 0) -> list[float | None] | None:
    """Return both ends of a mean's interval; `None` where it has none."""
    ends = [rounded(means.low[level]), rounded(means.high[level])]
    return None if None in ends else ends


def mean_interval(values: Numbers, units: npt.NDArray[np.int64]) -> list[float | None] | None:
    """Return both ends of the interval of the mean of float64 (N,) values over units, int64 (N,)."""
    return interval(resample_means(values, np.zeros(len(values), dtype=np.int64), units, 1))


def count_histogram(counts: npt.NDArray[np.int64]) -> Histogram:
    """Count how often each whole number stands in int64 (N,).

    Returns
    -------
    dict
        `values`, rising, and `counts` of each; where more than `MOST_VALUES` differ, `edges`, E + 1 whole numbers, and
        E `counts`: interval e is [edges[e], edges[e + 1]).
    """
    values, found = np.unique(counts, return_counts=True)
    if len(values) <= MOST_VALUES:
        return {"values": values.tolist(), "counts": found.tolist()}
    low, high = int(values[0]), int(values[-1])
    width = -(-(high - low + 1) // (MOST_VALUES - 1))
    edges = np.arange(low, high + width + 1, width)
    return {"edges": edges.tolist(), "counts": np.histogram(counts, edges)[0].tolist()}


def share_histogram(shares: Numbers) -> Histogram:
    """Count how often each share, 0 to 1, stands in float64 (N,), NaN left out.

    Returns
    -------
    dict
        `values`, rising, and `counts` of each; where more than `MOST_VALUES` differ, `edges`, the tenths, and ten
        `counts`: interval e is [edges[e], edges[e + 1]), the last one closed.
    """
    known = np.round(shares[~np.isnan(shares)], DIGITS) + 0.0
    values, found = np.unique(known, return_counts=True)
    if len(values) <= MOST_VALUES:
        return {"values": values.tolist(), "counts": found.tolist()}
    return tenths_histogram(known)


def tenths_histogram(shares: Numbers) -> Histogram:
    """Count float64 (N,) shares, 0 to 1, NaN left out, by tenth; see `share_histogram`."""
    known = np.round(shares[~np.isnan(shares)], DIGITS)
    return {"edges": _TENTHS.tolist(), "counts": np.histogram(known, _TENTHS)[0].tolist()}


def time_histogram(times: Numbers) -> Histogram:
    """Count float64 (N,) response times, ms, none of them NaN, between `TIME_EDGES`; each interval without its end."""
    finite = np.array([np.inf if edge is None else edge for edge in TIME_EDGES])
    places = np.searchsorted(finite, times, side="right") - 1
    return {"edges": list(TIME_EDGES), "counts": np.bincount(places, minlength=len(finite) - 1).tolist()}


def quantiles(values: Numbers, percents: Sequence[int] = QUANTILES) -> dict[str, float | None]:
    """Return quantiles of float64 (N,), none NaN, by percent: "0" is the least, "50" the median; `None` each of none.

    Between two values it is linear, type 7 of Hyndman and Fan.

    Source: https://doi.org/10.2307/2684934
    """
    if not len(values):
        return {str(percent): None for percent in percents}
    found = np.percentile(values, percents)
    return {str(percent): rounded(value) for percent, value in zip(percents, found, strict=True)}


def count_summary(counts: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Summarise int64 (N,) counts: `min`, `median`, `max` (`None` of none), and `histogram`."""
    median = quantiles(counts.astype(np.float64), (50,))["50"]
    least, most = (int(counts.min()), int(counts.max())) if len(counts) else (None, None)
    return {"min": least, "median": median, "max": most, "histogram": count_histogram(counts)}
