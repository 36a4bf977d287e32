"""Figure: paired differences with their intervals, one panel per metric, one line per comparison."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.plots.figure import PEOPLE, SECOND, SYNTHETIC, Picture, write_title
from reliability.comparing import COVERAGE, Difference
from reliability.metrics import METRICS, MORE_IS_BETTER
from reliability.questions import ARMS, COMPARISONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = ("accuracy", "nll", "ece", "scaled_nll", "scaled_ece", "attacked_accuracy", "people", "scaled_people")
COLUMNS = 4
WIDEST = 4
"""How far an axis goes, in medians of the intervals' ends."""


def draw_differences(differences: Sequence[Difference], *, note: str, mark: str = "") -> Picture:
    """Draw a forest plot.

    Parameters
    ----------
    differences
        From `reliability.comparing.compare`.
    note
        What was trained, for the line below.
    mark
        A warning in red above the title: that no people gave the answers.
    """
    pairs = [
        (c.arm, c.reference)
        for c in COMPARISONS
        if any((d.arm, d.reference) == (c.arm, c.reference) for d in differences)
    ]
    rows = -(-len(SHOWN) // COLUMNS)
    figure = Picture(figsize=(13, 1.2 + rows * (0.9 + 0.24 * len(pairs))), layout="constrained", facecolor="white")
    panels = np.ravel(figure.subplots(rows, COLUMNS, sharey=True, squeeze=False))
    places = {pair: len(pairs) - 1 - place for place, pair in enumerate(pairs)}
    for panel, metric in zip(panels, SHOWN, strict=True):
        own = [difference for difference in differences if difference.metric == metric]
        limits = _limits(own)
        for difference in own:
            _draw(panel, difference, places[difference.arm, difference.reference], limits)
        panel.set_xlim(*limits)
        panel.axvline(0, color=SYNTHETIC, lw=0.8)
        better = "higher" if metric in MORE_IS_BETTER else "lower"
        panel.set_title(f"{METRICS[metric]}\n({better} is better)", fontsize=8.5)
        panel.set_yticks(list(places.values()), [f"{ARMS[one]} - {ARMS[two]}" for one, two in places])
        panel.locator_params(axis="x", nbins=4)
        panel.tick_params(labelsize=7.5)
        panel.spines[["top", "right"]].set_visible(False)
    write_title(figure, "What human labels change, seed by seed", mark)
    caption = (
        f"{note}; mean and {COVERAGE:.0%} interval over seeds; arrows: beyond the axis; diamonds: other than 0 "
        f"after Holm's correction for all {len(differences)} differences of the table"
    )
    figure.supxlabel(textwrap.fill(caption, 200), x=0.988, ha="right", fontsize=7.5, color=SYNTHETIC)
    figure.words = caption
    return figure


def _draw(panel: Axes, difference: Difference, place: float, limits: tuple[float, float]) -> None:
    holds = difference.adjusted_p < 1 - COVERAGE
    colour = SECOND if holds else PEOPLE
    low, high = limits
    if not low < difference.mean < high:
        edge, marker = (low, "<") if difference.mean <= low else (high, ">")
        panel.plot(edge, place, marker, color=colour, markersize=6, clip_on=False)
        return
    panel.errorbar(
        difference.mean,
        place,
        xerr=difference.half_width if np.isfinite(difference.half_width) else None,
        fmt="D" if holds else "o",
        color=colour,
        markersize=5,
        capsize=2,
        lw=1,
    )


def _limits(differences: Sequence[Difference]) -> tuple[float, float]:
    """Return the ends of the axis: one interval far from 0, or very wide, would hide all others."""
    widths = np.array([d.half_width if np.isfinite(d.half_width) else 0.0 for d in differences])
    means = np.array([d.mean for d in differences])
    usual = WIDEST * float(np.median(np.abs(means) + widths))
    low, high = (
        min(0.0, max(-usual, float((means - widths).min()))),
        max(0.0, min(usual, float((means + widths).max()))),
    )
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room
