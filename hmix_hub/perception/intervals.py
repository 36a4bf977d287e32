"""Intervals of a fitted model: how its estimates vary when participants are resampled.

Participants who judged the same stimuli are resampled together, since the peculiarities of a stimulus affect all of
their answers. Such a cluster is a batch in H-Mix (`hmix_hub.perception.mixtures.find_clusters`). Each resampling gives
the clusters random weights from a Dirichlet distribution (the Bayesian bootstrap), so that no answer loses all of its
judgments. From the optimum, it takes one Newton step in thresholds and terms, with participant effects following. The
step uses the curvature of all judgments, since that of a resampling would bias a single step (in H-Mix, by half a
standard deviation of the slope). The covariance of the effects is then re-estimated by Fisher scoring, with quadratic
likelihoods around the participants' modes. Since few clusters underestimate the variation between clusters, draws are
stretched by the ratio of Student's t to the normal distribution, and by factors that give them the variance of
independent draws.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy.special import ndtri, stdtrit

from hmix_hub.cluster import map_pieces
from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import AnswerScale, to_percent
from hmix_hub.perception.estimation import Block
from hmix_hub.perception.fitted import FittedModel
from hmix_hub.perception.mixtures import Observations
from hmix_hub.perception.people import N_EFFECTS, Grouped
from hmix_hub.perception.probit import differentiate, one_thread
from hmix_hub.resampling import Estimate, check_seed, finite
from hmix_hub.schema.arrays import Floats, Ints

if TYPE_CHECKING:
    from distributed import Client

RESAMPLES = 1000
PERSON = ("offset", "slope", "correlation")
_MOST_CLUSTERS = 500
"""Maximum number of clusters with weights of their own; more are randomly merged into this number."""
_AT_ONCE = 100
_FARTHEST = 1e-3
"""Newton decrement, in nats, above which the judgments are not those of the optimum."""
_ROUNDS, _STILL = 50, 1e-7
_DIRECTIONS = torch.tensor([[[1, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 1], [1, 0]]], dtype=torch.float64)
"""Directions of the three entries of a covariance."""
_LEAST = 1e-9
"""Minimum variance of participant effects in a resampling, and minimum distance of a correlation from 1."""


@dataclass(frozen=True)
class Intervals:
    """Estimates of a model with intervals from resampling participants, in standard deviations of one answer.

    Parameters
    ----------
    slope
        Effect of the sine of the coefficient.
    class_effects
        Effect of each class; empty without class effects. Classes that the judgments do not determine have no interval.
    features
        Weight of each picture feature, per standard deviation of the feature, and of its product with the ambiguity of
        the mixture, `cos(pi * (coefficient - 1/2))`: 1 at one half, 0 for a single picture. Empty without features.
    thresholds
        Threshold between each answer, in percent, and the next larger one that occurs.
    person
        Standard deviations of participants' `offset` and `slope`, and their `correlation`; empty without participant
        effects.
    level
        Coverage of the intervals.
    resamples
        Number of resamplings.
    n_clusters
        Number of clusters of participants who judged the same stimuli; clusters are resampled.
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
        """Return the intervals as JSON-serializable data, with `None` for missing ends."""
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
    client: Client | None = None,
) -> Intervals:
    """Return intervals of a model's estimates; see `hmix_hub.PerceptualModel.intervals`.

    Parameters
    ----------
    model
        Fitted model.
    judged
        The judgments it was fitted to, with the model's class codes.
    differences
        float64 (N, F): features of image 1 minus those of image 2; `None` without features.
    level, resamples, seed
        Coverage of the intervals; number of resamplings, at least 100; and their seed.
    client
        Dask client whose workers compute the resamplings; `None` for this process.

    Raises
    ------
    PerceptionError
        If the judgments are not those of the fit or form a single cluster, or there are too few resamplings.
    """
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < _AT_ONCE:
        msg = f"resamples must be an integer of at least {_AT_ONCE}, not {resamples!r}"
        raise PerceptionError(msg, hint=f"omit resamples to use {RESAMPLES}")
    seed = check_seed(seed)
    clusters = np.unique(judged.cluster, return_inverse=True)[1]
    n_clusters = int(clusters.max()) + 1
    if n_clusters < 2:
        msg = "the judgments are by one participant, so the variation between participants is unknown"
        raise PerceptionError(msg, hint="intervals need judgments by several participants")
    rng = np.random.default_rng(seed)
    if n_clusters > _MOST_CLUSTERS:
        clusters = rng.permutation(n_clusters)[clusters] % _MOST_CLUSTERS
    parts = _parts(model, judged, differences, clusters)
    weights = rng.standard_exponential((resamples, len(parts.gradient)))
    weights *= len(parts.gradient) / weights.sum(axis=1, keepdims=True)
    some = (weights[at : at + _AT_ONCE] for at in range(0, resamples, _AT_ONCE))
    pieces = map_pieces(_draw, parts, some, client=client)
    steps, covariances = (np.concatenate(part) for part in zip(*pieces, strict=True))
    terms, count, ends = model.terms, len(model.thresholds), _Ends(level, n_clusters)
    drawn = model.coefficients + steps[:, count:]
    thresholds = zip(model.scale.percent[:-1].tolist(), model.thresholds, steps[:, :count].T, strict=True)
    return Intervals(
        slope=ends.of(model.slope, drawn[:, 0]),
        class_effects=_classes(model, drawn[:, 1 : terms.n_structural] @ terms.basis.T, ends),
        features={
            terms.names[column]: ends.of(model.coefficients[column], drawn[:, column])
            for column in range(terms.n_structural, len(terms.names))
        },
        thresholds={percent: ends.of(estimate, estimate + moved) for percent, estimate, moved in thresholds},
        person={} if model.people is None else _person(model.people.covariance, covariances, ends),
        level=level,
        resamples=resamples,
        n_clusters=n_clusters,
    )


