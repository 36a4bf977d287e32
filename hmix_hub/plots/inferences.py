"""Picture of inferred coefficients against the synthetic label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.plots.axes import share_axis, title_above
from hmix_hub.plots.resampling import resample_means
from hmix_hub.plots.selection import Selection
from hmix_hub.plots.style import FAINT, PEOPLE, SYNTHETIC, finish
from hmix_hub.plots.summaries import Floats, levels_of
from hmix_hub.tasks.task import Task

if TYPE_CHECKING:
    from hmix_hub.plots.picture import Picture

_WIDEST_JITTER = 0.05


def draw_inferences(figure: Picture, selection: Selection, task: Task) -> None:
    """Draw perceived against synthetic coefficients, with the line on which both would agree.

    Source: paper, section 4: perceptions do not consistently align with the synthetic label.
    """
    axes = figure.subplots()
    name = task.judged_columns[not selection.has_people]
    shown, perceived = selection.numbers("mixing_coefficient"), selection.numbers(name)
    centres, levels = levels_of(shown)
    means = resample_means(perceived, levels, selection.units, len(centres))
    what = "judgment" if selection.has_people else "stimulus"
    axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=1, label="synthetic label")
    opacity = float(np.clip(1500 / len(shown), 0.12, 0.7))
    axes.scatter(_jittered(shown, centres), perceived, s=9, color=FAINT, alpha=opacity, lw=0, zorder=1)
    axes.scatter([], [], s=20, color=FAINT, lw=0, label=f"one {what}, spread sideways")
    axes.errorbar(
        centres,
        means.mean,
        means.errors,
        fmt="o-",
        color=PEOPLE,
        mec="white",
        capsize=3,
        lw=1.5,
        ms=6,
        label="mean of judgments" if selection.has_people else "mean of stimuli",
    )
    axes.set(
        xlabel="mixing coefficient shown (share of image 1)",
        ylabel="mixing coefficient perceived (share of image 1)" if task.is_share_answered else name.replace("_", " "),
        aspect="equal",
    )
    share_axis(axes)
    share_axis(axes, "y")
    title_above(axes, "", legend_columns=2)
    finish(figure, "What {who} see against the synthetic label", selection)


def _jittered(shown: Floats, centres: Floats) -> Floats:
    """Spread coefficients a little, less than halfway to the next one, so that equal answers do not hide each other."""
    reach = min([_WIDEST_JITTER, *(0.35 * np.diff(centres))])
    spread = shown + np.random.default_rng(0).uniform(-reach, reach, len(shown))
    # Inwards at both ends of the axis.
    return 1 - np.abs(1 - np.abs(spread))
