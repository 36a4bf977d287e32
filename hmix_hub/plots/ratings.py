"""Figures of ratings: a line for each scale against the shown coefficient, or a row for single pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from hmix_hub.plots.axes import share_axis, title_above
from hmix_hub.plots.figure import BARS, FAINT, PEOPLE, Picture, finish
from hmix_hub.plots.selection import Selection
from hmix_hub.resampling import levels_of, resample_means
from hmix_hub.scales import scales_of
from hmix_hub.schema.arrays import Floats, Mask
from hmix_hub.schema.scale import Scale
from hmix_hub.tasks.task import Task

MOST_SCALES = 6
"""Maximum number of scales in a figure: those with the most rows."""
_LONGEST = 32
_MARKERS = "osD^vP"


def draw_ratings(figure: Picture, selection: Selection, task: Task) -> None:
    """Plot the mean rating on each scale by shown coefficient; for single pictures, all ratings on each scale.

    Scales are never pooled, since their ends differ.
    """
    (facet,) = task.facets
    axes = figure.subplots()
    names, of_row = np.unique(selection.texts(facet), return_inverse=True)
    rated = selection.numbers(task.judged_columns[not selection.has_participants])
    shown = sorted(np.argsort(-np.bincount(of_row), kind="stable")[:MOST_SCALES].tolist())
    known = scales_of(selection.dataset)
    scales = [(str(names[number]), of_row == number, known.get(str(names[number]))) for number in shown]
    coefficients = selection.numbers("mixing_coefficient")
    if np.ptp(coefficients) > 0:
        _draw_lines(axes, selection, scales, rated, coefficients)
    else:
        _draw_rows(axes, selection, scales, rated)
    more = f"; {len(names) - len(shown)} scales with fewer rows are not shown" if len(names) > len(shown) else ""
    finish(figure, f"How {{who}} rate{more}", selection)


def _draw_lines(
    axes: Axes,
    selection: Selection,
    scales: Sequence[tuple[str, Mask, Scale | None]],
    rated: Floats,
    coefficients: Floats,
) -> None:
    """Plot means by shown coefficient, a line for each scale."""
    for number, (name, rows, scale) in enumerate(scales):
        centres, levels = levels_of(coefficients[rows])
        units = np.unique(selection.units[rows], return_inverse=True)[1]
        means = resample_means(rated[rows], levels, units, len(centres))
        # Shifted sideways, so that intervals do not overlap.
        places = centres + 0.008 * (number - (len(scales) - 1) / 2)
        look = {"color": BARS[number]["color"], "fmt": f"{_MARKERS[number]}-", "mec": "black", "mew": 0.5}
        label = cut(name) if scale is None else f"{cut(name)}: 0 {cut(scale.low)}, 1 {cut(scale.high)}"
        axes.errorbar(places, means.mean, means.errors, capsize=3, lw=1.5, ms=6, label=label, **look)
    axes.set(xlabel="mixing coefficient shown (share of image 1)", ylabel="mean rating (0 low end, 1 high end)")
    share_axis(axes)
    share_axis(axes, "y")
    title_above(axes, "", legend_columns=1)


def _draw_rows(
    axes: Axes, selection: Selection, scales: Sequence[tuple[str, Mask, Scale | None]], rated: Floats
) -> None:
    """Plot every rating, with jitter, and the mean with its interval, a row for each scale."""
    spread = np.random.default_rng(0)
    for place, (_, rows, scale) in enumerate(scales):
        count = int(rows.sum())
        opacity = float(np.clip(1500 / count, 0.12, 0.7))
        heights = place + spread.uniform(-0.28, 0.28, count)
        axes.scatter(rated[rows], heights, s=9, color=FAINT, alpha=opacity, lw=0, zorder=1)
        units = np.unique(selection.units[rows], return_inverse=True)[1]
        mean = resample_means(rated[rows], np.zeros(count, dtype=np.int64), units, 1)
        axes.errorbar(mean.mean, [place], xerr=mean.errors, fmt="o", color=PEOPLE, mec="white", capsize=3, ms=7, lw=1.5)
        for words, end, side in ((scale.low, 0, "left"), (scale.high, 1, "right")) if scale else ():
            axes.annotate(cut(words), (end, place - 0.36), fontsize=7.5, ha=side, va="center", annotation_clip=False)
    axes.set(xlabel="rating (0 low end, 1 high end)", yticks=range(len(scales)))
    axes.set_yticklabels([cut(name) for name, _, _ in scales])
    axes.set_ylim(len(scales) - 0.5, -0.55)
    share_axis(axes)


def cut(words: str) -> str:
    """Return a text for a figure: shortened, and not parsed as a formula."""
    # A dollar sign would start a formula.
    return (words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…").replace("$", r"\$")
