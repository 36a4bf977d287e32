"""Probit for ordered answers with free thresholds: its likelihood, analytic derivatives, and Newton's method.

`P(answer <= k) = Phi(threshold_k - eta)`: the answers are cells of a normal distribution around eta.
The logarithm of a cell is concave in its two bounds, so that the optimum is unique where there is one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.special import log_ndtr, ndtri

from hmix_hub.errors import PerceptionError

TOLERANCE = 1e-9
"""Newton decrement below which a fit has converged. The step is still taken: it leaves the square of this."""
MOST_STEPS = 60
SMALLEST_STEP = 1e-8
FEWER = "fit fewer terms (classes=False, people=False), or more judgments"
_NARROW = 1e-3
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Cells:
    """Derivatives of the log probability of each judgment's cell; float64 (N,) each.

    Parameters
    ----------
    up, down
        With respect to the upper bound, and minus that with respect to the lower one.
    slope
        With respect to eta, which both bounds fall with: `down - up`.
    curve_up, curve_down, curve_both
        Minus the second derivatives: twice the upper bound, twice the lower one, and one of each.
    turn_up, turn_down
        Minus the second derivatives with respect to one bound and minus eta: `curve_up + curve_both` and
        `curve_down + curve_both`.
    curve
        Minus the second derivatives with respect to eta: `turn_up + turn_down`.
    """

    up: torch.Tensor
    down: torch.Tensor
    slope: torch.Tensor
    curve_up: torch.Tensor
    curve_down: torch.Tensor
    curve_both: torch.Tensor
    turn_up: torch.Tensor
    turn_down: torch.Tensor
    curve: torch.Tensor


def log_cell(lower: torch.Tensor, upper: torch.Tensor) -> torch.Tensor:
    """Return log(Phi(upper) - Phi(lower)), exact to 1e-13 in both tails and for cells of any width.

    Parameters
    ----------
    lower, upper
        float64 of one shape, lower < upper; -inf and inf for the outer cells.
    """
    # A cell above 0 is turned round: differences of small numbers keep their digits.
    is_above = lower > 0
    high, low = torch.where(is_above, -lower, upper), torch.where(is_above, -upper, lower)
    log_high = log_ndtr(high)
    gap = log_ndtr(low) - log_high
    wide = log_high + torch.where(gap > -math.log(2), torch.log(-torch.expm1(gap)), torch.log1p(-torch.exp(gap)))
    # In a narrow cell the density hardly changes: that of its middle, and its curvature.
    width, middle = high - low, 0.5 * (high + low)
    bend = torch.log1p((middle**2 - 1) * width**2 / 24)
    narrow = torch.log(width) - 0.5 * middle**2 - _HALF_LOG_2PI + bend
    return torch.where(width * (1 + middle.abs()) < _NARROW, narrow, wide)


def differentiate(lower: torch.Tensor, upper: torch.Tensor) -> Cells:
    """Compute the derivatives of `log_cell` with respect to its bounds, without differences of nearly equal numbers."""
    log_mass = log_cell(lower, upper)
    up = torch.exp(-0.5 * upper**2 - _HALF_LOG_2PI - log_mass)
    down = torch.exp(-0.5 * lower**2 - _HALF_LOG_2PI - log_mass)
    is_inner = torch.isfinite(lower) & torch.isfinite(upper)
    high, low = (torch.where(torch.isinf(bound), 0.0, bound) for bound in (upper, lower))
    # Half of what the squares of both bounds differ by: the logarithm of down / up.
    half = 0.5 * (high - low) * (high + low)
    inner = torch.where(half > 0, down * torch.expm1(-half), -up * torch.expm1(half))
    excess = torch.where(is_inner, inner, up - down)
    turned = torch.where(is_inner, high * excess + (high - low) * down, high * up - low * down)
    return Cells(
        up=up,
        down=down,
        slope=-excess,
        curve_up=high * up + up * up,
        curve_down=down * down - low * down,
        curve_both=-up * down,
        turn_up=up * (high + excess),
        turn_down=-down * (low + excess),
        curve=turned + excess**2,
    )


def cell_masses(thresholds: torch.Tensor, eta: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the probability of each answer; float64 (N, A), rows sum to 1.

    Parameters
    ----------
    thresholds
        float64 (A - 1,), increasing.
    eta
        float64 (N,).
    scale
        float64 (N,): standard deviation around eta; 1, or more where a normal part of eta is not known, since
        `E Phi(t - eta - e) = Phi((t - eta) / sqrt(1 + var e))` exactly.
    """
    places = (padded(thresholds) - eta[:, None]) / scale[:, None]
    return torch.exp(log_cell(places[:, :-1], places[:, 1:]))


