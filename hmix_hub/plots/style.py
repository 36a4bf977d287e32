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


WARNING = "#B00020"
"""Red, for what must not be overlooked: that no participant gave an answer."""


def finish(axes: Axes, title: str, selection: Selection) -> None:
    """Write the title of axes, the line that says what is shown, and the mark of judgments that a program made.

    Parameters
    ----------
    axes
        The axes.
    title
        The title, with `{who}` in place of those who judged.
    selection
        What is shown.
    """
    axes.set_title(title.format(who=selection.origin.who), loc="left", fontsize=11)
    mark_origin(axes, selection.origin.mark)
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


def mark_origin(axes: Axes, mark: str) -> None:
    """Write a mark, in red, above the title of axes; nothing where it is empty."""
    if mark:
        axes.annotate(
            mark,
            (0, 1),
            # Above the title, whose 11 points end at about 22.
            (0, 24),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=10,
            fontweight="bold",
            color=WARNING,
        )
