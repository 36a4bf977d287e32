"""Intervals of a fitted model: how its estimates vary when participants are resampled.

Participants who judged the same stimuli are drawn together, since whatever is particular about a stimulus is in all of
their answers: a cluster, in H-Mix a batch (`hmix_hub.perception.clusters`). Each resampling gives the clusters random
weights, a Dirichlet distribution's (the Bayesian bootstrap), so that no answer loses all of its judgments. From the
optimum, one step follows in thresholds and terms, effects of participants moving with them; its curvature is that of
all judgments, since the curvature of a resampling would bias a single step (by half a standard deviation of the slope,
in H-Mix). Then the covariance of the effects is estimated anew, by Fisher scoring over likelihoods of participants that
are quadratic around their modes. Few clusters vary less among themselves than clusters do: draws are stretched as
Student's t is wider than the normal distribution, and by factors that make their variance that of independent draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
import torch

from hmix_hub.errors import PerceptionError
from hmix_hub.perception.answers import to_percent
from hmix_hub.perception.fitted import FittedModel
from hmix_hub.perception.people import N_EFFECTS
from hmix_hub.perception.probit import Cells, Problem, differentiate
from hmix_hub.perception.terms import person_columns
from hmix_hub.schema.arrays import Floats, Ints

_MOST_CLUSTERS = 500
"""Most clusters that are weighted one by one; more are dealt into as many at random."""
_AT_ONCE = 100
_FARTHEST = 1e-3
"""Newton decrement, in nats, above which the judgments are not those of the optimum."""
_ROUNDS, _STILL = 50, 1e-7
_LEAST = 1e-9
"""Least variance of participants' effects in a resampling."""


@dataclass(frozen=True, eq=False)
class Judged:
    """The judgments that a model was fitted to.

    Parameters
    ----------
    coefficient
        float64 (N,): shown share of image 1.
    class_1, class_2
        int64 (N,), codes in the model's classes.
    inferred
        float64 (N,): inferred share of image 1.
    participant
        int64 (N,), 0 to J - 1.
    participants
        Names of the J participants.
    cluster
        int64 (N,): see `hmix_hub.perception.clusters`.
    differences
        float64 (N, F): features of image 1 minus those of image 2; `None` without.
    """

    coefficient: Floats
    class_1: Ints
    class_2: Ints
    inferred: Floats
    participant: Ints
    participants: tuple[str, ...]
    cluster: Ints
    differences: Floats | None


@dataclass(frozen=True, eq=False)
class Draws:
    """Estimates in R resamplings.

    Parameters
    ----------
    thresholds, coefficients
        float64 (R, A - 1) and (R, P).
    covariances
        float64 (R, 2, 2): of participants' effects; `None` without.
    n_clusters
        C: clusters of the judgments.
    """

    thresholds: Floats
    coefficients: Floats
    covariances: Floats | None
    n_clusters: int

    @property
    def stretch(self) -> float:
        """By how much the standard deviation of draws is smaller than that of estimates."""
        count = min(self.n_clusters, _MOST_CLUSTERS)
        # The variance of Dirichlet weights, times C, is (C - 1) / (C + 1); that of C draws is smaller by (C - 1) / C.
        return math.sqrt((count + 1) / (count - 1) * count / (count - 1))


def resample(model: FittedModel, judged: Judged, resamples: int, seed: int) -> Draws:
    """Return how a model's estimates vary when participants are resampled.

    Parameters
    ----------
    model
        What was fitted.
    judged
        To which judgments.
    resamples
        R: how often participants are resampled, 100 or more.
    seed
        Seed of the resampling.

    Raises
    ------
    PerceptionError
        If the judgments are others than those of the fit, they are of one cluster, or there are too few resamplings.
    """
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < _AT_ONCE:
        msg = f"intervals take {_AT_ONCE} resamplings or more, not {resamples!r}"
        raise PerceptionError(msg)
    clusters = np.unique(judged.cluster, return_inverse=True)[1]
    n_clusters = int(clusters.max()) + 1
    if n_clusters < 2:
        msg = "the judgments are of one participant, whose answers do not tell how those of others would differ"
        raise PerceptionError(msg, hint="intervals take judgments of several participants")
    rng = np.random.default_rng(seed)
    if n_clusters > _MOST_CLUSTERS:
        clusters = rng.permutation(n_clusters)[clusters] % _MOST_CLUSTERS
    parts = _parts(model, judged, clusters)
    weights = rng.standard_exponential((resamples, len(parts.gradient)))
    weights *= len(parts.gradient) / weights.sum(axis=1, keepdims=True)
    pieces = [_draw(parts, torch.from_numpy(weights[at : at + _AT_ONCE])) for at in range(0, resamples, _AT_ONCE)]
    steps, covariances = (np.concatenate(part) for part in zip(*pieces, strict=True))
    count = len(model.thresholds)
    return Draws(
        thresholds=model.thresholds + steps[:, :count],
        coefficients=model.coefficients + steps[:, count:],
        covariances=None if model.people is None else covariances,
        n_clusters=n_clusters,
    )


