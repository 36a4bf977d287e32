"""Axes of figures: shares from 0 to 1, legends outside the data, means with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

_LINE = 1.35
"""Height of a line of text, in font sizes."""


def share_axis(axes: Axes, which: str = "x", *, high: float = 1, gap: float = 9, margin: float = 0) -> None:
    """Set an axis to run from 0 to 1, for shares and coefficients, without clipping marks at its ends.

    Parameters
    ----------
    axes
        Axes with everything drawn.
    which
        "x" or "y".
    high
        Upper end, if shares never exceed it.
    gap
        Distance of the other axis in points, so that it does not cover marks at 0.
    margin
        Length of the axis beyond 0 and its upper end, without ticks, for bars there.
    """
    axes.set(**{f"{which}lim": (-margin, high + margin), f"{which}ticks": np.linspace(0, high, 6)})
    if gap:
        axes.spines["left" if which == "x" else "bottom"].set_position(("outward", gap))
    for artist in (*axes.collections, *axes.lines, *axes.patches):
        artist.set_clip_on(False)


def title_above(axes: Axes, title: str, words: str = "", *, size: float = 10.5, legend_columns: int = 0) -> None:
    """Write a title above axes and, between the two, where they hide no data, a line of text and the legend.

    Parameters
    ----------
    axes
        Axes with everything drawn.
    title
        The title.
    words
        A line of text; empty: none.
    size
        Font size of the title; text and legend are smaller.
    legend_columns
        Number of columns of the legend; 0: no legend.
    """
    small = 0.75 * size
    lines = int(bool(words))
    if words:
        axes.annotate(words, (0, 1), (0, 3), xycoords="axes fraction", textcoords="offset points", fontsize=small)
    handles, labels = axes.get_legend_handles_labels() if legend_columns else ([], [])
    if handles:
        axes.legend(
            *_by_columns(handles, labels, legend_columns),
            frameon=False,
            fontsize=small,
            ncols=legend_columns,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0.4 + _LINE * lines,
            borderpad=0,
            labelspacing=0.3,
            handlelength=1.6,
            columnspacing=1.2,
        )
        lines += -(-len(labels) // legend_columns)
    axes.set_title(title, loc="left", pad=6 + _LINE * small * lines, fontsize=size)


def _by_columns(handles: Sequence[Any], labels: Sequence[str], columns: int) -> tuple[list[Any], list[str]]:
    """Return a legend's entries so that they read row by row, since Matplotlib fills column by column."""
    order = [place for column in range(columns) for place in range(column, len(labels), columns)]
    return [handles[place] for place in order], [labels[place] for place in order]


def mark_mean(axes: Axes, mean: float, ends: Sequence[float | None] | None, height: float, face: str = "black") -> None:
    """Mark a mean by a line, and its interval by a bar at a height given as a share of the axes."""
    known = known_ends(ends)
    axes.axvline(mean, lw=1, ls=":", color="black", zorder=0.5)
    axes.errorbar(
        [mean],
        [height],
        xerr=[[max(mean - known[0], 0)], [max(known[1] - mean, 0)]] if known else None,
        transform=axes.get_xaxis_transform(),
        fmt="D",
        color="black",
        mfc=face,
        ms=4,
        capsize=3,
        lw=1.5,
        zorder=4,
    )


def mean_text(mean: float, ends: Sequence[float | None] | None, digits: int = 2) -> str:
    """Return a mean as text, with its interval if it has one: "0.52 [0.49, 0.55]"."""
    around = ", ".join(f"{end:.{digits}f}" for end in known_ends(ends))
    return f"{mean:.{digits}f}" + (f" [{around}]" if around else "")


def known_ends(ends: Sequence[float | None] | None) -> tuple[float, ...]:
    """Return both ends of an interval; empty if there is none."""
    found = tuple(end for end in ends or () if end is not None and np.isfinite(end))
    return found if len(found) == 2 else ()