class _Ends:
    """Ends of intervals, from draws stretched according to the number of clusters."""

    def __init__(self, level: float, n_clusters: int) -> None:
        self.tails = np.array([(1 - level) / 2, (1 + level) / 2])
        student = float(stdtrit(n_clusters - 1, self.tails[1]) / ndtri(self.tails[1]))
        count = min(n_clusters, _MOST_CLUSTERS)
        # C times the variance of Dirichlet weights is (C - 1) / (C + 1); that of C draws is smaller by (C - 1) / C.
        self.stretch = math.sqrt((count + 1) / (count - 1) * count / (count - 1)) * student

    def of(self, estimate: float, draws: Floats, transform: Any = np.positive, back: Any = np.positive) -> Estimate:
        """Return the estimate with its interval from draws, float64 (R,), stretched on the scale of `transform`."""
        middle = transform(estimate)
        low, high = back(middle + self.stretch * (np.quantile(transform(draws), self.tails) - middle))
        return Estimate(float(estimate), float(low), float(high))


def _classes(model: FittedModel, draws: Floats, ends: _Ends) -> dict[str, Estimate]:
    """Return class effects from draws, float64 (R, K); undetermined classes have no interval."""
    are_told = np.abs(model.terms.basis).max(axis=1, initial=0) > _LEAST
    return {
        name: ends.of(effect, draws[:, code]) if are_told[code] else Estimate(effect)
        for code, (name, effect) in enumerate(model.class_effects.items() if are_told.any() else ())
    }


def _person(covariance: Floats, draws: Floats, ends: _Ends) -> dict[str, Estimate]:
    """Return the standard deviations and correlation of effects, from draws of their covariance, float64 (R, 2, 2)."""

    def figures(matrices: Floats) -> tuple[Floats, Floats, Floats]:
        one, other = (np.sqrt(np.maximum(matrices[..., i, i], _LEAST**2)) for i in range(N_EFFECTS))
        return one, other, np.clip(matrices[..., 0, 1] / (one * other), _LEAST - 1, 1 - _LEAST)

    scales = ((np.log, np.exp), (np.log, np.exp), (np.arctanh, np.tanh))
    found = zip(PERSON, figures(covariance), figures(draws), scales, strict=True)
    return {name: ends.of(float(value), drawn, *scale) for name, value, drawn, scale in found}


@dataclass(frozen=True)
class _Parts:
    """Derivatives at the optimum.

    Parameters
    ----------
    gradient, curvature
        float64 (C, F) by cluster, and (F, F) in total: first derivatives in thresholds and terms, and minus the second
        derivatives, with participant effects following at their modes.
    cluster
        int64 (J,): cluster of each participant.
    own, across, pull
        float64 (J, 2, 2), (J, F, 2) and (J, 2): minus the second derivatives in a participant's effects, minus the
        mixed
        ones with thresholds and terms, and the first derivatives of the quadratic likelihood at effects of 0.
    covariance
        float64 (2, 2): covariance of the effects; `None` without effects.
    """

    gradient: torch.Tensor
    curvature: torch.Tensor
    cluster: torch.Tensor
    own: torch.Tensor
    across: torch.Tensor
    pull: torch.Tensor
    covariance: torch.Tensor | None


