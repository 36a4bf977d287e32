"""Means by level of a coefficient, with intervals by resampling whole participants (or stimuli).

All answers of one participant are drawn or none, since they are alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RESAMPLES = 2000
COVERAGE = 0.95
_CHUNK = 200
_MOST_UNITS = 4096
"""Most units that are drawn one by one."""
MOST_LEVELS = 21
"""Most different coefficients that are levels of their own; more are put into tenths."""


@dataclass(frozen=True)
class Means:
    """Means by level with intervals; float64 (L,) each, NaN where there is none."""

    mean: Floats
    low: Floats
    high: Floats

    @property
    def errors(self) -> Floats:
        """Distances from the mean to both ends, as matplotlib wants them; float64 (2, L)."""
        return np.clip(np.stack([self.mean - self.low, self.high - self.mean]), 0, None)


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; NaN where the data do not tell it.

    Parameters
    ----------
    value
        What was estimated.
    low, high
        Ends of the interval.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        return f"{self.value:.4f}" + ("" if math.isnan(self.low) else f" [{self.low:.4f}, {self.high:.4f}]")


def percentile_interval(draws: Floats, level: float = COVERAGE) -> tuple[Floats, Floats]:
    """Return both ends of percentile intervals over resamplings, NaN where fewer than half of them tell a figure.

    Parameters
    ----------
    draws
        float64 (R, ...): figures of each resampling, NaN where it has none.
    level
        Coverage of the interval, between 0 and 1.
    """
    told = np.isfinite(draws).sum(axis=0) * 2 >= len(draws)
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(np.where(told, draws, 0.0), [tail, 100 - tail], axis=0)
    return np.where(told, low, np.nan), np.where(told, high, np.nan)


def check_level(level: float) -> float:
    """Return the coverage that was asked for, if it is between 0 and 1."""
    if not (isinstance(level, float) and 0 < level < 1):
        msg = f"the level of an interval is a number between 0 and 1, such as 0.95, not {level!r}"
        raise ConfigurationError(msg)
    return level


def resample_means(values: Floats, levels: Ints, units: Ints, n_levels: int, seed: int = 0) -> Means:
    """Compute means of values within levels, with bootstrap intervals over units.

    Parameters
    ----------
    values
        float64 (N,).
    levels
        int64 (N,), 0 to `n_levels` - 1.
    units
        int64 (N,), 0 to U - 1: the participant (or stimulus) that a value belongs to.
    n_levels
        L.
    seed
        Seed of the resampling.

    Returns
    -------
    Means
        See `resample_ratios`.
    """
    n_units = int(units.max(initial=-1)) + 1
    cells = units * n_levels + levels
    sums = np.bincount(cells, values, minlength=n_units * n_levels).reshape(n_units, n_levels)
    counts = np.bincount(cells, minlength=n_units * n_levels).reshape(n_units, n_levels)
    return resample_ratios(sums, counts, seed)


def resample_ratios(sums: npt.NDArray[Any], counts: npt.NDArray[Any], seed: int = 0) -> Means:
    """Compute sums divided by counts, both over all units, with bootstrap intervals over units.

    Parameters
    ----------
    sums, counts
        (U, L): of each unit at each level, the sum of its values and their number.
    seed
        Seed of the resampling.

    Returns
    -------
    Means
        The mean of each level, and its 95 % percentile interval over 2000 resamplings of the units; no interval where
        fewer than two units have values.
    """
    n_units, n_levels = sums.shape
    low, high = np.full((2, n_levels), np.nan)
    with np.errstate(invalid="ignore"):
        mean = sums.sum(axis=0) / counts.sum(axis=0)
    several = (counts > 0).sum(axis=0) > 1
    if several.any():
        sums, counts = sums[:, several].astype(np.float64), counts[:, several].astype(np.float64)
        group, weights = drawn(n_units, seed)
        if group is not None:
            sums, counts = (np.stack([np.bincount(group, c) for c in part.T], axis=1) for part in (sums, counts))
        draws = []
        with np.errstate(invalid="ignore"):
            for start in range(0, RESAMPLES, _CHUNK):
                chosen = weights[start : start + _CHUNK].astype(np.float64)
                draws.append((chosen @ sums) / (chosen @ counts))
        tail = 50 * (1 - COVERAGE)
        low[several], high[several] = np.nanpercentile(np.concatenate(draws), [tail, 100 - tail], axis=0)
    return Means(mean, low, high)


@lru_cache(maxsize=2)
def drawn(n_units: int, seed: int) -> tuple[Ints | None, npt.NDArray[np.int16]]:
    """Return how often each of U units is drawn in each resampling, int16 (R, U).

    Of more than `_MOST_UNITS`, groups are drawn; then the group of each unit comes first, int64 (U,). Drawing takes
    longer than all that is done with it, and most intervals of a study are over the same participants.
    """
    rng = np.random.default_rng(seed)
    group = None
    if n_units > _MOST_UNITS:
        # Sums over whole groups of units vary as those over units do, and fewer are drawn.
        group = rng.permutation(n_units) % _MOST_UNITS
        n_units = _MOST_UNITS
    shares = np.full(n_units, 1 / n_units)
    draws = [rng.multinomial(n_units, shares, size=_CHUNK).astype(np.int16) for _ in range(RESAMPLES // _CHUNK)]
    return group, np.concatenate(draws)


def levels_of(shown: Floats) -> tuple[Floats, Ints]:
    """Return the levels of a coefficient, float64 (L,), and each row's, int64 (N,).

    Where more than `MOST_LEVELS` values differ, the levels are tenths, and a row's is the nearest.
    """
    # Plus zero, so that no level is a negative one.
    centres, levels = np.unique(np.round(shown, 9) + 0.0, return_inverse=True)
    return (centres, levels) if len(centres) <= MOST_LEVELS else np.unique(np.round(shown, 1), return_inverse=True)


def class_masses(labels: Floats, one: Ints, two: Ints) -> tuple[Floats, Floats, Floats]:
    """Return the probability on the class of image 1, on that of image 2, and on all others; float64 (N,) each.

    Source: Collins et al., *Human-in-the-Loop Mixup*, section 4.3.2.

    Parameters
    ----------
    labels
        float64 (N, K): soft labels; rows sum to 1.
    one, two
        int64 (N,): classes of both pictures. Where the second is -1, as of a single picture, or the same class, its
        probability is 0.
    """
    rows = np.arange(len(labels))
    first = labels[rows, one]
    second = np.where((two >= 0) & (two != one), labels[rows, two], 0.0)
    return first, second, 1 - first - second
