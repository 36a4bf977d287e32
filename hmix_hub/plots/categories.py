"""Picture of soft labels: mass on the two mixed classes and off them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.plots.inferences import level_of
from hmix_hub.plots.resampling import resample_means
from hmix_hub.plots.selection import Selection
from hmix_hub.plots.style import FAINT, PEOPLE, SECOND, SYNTHETIC, finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_categories(axes: Axes, selection: Selection) -> None:
    """Draw the mean probability on image 1's class, on image 2's, and on all others, by coefficient.

    Source: paper, section 4.3.2.
    """
    labels = selection.matrix("soft_label" if selection.has_people else "mean_soft_label")
    first, second = (_mass_on(labels, selection.labels(f"image_{number}_label")) for number in (1, 2))
    centres, levels = level_of(selection.numbers("mixing_coefficient"))
    parts = (
        ("class of image 1", first, PEOPLE, centres),
        ("class of image 2", second, SECOND, 1 - centres),
        ("other classes", 1 - first - second, FAINT, 0 * centres),
    )
    places = np.arange(len(centres))
    for number, (label, mass, colour, synthetic) in enumerate(parts):
        means = resample_means(mass, levels, selection.units, len(centres))
        offset = 0.27 * (number - 1)
        axes.bar(
            places + offset, means.mean, 0.25, yerr=means.errors, color=colour, label=label, error_kw={"capsize": 2}
        )
        axes.hlines(
            synthetic,
            places + offset - 0.13,
            places + offset + 0.13,
            color=SYNTHETIC,
            lw=2,
            label="synthetic label" if number == 2 else "_nolegend_",
        )
    axes.set(
        xlabel="mixing coefficient shown (share of image 1)",
        ylabel="mean probability",
        ylim=(0, 1.2),
        yticks=np.linspace(0, 1, 6),
        xticks=places,
        xticklabels=[f"{value:g}" for value in centres],
    )
    axes.legend(frameon=False, ncols=2)
    finish(axes, "Where {who} put the probability", selection)


def _mass_on(labels: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Give each soft label's probability of a class; 0 where there is none, as a single picture has no second."""
    return np.where(classes >= 0, labels[np.arange(len(labels)), classes], 0)