@dataclass(frozen=True)
class _Parts:
    """Derivatives at the optimum.

    Parameters
    ----------
    gradient, curvature
        float64 (C, F) by cluster, and (F, F) of all: first derivatives in thresholds and terms, and minus the second
        ones, effects of participants following at their modes.
    cluster
        int64 (J,): cluster of each participant.
    own, across, pull
        float64 (J, 2, 2), (J, F, 2) and (J, 2): minus the second derivatives in a participant's effects, those mixed
        with thresholds and terms, and the first derivatives of the quadratic likelihood where effects are 0.
    covariance
        float64 (2, 2): of the effects; `None` without.
    """

    gradient: torch.Tensor
    curvature: torch.Tensor
    cluster: torch.Tensor
    own: torch.Tensor
    across: torch.Tensor
    pull: torch.Tensor
    covariance: torch.Tensor | None


def _parts(model: FittedModel, judged: Judged, clusters: Ints) -> _Parts:
    """Return the derivatives, and check that they are those of an optimum."""
    problem = _problem(model, judged)
    columns = torch.from_numpy(person_columns(judged.coefficient))
    n_people, n_fixed = len(judged.participants), problem.n_thresholds + problem.design.shape[1]
    effects = torch.zeros((n_people, N_EFFECTS), dtype=torch.float64)
    if model.people is not None:
        effects = torch.tensor(model.people.effects)
    covariance = None if model.people is None else torch.tensor(model.people.covariance)
    participant = torch.from_numpy(judged.participant)
    eta = problem.design @ torch.tensor(model.coefficients) + (columns * effects[participant]).sum(dim=1)
    cells = differentiate(*problem.bounds(torch.tensor(model.thresholds), eta))
    size = int(clusters.max()) + 1
    found = _Parts(
        gradient=torch.zeros((size, n_fixed), dtype=torch.float64),
        curvature=problem.curvature(cells),
        cluster=torch.zeros(n_people, dtype=torch.int64),
        own=torch.zeros((n_people, N_EFFECTS, N_EFFECTS), dtype=torch.float64),
        across=torch.zeros((n_people, n_fixed, N_EFFECTS), dtype=torch.float64),
        pull=torch.zeros((n_people, N_EFFECTS), dtype=torch.float64),
        covariance=covariance,
    )
    order = np.argsort(judged.participant, kind="stable")
    starts = np.searchsorted(judged.participant[order], np.arange(n_people + 1))
    for number in range(n_people):
        rows = torch.from_numpy(order[starts[number] : starts[number + 1]])
        own_problem = Problem(problem.answers[rows], problem.design[rows], problem.n_answers)
        own_cells = Cells(*(getattr(cells, field.name)[rows] for field in fields(Cells)))
        place = int(clusters[order[starts[number]]])
        found.cluster[number] = place
        found.gradient[place] += own_problem.gradient(own_cells)
        if covariance is not None:
            own_columns = columns[rows]
            curved = own_cells.curve[:, None] * own_columns
            own = own_columns.T @ curved
            across = torch.cat([own_problem.across(own_cells, own_columns), own_problem.design.T @ curved])
            found.curvature.sub_(across @ _spread(own, covariance) @ across.T)
            found.own[number], found.across[number] = own, across
            found.pull[number] = own @ effects[number] + own_columns.T @ own_cells.slope
    _check_optimum(found)
    return found


