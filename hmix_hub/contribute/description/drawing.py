"""Drawing helpers for panels: bars, titles, lengths of error bars, marks of means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hmix_hub.plots.axes import mark_mean, mean_text, share_axis, title_above
from hmix_hub.plots.figure import PEOPLE, SYNTHETIC
from hmix_hub.tallies import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import MaxNLocator

_MOST_TICKS = 8


def inscribe(axes: Axes, title: str, along_x: str, along_y: str, words: str = "", *, legend: int = 0) -> None:
    """Set a panel's title, followed by `words`, and its axis labels."""
    axes.set_xlabel(along_x, fontsize=8.5)
    axes.set_ylabel(along_y, fontsize=8.5)
    axes.spines[["top", "right"]].set_visible(False)
    title_above(axes, title, words, legend_columns=legend)


def count_bars(axes: Axes, histogram: Histogram) -> None:
    """Draw a histogram of whole numbers; named values are drawn side by side, without gaps."""
    counts = histogram["counts"]
    if not counts:
        draw_nothing(axes)
        return
    axes.bar(range(len(counts)), counts, 0.8, color=PEOPLE)
    if "values" in histogram:
        names = [str(value) for value in histogram["values"]]
    else:
        pairs = pairwise(histogram["edges"])
        names = [f"{low}-{high - 1}" if high - low > 1 else str(low) for low, high in pairs]
    _some_ticks(axes, range(len(counts)), names)
    # A single bar would fill the panel.
    axes.set_xlim(min(-0.6, len(counts) / 2 - 3), max(len(counts) - 0.4, len(counts) / 2 + 2))
    axes.yaxis.set_major_locator(whole_numbers(7))


def share_bars(axes: Axes, histogram: Histogram) -> None:
    """Draw a histogram of shares on the axis from 0 to 1."""
    counts = histogram["counts"]
    if not any(counts):
        draw_nothing(axes)
        return
    if "values" in histogram:
        places = histogram["values"]
        gaps = [high - low for low, high in pairwise(places)]
        width = min([0.08, *(0.9 * gap for gap in gaps)])
    else:
        pairs = pairwise(histogram["edges"])
        places, width = [(low + high) / 2 for low, high in pairs], 0.094
    axes.bar(places, counts, max(width, 0.004), color=PEOPLE)
    share_axis(axes)
    axes.yaxis.set_major_locator(whole_numbers(7))


def error_lengths(
    means: Sequence[float], intervals: Sequence[Sequence[float] | None]
) -> tuple[list[float], list[float]]:
    """Return the distances from means to the ends of their intervals; NaN if there is no interval."""
    pairs = [(math.nan, math.nan) if ends is None else ends for ends in intervals]
    below = [_positive(mean - low) for mean, (low, _) in zip(means, pairs, strict=True)]
    return below, [_positive(high - mean) for mean, (_, high) in zip(means, pairs, strict=True)]


def _positive(distance: float) -> float:
    """Return a distance that rounding may have made negative; NaN stays."""
    return 0.0 if distance < 0 else distance


def whole_numbers(most: int) -> MaxNLocator:
    """Return a locator of at most `most` whole numbers."""
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True, steps=[1, 2, 5, 10])


def _some_ticks(axes: Axes, places: Sequence[int], names: Sequence[str]) -> None:
    step = -(-len(places) // _MOST_TICKS)
    axes.set_xticks(places[::step], names[::step], fontsize=8 if max(map(len, names)) < 6 else 7)


def mark_in_words(axes: Axes, found: dict[str, Any]) -> str:
    """Mark a mean and its interval over the bars, and return them as text; "" if there is no mean."""
    if found["mean"] is None:
        return ""
    axes.set_ylim(top=axes.get_ylim()[1] * 1.1)
    mark_mean(axes, found["mean"], found["interval"], 0.96)
    return f"mean {mean_text(found['mean'], found['interval'])}"


def draw_nothing(axes: Axes) -> None:
    """Draw an empty panel that says "none"."""
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", fontsize=9, color=SYNTHETIC)
