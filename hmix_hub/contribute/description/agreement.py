"""Agreement between people about one stimulus, and of a person with the same person's answer before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.contribute.description.histograms import Histogram, Numbers, interval, mean, mean_interval, rounded
from hmix_hub.resampling import resample_ratios
from hmix_hub.schema.arrays import Ints
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Spread

_MILLION = 10**6
_TENTH_EDGES = np.append(np.arange(-_MILLION // 20, _MILLION, _MILLION // 10), _MILLION + 1)[1:]
"""Upper ends, in millionths, of the intervals around the tenths: .05, .15, ..., .95, 1."""


@dataclass(frozen=True)
class Answers:
    """Who answered what about which stimulus."""

    people: Ints
    stimuli: Ints
    presentations: Ints
    """int64 (N,): number of each row's person and stimulus, and which showing of it to the person, from 1."""
    is_repeat: npt.NDArray[np.bool_]
    """bool (N,): whether it was shown again on purpose."""

    def of(self, rows: Ints) -> Answers:
        """Return some rows, int64 (M,), people and stimuli numbered anew."""
        people, stimuli = (np.unique(all_[rows], return_inverse=True)[1] for all_ in (self.people, self.stimuli))
        return Answers(people, stimuli, self.presentations[rows], self.is_repeat[rows])

    def between_participants(self) -> tuple[Ints, Groups]:
        """Return first answers about stimuli that two people answered or more: rows, int64 (M,), and groups."""
        first = np.flatnonzero(self.presentations == 1)
        sizes = np.bincount(self.stimuli[first], minlength=1)
        rows = first[sizes[self.stimuli[first]] > 1]
        return rows, Groups(encode_key([self.stimuli[rows]]))

    def within_participants(self) -> tuple[Ints, Ints]:
        """Return the rows of first answers, int64 (P,), and of the person's marked repeat of each, int64 (P,)."""
        keys = encode_key([self.people, self.stimuli])
        first_of = np.full(len(keys), -1, dtype=np.int64)
        first = np.flatnonzero(self.presentations == 1)
        first_of[keys[first]] = first
        again = np.flatnonzero(self.is_repeat & (self.presentations > 1))
        again = again[first_of[keys[again]] >= 0]
        return first_of[keys[again]], again


def coefficient_agreement(answers: Answers, values: Numbers) -> dict[str, Any]:
    r"""Measure how far people agree about the coefficient of one stimulus.

    With :math:`x_{si}` the first answer of person i about stimulus s, :math:`n_s` people (stimuli with one person are
    left out), :math:`\bar x_s` their mean, S stimuli, N answers, :math:`Q_s = \sum_i (x_{si} - \bar x_s)^2` and Q the
    sum of squares about the mean of all:

    * `mean_absolute_difference`: :math:`|x_{si} - x_{sj}|` over all pairs of people about one stimulus, averaged;
    * `within_stimulus_sd`: :math:`\sqrt{W}`, :math:`W = \sum_s Q_s / (N - S)`;
    * `icc_1`: share of the variance that lies between stimuli, :math:`(B - W) / (B + (n_0 - 1) W)`, with
      :math:`B = (Q - \sum_s Q_s) / (S - 1)` and :math:`n_0 = (N - \sum_s n_s^2 / N) / (S - 1)` since numbers differ;
    * `krippendorff_alpha`: for intervals, :math:`1 - \frac{N - 1}{N Q} \sum_s \frac{n_s Q_s}{n_s - 1}`.

    The last two grow with the spread of the stimuli, shown coefficients included; the first two do not.

    Source: Shrout and Fleiss, https://doi.org/10.1037/0033-2909.86.2.420, ICC(1); Hayes and Krippendorff,
    https://doi.org/10.1080/19312450709336664.

    Parameters
    ----------
    answers
        N rows.
    values
        float64 (N,), 0 to 1.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of people), the four figures, `None` where they are not defined, the `interval`
        of the first by resampling stimuli, and `absolute_differences`: a histogram of the pairs' differences by nearest
        tenth.
    """
    rows, groups = answers.between_participants()
    chosen = values[rows]
    pairs = pair_counts(groups)
    distances = _pairwise_distances(chosen, groups)
    return {
        "stimuli": len(groups.sizes),
        "answers": len(rows),
        "pairs": int(pairs.sum()),
        **of_pairs(distances, pairs, "mean_absolute_difference", "interval"),
        **_variance_figures(chosen, groups),
        "absolute_differences": _difference_histogram(chosen, groups),
    }


