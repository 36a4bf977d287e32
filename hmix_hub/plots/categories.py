"""Picture of soft labels: mass on the two mixed classes and off them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.plots.axes import share_axis, title_above
from hmix_hub.plots.resampling import resample_means
from hmix_hub.plots.selection import Selection
from hmix_hub.plots.style import BARS, ERROR, finish
from hmix_hub.plots.summaries import class_masses, levels_of
from hmix_hub.tasks.task import Task

if TYPE_CHECKING:
    from hmix_hub.plots.picture import Picture


def draw_categories(figure: Picture, selection: Selection, task: Task) -> None:
    """Draw the mean probability on image 2's class, on all others, and on image 1's, by coefficient.

    Source: paper, section 4.3.2.
    """
    axes = figure.subplots()
    labels = selection.matrix(task.judged_columns[not selection.has_people])
    first, second, others = class_masses(labels, selection.labels("image_1_label"), selection.labels("image_2_label"))
    centres, levels = levels_of(selection.numbers("mixing_coefficient"))
    parts = (
        ("class of image 2", second, BARS[1], 1 - centres),
        ("other classes", others, BARS[2], 0 * centres),
        ("class of image 1", first, BARS[0], centres),
    )
    places = np.arange(len(centres))
    for number, (label, mass, look, synthetic) in enumerate(parts):
        means = resample_means(mass, levels, selection.units, len(centres))
        offset = 0.27 * (number - 1)
        axes.bar(places + offset, means.mean, 0.25, yerr=means.errors, label=label, error_kw=ERROR, **look)
        axes.hlines(
            synthetic,
            places + offset - 0.13,
            places + offset + 0.13,
            color="black",
            ls=(0, (2, 1)),
            lw=2,
            zorder=3,
            label="_nolegend_" if number else "synthetic label",
        )
    axes.set(
        xlabel="mixing coefficient shown (share of image 1)",
        ylabel="mean probability",
        xticks=places,
        xticklabels=[f"{value:g}" for value in centres],
        # Few levels would fill the picture with their bars.
        xlim=(min(-0.6, len(centres) / 2 - 2), max(len(centres) - 0.4, len(centres) / 2 + 1)),
    )
    share_axis(axes, "y", gap=0)
    title_above(axes, "", legend_columns=2)
    finish(figure, "Where {who} put the probability", selection)
