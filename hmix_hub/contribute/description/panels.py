"""Panels of a study's pictures: each draws one part of a task's statistics, and nothing that is not in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hmix_hub.contribute.description.histograms import Histogram
from hmix_hub.plots.style import FAINT, PEOPLE, SECOND, SYNTHETIC
from hmix_hub.schema import CATEGORICAL, CONSTRUCT, INFER, SELECT
from hmix_hub.schema.questions import ONE_HOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import MaxNLocator

Panel = Callable[["Axes", dict[str, Any]], None]

_MOST_TICKS = 8


def per_stimulus(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many judgments a stimulus has."""
    _bars(axes, figures["judgments_per_stimulus"]["histogram"])
    _label(axes, "Judgments per stimulus", "judgments", "stimuli")


def per_person(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many judgments a person gave."""
    _bars(axes, figures["judgments_per_person"]["histogram"])
    _label(axes, "Judgments per person", "judgments", "people")


def coefficients(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the coefficients that were shown, or taken as the 50/50 ones, and their mean."""
    shares, is_answer = figures["coefficients"], figures["coefficients"]["column"] == "selected_coefficient"
    _share_bars(axes, shares["histogram"])
    if is_answer and shares["mean"] is not None:
        axes.axvline(0.5, color=SYNTHETIC, lw=1, ls="--")
        _mark(axes, shares["mean"], f"mean {shares['mean']:.2f}")
    title = "Selected 50/50 points" if is_answer else "Shown coefficients"
    _label(axes, title, "mixing coefficient (share of image 1)", "judgments")


def response_times(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the response times in intervals that grow, the median named."""
    times = figures["response_time_ms"]
    counts, edges = times["histogram"]["counts"], times["histogram"]["edges"]
    if times["known"]:
        axes.bar([place + 0.5 for place in range(len(counts))], counts, 0.94, color=PEOPLE)
        axes.set_xticks(range(len(edges)), ["∞" if edge is None else f"{edge / 1000:g}" for edge in edges])
        axes.tick_params(axis="x", labelsize=7.5)
        missing = f", {times['missing']} missing" if times["missing"] else ""
        _corner(axes, f"median {times['quantiles']['50'] / 1000:.1f} s{missing}")
    else:
        _nothing(axes)
    _label(axes, "Response times", "seconds (edges of the bars)", "judgments")


def differences(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how far apart two people, and one person twice, are about one stimulus."""
    parts = [
        ("two people", figures["agreement"], PEOPLE),
        ("one person, twice", figures["retest"], SECOND),
    ]
    known = [part for part in parts if part[1]["pairs"]]
    width = 0.08 / max(len(known), 1)
    for number, (label, found, colour) in enumerate(known):
        shares = [count / found["pairs"] for count in found["absolute_differences"]["counts"]]
        places = [value + width * (number - (len(known) - 1) / 2) for value in found["absolute_differences"]["values"]]
        text = f"{label}: mean {found['mean_absolute_difference']:.2f} ({found['pairs']} pairs)"
        axes.bar(places, shares, width, color=colour, label=text)
    if known:
        axes.legend(frameon=False, fontsize=8)
        axes.set_xlim(-0.06, 1.06)
        axes.set_ylim(top=axes.get_ylim()[1] * 1.25)
    else:
        _nothing(axes)
    _label(axes, "Agreement about one stimulus", "difference of two answers", "share of pairs")


def classes_agreed(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how often two people, and one person twice, name the same class, and how far their soft labels are apart."""
    parts = [("two people", figures["agreement"], PEOPLE), ("one person, twice", figures["retest"], SECOND)]
    known = [part for part in parts if part[1]["pairs"]]
    for number, (label, found, colour) in enumerate(known):
        places = [place + 0.38 * (number - (len(known) - 1) / 2) for place in (0, 1)]
        heights = [found["same_top_class"], found["mean_total_variation"]]
        bars = axes.bar(places, heights, 0.36, color=colour, label=f"{label} ({found['pairs']} pairs)")
        axes.bar_label(bars, fmt="%.2f", fontsize=8, padding=1)
    if known:
        axes.set_xticks((0, 1), ["same top class", "distance of soft labels"])
        axes.set_xlim(-0.5, 1.5)
        axes.set_ylim(0, 1.5)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.legend(frameon=False, fontsize=8)
    else:
        _nothing(axes)
    _label(axes, "Agreement about one stimulus", "", "share of pairs; total variation")


def bias(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean of inferred less shown by shown coefficient."""
    levels = figures["bias"]["by_coefficient"]
    if levels:
        shown = [level["mixing_coefficient"] for level in levels]
        axes.axhline(0, color=SYNTHETIC, lw=1, ls="--")
        axes.vlines(shown, 0, [level["bias"] for level in levels], color=FAINT, lw=3)
        axes.plot(shown, [level["bias"] for level in levels], "o", color=PEOPLE, ms=6)
        reach = 1.3 * max(0.05, *(abs(level["bias"]) for level in levels))
        axes.set_ylim(-reach, reach)
        axes.set_xlim(-0.05, 1.05)
    else:
        _nothing(axes)
    _label(axes, "Bias: inferred less shown", "shown coefficient (share of image 1)", "mean bias")


def mass(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the probability on the classes of both pictures and on the others, by shown coefficient."""
    levels = figures["mass"]
    below = [0.0] * len(levels)
    for name, label, colour in (
        ("image_1", "class of image 1", PEOPLE),
        ("others", "other classes", "#DDDDDD"),
        ("image_2", "class of image 2", SECOND),
    ):
        heights = [level[name] for level in levels]
        axes.bar(range(len(levels)), heights, 0.8, bottom=below, color=colour, label=label)
        below = [low + height for low, height in zip(below, heights, strict=True)]
    if levels:
        _some_ticks(axes, range(len(levels)), [f"{level['mixing_coefficient']:g}" for level in levels])
        axes.set_ylim(0, 1.3)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper center")
    else:
        _nothing(axes)
    is_hard = figures.get("soft_label", {}).get("procedure") == ONE_HOT
    title, share = (
        ("Which classes are named", "share") if is_hard else ("Where the probability goes", "mean probability")
    )
    _label(axes, title, "shown coefficient (share of image 1)", share)


def confidence(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how sure people were, and the mean."""
    found = figures["confidence"]
    if found["known"]:
        _share_bars(axes, found["histogram"])
        _mark(axes, found["mean"], f"mean {found['mean']:.2f}")
    else:
        _nothing(axes)
    _label(axes, "Confidence", "0 not at all, 1 fully", "judgments")


def flagged(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many judgments carry each flag."""
    names = list(figures["flags"])
    rows = [figures["flags"][name]["rows"] for name in names]
    bars = axes.barh(range(len(names)), rows, 0.6, color=PEOPLE)
    axes.bar_label(bars, fontsize=8, padding=2)
    axes.set_yticks(range(len(names)), [name.replace("_", "\n", 1).replace("_", " ") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(1, *rows))
    axes.xaxis.set_major_locator(_whole_numbers(5))
    _label(axes, "Flags", "judgments", "")


PANELS: dict[str, tuple[Panel, ...]] = {
    CONSTRUCT: (per_stimulus, coefficients, response_times, per_person, differences, flagged),
    SELECT: (per_stimulus, coefficients, response_times, per_person, differences, flagged),
    INFER: (per_stimulus, coefficients, response_times, bias, differences, confidence),
    CATEGORICAL: (per_stimulus, coefficients, response_times, mass, classes_agreed, per_person),
}
"""Panels of a task's picture, two rows of three."""


def _label(axes: Axes, title: str, across: str, upward: str) -> None:
    axes.set_title(title, loc="left", fontsize=10.5)
    axes.set_xlabel(across, fontsize=8.5)
    axes.set_ylabel(upward, fontsize=8.5)
    axes.spines[["top", "right"]].set_visible(False)


def _bars(axes: Axes, histogram: Histogram) -> None:
    """Draw a histogram of whole numbers; named values stand side by side, whatever lies between them."""
    counts = histogram["counts"]
    if not counts:
        _nothing(axes)
        return
    axes.bar(range(len(counts)), counts, 0.8, color=PEOPLE)
    if "values" in histogram:
        names = [str(value) for value in histogram["values"]]
    else:
        pairs = pairwise(histogram["edges"])
        names = [f"{low}-{high - 1}" if high - low > 1 else str(low) for low, high in pairs]
    _some_ticks(axes, range(len(counts)), names)
    # A lone bar would fill the panel.
    axes.set_xlim(min(-0.6, len(counts) / 2 - 3), max(len(counts) - 0.4, len(counts) / 2 + 2))
    axes.yaxis.set_major_locator(_whole_numbers(7))


def _share_bars(axes: Axes, histogram: Histogram) -> None:
    """Draw a histogram of shares on the axis from 0 to 1."""
    counts = histogram["counts"]
    if not any(counts):
        _nothing(axes)
        return
    if "values" in histogram:
        places = histogram["values"]
        gaps = [high - low for low, high in pairwise(places)]
        width = min([0.08, *(0.9 * gap for gap in gaps)])
    else:
        pairs = pairwise(histogram["edges"])
        places, width = [(low + high) / 2 for low, high in pairs], 0.094
    axes.bar(places, counts, max(width, 0.004), color=PEOPLE)
    axes.set_xlim(-0.06, 1.06)
    axes.yaxis.set_major_locator(_whole_numbers(7))


def _whole_numbers(most: int) -> MaxNLocator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True, steps=[1, 2, 5, 10])


def _some_ticks(axes: Axes, places: Sequence[int], names: Sequence[str]) -> None:
    step = -(-len(places) // _MOST_TICKS)
    axes.set_xticks(places[::step], names[::step], fontsize=8 if max(map(len, names)) < 6 else 7)


def _mark(axes: Axes, place: float, text: str) -> None:
    axes.axvline(place, color=SECOND, lw=1.5, ls=":")
    _corner(axes, text, SECOND)


def _corner(axes: Axes, text: str, colour: str = SYNTHETIC) -> None:
    axes.set_ylim(top=axes.get_ylim()[1] * 1.15)
    axes.text(1, 1, text, transform=axes.transAxes, ha="right", va="top", fontsize=8, color=colour)


def _nothing(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", fontsize=9, color=SYNTHETIC)
