"""Figures of judgments against the synthetic label: `hmix_hub.plot`."""

from __future__ import annotations

import os

import datasets
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError
from hmix_hub.plots.axes import mark_mean, mean_text, share_axis, title_above
from hmix_hub.plots.figure import BARS, ERROR, FAINT, PEOPLE, SYNTHETIC, Picture, check_ending, finish, save
from hmix_hub.plots.ratings import draw_ratings
from hmix_hub.plots.selection import Selection, select
from hmix_hub.resampling import Floats, Ints, levels_of, resample_means
from hmix_hub.schema.arrays import class_masses
from hmix_hub.stimuli.mixtures import steps_of
from hmix_hub.tables import check_dataset_type
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.midpoint import WALK
from hmix_hub.tasks.task import Task

_WIDEST_JITTER = 0.05
Groups = list[tuple[str, npt.NDArray[np.bool_]]]

_LAST = len(WALK) - 1
_MIDDLE = _LAST // 2
_GROUP = 0.085
"""Total width of the bars of one step, with steps .1 apart."""


def plot(dataset: datasets.Dataset, path: str | os.PathLike[str] | None = None) -> Figure:
    """Plot a dataset: perception against the synthetic label.

    Parameters
    ----------
    dataset
        Judgments or stimuli of one task, any selection. Inferred coefficients are plotted against the shown ones, the
        midpoint tasks as histograms (of the distance from .5, since the order of a pair's images is arbitrary), soft
        labels and chosen classes as their mass on and off the two classes, ratings by scale. Participants flagged
        `straightlining` are left out if there are others. Every mean has its 95 % interval by resampling participants
        (stimuli, in a by-stimulus table), if there are at least two.
    path
        File to write; its extension determines the format (.png, .pdf, .svg). `None`: no file.

    Returns
    -------
    matplotlib.figure.Figure
        7 by 5 inches; 10 by 5 for `construct_midpoint`. It displays itself in a notebook.

    Raises
    ------
    ConfigurationError
        If the dataset has no rows or no columns to plot, or the file has another extension.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> figure = hmix_hub.plot(ds, "perceived.png")
    """
    dataset = in_one_order(check_dataset_type(dataset))

    drawn = {
        name: task for task in TASKS.values() for name in task.judged_columns[: 1 + task.by_stimulus.is_configuration]
    }
    task = next((task for name, task in drawn.items() if name in dataset.column_names), None)
    if task is None:
        msg = f"a dataset without any of {', '.join(drawn)} cannot be plotted"
        raise ConfigurationError(msg, hint="plot judgments of schema 2; by stimulus, those of infer and categorical")
    check_ending(path)
    figure = Picture(figsize=(7, 5), layout="constrained")
    (draw,) = task.tools("plot", PICTURES)
    draw(figure, select(dataset), task)
    if path is not None:
        save(figure, path, dpi=150)
    return figure


def draw_inferences(figure: Picture, selection: Selection, task: Task) -> None:
    """Plot perceived against synthetic coefficients, with the identity line.

    Source: paper, section 4: perceptions do not consistently align with the synthetic label.
    """
    axes = figure.subplots()
    name = task.judged_columns[not selection.has_participants]
    shown, perceived = selection.numbers("mixing_coefficient"), selection.numbers(name)
    centres, levels = levels_of(shown)
    means = resample_means(perceived, levels, selection.units, len(centres))
    what = "judgment" if selection.has_participants else "stimulus"
    axes.plot([0, 1], [0, 1], "--", color=SYNTHETIC, lw=1, label="synthetic label")
    opacity = float(np.clip(1500 / len(shown), 0.12, 0.7))
    axes.scatter(_jittered(shown, centres), perceived, s=9, color=FAINT, alpha=opacity, lw=0, zorder=1)
    axes.scatter([], [], s=20, color=FAINT, lw=0, label=f"one {what}, spread sideways")
    axes.errorbar(
        centres,
        means.mean,
        means.errors,
        fmt="o-",
        color=PEOPLE,
        mec="white",
        capsize=3,
        lw=1.5,
        ms=6,
        label="mean of judgments" if selection.has_participants else "mean of stimuli",
    )
    axes.set(
        xlabel="mixing coefficient shown (share of image 1)",
        ylabel="mixing coefficient perceived (share of image 1)" if task.is_share_answered else name.replace("_", " "),
        aspect="equal",
    )
    share_axis(axes)
    share_axis(axes, "y")
    title_above(axes, "", legend_columns=2)
    finish(figure, "What {who} see against the synthetic label", selection)


def _jittered(shown: Floats, centres: Floats) -> Floats:
    """Return coefficients jittered by less than half a step, so that equal answers do not overlap."""
    reach = min([_WIDEST_JITTER, *(0.35 * np.diff(centres))])
    spread = shown + np.random.default_rng(0).uniform(-reach, reach, len(shown))
    # Inwards at both ends of the axis.
    return 1 - np.abs(1 - np.abs(spread))


