"""Comparisons of answers: between participants about one stimulus, and between repeats of one participant.

Only first answers about a stimulus are compared, where all of them are available; results are combined in the order in
which stimuli first appear. A participant's repeats are compared with the first answers where the participant's rows
are, which are never separated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.cells import COUNT, Folded, with_squares
from hmix_hub.schema import TOLERANCE
from hmix_hub.schema.arrays import Floats, Ints, codes, matrix, numbers
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import pairwise_distances
from hmix_hub.tallies import Histogram, Tally, deviation_of, rounded
from hmix_hub.tasks.task import Task

Values = Mapping[str, npt.NDArray[Any]]
"""Answers of N rows: (N,) or (N, K) by name."""
Counts = Mapping[str, Any]
"""Counts of parts of the data, which add up."""

NO_CLASS = -1
"""Code of a stimulus without a majority class."""

_MILLION = 10**6
_TENTH_EDGES = np.append(np.arange(-_MILLION // 20, _MILLION, _MILLION // 10), _MILLION + 1)[1:]
"""Upper ends, in millionths, of the intervals around tenths: .05, .15, ..., .95, 1."""
_NO_SPREAD = 1e-14
"""Variance due to rounding."""


@dataclass(frozen=True)
class Comparison:
    """Comparison of answers of one kind.

    Parameters
    ----------
    answers
        Function from the judgments of a task to their answers.
    between
        Function from answers by stimulus, at least two each, to sums of each stimulus, and counts.
    agreement
        Function from these, folded, to the figures.
    within
        Function from first answers and repeats to figures of each pair, and counts.
    retest
        Function from these, folded by participant, to the figures.
    """

    answers: Callable[[pa.Table, Task], Values]
    between: Callable[[Values, Groups], tuple[dict[str, Floats], Counts]]
    agreement: Callable[[Folded, Counts], dict[str, Any]]
    within: Callable[[Values, Values], tuple[dict[str, Floats], Counts]]
    retest: Callable[[Folded, Counts], dict[str, Any]]


def pairs_of(sizes: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Count the pairs of answers of each stimulus, from the number of its answers."""
    return sizes * (sizes - 1) // 2


def with_terms(blocks: Iterator[dict[str, Floats]]) -> Iterator[dict[str, Floats]]:
    """Add further terms of the figures to the sums of stimuli, block by block."""
    centre = None
    for block in blocks:
        sizes = block[COUNT]
        block |= {"pairs": pairs_of(sizes)}
        if "mean" in block:
            # Terms about one of the means avoid cancellation of large equal terms.
            centre = block["mean"][:1].sum() if centre is None else centre
            off = block["mean"] - centre
            block |= {"sizes_squared": sizes**2, "apart": sizes * block["squares"] / (sizes - 1)}
            block |= {"off": sizes * off, "off_squared": sizes * off**2}
        else:
            block |= {"share": block["same"] / block["pairs"]}
            block |= {"apart": 2 * (block["pairs"] - block["same"]) / (sizes - 1)}
        yield block


def counted(stimuli: Folded) -> dict[str, int]:
    """Return the numbers of `stimuli` with at least two answers, of their `answers`, and of `pairs` of participants."""
    return {"stimuli": stimuli.n_units, "answers": stimuli.count, "pairs": int(stimuli.total("pairs"))}


def of_pairs(stimuli: Folded, sums: str, name: str, interval_name: str) -> dict[str, Any]:
    """Return the mean over all pairs, and its interval by resampling stimuli, from the sums of each stimulus."""
    whole = stimuli.total("pairs")
    mean = rounded(stimuli.total(sums) / whole) if whole else None
    return {name: mean, interval_name: stimuli.interval(sums, "pairs")}


def _coefficients(table: pa.Table, task: Task) -> Values:
    return {"answer": numbers(table[task.answered])}


def _between_coefficients(values: Values, groups: Groups) -> tuple[dict[str, Floats], Counts]:
    answers = values["answer"]
    means = groups.mean(answers)
    squares = groups.sum((answers - means[groups.codes]) ** 2)
    sums = {"mean": means, "squares": squares, "distance": pairwise_distances(answers, groups)}
    return sums, {"differences": _difference_counts(answers, groups)}


def coefficient_agreement(stimuli: Folded, counts: Counts) -> dict[str, Any]:
    r"""Measure the agreement of participants about the coefficient of a stimulus.

    With :math:`x_{si}` the first answer of participant i about stimulus s, :math:`n_s` participants (stimuli with one
    are left out), :math:`\bar x_s` their mean, S stimuli, N answers, :math:`Q_s = \sum_i (x_{si} - \bar x_s)^2` and Q
    the sum of squares about the mean of all:

    * `mean_absolute_difference`: :math:`|x_{si} - x_{sj}|` over all pairs of participants about one stimulus, averaged;
    * `within_stimulus_sd`: :math:`\sqrt{W}`, :math:`W = \sum_s Q_s / (N - S)`;
    * `icc_1`: share of the variance between stimuli, :math:`(B - W) / (B + (n_0 - 1) W)`, with :math:`B = (Q - \sum_s
      Q_s) / (S - 1)` and :math:`n_0 = (N - \sum_s n_s^2 / N) / (S - 1)` since numbers differ;
    * `krippendorff_alpha`: for intervals, :math:`1 - \frac{N - 1}{N Q} \sum_s \frac{n_s Q_s}{n_s - 1}`.

    The last two grow with the spread of the stimuli, shown coefficients included; the first two do not.

    Source: Shrout and Fleiss, https://doi.org/10.1037/0033-2909.86.2.420, ICC(1); Hayes and Krippendorff,
    https://doi.org/10.1080/19312450709336664.

    Parameters
    ----------
    stimuli
        Sums of stimuli with at least two answers.
    counts
        Their `differences`.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of participants), the four figures (`None` if undefined), the `interval` of the
        first by resampling stimuli, and `absolute_differences`: a histogram of the pairs' differences by nearest tenth.
    """
    return {
        **counted(stimuli),
        **of_pairs(stimuli, "distance", "mean_absolute_difference", "interval"),
        **_variance_figures(stimuli),
        "absolute_differences": _histogram(counts["differences"]),
    }


