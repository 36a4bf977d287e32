"""Style of the pictures: colours that colour-blind people tell apart, and the words that every picture carries."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from hmix_hub.plots.selection import Selection

PEOPLE, SECOND, SYNTHETIC, FAINT = "#0072B2", "#D55E00", "#555555", "#56B4E9"
"""Wong's palette: judgments, a second group of them, the synthetic label, single answers."""
COLOURS = (PEOPLE, SECOND, "#009E73", "#CC79A7", "#E69F00", FAINT)
"""For groups side by side, Wong's palette again."""


def finish(axes: Axes, title: str, selection: Selection) -> None:
    """Give axes their title and the line that says what is shown; synthetic data are named as such."""
    warning = "SYNTHETIC sample study, not people\n" if selection.is_synthetic else ""
    axes.set_title(warning + title, loc="left", fontsize=11, color="#B00020" if selection.is_synthetic else "black")
    axes.spines[["top", "right"]].set_visible(False)
    axes.text(
        1,
        -0.16,
        selection.describe(),
        transform=axes.transAxes,
        ha="right",
        va="top",
        fontsize=7.5,
        color=SYNTHETIC,
    )
