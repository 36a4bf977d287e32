"""Findings: components of the squared deviation from the shown coefficient, and the smallest errors of models."""

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
    """First answers to mixtures, from which the components of their squared deviation are computed.

    Parameters
    ----------
    deviations
        float64 (M,): inferred minus shown.
    levels
        The M rows, grouped by shown coefficient; L levels.
    spread
        The same answers, by stimulus and participant; G stimuli, U participants.
    """

    deviations: Floats
    levels: Groups
    spread: Spread

    @cached_property
    def _of_levels(self) -> tuple[Any, Any, Any]:
        """Return the sums of 1, deviations and their squares within levels; (L, U) each, see `summing`."""
        terms = (np.ones(len(self.deviations)), self.deviations, self.deviations**2)
        return tuple(summing(self.levels, self.spread.people, term) for term in terms)

    @cached_property
    def _stimuli_of_levels(self) -> Any:
        """Return the matrix, (L, G), that sums stimuli within levels."""
        n_stimuli = len(self.spread.groups.sizes)
        return summing(Groups(self.levels.codes[self.spread.groups.first]), np.arange(n_stimuli), np.ones(n_stimuli))

    def of(self, weights: Floats) -> Floats:
        r"""Return the components for weighted participants.

        With :math:`x_i` inferred, :math:`\lambda_i` shown, :math:`m(\lambda)` the mean at a coefficient, W the variance
        within stimuli (see `Spread.variance_within`) and N answers, the total is
        :math:`T = \overline{(x - \lambda)^2}`, the curve :math:`C = \overline{(m(\lambda) - \lambda)^2}`, the people
        component W, and the stimulus component :math:`T - C - W`. The sampling error of the means :math:`m(\lambda)`
        inflates C at the expense of the stimulus component. With :math:`n_s` answers to stimulus s and L coefficients,
        the analysis of variance for unequal numbers estimates the variance between stimuli of one coefficient as
        :math:`(\sum_i (x_i - m)^2 - (N - L) W) / (N - \sum_\lambda \sum_s n_s^2 / n_\lambda)`; the corrected curve is T
        minus this and W.

        Parameters
        ----------
        weights
            float64 (R, U).

        Returns
        -------
        numpy.ndarray
            float64 (R, 6): total, curve, stimulus, people, and curve and stimulus corrected for the error of the means.
        """
        of_people = np.ascontiguousarray(weights.T)
        at_level, sums, squares = (matrix @ of_people for matrix in self._of_levels)
        n = at_level.sum(axis=0)
        people = self.spread.variance_within(weights)
        of_stimuli = self._stimuli_of_levels @ (self.spread.counts @ of_people) ** 2
        # Both copies of a participant drawn twice have the same error.
        copies = self._of_levels[0] @ of_people**2
        with np.errstate(invalid="ignore", divide="ignore"):
            per = np.where(at_level > 0, 1 / at_level, 0)
            total, curve = squares.sum(axis=0) / n, (per * sums**2).sum(axis=0) / n
            lost, free = (per * of_stimuli).sum(axis=0), n - (per * copies).sum(axis=0)
            unbiased = (n * (total - curve) - free * people) / (n - lost)
        # With one stimulus per coefficient, its effect cannot be separated from the curve.
        unbiased = np.where(n - lost > 1e-9 * n, unbiased, np.nan)
        return np.stack([total, curve, total - curve - people, people, total - unbiased - people, unbiased], axis=1)


