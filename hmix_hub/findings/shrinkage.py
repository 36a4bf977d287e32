"""Shrinkage of many estimates, and control of the false discovery rate among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular
from scipy.special import stdtr

from hmix_hub.schema.arrays import Floats, Mask

_GRID, _REFINED = 9, 3
"""Grid points per standard deviation, and number of grids, each finer, on which to maximize the likelihood."""
LEVEL = 0.05


@dataclass(frozen=True)
class Shrunk:
    """Partially pooled estimates of the effects of K classes and J pairs of classes.

    Parameters
    ----------
    classes, class_sd
        float64 (K,): posterior means (which sum to 0) and standard deviations of class effects.
    pairs, pair_sd
        float64 (J,): posterior means and standard deviations of pair effects.
    between_classes, between_pairs
        Prior standard deviations of class effects, and of what pairs have beyond their classes.
    """

    classes: Floats
    class_sd: Floats
    pairs: Floats
    pair_sd: Floats
    between_classes: float
    between_pairs: float


def shrink(raw: Floats, covariance: Floats, design: Floats) -> Shrunk:
    r"""Compute empirical Bayes estimates of class and pair effects from the raw means of pairs.

    The raw means :math:`y` of J pairs are :math:`N(Z v + \delta, S)`, with class effects
    :math:`v \sim N(0, \omega^2 (I - 1 1^T / K))` and pair effects :math:`\delta \sim N(0, \tau^2 I)`; :math:`\omega`
    and :math:`\tau` maximize the marginal likelihood on a grid. Posterior intervals treat both as known, so they are
    slightly too narrow with few pairs.

    Source: Morris, *Parametric empirical Bayes inference*, https://doi.org/10.1080/01621459.1983.10477920.

    Parameters
    ----------
    raw
        float64 (J,): raw means.
    covariance
        float64 (J, J): S, positive definite.
    design
        float64 (J, K): Z, 1 for the first class of a pair and -1 for the second.
    """
    n_classes = design.shape[1]
    contrasts = np.eye(n_classes) - 1 / n_classes
    of_classes = design @ contrasts @ design.T
    omega, tau = _spreads(raw, covariance, design @ contrasts)
    prior_pairs = omega**2 * of_classes + tau**2 * np.eye(len(raw))
    to_classes = omega**2 * contrasts @ design.T
    gain = np.linalg.inv(covariance + prior_pairs)
    return Shrunk(
        to_classes @ gain @ raw,
        _root_diagonal(omega**2 * contrasts - to_classes @ gain @ to_classes.T),
        prior_pairs @ gain @ raw,
        _root_diagonal(prior_pairs - prior_pairs @ gain @ prior_pairs),
        omega,
        tau,
    )


def _spreads(raw: Floats, covariance: Floats, of_classes: Floats) -> tuple[float, float]:
    """Return the standard deviations that maximize the marginal likelihood, by successively finer grids.

    `of_classes`, (J, K), times its transpose is the covariance that pairs share through their classes.
    """
    scale = float(np.sqrt(np.mean(raw**2)) or 1.0)
    steps = scale * np.geomspace(0.02, 4, _GRID)
    grids = [np.append(0.0, steps), np.append(0.0, steps)]
    ratio = steps[1] / steps[0]
    best = (0.0, 0.0)
    for _ in range(_REFINED):
        likelihoods = np.stack(
            [_log_likelihoods(raw, covariance + own**2 * np.eye(len(raw)), of_classes, grids[0]) for own in grids[1]],
            axis=1,
        )
        common, own = np.unravel_index(likelihoods.argmax(), likelihoods.shape)
        best = (grids[0][common], grids[1][own])
        # A best value of 0 may be anything below the smallest step.
        grids = [
            about * np.geomspace(1 / ratio, ratio, _GRID) if about else steps[0] * np.linspace(0, 1, _GRID)
            for about in best
        ]
        ratio **= 2 / (_GRID - 1)
    return float(best[0]), float(best[1])


def _log_likelihoods(raw: Floats, own: Floats, of_classes: Floats, common: Floats) -> Floats:
    """Return the log likelihood, float64 (G,), at each standard deviation between classes, given pairs' own covariance.

    The covariance that pairs share has the rank of their classes, which are far fewer: one decomposition serves all G.
    """
    factor = np.linalg.cholesky(own)
    solved = solve_triangular(factor, np.column_stack([of_classes, raw]), lower=True)
    shared, rest = solved[:, :-1], solved[:, -1]
    strengths, directions = np.linalg.eigh(shared.T @ shared)
    along = (directions.T @ (shared.T @ rest)) ** 2
    grown = 1 + common[:, None] ** 2 * strengths.clip(0)
    square = rest @ rest - (common[:, None] ** 2 * along / grown).sum(axis=1)
    return np.asarray(-np.log(np.diag(factor)).sum() - 0.5 * np.log(grown).sum(axis=1) - 0.5 * square)


def _root_diagonal(covariance: Floats) -> Floats:
    return np.sqrt(np.maximum(np.diag(covariance), 0))


def two_sided(t: Floats, n_people: int) -> Floats:
    """Return the two-sided p values, float64 (J,), of t statistics whose deviations are over participants."""
    return 2 * stdtr(n_people - 1, -np.abs(t))


def discoveries(p: Floats) -> Mask:
    """Return which of J tests are discoveries at a false discovery rate of `LEVEL`; bool (J,).

    Source: Benjamini and Hochberg, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x.

    Examples
    --------
    >>> import numpy as np
    >>> discoveries(np.array([0.6, 0.001, 0.02, 0.04])).tolist()
    [False, True, True, False]
    """
    order = np.argsort(p, kind="stable")
    passed = np.flatnonzero(p[order] <= LEVEL * np.arange(1, len(p) + 1) / max(len(p), 1))
    stands = np.zeros(len(p), dtype=bool)
    stands[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return stands
