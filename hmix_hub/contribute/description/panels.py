"""Panels of a study's figures: each draws one part of a task's statistics, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hmix_hub.contribute.description.drawing import (
    count_bars,
    draw_nothing,
    error_lengths,
    inscribe,
    mark_in_words,
    share_bars,
    whole_numbers,
)
from hmix_hub.plots.axes import mean_text, share_axis
from hmix_hub.plots.figure import BARS, ERROR, FAINT, PEOPLE, SECOND, SYNTHETIC
from hmix_hub.schema import SYNTHETIC_FLAG
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.soft_labels import ONE_HOT

if TYPE_CHECKING:
    from matplotlib.axes import Axes


Panel = Callable[["Axes", dict[str, Any]], None]

_LONGEST_STIMULUS = 34
_MOST_SCALES, _LONGEST_NAME = 8, 14
"""Maximum number of scales drawn, and of characters of a name."""
_SHOWN = "mixing_coefficient"
_ON_BAR: dict[str, Any] = {"fontsize": 8, "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.8}}
"""Style of texts on bars of any colour."""
_MASSES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("image_2", "class of image 2", {"color": SECOND, "marker": "s"}),
    ("others", "other classes", {"color": SYNTHETIC, "marker": "^", "mfc": "white"}),
    ("image_1", "class of image 1", {"color": PEOPLE, "marker": "o"}),
)
"""Parts of the probability: name in the statistics, label, style."""
_OF_SINGLE = (_MASSES[1], ("image_1", "class of the picture", _MASSES[2][2]))
"""The same for single pictures."""


def votes_per_stimulus(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the number of votes per stimulus."""
    votes = figures["votes"]
    count_bars(axes, votes["per_stimulus"]["histogram"])
    words = f"{votes['total']:,} votes" + (f", unknown for {votes['missing']:,} stimuli" if votes["missing"] else "")
    inscribe(axes, "Votes per stimulus", "votes", "stimuli", words)


