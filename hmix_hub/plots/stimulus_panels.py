"""Panels of answers beside a stimulus, one per task."""

from __future__ import annotations

from typing import Any

import datasets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from hmix_hub.plots.axes import known_ends, mean_text
from hmix_hub.plots.figure import BARS, ERROR, PEOPLE, SECOND, SYNTHETIC
from hmix_hub.plots.ratings import cut
from hmix_hub.plots.subject import Subject
from hmix_hub.resampling import COVERAGE, Floats, Means, resample_means
from hmix_hub.scales import scales_of
from hmix_hub.schema.arrays import shares_by_class
from hmix_hub.stimuli.mixtures import steps_of
from hmix_hub.tables import arrow_columns, vocabulary_of
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.midpoint import WALK

NAMED = "#B00020"
"""Colour of the requested judgment."""
INTERVALS = f"intervals of means: {COVERAGE:.0%}, by resampling participants"
"""Note under the panels."""
_OTHERS = "#CCCCCC"


def draw_inferences(axes: Axes, subject: Subject, task: str) -> None:
    """Draw each inferred coefficient with its confidence, and their mean."""
    judgments = subject.judgments[task]
    inferred = np.array(judgments["inferred_coefficient"][:], dtype=float)
    confidence = np.array(judgments["confidence"][:], dtype=float)
    is_named = _is_named(judgments, subject)
    mean = _mean(inferred, judgments)
    axes.axvline(inferred.mean(), color=PEOPLE, lw=2.5, label=f"mean perceived: {_in_words(mean)}")
    if known_ends((mean.low[0], mean.high[0])):
        axes.axvspan(mean.low[0], mean.high[0], color=PEOPLE, alpha=0.15, lw=0, zorder=0)
    axes.axvline(subject.coefficient or 0, color=SYNTHETIC, ls="--", lw=1, label=f"shown: {subject.coefficient:g}")
    # A missing confidence is on the axis.
    answers, times = np.unique(np.stack([inferred, np.nan_to_num(confidence)], axis=1), axis=0, return_counts=True)
    axes.scatter(answers[:, 0], answers[:, 1], s=45 * times, color=PEOPLE, alpha=0.7, lw=0, clip_on=False, zorder=3)
    for (x, y), n in zip(answers, times, strict=True):
        if n > 1:
            axes.annotate(f"x {n}", (x, y), (7, -11), textcoords="offset points", fontsize=7.5, annotation_clip=False)
    if is_named.any():
        at = inferred[is_named], np.nan_to_num(confidence[is_named])
        axes.scatter(
            *at, s=120, facecolor="none", edgecolor=NAMED, lw=1.5, clip_on=False, zorder=4, label="this judgment"
        )
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share of image 1 perceived", ylabel="confidence")
    _finish(axes, f"How mixed is it? {_count(judgments)}")


def draw_soft_labels(axes: Axes, subject: Subject, task: str) -> None:
    """Draw the mean soft label, overlaid with each judgment's probabilities; for chosen classes, their shares."""
    judgments = subject.judgments[task]
    names = vocabulary_of(judgments).names
    own = TASKS[task].judged_columns[0]
    labels = shares_by_class(arrow_columns(judgments, [own])[own], len(names))
    is_named = _is_named(judgments, subject)
    colours = [_OTHERS] * len(names)
    shares = np.zeros(len(names))
    for label, colour, share in zip(
        subject.labels, (PEOPLE, SECOND), (subject.coefficient or 0, 1 - (subject.coefficient or 0)), strict=False
    ):
        colours[names.index(label)] = colour
        shares[names.index(label)] += share
    places = np.arange(len(names))
    participants = np.unique(judgments["participant_id"][:], return_inverse=True)[1]
    means = resample_means(
        labels.ravel(), np.tile(places, len(labels)), np.repeat(participants, len(names)), len(names)
    )
    axes.barh(places, means.mean, xerr=means.errors, color=colours, height=0.7, error_kw=ERROR | {"ecolor": SYNTHETIC})
    axes.vlines(shares, places - 0.4, places + 0.4, color=SYNTHETIC, ls="--", lw=1.2, label="synthetic label")
    for one, is_this in zip(labels, is_named, strict=True):
        axes.scatter(one, places, s=14, color=NAMED if is_this else "black", lw=0, zorder=3, clip_on=False)
    axes.scatter([], [], s=14, color="black", lw=0, label="one judgment")
    if is_named.any():
        axes.scatter([], [], s=14, color=NAMED, lw=0, label="this judgment")
    what = "probability (bars: mean)" if TASKS[task].derived else "share of the choices"
    axes.set(xlim=(0, 1), xlabel=what, yticks=places, yticklabels=names)
    axes.invert_yaxis()
    _finish(axes, f"What is it? {_count(judgments)}")