def _variance_figures(stimuli: Folded) -> dict[str, float | None]:
    n, n_stimuli, squares = stimuli.count, stimuli.n_units, stimuli.total("squares")
    between = stimuli.total("off_squared") - stimuli.total("off") ** 2 / max(n, 1)
    whole = squares + between
    alpha = None
    if whole > _NO_SPREAD * n:
        alpha = rounded(1 - (n - 1) / (n * whole) * stimuli.total("apart"))
    icc = None
    if n_stimuli > 1:
        within, of_means = squares / (n - n_stimuli), between / (n_stimuli - 1)
        spread = of_means + ((n - stimuli.total("sizes_squared") / n) / (n_stimuli - 1) - 1) * within
        icc = rounded((of_means - within) / spread) if spread > 1e-12 else None
    return {
        "within_stimulus_sd": deviation_of(squares, n - n_stimuli),
        "icc_1": icc,
        "krippendorff_alpha": alpha,
    }


def _within_coefficients(before: Values, after: Values) -> tuple[dict[str, Floats], Counts]:
    one, two = before["answer"], after["answer"]
    differences = np.abs(two - one)
    places = np.searchsorted(_TENTH_EDGES, _millionths(differences), side="right")
    squared = {"product": (one - 0.5) * (two - 0.5), "one_squared": with_squares(one)["squares"]}
    sums = {"difference": differences, "one": one, "two": two, **squared, "two_squared": with_squares(two)["squares"]}
    return sums, {"differences": np.bincount(places, minlength=len(_TENTH_EDGES))}


def coefficient_retest(people: Folded, counts: Counts) -> dict[str, Any]:
    """Compare marked repeats of coefficients with the same participants' first answers.

    Returns
    -------
    dict
        `pairs`, `people`, `mean_absolute_difference` with its `interval` by resampling participants, `pearson_r`
        (`None` for fewer than three pairs, or without spread), and `absolute_differences`, a histogram by nearest
        tenth.
    """
    return {
        "pairs": people.count,
        "people": people.n_present,
        "mean_absolute_difference": people.mean("difference"),
        "interval": people.interval("difference"),
        "pearson_r": _pearson(people),
        "absolute_differences": _histogram(counts["differences"]),
    }


def _pearson(people: Folded) -> float | None:
    one, two = (people.covariation(f"{name}_squared", (name, name)) for name in ("one", "two"))
    if people.count < 3 or min(one, two) <= _NO_SPREAD * people.count:
        return None
    return rounded(np.clip(people.covariation("product", ("one", "two")) / np.sqrt(one * two), -1, 1))


COEFFICIENTS = Comparison(
    _coefficients, _between_coefficients, coefficient_agreement, _within_coefficients, coefficient_retest
)


def _millionths(values: Floats) -> Ints:
    return np.round(values * _MILLION).astype(np.int64)


def _difference_counts(values: Floats, groups: Groups) -> Ints:
    """Count the pairs within groups by the nearest tenth of their difference, without iterating over pairs."""
    # Integers with groups far apart: a search among all values only finds partners within the group.
    keys = np.sort(3 * _MILLION * groups.codes + _millionths(values))
    places = np.arange(len(keys))
    nearer = [int((np.searchsorted(keys, keys + edge, side="left") - places - 1).sum()) for edge in _TENTH_EDGES]
    return np.diff([0, *nearer])


def _histogram(counts: Ints) -> Histogram:
    return {"values": (np.arange(len(_TENTH_EDGES)) / 10).tolist(), "counts": counts.tolist()}


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
    r"""Measure how often participants name the same class for a stimulus.

    First answers about stimuli judged by at least two participants: with :math:`n_{sc}` of the :math:`n_s` answers
    about stimulus s for class c, S stimuli and N answers,

    * `same_top_class`: share of all pairs of participants about one stimulus who named the same class;
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
        `stimuli`, `answers`, `pairs` (of participants), the figures (`None` if undefined; the last two also if all
        answers name one class, so that nothing exceeds chance), and intervals of the first two by resampling stimuli.
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
    """Compare marked repeats of classes with the same participants' first answers.

    Returns
    -------
    dict
        `pairs`, `people`, `same_top_class` (share of pairs) and, for soft labels, `mean_total_variation`, with their
        intervals by resampling participants; `None` without pairs.
    """
    figures: dict[str, Any] = {"pairs": people.count, "people": people.n_present}
    for sums, name in (("same", "same_top_class"), ("variation", "mean_total_variation")):
        if sums in people.sums:
            figures |= {name: people.mean(sums), f"{name}_interval": people.interval(sums)}
    return figures


CHOICES = Comparison(_choices, _between_classes, class_agreement, _within_classes, class_retest)
SOFT_LABELS = replace(CHOICES, answers=_soft_labels)


def dominant_classes(table: pa.Table) -> Ints:
    """Return the class of each stimulus, int64 (N,): for a mixture, that of the larger share; -1 if equal."""
    one, two = (codes(table[f"image_{i}_label"]) for i in (1, 2))
    share = numbers(table["mixing_coefficient"])
    found = np.where((two < 0) | (share > 0.5), one, two)
    found[(two >= 0) & (one != two) & (np.abs(share - 0.5) <= TOLERANCE)] = NO_CLASS
    return found
