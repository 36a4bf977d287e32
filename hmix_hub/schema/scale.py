"""A rating scale: its question, its two ends, and its steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.schema.arrays import Floats, Mask

MOST_STEPS = 1001
"""Maximum number of steps; a scale with more counts as continuous."""
_WRITTEN = 1e-6
"""Maximum distance of a rating from its step: six decimals, or the precision of float32."""
_ROUNDING = 0.005
"""Maximum distance from a step that rounding to two decimals explains."""


@dataclass(frozen=True)
class Scale:
    """A rating scale; a rating is a position on it, from 0 at its low end to 1 at its high end.

    Parameters
    ----------
    name
        Name, as in the column `scale`.
    question
        What the participant was asked.
    low, high
        Labels of both ends: "not at all", "very".
    steps
        Number of equidistant steps, including both ends: 7 steps are 0, 1/6, …, 1. `None`: continuous.
    """

    name: str
    question: str
    low: str
    high: str
    steps: int | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends in lower case: scales with different ends measure different things."""
        return self.low.strip().casefold(), self.high.strip().casefold()

    @property
    def range(self) -> str:
        """The ends and the steps in words: "0 not at all, 1 very; 7 steps"."""
        return f"0 {self.low}, 1 {self.high}; {'continuous' if self.steps is None else f'{self.steps} steps'}"

    def nearest(self, ratings: Floats) -> Floats:
        """Return the step nearest to each rating, 0 to 1, float64 (N,); the rating itself, if the scale is continuous.

        Examples
        --------
        >>> Scale("likeness", "How alike are they?", "not at all", "very", 5).nearest(np.array([0.3, 1.0]))
        array([0.25, 1.  ])
        """
        return ratings if self.steps is None else np.round(ratings * (self.steps - 1)) / (self.steps - 1)

    def are_steps(self, ratings: Floats) -> Mask:
        """Return which ratings, float64 (N,), are steps of the scale, bool (N,); false for NaN."""
        return np.asarray(np.abs(ratings - self.nearest(ratings)) <= _WRITTEN)

    def are_rounded_steps(self, ratings: Floats) -> Mask:
        """Return which ratings, float64 (N,), are steps rounded to few decimals; bool (N,)."""
        if self.steps is None:
            return np.zeros(len(ratings), dtype=bool)
        # If steps are close, a rating near the middle of two may be either.
        reach = min(_ROUNDING, 0.25 / (self.steps - 1)) + _WRITTEN
        return np.asarray((np.abs(ratings - self.nearest(ratings)) <= reach) & ~self.are_steps(ratings))
