"""Ordered probit with free thresholds: likelihood, analytic derivatives and Newton's method.

`P(answer <= k) = Phi(threshold_k - eta)`: each answer is a cell of a normal distribution around eta. The log
probability of a cell is concave in its two bounds, so the maximum likelihood estimate is unique if it exists.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import Any

import torch
from torch.special import log_ndtr, ndtri

from hmix_hub.cluster import Held
from hmix_hub.errors import PerceptionError

TOLERANCE = 1e-9
"""Newton decrement, in nats, below which the next step is the last. That step is taken, and converges quadratically."""
MOST_STEPS = 60
SMALLEST_STEP = 1e-8
FEWER = "fit fewer terms (classes=False, people=False) or more judgments"
_NARROW = 1e-3
"""Width of a cell below which its probability is computed from the density at its midpoint."""
_HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


@dataclass(frozen=True)
class Cells:
    """Derivatives of the log probability of each judgment's cell; float64 (N,) each.

    Parameters
    ----------
    up, down
        Derivative in the upper bound, and minus the derivative in the lower bound.
    slope
        Derivative in eta, which shifts both bounds down: `down - up`.
    curve_up, curve_down, curve_both
        Minus the second derivatives in the upper bound, in the lower bound, and in both.
    turn_up, turn_down
        Minus the second derivatives in one bound and `-eta`: `curve_up + curve_both`, `curve_down + curve_both`.
    curve
        Minus the second derivative in eta: `turn_up + turn_down`.
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
    """Return log(Phi(upper) - Phi(lower)), accurate to 1e-12 in both tails and for cells of any width.

    Parameters
    ----------
    lower, upper
        float64, same shape, lower < upper; -inf and inf for the outermost cells.
    """
    # Cells above 0 are mirrored: in the lower tail a difference of probabilities loses no digits.
    is_above = lower > 0
    high, low = torch.where(is_above, -lower, upper), torch.where(is_above, -upper, lower)
    log_high = log_ndtr(high)
    gap = log_ndtr(low) - log_high
    wide = log_high + torch.where(gap > -math.log(2), torch.log(-torch.expm1(gap)), torch.log1p(-torch.exp(gap)))
    # In a narrow cell: the density at the midpoint, corrected for its curvature.
    width, middle = high - low, 0.5 * (high + low)
    bend = torch.log1p((middle**2 - 1) * width**2 / 24)
    narrow = torch.log(width) - 0.5 * middle**2 - _HALF_LOG_2PI + bend
    return torch.where(width * (1 + middle.abs()) < _NARROW, narrow, wide)


def differentiate(lower: torch.Tensor, upper: torch.Tensor) -> Cells:
    """Compute the derivatives of `log_cell` in its bounds, without subtracting nearly equal numbers."""
    log_mass = log_cell(lower, upper)
    up = torch.exp(-0.5 * upper**2 - _HALF_LOG_2PI - log_mass)
    down = torch.exp(-0.5 * lower**2 - _HALF_LOG_2PI - log_mass)
    is_inner = torch.isfinite(lower) & torch.isfinite(upper)
    high, low = (torch.where(torch.isinf(bound), 0.0, bound) for bound in (upper, lower))
    # log(down / up).
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
        float64 (N,): standard deviation of an answer around eta. It is 1 if eta is known, and sqrt(1 + variance) if eta
        is normally distributed with that variance: `E Phi(t - eta - e) = Phi((t - eta) / sqrt(1 + var e))` is exact.
    """
    places = (padded(thresholds) - eta[:, None]) / scale[:, None]
    return torch.exp(log_cell(places[:, :-1], places[:, 1:]))


def cell_information(thresholds: torch.Tensor, eta: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the Fisher information of one answer about eta; float64 (N,).

    Parameters
    ----------
    thresholds
        float64 (A - 1,), increasing.
    eta, scale
        float64 (N,); see `cell_masses`.
    """
    places = (padded(thresholds) - eta[:, None]) / scale[:, None]
    densities = torch.exp(-0.5 * places**2 - _HALF_LOG_2PI)
    # In logarithms, since numerator and denominator underflow in the tails but their ratio does not.
    log_ratio = 2 * densities.diff(dim=1).abs().log() - log_cell(places[:, :-1], places[:, 1:])
    return torch.exp(log_ratio).sum(dim=1) / scale**2


