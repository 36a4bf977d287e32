"""Agreement of chosen classes: between people, of a person with an earlier answer, and with the picture's class."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.description.agreement import Answers, of_pairs, pair_counts
from hmix_hub.contribute.description.histograms import mean, mean_interval, rounded
from hmix_hub.schema import TOLERANCE
from hmix_hub.schema.arrays import Ints, codes, numbers
from hmix_hub.schema.groups import Groups, encode_key

NO_CLASS = -1
"""Code of a stimulus that is of no class more than of another."""


def choice_agreement(answers: Answers, chosen: Ints) -> dict[str, Any]:
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
    answers
        N rows.
    chosen
        int64 (N,): class that was chosen.

    Returns
    -------
    dict
        `stimuli`, `answers`, `pairs` (of people), the three figures, `None` where they are not defined, and the
        interval of the first by resampling stimuli.

    Examples
    --------
    Three people about two stimuli; they agree about the first:

    >>> import numpy as np
    >>> of = Answers(np.tile([0, 1, 2], 2), np.repeat([0, 1], 3), np.ones(6, dtype=int), np.zeros(6, dtype=bool))
    >>> found = choice_agreement(of, np.array([4, 4, 4, 4, 7, 7]))
    >>> found["same_top_class"], found["fleiss_kappa"]
    (0.666667, 0.25)
    """
    rows, groups = answers.between_participants()
    pairs = pair_counts(groups)
    of_class = Groups(encode_key([groups.codes, chosen[rows]]))
    same = np.bincount(groups.codes[of_class.first], pair_counts(of_class), minlength=len(pairs))
    return {
        "stimuli": len(groups.sizes),
        "answers": len(rows),
        "pairs": int(pairs.sum()),
        **of_pairs(same, pairs, "same_top_class", "same_top_class_interval"),
        **_beyond_chance(same, pairs, groups.sizes, np.bincount(chosen[rows])),
    }


def _beyond_chance(same: Ints, pairs: Ints, sizes: Ints, of_class: Ints) -> dict[str, float | None]:
    """Return both coefficients, from pairs who agree, pairs and answers by stimulus (S,), and answers by class.

    Where all answers are of one class, nothing is beyond chance.
    """
    n, squares = int(sizes.sum()), float((of_class.astype(np.float64) ** 2).sum())
    if n**2 - squares < 1:
        return {"fleiss_kappa": None, "krippendorff_alpha": None}
    by_chance = squares / n**2
    apart = 2 * (pairs - same) / (sizes - 1)
    return {
        "fleiss_kappa": rounded((float(np.mean(same / pairs)) - by_chance) / (1 - by_chance)),
        "krippendorff_alpha": rounded(1 - (n - 1) * float(apart.sum()) / (n**2 - squares)),
    }


def choice_retest(answers: Answers, chosen: Ints) -> dict[str, Any]:
    """Compare marked repeats, classes int64 (N,), with the same people's first answers.

    Returns
    -------
    dict
        `pairs`, `people`, and `same_top_class` (share of pairs) with its interval by resampling people; `None` without
        pairs.
    """
    first, again = answers.within_participants()
    participants = answers.people[first]
    same = (chosen[first] == chosen[again]).astype(np.float64)
    return {
        "pairs": len(first),
        "people": len(np.unique(participants)),
        "same_top_class": mean(same),
        "same_top_class_interval": mean_interval(same, participants),
    }


def dominant_classes(table: pa.Table) -> Ints:
    """Return the class of each stimulus, int64 (N,): of a mixture, that of the larger share; -1 of two equal ones."""
    one, two = (codes(table[f"image_{i}_label"]) for i in (1, 2))
    share = numbers(table["mixing_coefficient"])
    found = np.where((two < 0) | (share > 0.5), one, two)
    found[(two >= 0) & (one != two) & (np.abs(share - 0.5) <= TOLERANCE)] = NO_CLASS
    return found


def agreement_with_label(chosen: Ints, label: Ints, people: Ints) -> dict[str, Any]:
    """Compare chosen classes with the class of the picture, int64 (N,), -1 where it is of none more than of another.

    Returns
    -------
    dict
        `judgments` that can be compared, and the `share` of them that chose the picture's class, with its `interval` by
        resampling people, int64 (N,); `None` without any.
    """
    rows = np.flatnonzero(label != NO_CLASS)
    same = (chosen[rows] == label[rows]).astype(np.float64)
    return {"judgments": len(rows), "share": mean(same), "interval": mean_interval(same, people[rows])}
