"""Picture of selected 50/50 points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.plots.resampling import Means, resample_means
from hmix_hub.plots.selection import Selection
from hmix_hub.plots.style import COLOURS, SYNTHETIC, finish
from hmix_hub.stimuli.coefficients import WALK, steps_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEPS = np.arange(len(WALK))


def draw_midpoints(axes: Axes, selection: Selection) -> None:
    """Draw how often each coefficient was taken as the 50/50 one, by start where there is one.

    Source: paper, section 3.
    """
    selected = selection.numbers("selected_coefficient")
    steps = steps_of(selected)
    groups = [("all judgments", np.ones(len(steps), dtype=bool))]
    if "start_coefficient" in selection.dataset.column_names:
        start = selection.numbers("start_coefficient")
        groups = [(f"started at {value:g}", start == value) for value in np.unique(start)]
    width = 0.085 / len(groups)
    for number, (label, rows) in enumerate(groups):
        colour = COLOURS[number % len(COLOURS)]
        shares = _shares(steps[rows], selection.units[rows])
        centres = _STEPS / 10 + width * (number - (len(groups) - 1) / 2)
        mean = selected[rows].mean()
        axes.bar(
            centres,
            shares.mean,
            width,
            yerr=shares.errors,
            color=colour,
            alpha=0.85,
            label=f"{label}: mean {mean:.2f}",
            error_kw={"lw": 0.8, "capsize": 1.5},
        )
        axes.axvline(mean, color=colour, lw=1, ls=":")
    axes.axvline(0.5, color=SYNTHETIC, lw=1, ls="--", label="synthetic 50/50 point")
    axes.set(xlabel="mixing coefficient selected (share of image 1)", ylabel="share of judgments", xticks=_STEPS / 10)
    axes.legend(frameon=False)
    finish(axes, "Which mixture {who} take as the 50/50 one", selection)


def _shares(steps: np.ndarray, units: np.ndarray) -> Means:
    """Give the share of each step with intervals: each judgment is a yes or no for every step."""
    chosen = (steps[:, None] == _STEPS).astype(float)
    _, people = np.unique(units, return_inverse=True)
    return resample_means(chosen.ravel(), np.tile(_STEPS, len(steps)), np.repeat(people, len(_STEPS)), len(_STEPS))
