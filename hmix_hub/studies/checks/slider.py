"""Check of the slider's direction: inferred coefficients rise with shown ones."""

from __future__ import annotations

import numpy as np

from hmix_hub.studies.checks.place import Place
from hmix_hub.studies.observed import ObservedPiece
from hmix_hub.studies.rules import trials as rules
from hmix_hub.tasks import INFER

FEWEST_ROWS = 20
FLIPPED_CORRELATION = -0.3
FLIPPED_STATISTIC = -4.0
"""Student's t of a correlation below which it is none by chance: of pilots with random answers, one in thousands."""
_ROUNDING = 1e-9


class SliderCheck:
    """Correlation of shown and inferred coefficients, from sums over pieces."""

    def __init__(self, task: str) -> None:
        self._is_used = task == INFER
        self._sums = np.zeros(6)

    def add(self, piece: ObservedPiece) -> None:
        """Take rows up."""
        if not self._is_used:
            return
        x, y = piece.numbers("mixing_coefficient"), piece.numbers("inferred_coefficient")
        known = ~(np.isnan(x) | np.isnan(y))
        x, y = x[known], y[known]
        self._sums += [len(x), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()]

    def finish(self, place: Place) -> None:
        """Tell if the correlation says that one of the two is of the other picture."""
        n, x, y, xx, yy, xy = self._sums
        if n < FEWEST_ROWS:
            return
        spread_x, spread_y = n * xx - x * x, n * yy - y * y
        # Of a column that is constant, rounding leaves a little, and the correlation would be any number.
        if spread_x <= _ROUNDING * n * xx or spread_y <= _ROUNDING * n * yy:
            return
        correlation = (n * xy - x * y) / np.sqrt(spread_x * spread_y)
        statistic = correlation * np.sqrt((n - 2) / max(1 - correlation**2, _ROUNDING))
        if correlation < FLIPPED_CORRELATION and statistic < FLIPPED_STATISTIC:
            column = "inferred_coefficient"
            note = f"correlation with mixing_coefficient {correlation:.2f}"
            place.report.add(rules.FLIPPED, file=place.file, column=column, note=note)