def deviation(tasks: Tasks) -> Finding | str:
    """Decompose the squared deviation from the shown coefficient into curve, stimulus and people.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: nobody inferred a coefficient, or no mixture was judged by two
        participants.
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
        "curve": "the curve over coefficients, shared by all mixtures of one coefficient",
        "stimulus": "the individual mixture",
        "people": "differences between people who see the same mixture",
        "curve.corrected": "the curve, corrected for the sampling error of the means",
        "stimulus.corrected": "the individual mixture, corrected for the sampling error of the means",
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
        "Components of the squared deviation, percent",
        ("component", "percent", "corrected for the sampling error of the means"),
        (
            ("curve", curve, shares[3]),
            ("stimulus", stimulus, shares[4]),
            ("people", people, "-"),
        ),
    )
    axes = ("component", "share of the squared deviation (percent)")
    names = ("curve", "stimulus", "people")
    series = Series.of("deviation", "share of the squared deviation", axes, shares[:3], names=names, kind="bars")
    text = (
        f"The mean squared deviation of first answers from the shown coefficient is {figure(total.value, 5)}: "
        f"{with_interval(curve, 1)} % is due to the curve over coefficients, {with_interval(stimulus, 1)} % to the "
        f"individual mixture, and {with_interval(people, 1)} % to differences between people who see the same mixture."
    )
    method = (
        "First presentations only. People: the pooled variance of answers to the same stimulus, unbiased for unequal "
        "numbers of answers. Curve: the mean squared distance between the mean at each coefficient and the "
        "coefficient."
        "Stimulus: the rest. The last column estimates the variance between stimuli of one coefficient by an analysis "
        "of"
        "variance for unequal numbers. Stimuli with a single answer do not count towards people. Intervals resample "
        "participants; copies of the same participant are not compared."
    )
    numbers = (total, *shares)
    return Finding("deviation", "Components of the deviation", text, numbers, (table,), (series,), method)


def ceilings(tasks: Tasks) -> Finding | str:
    """Compute the smallest root mean squared errors that predictions of people's answers can reach.

    Returns
    -------
    Finding or str
        The finding, or the reason for omitting it: nobody inferred a coefficient, or no mixture was judged by two
        participants.
    """
    found = _found(tasks)
    if isinstance(found, str):
        return found
    judgments, rows, means = found
    labels = {
        "identity": ("the shown coefficient", "error of predicting the shown coefficient"),
        "coefficient_mean": ("the mean at the coefficient", "error of predicting the mean at each coefficient"),
        "new_person": ("the stimulus' mean, if known", "error for a new person if the stimulus' mean is known"),
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
        words.append("the same person's mean answer, if known")
    table = Table(
        "ceilings",
        "Root mean squared error of predicting one answer",
        ("prediction", "error", "judgments", "participants"),
        tuple((w, n, *n.counts) for w, n in zip(words, numbers, strict=True)),
    )
    series = Series.of("ceilings", "error", ("prediction", f"root mean squared error ({SHARE})"), numbers, names=words)
    ceiling = numbers[2]
    text = (
        f"As a prediction of single answers, the shown coefficient has a root mean squared error of "
        f"{with_interval(numbers[0], 4)}, and the mean at each coefficient one of {with_interval(numbers[1], 4)}. "
        f"Without knowing the person, no prediction can do better than {with_interval(ceiling, 4)}"
    )
    if again:
        text += f"; participants' repeated answers differ from their own mean by {with_interval(again, 4)}"
    text += "."
    method = (
        "First presentations only; the mean at each coefficient is computed from these same answers. New person: the "
        "square root of the variance within stimuli. Same person: the square root of half the mean squared difference "
        "between a first answer and its marked repeat."
    )
    return Finding("noise-ceilings", "Noise ceilings", text, tuple(numbers), (table,), (series,), method)


def _found(tasks: Tasks) -> tuple[Judgments, Ints, Means] | str:
    """Return the judgments with their components, or the reason why there are none."""
    judgments = tasks.get(INFER)
    if judgments is None:
        return not_asked(INFER)
    found = judgments.once(_components)
    return (judgments, *found) if found else "no mixture has first answers from two participants"


def _components(judgments: Judgments) -> tuple[Ints, Means] | None:
    """Return the rows of first answers, and their components: six variances, five percentages, three RMS errors."""
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
    label = "root mean squared error of predicting the same person's mean answer"
    columns = ("inferred_coefficient", *pairs.columns)
    return judgments.number("ceiling.same_person", label, estimate_of(found), pairs.rows, columns, unit=SHARE)