def _parts(model: FittedModel, judged: Observations, differences: Floats | None, clusters: Ints) -> _Parts:
    """Return the derivatives, and check that they are at an optimum."""
    grouped = _grouped(model, judged, differences)
    effects, covariance = grouped.columns.new_zeros((grouped.n_groups, N_EFFECTS)), None
    if model.people is not None:
        effects, covariance = torch.tensor(model.people.effects), torch.tensor(model.people.covariance)
    eta = grouped.eta(torch.tensor(model.coefficients), effects)
    cells = differentiate(*grouped.bounds(torch.tensor(model.thresholds), eta))
    own, across, curvature = grouped.own(cells), grouped.across_people(cells), grouped.curvature(cells)
    if covariance is not None:
        # The inverse of `own` plus the inverse covariance, also for a singular covariance.
        spread = covariance @ _inverse(torch.eye(N_EFFECTS, dtype=own.dtype) + own @ covariance)
        curvature = curvature - torch.einsum("jfe,jge->fg", across @ spread, across)
    cluster = torch.zeros(grouped.n_groups, dtype=torch.int64)
    cluster[grouped.groups] = torch.from_numpy(clusters)
    found = _Parts(
        gradient=grouped.scores(cells, torch.from_numpy(clusters)),
        curvature=curvature,
        cluster=cluster,
        own=own,
        across=across,
        pull=(own @ effects[:, :, None])[:, :, 0] + grouped.by_group(cells.slope[:, None] * grouped.columns),
        covariance=covariance,
    )
    gradient = found.gradient.sum(dim=0)
    if not float(gradient @ torch.linalg.solve(curvature, gradient)) < _FARTHEST:
        raise _other_judgments()
    return found


def _grouped(model: FittedModel, judged: Observations, differences: Floats | None) -> Grouped:
    scale, places = AnswerScale.of(to_percent(judged.inferred))
    is_same = all(np.array_equal(getattr(scale, name), getattr(model.scale, name)) for name in ("percent", "counts"))
    if not is_same or (model.people is not None and model.people.names != judged.participants):
        raise _other_judgments()
    block = Block(
        model.terms,
        len(scale.percent),
        first=0,
        places=places,
        coefficient=judged.coefficient,
        class_1=judged.class_1,
        class_2=judged.class_2,
        participant=judged.participant,
        differences=differences,
    )
    return block.grouped()


def _other_judgments() -> PerceptionError:
    msg = "the judgments are not those that the model was fitted to"
    return PerceptionError(msg, hint="pass the same dataset and features as to fit")


@one_thread()
def _draw(parts: _Parts, drawn: Floats) -> tuple[Floats, Floats]:
    """Return the steps of thresholds and terms, (R, F), and covariances of effects, (R, 2, 2), for R resamplings."""
    weights = torch.from_numpy(drawn)
    step = weights @ torch.linalg.solve(parts.curvature, parts.gradient.T).T
    if parts.covariance is None:
        return step.numpy(), np.zeros((len(weights), 0, 0))
    pull = parts.pull - torch.einsum("jfe,rf->rje", parts.across, step)
    return step.numpy(), _covariances(parts, pull, weights[:, parts.cluster]).numpy()


def _covariances(parts: _Parts, pull: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return maximum likelihood covariances of effects, float64 (R, 2, 2), from pulls (R, J, 2) and weights (R, J).

    Notes
    -----
    For a participant with curvature H and pull r, let `K = (S + H^-1)^-1` and `q = (I + H S)^-1 r`. The first
    derivatives in S are the sums of `(q q' - K) / 2`.
    """
    identity = torch.eye(N_EFFECTS, dtype=pull.dtype)
    start = parts.covariance if parts.covariance is not None else identity
    covariance = start.expand(len(weights), N_EFFECTS, N_EFFECTS)
    for _ in range(_ROUNDS):
        inverse = _inverse(identity + parts.own @ covariance[:, None])
        q = (inverse @ pull[..., None])[..., 0]
        told = inverse @ parts.own
        slopes = torch.einsum("rj,rjab,kab->rk", weights, q[..., :, None] * q[..., None, :] - told, _DIRECTIONS)
        turned = told[:, :, None] @ _DIRECTIONS
        information = torch.einsum("rj,rjkab,rjlba->rkl", weights, turned, turned)
        step = torch.linalg.solve(information, slopes)
        moved = covariance + torch.einsum("rk,kab->rab", step, _DIRECTIONS)
        values, vectors = torch.linalg.eigh(moved)
        # Variances cannot be negative; the likelihood may be largest with no differences between participants.
        found = vectors @ (values.clamp(min=_LEAST)[..., None] * vectors.mT)
        change = float((found - covariance).abs().max())
        covariance = found
        if change < _STILL:
            break
    return covariance


def _inverse(matrices: torch.Tensor) -> torch.Tensor:
    """Return inverses, float64 (..., 2, 2); for many matrices, this is ten times as fast as the library."""
    (a, b), (c, d) = (row.unbind(-1) for row in matrices.unbind(-2))
    return torch.stack([d, -b, -c, a], dim=-1).reshape(matrices.shape) / (a * d - b * c)[..., None, None]