def draw_midpoints(figure: Picture, selection: Selection, task: Task) -> None:
    """Plot the distance of selected coefficients from the synthetic 50/50 point; by start, if any, also their values.

    The order of the two pictures is only that of their names: over many pairs, biases towards either picture cancel in
    the mean of the coefficients. The distance from .5, which is plotted, does not depend on the order.

    Source: paper, section 3.
    """
    selected = selection.numbers(task.answered)
    steps = steps_of(selected)
    groups: Groups = [("all judgments", np.ones(len(steps), dtype=bool))]
    has_start = "start_coefficient" in selection.dataset.column_names
    if has_start:
        start = selection.numbers("start_coefficient")
        groups = [(f"started at {value:g}", start == value) for value in np.unique(start)]
        figure.set_size_inches(10, 5)
    *left, right = figure.subplots(1, 1 + has_start, squeeze=False)[0]
    for axes in left:
        _draw_shares(axes, selected, steps, groups, selection.units)
        axes.axvline(_MIDDLE / _LAST, color=SYNTHETIC, lw=1, ls="--", zorder=0, label="synthetic 50/50 point")
        axes.set(xlabel="mixing coefficient selected (share of image 1)", ylabel="share of judgments")
        title_above(axes, "", legend_columns=1)
    distance, away = np.abs(selected - 0.5), np.abs(steps - _MIDDLE)
    _draw_shares(right, distance, away, groups, selection.units, last=_MIDDLE)
    right.axvline(0, color=SYNTHETIC, lw=1, ls="--", zorder=0, label="synthetic 50/50 point")
    right.set(xlabel="distance of the selected coefficient from 0.5, to either image", ylabel="share of judgments")
    title_above(right, "", legend_columns=1)
    finish(figure, "Which mixture {who} take as the 50/50 one", selection)


def _draw_shares(axes: Axes, values: Floats, steps: Ints, groups: Groups, units: Ints, *, last: int = _LAST) -> None:
    """Plot the share of judgments at each step, 0 to `last`, a bar for each group, and the mean of their values."""
    width = _GROUP / len(groups)
    places = np.arange(last + 1)
    for number, (label, rows) in enumerate(groups):
        look = BARS[number % len(BARS)]
        # Each judgment is a yes or no for every step.
        chosen = (steps[rows][:, None] == places).astype(np.float64)
        participants = np.unique(units[rows], return_inverse=True)[1]
        shares = resample_means(
            chosen.ravel(), np.tile(places, len(chosen)), np.repeat(participants, last + 1), last + 1
        )
        mean = resample_means(values[rows], np.zeros(len(chosen), dtype=np.int64), participants, 1)
        ends = (mean.low[0], mean.high[0])
        axes.bar(
            places / _LAST + width * (number - (len(groups) - 1) / 2),
            shares.mean,
            width,
            yerr=shares.errors,
            error_kw=ERROR,
            label=f"{label}: mean {mean_text(mean.mean[0], ends)}",
            **look,
        )
        mark_mean(axes, mean.mean[0], ends, 0.97 - 0.05 * number, face=look["color"])
    # Space for the marks of the means.
    axes.set_ylim(0, min(1, axes.get_ylim()[1] * (1.05 + 0.05 * len(groups))))
    share_axis(axes, high=last / _LAST, gap=3, margin=_GROUP / 2)


def draw_categories(figure: Picture, selection: Selection, task: Task) -> None:
    """Plot the mean probability, or share of choices, of image 2's class, all others and image 1's, by coefficient.

    Source: paper, section 4.3.2.
    """
    axes = figure.subplots()
    labels = selection.classes_or_shares(task.judged_columns[not selection.has_participants])
    is_chosen = not task.derived
    first, second, others = class_masses(labels, selection.labels("image_1_label"), selection.labels("image_2_label"))
    centres, levels = levels_of(selection.numbers("mixing_coefficient"))
    parts = (
        ("class of image 2", second, BARS[1], 1 - centres),
        ("other classes", others, BARS[2], 0 * centres),
        ("class of image 1", first, BARS[0], centres),
    )
    places = np.arange(len(centres))
    for number, (label, mass, look, synthetic) in enumerate(parts):
        means = resample_means(mass, levels, selection.units, len(centres))
        offset = 0.27 * (number - 1)
        axes.bar(places + offset, means.mean, 0.25, yerr=means.errors, label=label, error_kw=ERROR, **look)
        axes.hlines(
            synthetic,
            places + offset - 0.13,
            places + offset + 0.13,
            color="black",
            ls=(0, (2, 1)),
            lw=2,
            zorder=3,
            label="_nolegend_" if number else "synthetic label",
        )
    axes.set(
        xlabel="mixing coefficient shown (share of image 1)",
        ylabel="share of the choices" if is_chosen else "mean probability",
        xticks=places,
        xticklabels=[f"{value:g}" for value in centres],
        # With few levels, bars would fill the figure.
        xlim=(min(-0.6, len(centres) / 2 - 2), max(len(centres) - 0.4, len(centres) / 2 + 1)),
    )
    share_axis(axes, "y", gap=0)
    title_above(axes, "", legend_columns=2)
    finish(figure, "Which classes {who} choose" if is_chosen else "Where {who} put the probability", selection)


PICTURES = {
    "inferences": draw_inferences,
    "midpoints": draw_midpoints,
    "categories": draw_categories,
    "ratings": draw_ratings,
}
"""Plots that a task may name as its `plot`."""
