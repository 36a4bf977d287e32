"""Panels of a study's pictures: each draws one part of a task's statistics, and nothing that is not in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from hmix_hub.contribute.description.histograms import Histogram
from hmix_hub.plots.axes import mark_mean, mean_text, share_axis, title_above
from hmix_hub.plots.figure import BARS, ERROR, FAINT, PEOPLE, SECOND, SYNTHETIC
from hmix_hub.schema import SYNTHETIC_FLAG
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.soft_labels import ONE_HOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import MaxNLocator

Panel = Callable[["Axes", dict[str, Any]], None]

_MOST_TICKS = 8
_MOST_SCALES, _LONGEST_NAME = 8, 14
"""Scales that are drawn, and characters of a name that are written."""
_SHOWN = "mixing_coefficient"
_ON_BAR: dict[str, Any] = {"fontsize": 8, "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8}}
"""Words on bars of any colour."""
_MASSES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("image_2", "class of image 2", {"color": SECOND, "marker": "s"}),
    ("others", "other classes", {"color": SYNTHETIC, "marker": "^", "mfc": "white"}),
    ("image_1", "class of image 1", {"color": PEOPLE, "marker": "o"}),
)
"""Parts of the probability: name in the statistics, words, look."""
_OF_SINGLE = (_MASSES[1], ("image_1", "class of the picture", _MASSES[2][2]))
"""The same of single pictures."""


def per_stimulus(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many judgments a stimulus has."""
    _bars(axes, figures["judgments_per_stimulus"]["histogram"])
    # On each scale, where there are scales.
    title = f"Judgments per stimulus{' and scale' if 'ratings' in figures else ''}"
    _label(axes, title, "judgments", "stimuli")


