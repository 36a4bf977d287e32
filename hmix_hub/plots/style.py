"""Style of the pictures: colours that colour-blind people tell apart, and the words that every picture carries."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from hmix_hub.plots.picture import Picture
    from hmix_hub.plots.selection import Selection

PEOPLE, SECOND, SYNTHETIC, FAINT = "#0072B2", "#E69F00", "#555555", "#56B4E9"
"""Wong's palette: judgments, a second group of them, the synthetic label, single answers."""
BARS: tuple[dict[str, Any], ...] = tuple(
    {"color": colour, "edgecolor": edge, "hatch": hatch, "linewidth": 0.5}
    for colour, edge, hatch in (
        (PEOPLE, "white", ""),
        (SECOND, "black", "///"),
        ("#DDDDDD", "#555555", ""),
        ("#009E73", "white", "..."),
        ("#CC79A7", "black", "xxx"),
        (FAINT, "black", ""),
    )
)
"""Looks of bars side by side, told apart without colours, too."""
ERROR: dict[str, Any] = {"lw": 0.9, "capsize": 2, "ecolor": "black"}
"""Look of the intervals of bars."""


WARNING = "#B00020"
"""Red, for what must not be overlooked: that no participant gave an answer."""


def finish(figure: Picture, title: str, selection: Selection) -> None:
    """Write the title of a picture, the line that says what is shown, and the mark of judgments that a program made.

    Parameters
    ----------
    figure
        The picture, its axes drawn.
    title
        The title, with `{who}` in place of those who judged.
    selection
        What is shown.
    """
    words, mark = title.format(who=selection.origin.who), selection.origin.mark
    write_title(figure, words, mark)
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
    caption = selection.describe()
    lines = textwrap.fill(caption, int(_LETTERS_PER_INCH * figure.get_figwidth()))
    figure.supxlabel(lines, x=0.988, ha="right", multialignment="right", fontsize=7.5, color=SYNTHETIC)
    figure.words = f"{words}; {caption}"


def write_title(figure: Figure, title: str, mark: str, **font: Any) -> None:
    """Write the title of a figure and, in red above it, the mark of judgments that a program made; empty: none."""
    # The layout knows of no text but the title, so the mark lies on an empty first line of it.
    figure.suptitle("\n" * bool(mark) + title, x=0.012, ha="left", **({"fontsize": 12} | font))
    if mark:
        figure.text(0.012, 0.985, mark, ha="left", va="top", fontsize=11, fontweight="bold", color=WARNING)


_LETTERS_PER_INCH = 16
"""Letters of the caption that surely fit into an inch."""
