"""Means by level of a coefficient, and other statistics, with intervals by resampling whole participants (or stimuli).

All answers of a participant are drawn or none, since they are correlated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hmix_hub.cluster import map_pieces
from hmix_hub.errors import ConfigurationError

if TYPE_CHECKING:
    from distributed import Client

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RESAMPLES = 2000
COVERAGE = 0.95
_CHUNK, _DRAWN_AT_ONCE = 200, 50
"""Maximum number of resamplings computed at a time, and drawn."""
_AT_ONCE = 1 << 23
"""Maximum number of values of all of these together."""
_MOST_UNITS = 4096
"""Maximum number of units drawn individually."""
MOST_LEVELS = 21
"""Maximum number of distinct coefficients used as levels; more are grouped into tenths."""


@dataclass(frozen=True)
class Means:
    """Means by level with intervals; float64 (L,) each, NaN if there is none."""

    mean: Floats
    low: Floats
    high: Floats

    @property
    def errors(self) -> Floats:
        """Distances from the mean to both ends, for Matplotlib; float64 (2, L)."""
        return np.clip(np.stack([self.mean - self.low, self.high - self.mean]), 0, None)


@dataclass(frozen=True)
class Estimate:
    """A figure with its interval; NaN if the data do not determine it.

    Parameters
    ----------
    value
        The estimate.
    low, high
        Ends of the interval.
    """

    value: float
    low: float = math.nan
    high: float = math.nan

    def __str__(self) -> str:
        return f"{self.value:.4f}" + ("" if math.isnan(self.low) else f" [{self.low:.4f}, {self.high:.4f}]")


def finite(value: Any) -> Any:
    """Return figures, nested in dicts, for JSON: `None` if not finite."""
    if isinstance(value, dict):
        return {name: finite(part) for name, part in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def percentile_interval(draws: Floats, level: float = COVERAGE) -> tuple[Floats, Floats]:
    """Return both ends of percentile intervals over resamplings, NaN if fewer than half of them have a figure.

    Parameters
    ----------
    draws
        float64 (R, ...): figures of each resampling, NaN if undefined.
    level
        Coverage of the interval, between 0 and 1.
    """
    told = np.isfinite(draws).sum(axis=0) * 2 >= len(draws)
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(np.where(told, draws, 0.0), [tail, 100 - tail], axis=0)
    return np.where(told, low, np.nan), np.where(told, high, np.nan)


def widened_level(n_units: int, level: float = COVERAGE) -> float:
    r"""Return the level of a percentile interval over few units whose actual coverage is `level`.

    Percentile intervals of a mean over n units are too narrow, by :math:`\sqrt{(n - 1) / n}` and because the normal
    distribution is narrower than Student's t: over 8 units, 87 % of them contain the truth.

    Source: Hesterberg, https://doi.org/10.1080/00031305.2015.1089789, the expanded percentile interval.

    Examples
    --------
    >>> [round(widened_level(n), 4) for n in (8, 25, 81)]
    [0.9885, 0.9648, 0.9548]
    """
    # Imported here, since checking a study does not resample.
    from scipy.special import ndtr, stdtrit

    if n_units < 2:
        return level
    return float(1 - 2 * ndtr(math.sqrt(n_units / (n_units - 1)) * stdtrit(n_units - 1, (1 - level) / 2)))


def resample_means(
    values: Floats,
    levels: Ints,
    units: Ints,
    n_levels: int,
    seed: int = 0,
    *,
    resamples: int = RESAMPLES,
    level: float = COVERAGE,
) -> Means:
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
    seed, resamples, level
        See `resample`.

    Returns
    -------
    Means
        See `resample_folded`.
    """
    n_units = int(units.max(initial=-1)) + 1
    cells = units * n_levels + levels
    sums = np.bincount(cells, values, minlength=n_units * n_levels).reshape(n_units, n_levels)
    counts = np.bincount(cells, minlength=n_units * n_levels).reshape(n_units, n_levels)
    group = drawn(n_units, seed, resamples)[0]
    if group is not None:
        sums, counts = (np.stack([np.bincount(group, c) for c in part.T], axis=1) for part in (sums, counts))
    return resample_folded(sums, counts, n_units, seed, resamples=resamples, level=level)


def resample_folded(
    sums: npt.NDArray[Any],
    counts: npt.NDArray[Any],
    n_units: int,
    seed: int = 0,
    *,
    resamples: int = RESAMPLES,
    level: float = COVERAGE,
) -> Means:
    """Compute sums divided by counts, both over all units, with bootstrap intervals over units.

    Parameters
    ----------
    sums, counts
        (G, L): sum and number of values at each level, for each group of units made by `drawn`.
    n_units
        U.
    seed, resamples, level
        See `resample`.

    Returns
    -------
    Means
        The mean of each level, and its percentile interval over resamplings of the groups; no interval if fewer than
        two of them have values.
    """
    low, high = np.full((2, sums.shape[1]), np.nan)
    with np.errstate(invalid="ignore"):
        mean = sums.sum(axis=0) / counts.sum(axis=0)
    several = (counts > 0).sum(axis=0) > 1
    if several.any():
        sums, counts = sums[:, several].astype(np.float64), counts[:, several].astype(np.float64)
        weights = drawn(n_units, seed, resamples)[1]
        low[several], high[several] = _ends(
            lambda chosen: (chosen @ sums) / (chosen @ counts), weights, sums.shape[1], level
        )
    return Means(mean, low, high)