def soft_label_agreement(answers: Answers, top: Ints, labels: Numbers) -> dict[str, Any]:
    r"""Measure how far people agree about the class of one stimulus.

    Over all pairs of people i, j about one stimulus, first answers alone:

    * `same_top_class`: share of pairs with the same most probable class;
    * `mean_total_variation`: :math:`\frac12 \sum_k |p_{ik} - p_{jk}|` of their soft labels, averaged;
    * `krippendorff_alpha`: of the most probable class, nominal: with :math:`n_{sc}` answers c about stimulus s,
      :math:`1 - (N - 1) \sum_s \frac{n_s^2 - \sum_c n_{sc}^2}{n_s - 1} / (N^2 - \sum_c n_c^2)`.

    Source: Hayes and Krippendorff, https://doi.org/10.1080/19312450709336664.

    Parameters
    ----------
    answers
        N rows.
    top
        int64 (N,): class named as the most probable one.
    labels
        float64 (N, K): soft labels; rows sum to 1.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of people), the three figures, `None` where they are not defined, and intervals
        of the first two by resampling stimuli.
    """
    rows, groups = answers.between_participants()
    pairs = pair_counts(groups)
    of_class = Groups(encode_key([groups.codes, top[rows]]))
    same = np.bincount(groups.codes[of_class.first], pair_counts(of_class), minlength=len(pairs))
    distances = np.zeros(len(pairs))
    for column in labels[rows].T:
        distances += 0.5 * _pairwise_distances(column, groups)
    return {
        "stimuli": len(groups.sizes),
        "answers": len(rows),
        "pairs": int(pairs.sum()),
        **of_pairs(same, pairs, "same_top_class", "same_top_class_interval"),
        **of_pairs(distances, pairs, "mean_total_variation", "mean_total_variation_interval"),
        "krippendorff_alpha": _alpha([(top[rows] == code) * 1.0 for code in np.unique(top[rows])], groups),
    }


def coefficient_retest(answers: Answers, values: Numbers) -> dict[str, Any]:
    """Compare marked repeats of coefficients, float64 (N,), with the same people's first answers.

    Returns
    -------
    dict
        `pairs`, `people`, `mean_absolute_difference` with its `interval` by resampling people, `pearson_r` (`None` of
        fewer than three pairs, or without spread), and `absolute_differences`, a histogram by nearest tenth.
    """
    first, again = answers.within_participants()
    before, after = values[first], values[again]
    differences = np.abs(after - before)
    places = np.searchsorted(_TENTH_EDGES, _millionths(differences), side="right")
    return {
        "pairs": len(first),
        "people": len(np.unique(answers.people[first])),
        "mean_absolute_difference": mean(differences),
        "interval": mean_interval(differences, answers.people[first]),
        "pearson_r": _pearson(before, after),
        "absolute_differences": _histogram(np.bincount(places, minlength=len(_TENTH_EDGES))),
    }


def soft_label_retest(answers: Answers, top: Ints, labels: Numbers) -> dict[str, Any]:
    """Compare marked repeats, top classes int64 (N,) and soft labels float64 (N, K), with the first answers.

    Returns
    -------
    dict
        `pairs`, `people`, `same_top_class` (share of pairs) and `mean_total_variation`, with their intervals by
        resampling people; `None` without pairs.
    """
    first, again = answers.within_participants()
    participants = answers.people[first]
    same = (top[first] == top[again]).astype(np.float64)
    distances = 0.5 * np.abs(labels[first] - labels[again]).sum(axis=1)
    return {
        "pairs": len(first),
        "people": len(np.unique(participants)),
        "same_top_class": mean(same),
        "same_top_class_interval": mean_interval(same, participants),
        "mean_total_variation": mean(distances),
        "mean_total_variation_interval": mean_interval(distances, participants),
    }