def cell_information(thresholds: torch.Tensor, eta: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the Fisher information about eta in one answer; float64 (N,).

    Parameters
    ----------
    thresholds
        float64 (A - 1,), increasing.
    eta, scale
        float64 (N,): see `cell_masses`.
    """
    places = (padded(thresholds) - eta[:, None]) / scale[:, None]
    densities = torch.exp(-0.5 * places**2 - _HALF_LOG_2PI)
    # The square over the mass, in logarithms: both underflow in the outer tails, their ratio does not.
    log_ratio = 2 * densities.diff(dim=1).abs().log() - log_cell(places[:, :-1], places[:, 1:])
    return torch.exp(log_ratio).sum(dim=1) / scale**2


def padded(thresholds: torch.Tensor) -> torch.Tensor:
    """Return thresholds between -inf and inf; float64 (A + 1,)."""
    end = torch.full((1,), math.inf, dtype=thresholds.dtype)
    return torch.cat([-end, thresholds, end])


@dataclass(frozen=True)
class Problem:
    """Judgments to fit.

    Parameters
    ----------
    answers
        int64 (N,): number of each answer, 0 to `n_answers` - 1; each occurs.
    design
        float64 (N, P): terms of eta.
    n_answers
        A, 2 or more.
    """

    answers: torch.Tensor
    design: torch.Tensor
    n_answers: int

    @property
    def n_thresholds(self) -> int:
        """A - 1."""
        return self.n_answers - 1

    def bounds(self, thresholds: torch.Tensor, eta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the lower and upper bound of each judgment's cell; float64 (N,) each."""
        ends = padded(thresholds)
        return ends[self.answers] - eta, ends[self.answers + 1] - eta

    def log_likelihood(self, thresholds: torch.Tensor, eta: torch.Tensor) -> float:
        """Return the log probability of all judgments, in nats; -inf where thresholds do not increase."""
        if not bool((thresholds.diff() > 0).all()):
            return -math.inf
        value = float(log_cell(*self.bounds(thresholds, eta)).sum())
        return -math.inf if math.isnan(value) else value

    def sum_by_answer(self, values: torch.Tensor) -> torch.Tensor:
        """Return sums of values (N, ...) over the judgments of each answer; (A, ...)."""
        return values.new_zeros((self.n_answers, *values.shape[1:])).index_add_(0, self.answers, values)

    def start(self) -> torch.Tensor:
        """Return the thresholds that give each answer the share that it has, were eta 0; float64 (A - 1,)."""
        counts = torch.bincount(self.answers, minlength=self.n_answers).double()
        return ndtri(counts.cumsum(0)[:-1] / counts.sum())

    def gradient(self, cells: Cells) -> torch.Tensor:
        """Return the gradient with respect to thresholds and terms; float64 (A - 1 + P,)."""
        by_threshold = self.sum_by_answer(cells.up)[:-1] - self.sum_by_answer(cells.down)[1:]
        return torch.cat([by_threshold, self.design.T @ cells.slope])

    def curvature(self, cells: Cells) -> torch.Tensor:
        """Return minus the Hessian with respect to thresholds and terms; float64 (A - 1 + P, A - 1 + P)."""
        count = self.n_thresholds
        size = count + self.design.shape[1]
        curvature = self.design.new_zeros((size, size))
        own = self.sum_by_answer(cells.curve_up)[:-1] + self.sum_by_answer(cells.curve_down)[1:]
        beside = self.sum_by_answer(cells.curve_both)[1:-1]
        curvature[:count, :count] = torch.diag(own) + torch.diag(beside, 1) + torch.diag(beside, -1)
        across = self.across(cells, self.design)
        curvature[:count, count:], curvature[count:, :count] = across, across.T
        curvature[count:, count:] = self.design.T @ (cells.curve[:, None] * self.design)
        return curvature

    def across(self, cells: Cells, columns: torch.Tensor) -> torch.Tensor:
        """Return minus the mixed second derivatives of thresholds and of terms, float64 (N, C); (A - 1, C)."""
        by_upper = self.sum_by_answer(cells.turn_up[:, None] * columns)
        by_lower = self.sum_by_answer(cells.turn_down[:, None] * columns)
        return -(by_upper[:-1] + by_lower[1:])


@dataclass(frozen=True)
class ProbitFit:
    """Optimum of a `Problem`.

    Parameters
    ----------
    thresholds
        float64 (A - 1,), increasing.
    coefficients
        float64 (P,).
    log_likelihood
        In nats, over all judgments.
    curvature
        float64 (A - 1 + P, A - 1 + P): minus the Hessian one step before the optimum.
    """

    thresholds: torch.Tensor
    coefficients: torch.Tensor
    log_likelihood: float
    curvature: torch.Tensor


def fit_probit(problem: Problem) -> ProbitFit:
    """Fit thresholds and terms by maximum likelihood: Newton's method, steps halved until they ascend.

    Raises
    ------
    PerceptionError
        If it does not converge.
    """
    count = problem.n_thresholds
    place = torch.cat([problem.start(), problem.design.new_zeros(problem.design.shape[1])])
    value = problem.log_likelihood(place[:count], problem.design @ place[count:])
    for _ in range(MOST_STEPS):
        cells = differentiate(*problem.bounds(place[:count], problem.design @ place[count:]))
        gradient, curvature = problem.gradient(cells), problem.curvature(cells)
        step = solve(curvature, gradient)
        decrement = float(gradient @ step)

        def taken(size: float, place: torch.Tensor = place, step: torch.Tensor = step) -> float:
            moved = place + size * step
            return problem.log_likelihood(moved[:count], problem.design @ moved[count:])

        size, value = ascend(taken, value)
        place = place + size * step
        if decrement < TOLERANCE:
            return ProbitFit(place[:count], place[count:], value, curvature)
    raise not_converged(decrement)


def solve(curvature: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Return Newton's step.

    Raises
    ------
    PerceptionError
        If the curvature is singular: the judgments do not determine the parameters.
    """
    step, info = torch.linalg.solve_ex(curvature, gradient)
    if int(info) or not bool(torch.isfinite(step).all()):
        msg = "the judgments do not determine the model's parameters: its curvature is singular"
        raise PerceptionError(msg, hint=FEWER)
    return step


def ascend(value_at: Callable[[float], float], value: float) -> tuple[float, float]:
    """Return the largest of the steps 1, 1/2, 1/4, ... that does not descend, and the value there.

    Parameters
    ----------
    value_at
        Value after a step of a size.
    value
        Value before it.

    Raises
    ------
    PerceptionError
        If none does.
    """
    size = 1.0
    # Near the optimum a step changes the value by less than its last digit.
    least = value - 1e-13 * max(1.0, abs(value))
    while size >= SMALLEST_STEP:
        reached = value_at(size)
        if reached >= least:
            return size, reached
        size /= 2
    msg = "the fit did not converge: no step improves the likelihood, so it has no numbers"
    raise PerceptionError(msg, hint=FEWER)


def not_converged(decrement: float) -> PerceptionError:
    """Return the error of a fit that found no optimum."""
    msg = f"the fit did not converge in {MOST_STEPS} steps (decrement {decrement:.2g} nats), so it has no numbers"
    return PerceptionError(msg, hint=FEWER)
