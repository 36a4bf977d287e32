"""Agreement of classes, chosen or the most probable of a soft label: between people, in time, with the picture's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.cells import Folded
from hmix_hub.contribute.description.agreement import (
    Comparison,
    Counts,
    Values,
    counted,
    of_pairs,
    pairs_of,
)
from hmix_hub.schema import TOLERANCE
from hmix_hub.schema.arrays import Floats, Ints, codes, matrix, numbers
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import pairwise_distances
from hmix_hub.tallies import Tally, rounded
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


def class_agreement(stimuli: Folded, counts: Counts) -> dict[str, Any]:
    r"""Measure how far people name the same class for one stimulus.

    First answers about stimuli that two people or more judged: with :math:`n_{sc}` of the :math:`n_s` answers about
    stimulus s for class c, S stimuli and N answers,

    * `same_top_class`: share of all pairs of people about one stimulus who named the same class;
    * `mean_total_variation` (of soft labels): :math:`\frac12 \sum_k |p_{ik} - p_{jk}|` of such pairs i, j, averaged;
    * `fleiss_kappa` (of choices): :math:`(\bar P - P_e) / (1 - P_e)`, with
      :math:`\bar P = \frac1S \sum_s \sum_c \frac{n_{sc} (n_{sc} - 1)}{n_s (n_s - 1)}` and
      :math:`P_e = \sum_c (\sum_s n_{sc} / N)^2`. Stimuli may have different numbers of answers;
    * `krippendorff_alpha`, nominal:
      :math:`1 - (N - 1) \sum_s \frac{n_s^2 - \sum_c n_{sc}^2}{n_s - 1} / (N^2 - \sum_c n_c^2)`.

    Source: Fleiss, https://doi.org/10.1037/h0031619; Hayes and Krippendorff,
    https://doi.org/10.1080/19312450709336664.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of people), the figures, `None` where they are not defined (the last two where
        all answers are of one class: nothing is then beyond chance), and intervals of the first two by resampling
        stimuli.
    """
    n, of_class = stimuli.count, counts["classes"].counts.astype(np.float64)
    apart, by_chance = n**2 - float((of_class**2).sum()), float((of_class**2).sum()) / max(n, 1) ** 2
    figures = counted(stimuli) | of_pairs(stimuli, "same", "same_top_class", "same_top_class_interval")
    if "variation" in stimuli.sums:
        figures |= of_pairs(stimuli, "variation", "mean_total_variation", "mean_total_variation_interval")
    else:
        kappa = (stimuli.total("share") / max(stimuli.n_units, 1) - by_chance) / (1 - by_chance) if apart >= 1 else None
        figures["fleiss_kappa"] = rounded(kappa)
    alpha = 1 - (n - 1) * stimuli.total("apart") / apart if apart >= 1 else None
    return figures | {"krippendorff_alpha": rounded(alpha)}


def class_retest(people: Folded, _: Counts) -> dict[str, Any]:
    """Compare marked repeats of classes with the same people's first answers.

    Returns
    -------
    dict
        `pairs`, `people`, `same_top_class` (share of pairs) and, of soft labels, `mean_total_variation`, with their
        intervals by resampling people; `None` without pairs.
    """
    figures: dict[str, Any] = {"pairs": people.count, "people": people.n_present}
    for sums, name in (("same", "same_top_class"), ("variation", "mean_total_variation")):
        if sums in people.sums:
            figures |= {name: people.mean(sums), f"{name}_interval": people.interval(sums)}
    return figures


CHOICES = Comparison(_choices, _between_classes, class_agreement, _within_classes, class_retest)
SOFT_LABELS = replace(CHOICES, answers=_soft_labels)


def dominant_classes(table: pa.Table) -> Ints:
    """Return the class of each stimulus, int64 (N,): of a mixture, that of the larger share; -1 of two equal ones."""
    one, two = (codes(table[f"image_{i}_label"]) for i in (1, 2))
    share = numbers(table["mixing_coefficient"])
    found = np.where((two < 0) | (share > 0.5), one, two)
    found[(two >= 0) & (one != two) & (np.abs(share - 0.5) <= TOLERANCE)] = NO_CLASS
    return found
