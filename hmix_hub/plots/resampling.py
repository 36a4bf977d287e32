"""Intervals by resampling people (or stimuli): a whole person is drawn or not, since one person's answers agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RESAMPLES = 2000
COVERAGE = 0.95
_CHUNK = 200


@dataclass(frozen=True)
class Means:
    """Means by level with intervals; float64 (L,) each."""

    mean: Floats
    low: Floats
    high: Floats

    @property
    def errors(self) -> Floats:
        """Distances from the mean to both ends, as matplotlib wants them; float64 (2, L)."""
        return np.clip(np.stack([self.mean - self.low, self.high - self.mean]), 0, None)


def resample_means(values: Floats, levels: Ints, units: Ints, n_levels: int, seed: int = 0) -> Means:
    """Average values within levels, with bootstrap intervals over units.

    Parameters
    ----------
    values
        float64 (N,).
    levels
        int64 (N,), 0 to `n_levels` - 1.
    units
        int64 (N,), 0 to U - 1: the person (or stimulus) that a value belongs to.
    n_levels
        L.
    seed
        Seed of the resampling.

    Returns
    -------
    Means
        The mean of each level, and its 95 % percentile interval over 2000 resamplings of the units.
    """
    n_units = int(units.max()) + 1
    cells = units * n_levels + levels
    sums = np.bincount(cells, values, minlength=n_units * n_levels).reshape(n_units, n_levels)
    counts = np.bincount(cells, minlength=n_units * n_levels).reshape(n_units, n_levels)
    rng = np.random.default_rng(seed)
    draws = []
    with np.errstate(invalid="ignore"):
        mean = sums.sum(axis=0) / counts.sum(axis=0)
        for _ in range(RESAMPLES // _CHUNK):
            weights = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=_CHUNK)
            draws.append((weights @ sums) / (weights @ counts))
    tail = 50 * (1 - COVERAGE)
    low, high = np.nanpercentile(np.concatenate(draws), [tail, 100 - tail], axis=0)
    return Means(mean, low, high)
