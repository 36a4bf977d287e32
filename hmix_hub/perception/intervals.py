"""Intervals of a fitted model's estimates, by resampling participants together with the stimuli that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from hmix_hub.perception.fitted import FittedModel
from hmix_hub.perception.observations import Observations
from hmix_hub.perception.people import N_EFFECTS
from hmix_hub.perception.probit import one_thread
from hmix_hub.perception.resampling import Draws, resample
from hmix_hub.resampling import Estimate, finite
from hmix_hub.schema.arrays import Floats

RESAMPLES = 1000
PERSON = ("offset", "slope", "correlation")
_LEAST = 1e-9
"""Least standard deviation, and distance of a correlation from 1, of which a logarithm is taken."""


@dataclass(frozen=True)
class Intervals:
    """Estimates of a model with intervals by resampling participants; all in standard deviations of one answer.

    Parameters
    ----------
    slope
        Effect of the sine of the coefficient.
    class_effects
        Effect of each class; empty without, and no interval of a class that the judgments do not tell.
    features
        Weight of each feature of pictures, and of its product with the ambiguity; empty without.
    thresholds
        By answer in percent, the threshold between it and the next larger one that occurs.
    person
        Standard deviations of participants' `offset` and `slope`, and the `correlation` of both; empty without.
    level
        Coverage of the intervals.
    resamples
        Resamplings that they are of.
    n_clusters
        Clusters of participants who judged the same stimuli, which were resampled.
    """

    slope: Estimate
    class_effects: dict[str, Estimate]
    features: dict[str, Estimate]
    thresholds: dict[int, Estimate]
    person: dict[str, Estimate]
    level: float
    resamples: int
    n_clusters: int

    def to_dict(self) -> dict[str, Any]:
        """Return the intervals as JSON takes them: `None` for an end that is not there."""
        found: dict[str, Any] = finite(asdict(self))
        return found

    def __str__(self) -> str:
        parts = {"slope": self.slope, **self.class_effects, **self.features}
        parts |= {f"participants: {name}": estimate for name, estimate in self.person.items()}
        width = max(map(len, parts)) + 2
        what = f"{self.level:.0%} intervals, {self.resamples} resamplings of {self.n_clusters} clusters of participants"
        return "\n".join([what, *(f"{name:<{width}}{estimate}" for name, estimate in parts.items())])


@one_thread()
def intervals_of(
    model: FittedModel,
    judged: Observations,
    differences: Floats | None,
    *,
    level: float,
    resamples: int,
    seed: int,
) -> Intervals:
    """Return intervals of a model's estimates; see `hmix_hub.PerceptualModel.intervals`."""
    draws = resample(model, judged, differences, resamples, seed)
    ends = _Ends(level, draws)
    terms = model.terms
    estimates, drawn = model.coefficients, draws.coefficients
    features = range(terms.n_structural, len(terms.names))
    thresholds = zip(model.scale.percent[:-1].tolist(), model.thresholds, draws.thresholds.T, strict=True)
    return Intervals(
        slope=ends.of(estimates[0], drawn[:, 0]),
        class_effects=_classes(model, draws, ends),
        features={terms.names[column]: ends.of(estimates[column], drawn[:, column]) for column in features},
        thresholds={percent: ends.of(estimate, values) for percent, estimate, values in thresholds},
        person={}
        if model.people is None or draws.covariances is None
        else _person(model.people.covariance, draws.covariances, ends),
        level=level,
        resamples=resamples,
        n_clusters=draws.n_clusters,
    )


class _Ends:
    """Ends of intervals, from draws around estimates that are stretched for how few clusters there are."""

    def __init__(self, level: float, draws: Draws) -> None:
        self.tails = np.array([(1 - level) / 2, (1 + level) / 2])
        student = float(stdtrit(draws.n_clusters - 1, self.tails[1]) / ndtri(self.tails[1]))
        self.stretch = draws.stretch * student

    def of(self, estimate: float, draws: Floats, transform: Any = np.positive, back: Any = np.positive) -> Estimate:
        """Return the estimate with its interval; float64 (R,) draws, perhaps stretched on another scale."""
        middle = transform(estimate)
        low, high = back(middle + self.stretch * (np.quantile(transform(draws), self.tails) - middle))
        return Estimate(float(estimate), float(low), float(high))


def _classes(model: FittedModel, draws: Draws, ends: _Ends) -> dict[str, Estimate]:
    terms = model.terms
    if not terms.basis.shape[1]:
        return {}
    drawn = draws.coefficients[:, 1 : terms.n_structural] @ terms.basis.T
    are_told = np.abs(terms.basis).max(axis=1) > _LEAST
    return {
        name: ends.of(effect, drawn[:, code]) if are_told[code] else Estimate(effect)
        for code, (name, effect) in enumerate(model.class_effects.items())
    }


def _person(covariance: Floats, draws: Floats, ends: _Ends) -> dict[str, Estimate]:
    def deviations(matrices: Floats) -> Sequence[Floats]:
        return [np.sqrt(np.maximum(matrices[..., i, i], _LEAST**2)) for i in range(N_EFFECTS)]

    def correlation(matrices: Floats) -> Floats:
        one, other = deviations(matrices)
        return np.clip(matrices[..., 0, 1] / (one * other), _LEAST - 1, 1 - _LEAST)

    found = [
        ends.of(float(one), drawn, np.log, np.exp)
        for one, drawn in zip(deviations(covariance), deviations(draws), strict=True)
    ]
    both = ends.of(float(correlation(covariance)), correlation(draws), np.arctanh, np.tanh)
    return dict(zip(PERSON, [*found, both], strict=True))
