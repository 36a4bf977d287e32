"""A stimulus, and the trial that shows it to one participant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hmix_hub.tasks.midpoint import WALK

Side = Literal["left", "right"]

STEPS = len(WALK)
"""Mixtures of a pair where all are shown: step s has the coefficient s / 10."""


@dataclass(frozen=True)
class Stimulus:
    """A pair of pictures, or one mixture of them.

    Parameters
    ----------
    image_1_index, image_2_index
        Rows of the image set.
    image_1_label, image_2_label
        Codes in the study's vocabulary; label 1 precedes label 2 in the alphabet, as in the release.
    mixing_coefficient
        Share of image 1, 0 to 1; `None` where all eleven mixtures are shown.
    """

    image_1_index: int
    image_2_index: int
    image_1_label: int
    image_2_label: int
    mixing_coefficient: float | None = None


@dataclass(frozen=True)
class Trial:
    """A trial of one participant.

    Parameters
    ----------
    trial_index
        Place on the timeline.
    stimulus
        Place in the batch.
    is_repeat
        Whether it is shown again on purpose.
    image_1_side
        Tasks with the option `sides`: side of the page that stands for image 1.
    start_step
        Tasks with the option `start`: step of the first picture, 0 to 10, in tenths of image 1.
    grid_steps
        Tasks with a grid: the eleven steps in its order, row by row.
    class_order
        Tasks with the option `class_order`: class codes in the order of the page.
    """

    trial_index: int
    stimulus: int
    is_repeat: bool
    image_1_side: Side | None = None
    start_step: int | None = None
    grid_steps: tuple[int, ...] | None = None
    class_order: tuple[int, ...] | None = None

    def step_at(self, position: int) -> int:
        """Return the step at a position of a row of pictures, 0 (far left) to 10 (far right)."""
        return STEPS - 1 - position if self.image_1_side == "left" else position

    def position_of(self, step: int) -> int:
        """Return the position, 0 (far left) to 10 (far right), at which a row of pictures shows a step."""
        return self.step_at(step)
