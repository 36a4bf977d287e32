"""Findings: what the squared deviation from the shown coefficient consists of, and what errors a model can reach."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from hmix_hub.findings.agreement import marked_pairs
from hmix_hub.findings.finding import Finding, Number, Series, Table
from hmix_hub.findings.judgments import SHARE, Judgments, Tasks, estimate_of, shown_levels
from hmix_hub.findings.wording import figure, not_asked, with_interval
from hmix_hub.resampling import Means
from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Spread, summing
from hmix_hub.tasks import INFER

_COLUMNS = ("inferred_coefficient", "mixing_coefficient")


@dataclass(frozen=True)
class Components:
    """First answers about mixtures, for the components of their squared deviation.

    Parameters
    ----------
    deviations
        float64 (M,): inferred less shown.
    levels
        M rows by shown coefficient; L levels.
    spread
        The same answers by stimulus and by participant; G stimuli, U participants.
    """

    deviations: Floats
    levels: Groups
    spread: Spread

    @cached_property
    def _of_levels(self) -> tuple[Any, Any, Any]:
        """Sums of 1, deviations and their squares within levels; (L, U) each, see `summing`."""
        terms = (np.ones(len(self.deviations)), self.deviations, self.deviations**2)
        return tuple(summing(self.levels, self.spread.people, term) for term in terms)

    @cached_property
    def _stimuli_of_levels(self) -> Any:
        """Matrix that adds up stimuli within levels; (L, G)."""
        n_stimuli = len(self.spread.groups.sizes)
        return summing(Groups(self.levels.codes[self.spread.groups.first]), np.arange(n_stimuli), np.ones(n_stimuli))

    def of(self, weights: Floats) -> Floats:
        r"""Return the components of weighted people.

        With :math:`x_i` inferred, :math:`\lambda_i` shown, :math:`m(\lambda)` the mean at a coefficient, W the variance
        within stimuli (see `Spread.variance_within`) and N answers: total :math:`T = \overline{(x - \lambda)^2}`, curve
        :math:`C = \overline{(m(\lambda) - \lambda)^2}`, people W, stimulus :math:`T - C - W`. The means
        :math:`m(\lambda)` err, which C counts as curve and takes from the stimulus; with :math:`n_s` answers about
        stimulus s, its variance between stimuli of one coefficient by the analysis of variance for unequal numbers is
        :math:`(\sum_i (x_i - m)^2 - (N - L) W) / (N - \sum_\lambda \sum_s n_s^2 / n_\lambda)`, L coefficients, and
        T less that and W the curve without this error.

        Parameters
        ----------
        weights
            float64 (R, U).

        Returns
        -------
        numpy.ndarray
            float64 (R, 6): total, curve, stimulus, people, and curve and stimulus without the error of the means.
        """
        of_people = np.ascontiguousarray(weights.T)
        at_level, sums, squares = (matrix @ of_people for matrix in self._of_levels)
        n = at_level.sum(axis=0)
        people = self.spread.variance_within(weights)
        of_stimuli = self._stimuli_of_levels @ (self.spread.counts @ of_people) ** 2
        # Of a person drawn twice, both copies err alike.
        copies = self._of_levels[0] @ of_people**2
        with np.errstate(invalid="ignore", divide="ignore"):
            per = np.where(at_level > 0, 1 / at_level, 0)
            total, curve = squares.sum(axis=0) / n, (per * sums**2).sum(axis=0) / n
            lost, free = (per * of_stimuli).sum(axis=0), n - (per * copies).sum(axis=0)
            unbiased = (n * (total - curve) - free * people) / (n - lost)
        # Where each coefficient has one stimulus, nothing tells its effect from the curve's.
        unbiased = np.where(n - lost > 1e-9 * n, unbiased, np.nan)
        return np.stack([total, curve, total - curve - people, people, total - unbiased - people, unbiased], axis=1)


def deviation(tasks: Tasks) -> Finding | str:
    """Compute what the squared deviation from the shown coefficient consists of: curve, stimulus and people.

    Returns
    -------
    Finding or str
        Why there is none: nobody inferred a coefficient, or no two people judged the same mixture.
    """
    found = _found(tasks)
    if isinstance(found, str):
        return found
    judgments, rows, means = found
    columns = (*_COLUMNS, *judgments.stimulus_columns)
    total = judgments.number(
        "deviation.total", "mean squared deviation from the shown coefficient", estimate_of(means), rows, columns
    )
    labels = {
        "curve": "the curve over coefficients, which all mixtures of one coefficient share",
        "stimulus": "the particular mixture",
        "people": "differences between people who see the same mixture",
        "curve.corrected": "the curve, less the sampling error of the means",
        "stimulus.corrected": "the particular mixture, with the sampling error of the means",
    }
    shares = [
        judgments.number(
            f"deviation.{name}",
            f"share of the squared deviation due to {label}",
            estimate_of(means, place),
            rows,
            columns,
            unit="percent",
        )
        for place, (name, label) in enumerate(labels.items(), start=6)
    ]
    curve, stimulus, people = shares[:3]
    table = Table(
        "deviation",
        "Parts of the squared deviation, percent",
        ("part", "percent", "without the sampling error of the means"),
        (
            ("curve", curve, shares[3]),
            ("stimulus", stimulus, shares[4]),
            ("people on one stimulus", people, "-"),
        ),
    )
    axes = ("part", "share of the squared deviation (percent)")
    names = ("curve", "stimulus", "people")
    series = Series.of("deviation", "share of the squared deviation", axes, shares[:3], names=names, kind="bars")
    text = (
        f"The mean squared deviation of first answers from the shown coefficient is {figure(total.value, 5)}: "
        f"{with_interval(curve, 1)} % is due to the curve over coefficients, {with_interval(stimulus, 1)} % to the "
        f"particular mixture, and {with_interval(people, 1)} % to differences between people who see the same mixture."
    )
    method = (
        "First presentations. People: the pooled variance of answers about one stimulus, unbiased for unequal numbers "
        "of answers; curve: the squared distance of the mean at each coefficient; stimulus: the rest. The last column "
        "takes the variance between stimuli of one coefficient from the analysis of variance for unequal numbers. "
        "Stimuli with a single answer count in all components but the first. Intervals resample participants; two "
        "copies of one participant are not compared."
    )
    numbers = (total, *shares)
    return Finding("deviation", "What the deviation consists of", text, numbers, (table,), (series,), method)


def ceilings(tasks: Tasks) -> Finding | str:
    """Compute root mean squared errors that predictions of people's answers reach at best.

    Returns
    -------
    Finding or str
        Why there is none: nobody inferred a coefficient, or no two people judged the same mixture.
    """
    found = _found(tasks)
    if isinstance(found, str):
        return found
    judgments, rows, means = found
    labels = {
        "identity": ("the shown coefficient", "error of the shown coefficient as the prediction"),
        "coefficient_mean": ("the mean at the coefficient", "error of the mean at each coefficient"),
        "new_person": ("the mean of the stimulus, known", "error for a new person, the stimulus' mean being known"),
    }
    columns = (*_COLUMNS, *judgments.stimulus_columns)
    numbers = [
        judgments.number(
            f"ceiling.{name}", f"root mean squared {label}", estimate_of(means, place), rows, columns, unit=SHARE
        )
        for place, (name, (_, label)) in enumerate(labels.items(), start=11)
    ]
    words = [said for said, _ in labels.values()]
    again = _again(judgments)
    if again is not None:
        numbers.append(again)
        words.append("the same person's mean answer, known")
    table = Table(
        "ceilings",
        "Root mean squared error of predicting one answer",
        ("prediction", "error", "judgments", "participants"),
        tuple((w, n, *n.counts) for w, n in zip(words, numbers, strict=True)),
    )
    series = Series.of("ceilings", "error", ("prediction", f"root mean squared error ({SHARE})"), numbers, names=words)
    ceiling = numbers[2]
    text = (
        f"The shown coefficient misses an answer by {with_interval(numbers[0], 4)} (root mean square), the mean at "
        f"each coefficient by {with_interval(numbers[1], 4)}. No prediction that does not know the person can do "
        f"better than {with_interval(ceiling, 4)}"
    )
    text += f"; one participant's own repeats differ from their mean by {with_interval(again, 4)}." if again else "."
    method = (
        "First presentations; the mean at each coefficient is that of these same answers. A new person: the square "
        "root of the variance within stimuli. The same person: the root of half the mean squared difference of a first "
        "answer and its marked repeat."
    )
    return Finding("noise-ceilings", "Noise ceilings", text, tuple(numbers), (table,), (series,), method)


def _found(tasks: Tasks) -> tuple[Judgments, Ints, Means] | str:
    """Return the judgments with their components; or why there are none."""
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    found = judgments.once(_components)
    return (judgments, *found) if found else "no mixture has first answers of two participants"


def _components(judgments: Judgments) -> tuple[Ints, Means] | None:
    """Return the first answers, and their components: six variances, five percentages, three root mean squares."""
    rows = np.flatnonzero(judgments.answers.presentations == 1)
    if not len(rows):
        return None
    levels = Groups(encode_key([shown_levels(judgments)[1][rows]]))
    stimuli = Groups(encode_key([judgments.answers.stimuli[rows]]))
    if stimuli.sizes.max() < 2:
        return None
    inferred, shown = (judgments.column(name)[rows] for name in _COLUMNS)
    components = Components(inferred - shown, levels, Spread([inferred], stimuli, judgments.people_of(rows)))

    def figures(weights: Floats) -> Floats:
        parts = components.of(weights)
        total, curve, people = parts[:, 0], parts[:, 1], parts[:, 3]
        shares = 100 * parts[:, 1:] / np.where(total > 0, total, np.nan)[:, None]
        errors = np.sqrt(np.maximum(np.stack([total, total - curve, people], axis=1), 0))
        return np.concatenate([parts, shares, errors], axis=1)

    return rows, judgments.over_people(figures, components.spread)


def _again(judgments: Judgments) -> Number | None:
    pairs = marked_pairs(judgments)
    if not len(pairs.first):
        return None
    inferred = judgments.column("inferred_coefficient")
    halves = (inferred[pairs.again] - inferred[pairs.first]) ** 2 / 2
    terms = np.stack([np.ones(len(halves)), halves], axis=1)
    found = judgments.moments(lambda sums: np.sqrt(sums[:, 1:] / sums[:, :1]), terms, pairs.first)
    label = "root mean squared error of one answer about the same person's mean answer"
    columns = ("inferred_coefficient", *pairs.columns)
    return judgments.number("ceiling.same_person", label, estimate_of(found), pairs.rows, columns, unit=SHARE)