def _problem(model: FittedModel, judged: Judged) -> Problem:
    design = model.terms.rows(judged.coefficient, judged.class_1, judged.class_2, judged.differences)
    percent = to_percent(judged.inferred)
    places = np.searchsorted(model.scale.percent, percent).clip(max=len(model.scale.percent) - 1)
    are_same = np.array_equal(model.scale.percent[places], percent) and np.array_equal(
        np.bincount(places, minlength=len(model.scale.counts)), model.scale.counts
    )
    if not are_same or (model.people is not None and model.people.names != judged.participants):
        raise _other_judgments()
    return Problem(torch.from_numpy(places), torch.from_numpy(design), len(model.scale.percent))


def _check_optimum(parts: _Parts) -> None:
    gradient = parts.gradient.sum(dim=0)
    if not float(gradient @ torch.linalg.solve(parts.curvature, gradient)) < _FARTHEST:
        raise _other_judgments()


def _other_judgments() -> PerceptionError:
    msg = "the judgments are not those that the model was fitted to"
    return PerceptionError(msg, hint="give the same dataset as to fit, and the same features")


def _spread(own: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """Return the inverse of `own` plus that of the covariance, which may be singular; float64 (2, 2)."""
    return covariance @ _inverse(torch.eye(N_EFFECTS, dtype=own.dtype) + own @ covariance)


def _draw(parts: _Parts, weights: torch.Tensor) -> tuple[Floats, Floats]:
    """Return steps of thresholds and terms, (R, F), and covariances of effects, (R, 2, 2), of R resamplings."""
    step = weights @ torch.linalg.solve(parts.curvature, parts.gradient.T).T
    if parts.covariance is None:
        return step.numpy(), np.zeros((len(weights), 0, 0))
    pull = parts.pull - torch.einsum("jfe,rf->rje", parts.across, step)
    return step.numpy(), _covariances(parts, pull, weights[:, parts.cluster]).numpy()


def _covariances(parts: _Parts, pull: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the covariances of effects of largest likelihood, float64 (R, 2, 2), from pulls (R, J, 2), weights (R, J).

    Notes
    -----
    With the curvature H of a participant and the pull r, effects 0 would have `K = (S + H^-1)^-1` as the precision of
    their estimate, and `q = (I + H S)^-1 r`: the first derivatives in S are the sums of `(q q' - K) / 2`.
    """
    identity = torch.eye(N_EFFECTS, dtype=pull.dtype)
    start = parts.covariance if parts.covariance is not None else identity
    covariance = start.expand(len(weights), N_EFFECTS, N_EFFECTS)
    for _ in range(_ROUNDS):
        inverse = _inverse(identity + parts.own @ covariance[:, None])
        q = (inverse @ pull[..., None])[..., 0]
        one, two, both = _upper(inverse @ parts.own)
        excess = [q[..., 0] ** 2 - one, q[..., 1] ** 2 - two, 2 * (q[..., 0] * q[..., 1] - both)]
        slopes = torch.stack([(weights * part).sum(dim=1) for part in excess], dim=1) / 2
        rows = [
            [one * one, both * both, 2 * one * both],
            [both * both, two * two, 2 * two * both],
            [2 * one * both, 2 * two * both, 2 * (one * two + both * both)],
        ]
        information = torch.stack(
            [torch.stack([(weights * part).sum(dim=1) for part in row], dim=1) for row in rows], dim=1
        )
        step = torch.linalg.solve(information / 2, slopes)
        moved = covariance + torch.stack([step[:, [0, 2]], step[:, [2, 1]]], dim=1)
        values, vectors = torch.linalg.eigh(moved)
        # Differences between participants have no negative variance: the likelihood may be largest without any.
        found = vectors @ (values.clamp(min=_LEAST)[..., None] * vectors.mT)
        change = float((found - covariance).abs().max())
        covariance = found
        if change < _STILL:
            break
    return covariance


def _upper(matrices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    return matrices[..., 0, 0], matrices[..., 1, 1], matrices[..., 0, 1]


def _inverse(matrices: torch.Tensor) -> torch.Tensor:
    """Return inverses, float64 (..., 2, 2); in parts that is ten times as fast as the library for so many."""
    (one, two, both), other = _upper(matrices), matrices[..., 1, 0]
    turned = torch.stack([two, -both, -other, one], dim=-1) / (one * two - both * other)[..., None]
    return turned.reshape(matrices.shape)
