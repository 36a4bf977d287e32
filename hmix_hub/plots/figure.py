"""Figures that display themselves in a notebook, their colours and texts, and the files they are written to."""

from __future__ import annotations

import io
import os
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from hmix_hub.errors import ConfigurationError
from hmix_hub.files import whole_file

if TYPE_CHECKING:
    from hmix_hub.plots.selection import Selection

PEOPLE, SECOND, SYNTHETIC, FAINT = "#0072B2", "#E69F00", "#555555", "#56B4E9"
"""Wong's palette: judgments, a second group, the synthetic label, single answers."""
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
"""Styles of bars side by side, distinguishable without colours."""
ERROR: dict[str, Any] = {"lw": 0.9, "capsize": 2, "ecolor": "black"}
"""Style of the intervals of bars."""


WARNING = "#B00020"
"""Red, for what must not be overlooked: that answers do not come from participants."""


class Picture(Figure):
    """A figure that needs no `pyplot`.

    Attributes
    ----------
    words
        Description of its content, one line.
    """

    words: str = ""

    def __repr__(self) -> str:
        width, height = self.get_size_inches()
        return f"<Picture, {width:g} x {height:g} inches: {self.words}; .savefig('picture.png') writes it>"

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()


def finish(figure: Picture, title: str, selection: Selection) -> None:
    """Write the title of a figure, a line about its content, and the mark of judgments made by a program.

    Parameters
    ----------
    figure
        The figure with its axes drawn.
    title
        The title, with `{who}` as a placeholder for those who judged.
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
    """Write the title of a figure and, in red above it, the mark of judgments made by a program; empty: none."""
    # The layout only considers the title, so the mark is on an empty first line of it.
    figure.suptitle("\n" * bool(mark) + title, x=0.012, ha="left", **({"fontsize": 12} | font))
    if mark:
        figure.text(0.012, 0.985, mark, ha="left", va="top", fontsize=11, fontweight="bold", color=WARNING)


_LETTERS_PER_INCH = 16
"""Number of letters of the caption that fit in an inch."""


FORMATS = ("png", "pdf", "svg")


def check_ending(path: str | os.PathLike[str] | None) -> None:
    """Check that a file's extension is that of a figure format; `None`: no file.

    Raises
    ------
    ConfigurationError
        If it is not.
    """
    if path is not None and Path(path).suffix.removeprefix(".").lower() not in FORMATS:
        msg = f"{str(path)!r} does not end in {', '.join('.' + name for name in FORMATS)}"
        raise ConfigurationError(msg, hint="the extension of the file determines the format")


def save(figure: Figure, path: str | os.PathLike[str], *, dpi: int) -> None:
    """Write a figure in the format of the file's extension, completely or not at all.

    Raises
    ------
    OSError
        If it cannot be written; an existing file is unchanged.
    """
    place = Path(path)
    with whole_file(place, follows_links=True) as stream:
        figure.savefig(stream, format=place.suffix.removeprefix(".").lower(), dpi=dpi)