def resample(
    statistic: Callable[[Floats], Floats],
    n_units: int,
    *,
    width: int,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = COVERAGE,
    client: Client | None = None,
) -> Means:
    """Compute statistics with bootstrap intervals over units.

    Parameters
    ----------
    statistic
        Function from weights, float64 (R, U), how often each unit counts in each of R resamplings, to L statistics of
        each, float64 (R, L), NaN if undefined. With all weights 1, it returns the statistics themselves.
    n_units
        U.
    width
        Number of values that the statistic computes per resampling, which limits the number of resamplings at a time.
    seed, resamples
        Seed and number of the resamplings.
    level
        Share of the resamplings that an interval contains.
    client
        Client whose workers compute the resamplings; `None`: this process.

    Returns
    -------
    Means
        The L statistics, and their percentile intervals; no interval for fewer than two units.

    Examples
    --------
    >>> import numpy as np
    >>> values = np.arange(20.0)
    >>> found = resample(lambda weights: (weights @ values[:, None]) / 20, 20, width=20)
    >>> found.mean.tolist(), bool(found.low[0] < 9.5 < found.high[0])
    ([9.5], True)
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = statistic(np.ones((1, n_units)))[0]
    low, high = np.full((2, len(mean)), np.nan)
    if n_units > 1:
        group, weights = drawn(n_units, seed, resamples)

        def of_units(chosen: Floats) -> Floats:
            return statistic(chosen if group is None else chosen[:, group])

        low, high = _ends(of_units, weights, max(width, n_units), level, client)
    return Means(mean, low, high)


def _ends(
    statistic: Callable[[Floats], Floats],
    weights: npt.NDArray[np.int16],
    width: int,
    level: float,
    client: Client | None = None,
) -> tuple[Floats, Floats]:
    """Return both ends of the intervals of L statistics, float64 (L,) each, given how often each unit is drawn."""
    at_once = int(np.clip(_AT_ONCE // max(width, 1), 1, _CHUNK))
    some = (weights[start : start + at_once] for start in range(0, len(weights), at_once))
    draws = list(map_pieces(_statistics_of, statistic, some, client=client))
    return percentile_interval(np.concatenate(draws), level)


def _statistics_of(statistic: Callable[[Floats], Floats], weights: npt.NDArray[np.int16]) -> Floats:
    with np.errstate(invalid="ignore", divide="ignore"):
        return statistic(weights.astype(np.float64))


def check_seed(seed: object) -> int:
    """Check that a seed is an integer of at least 0, and return it.

    Raises
    ------
    ConfigurationError
        If it is not.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        msg = f"seed must be an integer of at least 0, not {seed!r}"
        raise ConfigurationError(msg)
    return int(seed)


@lru_cache(maxsize=8)
def drawn(
    n_units: int, seed: int, resamples: int = RESAMPLES
) -> tuple[npt.NDArray[np.int16] | None, npt.NDArray[np.int16]]:
    """Return how often each of U units is drawn in each resampling, int16 (R, U).

    More than `_MOST_UNITS` units are drawn in groups; the group of each unit, int16 (U,), is then returned first.
    Results are cached: drawing takes longer than using it, and most intervals of a study are over the same
    participants.
    """
    rng = np.random.default_rng(seed)
    group = None
    if n_units > _MOST_UNITS:
        # Sums over groups of units have the same variance as those over units, with fewer draws.
        group = (rng.permutation(n_units) % _MOST_UNITS).astype(np.int16)
        n_units = _MOST_UNITS
    shares = np.full(n_units, 1 / n_units)
    weights = np.empty((resamples, n_units), dtype=np.int16)
    for start in range(0, resamples, _DRAWN_AT_ONCE):
        some = weights[start : start + _DRAWN_AT_ONCE]
        some[:] = rng.multinomial(n_units, shares, size=len(some))
    return group, weights


@dataclass(frozen=True)
class Levels:
    """Levels of a coefficient, float64, increasing: values to nine digits (some, if many), and their nearest tenths."""

    exact: Floats
    tenths: Floats

    @classmethod
    def of(cls, shown: Floats) -> Levels:
        """Return the levels of a coefficient, float64 (N,)."""
        # Adding zero turns -0 into 0.
        return cls(*(np.unique(np.round(shown, digits) + 0.0) for digits in (9, 1)))

    def __add__(self, other: Levels) -> Levels:
        """Return the levels of two parts of the data together."""
        return Levels(np.union1d(self.exact, other.exact)[: MOST_LEVELS + 1], np.union1d(self.tenths, other.tenths))

    @property
    def centres(self) -> Floats:
        """The levels, float64 (L,), increasing."""
        return self.exact if len(self.exact) <= MOST_LEVELS else self.tenths

    def places(self, shown: Floats) -> Ints:
        """Return the level of each value, int64 (N,)."""
        digits = 9 if len(self.exact) <= MOST_LEVELS else 1
        return np.searchsorted(self.centres, np.round(shown, digits) + 0.0)


def levels_of(shown: Floats) -> tuple[Floats, Ints]:
    """Return the levels of a coefficient, float64 (L,), and each row's, int64 (N,); see `Levels`."""
    levels = Levels.of(shown)
    return levels.centres, levels.places(shown)
