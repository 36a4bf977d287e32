"""Picture of selected 50/50 points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hmix_hub.plots.axes import mark_mean, mean_text, share_axis, title_above
from hmix_hub.plots.resampling import Floats, Ints, resample_means
from hmix_hub.plots.selection import Selection
from hmix_hub.plots.style import BARS, ERROR, SYNTHETIC, finish
from hmix_hub.stimuli.coefficients import steps_of
from hmix_hub.tasks.midpoint import WALK
from hmix_hub.tasks.task import Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hmix_hub.plots.picture import Picture

Groups = list[tuple[str, npt.NDArray[np.bool_]]]

_LAST = len(WALK) - 1
_MIDDLE = _LAST // 2
_GROUP = 0.085
"""Width of the bars of one step together, where steps are .1 apart."""


def draw_midpoints(figure: Picture, selection: Selection, task: Task) -> None:
    """Draw how far from the synthetic 50/50 point the selected ones are; by start, where there is one, also where.

    Which picture is image 1 is nothing but the order of names: over many pairs, a pull to one picture and one to the
    other cancel in the mean of the coefficients. So the distance from .5 is drawn, which has no order.

    Source: paper, section 3.
    """
    selected = selection.numbers(task.answered)
    steps = steps_of(selected)
    groups: Groups = [("all judgments", np.ones(len(steps), dtype=bool))]
    has_start = "start_coefficient" in selection.dataset.column_names
    if has_start:
        start = selection.numbers("start_coefficient")
        groups = [(f"started at {value:g}", start == value) for value in np.unique(start)]
        figure.set_size_inches(10, 5)
    *left, right = figure.subplots(1, 1 + has_start, squeeze=False)[0]
    for axes in left:
        _draw_shares(axes, selected, steps, groups, selection.units)
        axes.axvline(_MIDDLE / _LAST, color=SYNTHETIC, lw=1, ls="--", zorder=0, label="synthetic 50/50 point")
        axes.set(xlabel="mixing coefficient selected (share of image 1)", ylabel="share of judgments")
        title_above(axes, "", legend_columns=1)
    distance, away = np.abs(selected - 0.5), np.abs(steps - _MIDDLE)
    _draw_shares(right, distance, away, groups, selection.units, last=_MIDDLE)
    right.axvline(0, color=SYNTHETIC, lw=1, ls="--", zorder=0, label="synthetic 50/50 point")
    right.set(xlabel="distance of the selected coefficient from 0.5, to either image", ylabel="share of judgments")
    title_above(right, "", legend_columns=1)
    finish(figure, "Which mixture {who} take as the 50/50 one", selection)


def _draw_shares(axes: Axes, values: Floats, steps: Ints, groups: Groups, units: Ints, *, last: int = _LAST) -> None:
    """Draw the share of judgments at each step, 0 to `last`, a bar for each group, and the mean of their values."""
    width = _GROUP / len(groups)
    places = np.arange(last + 1)
    for number, (label, rows) in enumerate(groups):
        look = BARS[number % len(BARS)]
        # Each judgment is a yes or no for every step.
        chosen = (steps[rows][:, None] == places).astype(np.float64)
        people = np.unique(units[rows], return_inverse=True)[1]
        shares = resample_means(chosen.ravel(), np.tile(places, len(chosen)), np.repeat(people, last + 1), last + 1)
        mean = resample_means(values[rows], np.zeros(len(chosen), dtype=np.int64), people, 1)
        ends = (mean.low[0], mean.high[0])
        axes.bar(
            places / _LAST + width * (number - (len(groups) - 1) / 2),
            shares.mean,
            width,
            yerr=shares.errors,
            error_kw=ERROR,
            label=f"{label}: mean {mean_text(mean.mean[0], ends)}",
            **look,
        )
        mark_mean(axes, mean.mean[0], ends, 0.97 - 0.05 * number, face=look["color"])
    # Room for the marks of the means.
    axes.set_ylim(0, min(1, axes.get_ylim()[1] * (1.05 + 0.05 * len(groups))))
    share_axis(axes, high=last / _LAST, gap=3, margin=_GROUP / 2)