def entropy(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the entropy of votes over the classes."""
    found = figures["entropy"]
    share_bars(axes, found["histogram"])
    mean = "" if found["mean"] is None else f"mean {found['mean']:.2f} of at most {found['largest']:.2f} nats"
    inscribe(axes, "Entropy of the votes", "share of the largest possible entropy", "stimuli", mean)


def leading_class(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the share of the leading class."""
    share_bars(axes, figures["leading"]["histogram"])
    words = mark_in_words(axes, figures["leading"])
    inscribe(axes, "Votes for the leading class", "share of the votes", "stimuli", words)


def votes_for_label(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the share of the picture's own class, and how often it leads."""
    found = figures["of_label"]
    share_bars(axes, found["histogram"])
    words = "" if found["share"] is None else f"it leads in {100 * found['share']:.1f} % of the stimuli"
    inscribe(axes, "Votes for the class of the picture", "share of the votes", "stimuli", words)


def most_disputed(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the most disputed stimuli, with the share of their leading class."""
    found = figures["most_disputed"]
    if found:
        axes.barh(range(len(found)), [one["leading"] for one in found], 0.7, color=PEOPLE)
        names = [one["stimulus"].removeprefix("mixed_1.0_")[:_LONGEST_STIMULUS] for one in found]
        axes.set_yticks(range(len(found)), names, fontsize=6)
        axes.invert_yaxis()
        share_axis(axes)
    else:
        draw_nothing(axes)
    inscribe(axes, "Most disputed stimuli", "share of the votes for the leading class", "")


def per_stimulus(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the number of judgments per stimulus."""
    count_bars(axes, figures["judgments_per_stimulus"]["histogram"])
    # Per scale, if there are scales.
    title = f"Judgments per stimulus{' and scale' if 'ratings' in figures else ''}"
    inscribe(axes, title, "judgments", "stimuli")


def per_participant(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the number of judgments per participant."""
    count_bars(axes, figures["judgments_per_person"]["histogram"])
    inscribe(axes, "Judgments per participant", "judgments", "participants")


def coefficients(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the shown coefficients, or those selected as 50/50, and their mean."""
    shares, is_answer = figures["coefficients"], figures["coefficients"]["column"] == "selected_coefficient"
    share_bars(axes, shares["histogram"])
    words = ""
    if is_answer and shares["mean"] is not None:
        axes.axvline(0.5, color=SYNTHETIC, lw=1, ls="--")
        words = mark_in_words(axes, shares)
    title = "Selected 50/50 points" if is_answer else "Shown coefficients"
    inscribe(axes, title, "mixing coefficient (share of image 1)", "judgments", words)


def coefficients_or_flags(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the shown coefficients; for single pictures, whose coefficients are all 1, draw the flags."""
    (flagged if _is_single(figures) else coefficients)(axes, figures)


def response_times(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the response times in intervals of growing width, and name the median."""
    times = figures["response_time_ms"]
    counts, edges = times["histogram"]["counts"], times["histogram"]["edges"]
    words = ""
    if times["known"]:
        axes.bar([place + 0.5 for place in range(len(counts))], counts, 0.94, color=PEOPLE)
        axes.set_xticks(range(len(edges)), ["∞" if edge is None else f"{edge / 1000:g}" for edge in edges])
        axes.tick_params(axis="x", labelsize=7)
        axes.yaxis.set_major_locator(whole_numbers(7))
        missing = f", {times['missing']} missing" if times["missing"] else ""
        words = f"median {times['quantiles']['50'] / 1000:.1f} s{missing}"
    else:
        draw_nothing(axes)
    inscribe(axes, "Response times", "seconds (edges of the bars)", "judgments", words)


def differences(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw differences between two participants, and between repeated answers of one, about the same stimulus."""
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
        draw_nothing(axes)
    pairs = " and ".join(str(found["pairs"]) for _, found, _ in known)
    inscribe(
        axes,
        "Agreement about one stimulus",
        "difference of two answers",
        f"share of {pairs} pairs" if pairs else "",
        legend=1,
    )


def classes_agreed(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw how often two participants, and one participant twice, name the same class, and soft label distances.

    If only classes were chosen, soft labels are left out.
    """
    known = _compared(figures)
    words = {"same_top_class": "same top class", "mean_total_variation": "distance of soft labels"}
    names = [name for name in words if all(name in found for _, found, _ in known)]
    for number, (label, found, look) in enumerate(known):
        places = [place + 0.38 * (number - (len(known) - 1) / 2) for place in range(len(names))]
        heights = [found[name] for name in names]
        errors = error_lengths(heights, [found[f"{name}_interval"] for name in names])
        axes.bar(places, heights, 0.36, yerr=errors, **look, error_kw=ERROR, label=f"{label}, {found['pairs']} pairs")
        for place, height in zip(places, heights, strict=True):
            axes.annotate(f"{height:.2f}", (place - 0.17, 0), (2, 3), textcoords="offset points", **_ON_BAR)
    if known:
        axes.set_xticks(range(len(names)), [words[name] for name in names] if len(names) > 1 else ["same class"])
        axes.set_xlim(-0.5 * 3 ** (len(names) == 1), len(names) - 0.5 + (len(names) == 1))
        share_axis(axes, "y", gap=0)
    else:
        draw_nothing(axes)
    along = "share of pairs; total variation" if len(names) > 1 else "share of pairs"
    inscribe(axes, "Agreement about one stimulus", "", along, legend=1)


def bias(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean of inferred minus shown, with its interval, by shown coefficient."""
    levels = figures["bias"]["by_coefficient"]
    if levels:
        shown, biases = ([level[name] for level in levels] for name in (_SHOWN, "bias"))
        errors = error_lengths(biases, [level["interval"] for level in levels])
        axes.axhline(0, color=SYNTHETIC, lw=1, ls="--")
        axes.errorbar(shown, biases, errors, fmt="o", color=PEOPLE, ms=5, capsize=3)
        reach = 1.15 * np.nanmax([0.05, *np.abs(biases), *(np.abs(biases) + np.array(errors)).ravel()])
        axes.set_ylim(-min(reach, 1), min(reach, 1))
        share_axis(axes)
    else:
        draw_nothing(axes)
    words = f"mean {mean_text(figures['bias']['bias'], figures['bias']['interval'], 3)}" if levels else ""
    inscribe(axes, "Bias: inferred minus shown", "shown coefficient (share of image 1)", "mean bias", words)


def mass(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean probability on the classes of both pictures and on the others, by shown coefficient."""
    _draw_mass(axes, figures, is_hard=figures.get("soft_label", {}).get("procedure") == ONE_HOT)


def choices(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the share of choices of the classes of both pictures and of the others, by shown coefficient."""
    _draw_mass(axes, figures, is_hard=True)


def _draw_mass(axes: Axes, figures: dict[str, Any], *, is_hard: bool) -> None:
    levels, is_single = figures["mass"], _is_single(figures)
    for number, (name, label, look) in enumerate(_OF_SINGLE if is_single else _MASSES):
        means = [level[name] for level in levels]
        errors = error_lengths(means, [level["intervals"][name] for level in levels])
        places = [level[_SHOWN] + 0.012 * (number - 1) for level in levels]
        axes.errorbar(places, means, errors, **look, ms=5, lw=1.2, capsize=2, label=label)
    if levels and not is_single:
        axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=0.8, zorder=0, label="synthetic label")
        axes.plot([0, 1], [1, 0], "--", color=SYNTHETIC, lw=0.8, zorder=0)
    if levels:
        share_axis(axes)
        share_axis(axes, "y", gap=0)
    else:
        draw_nothing(axes)
    title, share = (
        ("Which classes are named", "share") if is_hard else ("Where the probability goes", "mean probability")
    )
    inscribe(axes, title, "" if is_single else "shown coefficient (share of image 1)", share, legend=2)


def confidence(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw participants' confidence, and its mean."""
    found = figures["confidence"]
    share_bars(axes, found["histogram"])
    inscribe(axes, "Confidence", "0 not at all, 1 fully", "judgments", mark_in_words(axes, found))


def ratings(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the mean rating on each scale, with its interval and the standard deviation of single answers."""
    scales = figures["ratings"][:_MOST_SCALES]
    for place, found in enumerate(scales):
        spread = found["standard_deviation"] or 0
        axes.plot([max(found["mean"] - spread, 0), min(found["mean"] + spread, 1)], [place, place], color=FAINT, lw=5)
        errors = error_lengths([found["mean"]], [found["interval"]])
        axes.errorbar([found["mean"]], [place], xerr=errors, fmt="o", color=PEOPLE, ms=5, capsize=3)
    _rows_of_scales(axes, figures["ratings"])
    inscribe(axes, "Ratings", "rating (0 low end, 1 high end); mean, SD of answers", "")


def reliability(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw participants' agreement about stimuli by scale: ICC(1) and Krippendorff's alpha."""
    scales, low = figures["ratings"][:_MOST_SCALES], 0.0
    for number, (name, words) in enumerate((("icc_1", "ICC(1)"), ("krippendorff_alpha", "Krippendorff's alpha"))):
        known = [(found["agreement"][name], place) for place, found in enumerate(scales)]
        points = [(value, place + 0.1 * (2 * number - 1)) for value, place in known if value is not None]
        low = min([low, *(value for value, _ in points)])
        if points:
            axes.plot(*zip(*points, strict=True), ("o", "s")[number], color=(PEOPLE, SECOND)[number], ms=5, label=words)
    _rows_of_scales(axes, figures["ratings"], low=low)
    inscribe(axes, "Agreement by scale", "between participants, first answers", "", legend=2)


def _rows_of_scales(axes: Axes, scales: Sequence[dict[str, Any]], *, low: float = 0) -> None:
    """Label the vertical axis with the scales, first on top; if there are many, only the first few."""
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


def confidence_or_participants(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw participants' confidence or, if it was not asked, their numbers of judgments."""
    (confidence if figures["confidence"]["known"] else per_participant)(axes, figures)


def flagged(axes: Axes, figures: dict[str, Any]) -> None:
    """Draw the number of judgments with each flag, except flags of the whole study."""
    names = [name for name in figures["flags"] if name != SYNTHETIC_FLAG]
    rows = [figures["flags"][name]["rows"] for name in names]
    bars = axes.barh(range(len(names)), rows, 0.6, color=PEOPLE)
    axes.bar_label(bars, fontsize=8, padding=2)
    axes.set_yticks(range(len(names)), [name.replace("_", "\n", 1).replace("_", " ") for name in names], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 1.15 * max(1, *rows))
    axes.xaxis.set_major_locator(whole_numbers(5))
    inscribe(axes, "Flags", "judgments", "")


PANELS: dict[str, Panel] = {
    panel.__name__: panel
    for panel in (
        *(per_stimulus, per_participant, coefficients, coefficients_or_flags, response_times, differences),
        *(classes_agreed, bias, mass, choices, confidence, confidence_or_participants, ratings, reliability, flagged),
        *(votes_per_stimulus, entropy, leading_class, votes_for_label, most_disputed),
    )
}
"""Panels that a task can name in `panels`."""


def panels_of(task: str) -> tuple[Panel, ...]:
    """Return the panels of a task's picture, row by row."""
    return TASKS[task].tools("panels", PANELS)


def _is_single(figures: dict[str, Any]) -> bool:
    return bool(figures["of_single_pictures"] == figures["judgments"])


def _compared(figures: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return the comparisons with their figures and styles: answers of two participants, and of one asked twice."""
    parts = [
        ("two participants", figures["agreement"], BARS[0]),
        ("one participant, twice", figures["retest"], BARS[1]),
    ]
    return [part for part in parts if part[1]["pairs"]]