def draw_ratings(axes: Axes, subject: Subject, task: str) -> None:
    """Draw each rating and the mean on each scale, a row per scale, with the labels of its ends."""
    judgments = subject.judgments[task]
    ratings, names = np.array(judgments["rating"][:], dtype=float), np.array(judgments["scale"][:])
    is_named, known = _is_named(judgments, subject), scales_of(judgments)
    rows = sorted(set(names))
    for place, name in enumerate(rows):
        own = np.flatnonzero(names == name)
        mean = _mean(ratings[own], judgments.select(own))
        axes.errorbar(mean.mean, [place], xerr=mean.errors, fmt="D", color="black", ms=5, capsize=3, zorder=4)
        answers, times = np.unique(ratings[own], return_counts=True)
        heights = np.full(len(answers), place + 0.18)
        axes.scatter(answers, heights, s=30 * times, color=PEOPLE, alpha=0.7, lw=0, clip_on=False, zorder=3)
        here = ratings[own][is_named[own]]
        ring: dict[str, Any] = {
            "s": 120,
            "facecolor": "none",
            "edgecolor": NAMED,
            "lw": 1.5,
            "clip_on": False,
            "zorder": 5,
        }
        axes.scatter(here, np.full(len(here), place + 0.18), **ring)
        if name in known:
            for words, end, side in ((known[name].low, 0, "left"), (known[name].high, 1, "right")):
                axes.annotate(cut(words), (end, place - 0.3), fontsize=7.5, ha=side, va="center", annotation_clip=False)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.5, -0.6), xlabel="rating (diamonds: mean)")
    axes.set_yticks(range(len(rows)), [cut(name) for name in rows])
    _finish(axes, f"How is it rated? {_count(judgments)}")


def draw_midpoints(axes: Axes, subject: Subject) -> None:
    """Draw how often each of the eleven mixtures was selected as the 50/50 one, one bar per task."""
    steps = np.arange(len(WALK))
    width = 0.7 / max(1, len(subject.judgments))
    for number, (task, judgments) in enumerate(subject.judgments.items()):
        selected = steps_of(judgments["selected_coefficient"][:])
        offset = width * (number - (len(subject.judgments) - 1) / 2)
        counts = np.bincount(selected, minlength=len(WALK))
        mean = _mean(selected / 10, judgments)
        short = task.removesuffix("_midpoint").replace("_", "-")
        words = f"{short}: {_count(judgments)}, mean {_in_words(mean)}"
        axes.bar(steps + offset, counts, width, **BARS[number], label=words)
    axes.axvline(5, color=SYNTHETIC, ls="--", lw=1, label="synthetic 50/50 point", zorder=0)
    axes.set(xlim=(-0.5, 10.5), xticks=steps, xticklabels=[f"{step / 10:g}" for step in steps])
    axes.set(xlabel="share of image 1", ylabel="judgments")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _finish(axes, "Which one is the 50/50 mixture?")


def _mean(values: Floats, judgments: datasets.Dataset) -> Means:
    participants = np.unique(judgments["participant_id"][:], return_inverse=True)[1]
    return resample_means(values, np.zeros(len(values), dtype=np.int64), participants, 1)


def _in_words(mean: Means) -> str:
    return mean_text(mean.mean[0], (mean.low[0], mean.high[0]))


def _is_named(judgments: datasets.Dataset, subject: Subject) -> np.ndarray:
    named = None if subject.judgment is None else subject.judgment["judgment_id"]
    return np.array(judgments["judgment_id"][:]) == named


def _count(judgments: datasets.Dataset) -> str:
    participants = len(set(judgments["participant_id"][:]))
    rows = len(judgments)
    return f"{rows} judgment{'s' * (rows > 1)} of {participants} participant{'s' * (participants > 1)}"


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontsize=9, pad=12)
    axes.tick_params(labelsize=8)
    axes.xaxis.label.set_fontsize(8)
    axes.yaxis.label.set_fontsize(8)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(handles, labels, frameon=False, fontsize=7.5, loc="upper left", bbox_to_anchor=(0, -0.2), ncols=2)