def padded(thresholds: torch.Tensor) -> torch.Tensor:
    """Return the thresholds with -inf before and inf after them; float64 (A + 1,)."""
    end = torch.full((1,), math.inf, dtype=thresholds.dtype)
    return torch.cat([-end, thresholds, end])


@dataclass(frozen=True)
class Problem:
    """Judgments to fit, or a block of them.

    Parameters
    ----------
    answers
        int64 (N,): rank of each answer, 0 to `n_answers` - 1; every rank occurs, though not in each block.
    design
        float64 (N, P): design matrix of eta.
    n_answers
        A, at least 2.
    """

    answers: torch.Tensor
    design: torch.Tensor
    n_answers: int

    @property
    def n_thresholds(self) -> int:
        """Return the number of thresholds, A - 1."""
        return self.n_answers - 1

    def bounds(self, thresholds: torch.Tensor, eta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the lower and upper bound of each judgment's cell; float64 (N,) each."""
        ends = padded(thresholds)
        return ends[self.answers] - eta, ends[self.answers + 1] - eta

    def log_likelihood(self, thresholds: torch.Tensor, eta: torch.Tensor) -> float:
        """Return the log likelihood in nats; -inf if the thresholds are not increasing."""
        if not bool((thresholds.diff() > 0).all()):
            return -math.inf
        value = float(log_cell(*self.bounds(thresholds, eta)).sum())
        return -math.inf if math.isnan(value) else value

    def sum_by_answer(self, values: torch.Tensor) -> torch.Tensor:
        """Sum values, (N, ...), over the judgments with each answer; (A, ...)."""
        return values.new_zeros((self.n_answers, *values.shape[1:])).index_add_(0, self.answers, values)

    def gradient(self, cells: Cells) -> torch.Tensor:
        """Return the gradient in thresholds and coefficients; float64 (A - 1 + P,)."""
        by_threshold = self.sum_by_answer(cells.up)[:-1] - self.sum_by_answer(cells.down)[1:]
        return torch.cat([by_threshold, self.design.T @ cells.slope])

    def scores(self, cells: Cells, groups: torch.Tensor) -> torch.Tensor:
        """Return the gradient of each group of judgments, int64 (N,), 0 to G - 1; float64 (G, A - 1 + P)."""
        n_groups = int(groups.max()) + 1
        by_answer = self.design.new_zeros((n_groups, self.n_answers + 1))
        by_answer.index_put_((groups, self.answers + 1), cells.up, accumulate=True)
        by_answer.index_put_((groups, self.answers), -cells.down, accumulate=True)
        by_term = self.design.new_zeros((n_groups, self.design.shape[1]))
        by_term.index_add_(0, groups, cells.slope[:, None] * self.design)
        return torch.cat([by_answer[:, 1:-1], by_term], dim=1)

    def curvature(self, cells: Cells) -> torch.Tensor:
        """Return minus the Hessian in thresholds and coefficients; float64 (A - 1 + P, A - 1 + P)."""
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
        """Return minus the mixed second derivatives of thresholds and design columns, (N, C); float64 (A - 1, C)."""
        by_upper = self.sum_by_answer(cells.turn_up[:, None] * columns)
        by_lower = self.sum_by_answer(cells.turn_down[:, None] * columns)
        return -(by_upper[:-1] + by_lower[1:])


@dataclass(frozen=True)
class ProbitFit:
    """Maximum likelihood estimate of a `Problem`.

    Parameters
    ----------
    thresholds
        float64 (A - 1,), increasing.
    coefficients
        float64 (P,).
    log_likelihood
        Log likelihood of all judgments, in nats.
    curvature
        float64 (A - 1 + P, A - 1 + P): minus the Hessian at the last step but one.
    """

    thresholds: torch.Tensor
    coefficients: torch.Tensor
    log_likelihood: float
    curvature: torch.Tensor


def fit_probit(blocks: Held[Any]) -> ProbitFit:
    """Fit thresholds and coefficients by maximum likelihood, with Newton's method and step halving.

    Sums are over each block, a `Problem`, then over blocks in order.

    Raises
    ------
    PerceptionError
        If it does not converge.
    """
    counted = blocks.map(_counted, None)
    counts = in_order(counts for counts, _ in counted)
    count = len(counts) - 1
    # The thresholds that reproduce the frequencies of the answers at eta = 0.
    thresholds = ndtri(counts.double().cumsum(0)[:-1] / counts.sum())
    place = torch.cat([thresholds, thresholds.new_zeros(counted[0][1])])
    value = sum(blocks.map(_value, place))
    for _ in range(MOST_STEPS):
        gradient, curvature = map(in_order, zip(*blocks.map(_derivatives, place), strict=True))
        step = solve(curvature, gradient)
        decrement = float(gradient @ step)

        def taken(size: float, place: torch.Tensor = place, step: torch.Tensor = step) -> float:
            return sum(blocks.map(_value, place + size * step))

        size, value = ascend(taken, value)
        place = place + size * step
        if decrement < TOLERANCE:
            return ProbitFit(place[:count], place[count:], value, curvature)
    raise not_converged(decrement)


def in_order(parts: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return the sum of the blocks' results, added in order."""
    return reduce(torch.add, parts)


def _counted(_: None, block: Problem) -> tuple[torch.Tensor, int]:
    """Return the number of judgments with each answer in a block, int64 (A,), and the number of coefficients."""
    return torch.bincount(block.answers, minlength=block.n_answers), block.design.shape[1]


@contextmanager
def one_thread() -> Iterator[None]:
    """Restrict torch to one thread: for such matrices, synchronising threads costs more than it saves."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def _value(place: torch.Tensor, block: Problem) -> float:
    """Return the log likelihood of a block at thresholds and coefficients, float64 (A - 1 + P,)."""
    count = block.n_thresholds
    return block.log_likelihood(place[:count], block.design @ place[count:])


@one_thread()
def _derivatives(place: torch.Tensor, block: Problem) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the gradient and the curvature of a block at thresholds and coefficients."""
    count = block.n_thresholds
    cells = differentiate(*block.bounds(place[:count], block.design @ place[count:]))
    return block.gradient(cells), block.curvature(cells)


def solve(curvature: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
    """Solve for a Newton step.

    Raises
    ------
    PerceptionError
        If the matrix is singular, i.e. the judgments do not determine the parameters.
    """
    step, info = torch.linalg.solve_ex(curvature, gradient)
    if int(info) or not bool(torch.isfinite(step).all()):
        msg = "the judgments do not determine the parameters of the model: the Hessian is singular"
        raise PerceptionError(msg, hint=FEWER)
    return step


def ascend(value_at: Callable[[float], float], value: float) -> tuple[float, float]:
    """Return the largest step size of 1, 1/2, 1/4, ... that does not decrease the value, and the value there.

    `value_at` returns the value after a step of a given size, `value` is that before it.

    Raises
    ------
    PerceptionError
        If every step decreases the value.
    """
    # Close to the optimum, a step changes the value by less than its rounding error.
    size, least = 1.0, value - 1e-13 * max(1.0, abs(value))
    while size >= SMALLEST_STEP:
        reached = value_at(size)
        if reached >= least:
            return size, reached
        size /= 2
    msg = "the fit did not converge: no step improves the likelihood, so there are no estimates"
    raise PerceptionError(msg, hint=FEWER)


def not_converged(decrement: float) -> PerceptionError:
    """Return the error for a fit that ran out of steps."""
    msg = f"the fit did not converge in {MOST_STEPS} steps (Newton decrement {decrement:.2g} nats): no estimates"
    return PerceptionError(msg, hint=FEWER)
