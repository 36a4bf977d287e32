"""Agreement of classes, chosen or the most probable of a soft label: between people, in time, with the picture's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.description.agreement import (
    Comparison,
    Counts,
    Values,
    counted,
    of_pairs,
    pairs_of,
    pairwise_distances,
)
from hmix_hub.contribute.description.cells import Folded
from hmix_hub.contribute.description.histograms import Tally, rounded
from hmix_hub.schema import TOLERANCE
from hmix_hub.schema.arrays import Floats, Ints, codes, matrix, numbers
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.tasks.task import Task

NO_CLASS = -1
"""Code of a stimulus that is of no class more than of another."""


def _choices(table: pa.Table, task: Task) -> Values:
    return {"top": codes(table[task.class_column])}


def _soft_labels(table: pa.Table, task: Task) -> Values:
    return {"top": codes(table["top_class"]), "label": matrix(table["soft_label"])}


def _between_classes(values: Values, groups: Groups) -> tuple[dict[str, Floats], Counts]:
    of_class = Groups(encode_key([groups.codes, values["top"]]))
    same = np.bincount(groups.codes[of_class.first], pairs_of(of_class.sizes), minlength=len(groups.sizes))
    sums = {"same": same.astype(np.float64)}
    if "label" in values:
        sums["variation"] = np.zeros(len(groups.sizes))
        for column in values["label"].T:
            sums["variation"] += 0.5 * pairwise_distances(column, groups)
    return sums, {"classes": Tally.of(values["top"])}


def _within_classes(before: Values, after: Values) -> tuple[dict[str, Floats], Counts]:
    sums = {"same": (before["top"] == after["top"]).astype(np.float64)}
    if "label" in before:
        sums["variation"] = 0.5 * np.abs(before["label"] - after["label"]).sum(axis=1)
    return sums, {}


def choice_agreement(stimuli: Folded, counts: Counts) -> dict[str, Any]:
    r"""Measure how far people choose the same class for one stimulus.

    First answers about stimuli that two people or more judged: with :math:`n_{sc}` of the :math:`n_s` answers about
    stimulus s for class c, S stimuli and N answers,

    * `same_top_class`: share of all pairs of people about one stimulus who chose the same class;
    * `fleiss_kappa`: :math:`(\bar P - P_e) / (1 - P_e)`, with
      :math:`\bar P = \frac1S \sum_s \sum_c \frac{n_{sc} (n_{sc} - 1)}{n_s (n_s - 1)}` and
      :math:`P_e = \sum_c (\sum_s n_{sc} / N)^2`. Stimuli may have different numbers of answers;
    * `krippendorff_alpha`, nominal:
      :math:`1 - (N - 1) \sum_s \frac{n_s^2 - \sum_c n_{sc}^2}{n_s - 1} / (N^2 - \sum_c n_c^2)`.

    Source: Fleiss, https://doi.org/10.1037/h0031619; Hayes and Krippendorff,
    https://doi.org/10.1080/19312450709336664.

    Parameters
    ----------
    stimuli
        Sums of stimuli with two answers or more.
    counts
        Answers by `classes`.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of people), the three figures, `None` where they are not defined, and the
        interval of the first by resampling stimuli.
    """
    by_chance, kappa = _chance(stimuli, counts), None
    if by_chance is not None:
        kappa = rounded((stimuli.total("share") / stimuli.n_units - by_chance) / (1 - by_chance))
    return {
        **counted(stimuli),
        **of_pairs(stimuli, "same", "same_top_class", "same_top_class_interval"),
        "fleiss_kappa": kappa,
        "krippendorff_alpha": _alpha(stimuli, counts),
    }


def soft_label_agreement(stimuli: Folded, counts: Counts) -> dict[str, Any]:
    r"""Measure how far people agree about the class of one stimulus.

    Over all pairs of people i, j about one stimulus, first answers alone: `same_top_class` and `krippendorff_alpha` of
    the most probable class, see `choice_agreement`, and `mean_total_variation`,
    :math:`\frac12 \sum_k |p_{ik} - p_{jk}|` of their soft labels, averaged.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of people), the three figures, `None` where they are not defined, and intervals
        of the first two by resampling stimuli.
    """
    return {
        **counted(stimuli),
        **of_pairs(stimuli, "same", "same_top_class", "same_top_class_interval"),
        **of_pairs(stimuli, "variation", "mean_total_variation", "mean_total_variation_interval"),
        "krippendorff_alpha": _alpha(stimuli, counts),
    }


def _chance(stimuli: Folded, counts: Counts) -> float | None:
    """Return how likely two answers are the same by chance; `None` where all are: nothing is then beyond chance."""
    n, squares = stimuli.count, float((counts["classes"].counts.astype(np.float64) ** 2).sum())
    return None if n**2 - squares < 1 else squares / n**2


def _alpha(stimuli: Folded, counts: Counts) -> float | None:
    n, by_chance = stimuli.count, _chance(stimuli, counts)
    return None if by_chance is None else rounded(1 - (n - 1) * stimuli.total("apart") / (n**2 * (1 - by_chance)))


def _same_class(people: Folded) -> dict[str, Any]:
    return {
        "pairs": people.count,
        "people": people.n_present,
        "same_top_class": people.mean("same"),
        "same_top_class_interval": people.interval("same"),
    }


def choice_retest(people: Folded, _: Counts) -> dict[str, Any]:
    """Compare marked repeats of classes with the same people's first answers.

    Returns
    -------
    dict
        `pairs`, `people`, and `same_top_class` (share of pairs) with its interval by resampling people; `None` without
        pairs.
    """
    return _same_class(people)


def soft_label_retest(people: Folded, _: Counts) -> dict[str, Any]:
    """Compare marked repeats of soft labels with the first answers: as `choice_retest`, and `mean_total_variation`."""
    variation = {"mean_total_variation": people.mean("variation")}
    return _same_class(people) | variation | {"mean_total_variation_interval": people.interval("variation")}


CHOICES = Comparison(_choices, _between_classes, choice_agreement, _within_classes, choice_retest)
SOFT_LABELS = Comparison(_soft_labels, _between_classes, soft_label_agreement, _within_classes, soft_label_retest)


def dominant_classes(table: pa.Table) -> Ints:
    """Return the class of each stimulus, int64 (N,): of a mixture, that of the larger share; -1 of two equal ones."""
    one, two = (codes(table[f"image_{i}_label"]) for i in (1, 2))
    share = numbers(table["mixing_coefficient"])
    found = np.where((two < 0) | (share > 0.5), one, two)
    found[(two >= 0) & (one != two) & (np.abs(share - 0.5) <= TOLERANCE)] = NO_CLASS
    return found