def per_participant(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many judgments a participant gave."""
    _bars(axes, figures["judgments_per_person"]["histogram"])
    _label(axes, "Judgments per person", "judgments", "people")


def coefficients(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the coefficients that were shown, or taken as the 50/50 ones, and their mean."""
    shares, is_answer = figures["coefficients"], figures["coefficients"]["column"] == "selected_coefficient"
    _share_bars(axes, shares["histogram"])
    words = ""
    if is_answer and shares["mean"] is not None:
        axes.axvline(0.5, color=SYNTHETIC, lw=1, ls="--")
        words = _mark(axes, shares)
    title = "Selected 50/50 points" if is_answer else "Shown coefficients"
    _label(axes, title, "mixing coefficient (share of image 1)", "judgments", words)


def coefficients_or_flags(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the shown coefficients; of single pictures, which all have 1, the flags."""
    (flagged if _is_single(figures) else coefficients)(axes, figures)


def response_times(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the response times in intervals that grow, the median named."""
    times = figures["response_time_ms"]
    counts, edges = times["histogram"]["counts"], times["histogram"]["edges"]
    words = ""
    if times["known"]:
        axes.bar([place + 0.5 for place in range(len(counts))], counts, 0.94, color=PEOPLE)
        axes.set_xticks(range(len(edges)), ["∞" if edge is None else f"{edge / 1000:g}" for edge in edges])
        axes.tick_params(axis="x", labelsize=7)
        axes.yaxis.set_major_locator(_whole_numbers(7))
        missing = f", {times['missing']} missing" if times["missing"] else ""
        words = f"median {times['quantiles']['50'] / 1000:.1f} s{missing}"
    else:
        _nothing(axes)
    _label(axes, "Response times", "seconds (edges of the bars)", "judgments", words)


def differences(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how far apart two people, and one person twice, are about one stimulus."""
    known = _compared(figures)
    width = 0.08 / max(len(known), 1)
    for number, (label, found, look) in enumerate(known):
        shares = [count / found["pairs"] for count in found["absolute_differences"]["counts"]]
        places = [value + width * (number - (len(known) - 1) / 2) for value in found["absolute_differences"]["values"]]
        mean = mean_text(found["mean_absolute_difference"], found["interval"])
        axes.bar(places, shares, width, **look, label=f"{label}: mean {mean}")
    if known:
        share_axis(axes)
    else:
        _nothing(axes)
    pairs = " and ".join(str(found["pairs"]) for _, found, _ in known)
    _label(
        axes,
        "Agreement about one stimulus",
        "difference of two answers",
        f"share of {pairs} pairs" if pairs else "",
        legend=1,
    )


def classes_agreed(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how often two people, and one person twice, name the same class, and how far their soft labels are apart."""
    known = _compared(figures)
    names = ("same_top_class", "mean_total_variation")
    for number, (label, found, look) in enumerate(known):
        places = [place + 0.38 * (number - (len(known) - 1) / 2) for place in (0, 1)]
        heights = [found[name] for name in names]
        errors = _errors(heights, [found[f"{name}_interval"] for name in names])
        axes.bar(places, heights, 0.36, yerr=errors, **look, error_kw=ERROR, label=f"{label}, {found['pairs']} pairs")
        for place, height in zip(places, heights, strict=True):
            axes.annotate(f"{height:.2f}", (place - 0.17, 0), (2, 3), textcoords="offset points", **_ON_BAR)
    if known:
        axes.set_xticks((0, 1), ["same top class", "distance of soft labels"])
        axes.set_xlim(-0.5, 1.5)
        share_axis(axes, "y", gap=0)
    else:
        _nothing(axes)
    _label(axes, "Agreement about one stimulus", "", "share of pairs; total variation", legend=1)


def bias(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean of inferred less shown, with its interval, by shown coefficient."""
    levels = figures["bias"]["by_coefficient"]
    if levels:
        shown, biases = ([level[name] for level in levels] for name in (_SHOWN, "bias"))
        errors = _errors(biases, [level["interval"] for level in levels])
        axes.axhline(0, color=SYNTHETIC, lw=1, ls="--")
        axes.errorbar(shown, biases, errors, fmt="o", color=PEOPLE, ms=5, capsize=3)
        reach = 1.15 * np.nanmax([0.05, *np.abs(biases), *(np.abs(biases) + np.array(errors)).ravel()])
        axes.set_ylim(-min(reach, 1), min(reach, 1))
        share_axis(axes)
    else:
        _nothing(axes)
    words = f"mean {mean_text(figures['bias']['bias'], figures['bias']['interval'], 3)}" if levels else ""
    _label(axes, "Bias: inferred less shown", "shown coefficient (share of image 1)", "mean bias", words)


def mass(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean probability on the classes of both pictures and on the others, by shown coefficient."""
    levels, is_single = figures["mass"], _is_single(figures)
    for number, (name, label, look) in enumerate(_OF_SINGLE if is_single else _MASSES):
        means = [level[name] for level in levels]
        errors = _errors(means, [level["intervals"][name] for level in levels])
        places = [level[_SHOWN] + 0.012 * (number - 1) for level in levels]
        axes.errorbar(places, means, errors, **look, ms=5, lw=1.2, capsize=2, label=label)
    if levels and not is_single:
        axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=0.8, zorder=0, label="synthetic label")
        axes.plot([0, 1], [1, 0], "--", color=SYNTHETIC, lw=0.8, zorder=0)
    if levels:
        share_axis(axes)
        share_axis(axes, "y", gap=0)
    else:
        _nothing(axes)
    is_hard = figures.get("soft_label", {}).get("procedure") == ONE_HOT
    title, share = (
        ("Which classes are named", "share") if is_hard else ("Where the probability goes", "mean probability")
    )
    _label(axes, title, "" if is_single else "shown coefficient (share of image 1)", share, legend=2)


def confidence(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how sure people were, and the mean."""
    found = figures["confidence"]
    words = ""
    if found["known"]:
        _share_bars(axes, found["histogram"])
        words = _mark(axes, found)
    else:
        _nothing(axes)
    _label(axes, "Confidence", "0 not at all, 1 fully", "judgments", words)


def ratings(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean rating on each scale, with its interval and the standard deviation of single answers."""
    scales = figures["ratings"][:_MOST_SCALES]
    for place, found in enumerate(scales):
        spread = found["standard_deviation"] or 0
        axes.plot([max(found["mean"] - spread, 0), min(found["mean"] + spread, 1)], [place, place], color=FAINT, lw=5)
        errors = _errors([found["mean"]], [found["interval"]])
        axes.errorbar([found["mean"]], [place], xerr=errors, fmt="o", color=PEOPLE, ms=5, capsize=3)
    _rows_of_scales(axes, figures["ratings"])
    _label(axes, "Ratings", "rating (0 low end, 1 high end); mean, SD of answers", "")


def reliability(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how far people agree about stimuli, scale by scale: ICC(1) and Krippendorff's alpha."""
    scales, low = figures["ratings"][:_MOST_SCALES], 0.0
    for number, (name, words) in enumerate((("icc_1", "ICC(1)"), ("krippendorff_alpha", "Krippendorff's alpha"))):
        known = [(found["agreement"][name], place) for place, found in enumerate(scales)]
        points = [(value, place + 0.1 * (2 * number - 1)) for value, place in known if value is not None]
        low = min([low, *(value for value, _ in points)])
        if points:
            axes.plot(*zip(*points, strict=True), ("o", "s")[number], color=(PEOPLE, SECOND)[number], ms=5, label=words)
    _rows_of_scales(axes, figures["ratings"], low=low)
    _label(axes, "Agreement by scale", "between people, first answers", "", legend=2)


def _rows_of_scales(axes: Axes, scales: Sequence[dict[str, Any]], *, low: float = 0) -> None:
    """Name the scales along the vertical axis, the first on top; of very many, the first few."""
    names = [found["scale"] for found in scales[:_MOST_SCALES]]
    axes.set_yticks(
        range(len(names)), [name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…" for name in names]
    )
    axes.set_ylim(len(names) - 0.5, -0.5)
    share_axis(axes)
    axes.set_xlim(left=low)
    if len(scales) > _MOST_SCALES:
        axes.annotate(
            f"and {len(scales) - _MOST_SCALES} more", (1, 0), xycoords="axes fraction", fontsize=7.5, ha="right"
        )


def flagged(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how many judgments carry each flag that is not of the study as a whole."""
    names = [name for name in figures["flags"] if name != SYNTHETIC_FLAG]
    rows = [figures["flags"][name]["rows"] for name in names]
    bars = axes.barh(range(len(names)), rows, 0.6, color=PEOPLE)
    axes.bar_label(bars, fontsize=8, padding=2)
    axes.set_yticks(range(len(names)), [name.replace("_", "\n", 1).replace("_", " ") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(1, *rows))
    axes.xaxis.set_major_locator(_whole_numbers(5))
    _label(axes, "Flags", "judgments", "")


PANELS: dict[str, Panel] = {
    panel.__name__: panel
    for panel in (
        *(per_stimulus, per_participant, coefficients, coefficients_or_flags, response_times, differences),
        *(classes_agreed, bias, mass, confidence, ratings, reliability, flagged),
    )
}
"""What a task may name in `panels`."""


def panels_of(task: str) -> tuple[Panel, ...]:
    """Return the panels of a task's picture, row by row."""
    return TASKS[task].tools("panels", PANELS)


def _is_single(figures: dict[str, Any]) -> bool:
    return bool(figures["of_single_pictures"] == figures["judgments"])


def _label(axes: Axes, title: str, along_x: str, along_y: str, words: str = "", *, legend: int = 0) -> None:
    axes.set_xlabel(along_x, fontsize=8.5)
    axes.set_ylabel(along_y, fontsize=8.5)
    axes.spines[["top", "right"]].set_visible(False)
    title_above(axes, title, words, legend_columns=legend)


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
    share_axis(axes)
    axes.yaxis.set_major_locator(_whole_numbers(7))


def _compared(figures: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return what is compared, its figures and its look: answers of two people, and of one asked twice."""
    parts = [("two people", figures["agreement"], BARS[0]), ("one person, twice", figures["retest"], BARS[1])]
    return [part for part in parts if part[1]["pairs"]]


def _errors(means: Sequence[float], intervals: Sequence[Sequence[float] | None]) -> tuple[list[float], list[float]]:
    """Return the distances from means to the ends of their intervals; NaN where there is none."""
    pairs = [(math.nan, math.nan) if ends is None else ends for ends in intervals]
    below = [_positive(mean - low) for mean, (low, _) in zip(means, pairs, strict=True)]
    return below, [_positive(high - mean) for mean, (_, high) in zip(means, pairs, strict=True)]


def _positive(distance: float) -> float:
    """Return a distance that rounding may have made negative; NaN stays."""
    return 0.0 if distance < 0 else distance


def _whole_numbers(most: int) -> MaxNLocator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(most, integer=True, steps=[1, 2, 5, 10])


def _some_ticks(axes: Axes, places: Sequence[int], names: Sequence[str]) -> None:
    step = -(-len(places) // _MOST_TICKS)
    axes.set_xticks(places[::step], names[::step], fontsize=8 if max(map(len, names)) < 6 else 7)


def _mark(axes: Axes, found: dict[str, Any]) -> str:
    """Mark a mean and its interval over the bars, and return them in words."""
    axes.set_ylim(top=axes.get_ylim()[1] * 1.1)
    mark_mean(axes, found["mean"], found["interval"], 0.96)
    return f"mean {mean_text(found['mean'], found['interval'])}"


def _nothing(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", va="center", fontsize=9, color=SYNTHETIC)