def of_pairs(sums: npt.NDArray[Any], pairs: Ints, name: str, interval_name: str) -> dict[str, Any]:
    """Return the mean over all pairs, and its interval, from the sum and the number of the pairs of each stimulus."""
    whole = int(pairs.sum())
    ends = interval(resample_ratios(sums[:, None], pairs[:, None]))
    return {name: rounded(float(sums.sum()) / whole) if whole else None, interval_name: ends}


def pair_counts(groups: Groups) -> Ints:
    """Count the pairs of rows of each group; int64 (G,)."""
    return groups.sizes * (groups.sizes - 1) // 2


def _pairwise_distances(values: Numbers, groups: Groups) -> Numbers:
    """Sum |x_i - x_j| over the pairs of each group; sorted, each value counts once per value below less above."""
    order = np.lexsort((values, groups.codes))
    ranks = np.arange(len(values)) - np.repeat(groups.offsets[:-1], groups.sizes)
    terms = (2 * ranks + 1 - np.repeat(groups.sizes, groups.sizes)) * values[order]
    return np.bincount(groups.codes[order], terms, minlength=len(groups.sizes)).astype(np.float64)


def _variance_figures(values: Numbers, groups: Groups) -> dict[str, float | None]:
    n, sizes = len(values), groups.sizes
    if not n:
        return {"within_stimulus_sd": None, "icc_1": None, "krippendorff_alpha": None}
    squares = groups.sum((values - groups.mean(values)[groups.codes]) ** 2)
    total = float(((values - values.mean()) ** 2).sum())
    within = float(squares.sum()) / (n - len(sizes))
    return {
        "within_stimulus_sd": rounded(np.sqrt(within)),
        "icc_1": _icc(within, total - float(squares.sum()), sizes),
        "krippendorff_alpha": _alpha([values], groups),
    }


def _icc(within: float, between_squares: float, sizes: Ints) -> float | None:
    n_groups = len(sizes)
    if n_groups < 2:
        return None
    between = between_squares / (n_groups - 1)
    effective = (sizes.sum() - (sizes**2).sum() / sizes.sum()) / (n_groups - 1)
    spread = between + (effective - 1) * within
    return rounded((between - within) / spread) if spread > 1e-12 else None


def _alpha(values: Sequence[Numbers], groups: Groups) -> float | None:
    """Return Krippendorff's alpha; see `hmix_hub.spread`."""
    if not len(groups.codes):
        return None
    return rounded(Spread.unweighted(values, groups).krippendorff_alpha(np.ones((1, 1)))[0])


def _pearson(before: Numbers, after: Numbers) -> float | None:
    if len(before) < 3 or min(np.ptp(before), np.ptp(after)) <= 1e-9:
        return None
    return rounded(np.corrcoef(before, after)[0, 1])


def _millionths(values: Numbers) -> Ints:
    return np.round(values * _MILLION).astype(np.int64)


def _difference_histogram(values: Numbers, groups: Groups) -> Histogram:
    """Count the pairs within groups by the nearest tenth of their difference, without going through the pairs."""
    # Whole numbers, groups far apart: a search among all finds partners within the group alone.
    keys = np.sort(3 * _MILLION * groups.codes + _millionths(values))
    places = np.arange(len(keys))
    nearer = [int((np.searchsorted(keys, keys + edge, side="left") - places - 1).sum()) for edge in _TENTH_EDGES]
    return _histogram(np.diff([0, *nearer]))


def _histogram(counts: npt.NDArray[np.int64]) -> Histogram:
    return {"values": (np.arange(len(_TENTH_EDGES)) / 10).tolist(), "counts": counts.tolist()}
