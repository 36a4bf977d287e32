"""A rating scale: its question, its two ends, and the places between them that could be chosen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hmix_hub.schema.arrays import Floats, Mask

MOST_STEPS = 1001
"""Most steps of a scale; one with more is continuous."""
_WRITTEN = 1e-6
"""Largest distance from a step of what is that step: six decimals, or the digits of a float32."""
_ROUNDING = 0.005
"""Largest distance from a step that writing two decimals explains."""


@dataclass(frozen=True)
class Scale:
    """A rating scale; a rating is a place on it, 0 at its low end and 1 at its high end.

    Parameters
    ----------
    name
        What rows call it.
    question
        What the participant was asked.
    low, high
        What stood at either end: "not at all", "very".
    steps
        Number of equidistant places that could be chosen, the ends among them: of 7, they are 0, 1/6, …, 1. `None`: any
        place.
    """

    name: str
    question: str
    low: str
    high: str
    steps: int | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """Both ends, whatever their case: scales on which they differ measure different things."""
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
        """Return which ratings, float64 (N,), are places that could be chosen, bool (N,); NaN is none."""
        return np.asarray(np.abs(ratings - self.nearest(ratings)) <= _WRITTEN)

    def are_rounded_steps(self, ratings: Floats) -> Mask:
        """Return which ratings, float64 (N,), are no step, but one that was written with few decimals; bool (N,)."""
        if self.steps is None:
            return np.zeros(len(ratings), dtype=bool)
        # Where steps stand closely, a rating near the middle of two may be either.
        reach = min(_ROUNDING, 0.25 / (self.steps - 1)) + _WRITTEN
        return np.asarray((np.abs(ratings - self.nearest(ratings)) <= reach) & ~self.are_steps(ratings))
