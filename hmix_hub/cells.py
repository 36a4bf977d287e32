"""Sums of values by resampling unit (participant or stimulus), and means with their intervals.

Each part of the data is reduced to cells: for each unit and each level of a coefficient, the number of values and their
sums, added in the order of rows. Cells of all parts, in the order of units, are folded into the groups of units that
are resampled; so the figures are exactly the same however the data are divided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.piles import Pile
from hmix_hub.resampling import Floats, Ints, Levels, Means, drawn, resample_folded
from hmix_hub.tallies import deviation_of, interval, rounded

UNIT, LEVEL, COUNT = "unit", "level", "n"
SQUARES = "squares"
_MIDDLE = 0.5
"""Values are squared about the middle of their range, to avoid cancellation of large equal terms."""


def cells(units: Ints, values: Mapping[str, Floats], shown: Floats | None = None) -> pa.Table:
    """Add up values by unit and level.

    Parameters
    ----------
    units
        int64 (N,): number of each row's unit.
    values
        float64 (N,) by name.
    shown
        float64 (N,): coefficient whose levels are distinguished; `None`: a single level.

    Returns
    -------
    pyarrow.Table
        A row for each unit and level, in increasing order of units: both, the number of values, and their sums.
    """
    levels, places = np.unique(np.zeros(len(units)) if shown is None else shown, return_inverse=True)
    width = max(len(levels), 1)
    found, codes = np.unique(units * width + places, return_inverse=True)
    # Without rows, NumPy's sums are integers.
    sums = {name: np.bincount(codes, column, len(found)).astype(np.float64) for name, column in values.items()}
    return pa.table({UNIT: found // width, LEVEL: levels[found % width], COUNT: np.bincount(codes), **sums})


def with_squares(values: Floats) -> dict[str, Floats]:
    """Return values and their squares, for `Folded.deviation`."""
    return {"value": values, SQUARES: (values - _MIDDLE) ** 2}


@dataclass(frozen=True)
class Folded:
    """Numbers and sums of values by group of units (G of them) and level (L).

    Parameters
    ----------
    n_units, n_present
        Number of all units, and of those with values.
    levels
        float64 (L,).
    counts, sums
        Numbers of values, float64 (G, L), and their sums by name.
    """

    n_units: int
    levels: Floats
    counts: Floats
    sums: Mapping[str, Floats]
    n_present: int

    @property
    def count(self) -> int:
        """Total number of values."""
        return int(self.counts.sum())

    @property
    def overall(self) -> Folded:
        """The same cells without levels."""
        counts, *sums = (part.sum(axis=1, keepdims=True) for part in (self.counts, *self.sums.values()))
        return Folded(self.n_units, np.zeros(1), counts, dict(zip(self.sums, sums, strict=True)), self.n_present)

    def means(self, name: str, counted: str = "") -> Means:
        """Return means by level with intervals; ratios, if `counted` names sums used instead of the numbers."""
        return resample_folded(self.sums[name], self.sums[counted] if counted else self.counts, self.n_units)

    def total(self, name: str) -> float:
        """Return the sum of all values."""
        return float(self.sums[name].sum()) if self.count else 0.0

    def mean(self, name: str, level: int = 0) -> float | None:
        """Return the mean of the values at a level; `None` without values."""
        n = int(self.counts[:, level].sum()) if len(self.levels) else 0
        return rounded(float(self.sums[name][:, level].sum()) / n) if n else None

    def interval(self, name: str, counted: str = "") -> list[float | None] | None:
        """Return the interval of values without levels; `None` if there is none."""
        return interval(self.means(name, counted)) if self.count else None

    def covariation(self, name: str, of: tuple[str, str]) -> float:
        """Return the sum of products about the means, given that about the middle of the range."""
        n, (one, two) = self.count, (self.total(part) for part in of)
        return self.total(name) - (one - _MIDDLE * n) * (two - _MIDDLE * n) / n if n else 0.0

    def deviation(self) -> float | None:
        """Return the sample standard deviation of `with_squares`, over N - 1; `None` for fewer than two values."""
        return deviation_of(self.covariation(SQUARES, ("value", "value")), self.count - 1)


def fold(pile: Pile, ranks: Ints, among: Pile | None = None) -> Folded:
    """Fold cells of all parts.

    Parameters
    ----------
    pile
        The cells.
    ranks
        int64 (U,): position of each unit in the order of resampling.
    among
        Cells of the units to include, which are ranked again; `None`: all units up to the last with values.
    """
    if among is not None:
        chosen = np.zeros(len(ranks) + 1, dtype=np.int64)
        for block in among.ordered(UNIT, LEVEL):
            chosen[ranks[block[UNIT].to_numpy()] + 1] = 1
        ranks = np.cumsum(chosen)[ranks]
    levels, n_units, n_present, last = Levels.of(np.zeros(0)), 0, 0, -1
    for block in pile.ordered(UNIT, LEVEL):
        units = block[UNIT].to_numpy()
        levels += Levels.of(block[LEVEL].to_numpy())
        n_units = max(n_units, int(ranks[units].max(initial=-1)) + 1)
        n_present += int((np.diff(units, prepend=last) != 0).sum())
        last = int(units.max(initial=last))
    blocks = (
        (ranks[block[UNIT].to_numpy()], levels.places(block[LEVEL].to_numpy()), arrays(block))
        for block in pile.ordered(UNIT, LEVEL)
    )
    counts, sums = _summed(blocks, n_units, len(levels.centres))
    return Folded(n_units, levels.centres, counts, sums, n_present)


def fold_ordered(blocks: Iterable[dict[str, Floats]], n_units: int) -> Folded:
    """Fold units given in order, in blocks of float64 (B,) by name."""
    counts, sums = _summed(_numbered(blocks), n_units, 1)
    return Folded(n_units, np.zeros(1), counts, sums, n_units)


def arrays(block: pa.Table) -> dict[str, Floats]:
    """Return the numbers of a block by name, only sums and counts."""
    return {name: block[name].to_numpy() for name in block.column_names if name not in {UNIT, LEVEL}}


def _numbered(blocks: Iterable[dict[str, Floats]]) -> Iterator[tuple[Ints, Ints, dict[str, Floats]]]:
    start = 0
    for block in blocks:
        n = len(block[COUNT])
        yield np.arange(start, start + n), np.zeros(n, dtype=np.int64), block
        start += n


def _summed(
    blocks: Iterable[tuple[Ints, Ints, dict[str, Floats]]], n_units: int, n_levels: int
) -> tuple[Floats, dict[str, Floats]]:
    """Add up blocks of units, levels and numbers, one after the other, so that blocks do not matter."""
    group = drawn(n_units, 0)[0] if n_units else None
    n_groups = n_units if group is None else int(group.max()) + 1
    sums: dict[str, Floats] = {}
    for units, places, columns in blocks:
        at = (units if group is None else group[units].astype(np.int64)) * n_levels + places
        for name, column in columns.items():
            np.add.at(sums.setdefault(name, np.zeros(n_groups * n_levels)), at, column)
    shaped = {name: column.reshape(n_groups, n_levels) for name, column in sums.items()}
    return shaped.pop(COUNT, np.zeros((0, n_levels))), shaped


def combined(parts: Iterable[Any]) -> Any:
    """Combine the results of parts: dicts by name, everything else by `+`; `None` without parts."""
    return reduce(_both, parts, None)


def _both(one: Any, two: Any) -> Any:
    if one is None or two is None:
        return two if one is None else one
    if isinstance(one, dict):
        return one | {name: _both(one.get(name), value) for name, value in two.items()}
    return add(one, two)
