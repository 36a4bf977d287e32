"""Participant effects with partial pooling, estimated by expectation-maximization with a Laplace approximation.

Each participant has an offset `b` and a slope `g`, normally distributed around 0 with a covariance estimated from the
data. Effects of participants with few judgments are shrunk towards 0.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import torch

from hmix_hub.cluster import Held
from hmix_hub.errors import PerceptionError, nearest
from hmix_hub.perception.probit import (
    FEWER,
    MOST_STEPS,
    TOLERANCE,
    Cells,
    ProbitFit,
    Problem,
    ascend,
    differentiate,
    in_order,
    not_converged,
    one_thread,
    solve,
)
from hmix_hub.schema.arrays import Floats, Ints

N_EFFECTS = 2
FEWEST_PEOPLE = 5
"""Minimum number of participants for estimating the covariance of their effects."""
FEWEST_EACH = 4
"""Minimum mean number of judgments per participant; with fewer, effects and noise cannot be separated."""
_START = 0.2
_TOLERANCE = 1e-7
_NEAR = 1e-3
"""Newton decrement, in nats, that convergence of the covariance requires as well."""
_MOST_ROUNDS = 200
_SHRUNK = 0.1
"""Smallest factor by which an extrapolation may reduce the smallest eigenvalue."""
_SHORT = 1.01
_LARGEST = 100.0
"""Variance above which the effects are taken to diverge; in H-Mix variances are below 1."""


@dataclass(frozen=True, eq=False)
class People:
    """Participant effects.

    Parameters
    ----------
    names
        The J participants.
    effects
        float64 (J, 2): posterior mode of each participant's offset `b` and slope `g`, in standard deviations of a
        single answer.
    spread
        float64 (J, 2, 2): posterior covariance of each participant's effects.
    covariance
        float64 (2, 2): covariance of the effects between participants.
    """

    names: tuple[str, ...]
    effects: Floats
    spread: Floats
    covariance: Floats

    def number(self, name: str) -> int:
        """Return the index of a participant.

        Raises
        ------
        PerceptionError
            If the participant is not in the data the model was fitted to; similar ids are suggested.
        """
        if name not in self.names:
            msg = f"participant {name!r} is not in the data the model was fitted to"
            raise PerceptionError(msg, hint=nearest(name, self.names, label="participants"))
        return self.names.index(name)

    def of(self, numbers: Ints | int) -> tuple[Floats, Floats]:
        """Return effects, float64 (..., 2), and their posterior covariance, (..., 2, 2); -1 is a new participant."""
        effects = np.append(self.effects, np.zeros((1, N_EFFECTS)), axis=0)
        return effects[numbers], np.append(self.spread, self.covariance[None], axis=0)[numbers]


@dataclass(frozen=True)
class PeopleFit(ProbitFit):
    """Estimates of a problem with participant effects.

    The log likelihood is marginal over the effects (Laplace approximation); in the curvature, effects are profiled out.

    Parameters
    ----------
    effects, spread, covariance
        float64 (J, 2), (J, 2, 2) and (2, 2); see `People`.
    """

    effects: torch.Tensor
    spread: torch.Tensor
    covariance: torch.Tensor


@dataclass(frozen=True)
class Grouped(Problem):
    """A problem with its judgments grouped by participant, or a block of whole participants.

    Parameters
    ----------
    columns
        float64 (N, 2): design of the participant effects.
    groups
        int64 (N,): participant, 0 to `n_groups` - 1.
    n_groups
        J.
    first
        Number of the first participant among those of all blocks.
    """

    columns: torch.Tensor
    groups: torch.Tensor
    n_groups: int
    first: int = 0

    def own_of(self, values: torch.Tensor) -> torch.Tensor:
        """Return this block's part of values of all participants, (J, ...)."""
        return values[self.first : self.first + self.n_groups]

    def eta(self, coefficients: torch.Tensor, effects: torch.Tensor) -> torch.Tensor:
        """Return eta of each judgment given the effects; float64 (N,)."""
        return self.design @ coefficients + (self.columns * effects[self.groups]).sum(dim=1)

    def by_group(self, values: torch.Tensor) -> torch.Tensor:
        """Sum values, (N, ...), over the judgments of each participant; (J, ...)."""
        return values.new_zeros((self.n_groups, *values.shape[1:])).index_add_(0, self.groups, values)

    def own(self, cells: Cells) -> torch.Tensor:
        """Return minus the Hessian in each participant's effects; float64 (J, 2, 2)."""
        squares = self.columns[:, :, None] * self.columns[:, None, :]
        return self.by_group(cells.curve[:, None, None] * squares)

    def across_people(self, cells: Cells) -> torch.Tensor:
        """Return minus the mixed second derivatives of (thresholds, coefficients) and effects; float64 (J, F, 2)."""
        n_answers, design = self.n_answers, self.design
        cell = self.groups * n_answers + self.answers

        def by_cell(values: torch.Tensor) -> torch.Tensor:
            sums = values.new_zeros((self.n_groups * n_answers, N_EFFECTS)).index_add_(0, cell, values)
            return sums.reshape(self.n_groups, n_answers, N_EFFECTS)

        upper = by_cell(cells.turn_up[:, None] * self.columns)
        lower = by_cell(cells.turn_down[:, None] * self.columns)
        terms = self.by_group((cells.curve[:, None] * design)[:, :, None] * self.columns[:, None, :])
        return torch.cat([-(upper[:, :-1] + lower[:, 1:]), terms], dim=1)


def fit_people(blocks: Held[Any], begun: ProbitFit) -> PeopleFit:
    """Fit thresholds, coefficients, participant effects and their covariance.

    Newton steps in all parameters except the covariance alternate with expectation-maximization steps in the
    covariance. Participant effects are eliminated block by block, so the linear system does not grow with their number.
    Steps start from the estimates without participant effects, `begun`.

    Parameters
    ----------
    blocks
        The judgments as one or more `Grouped`, in the order of participants. Sums are over each block, then over blocks
        in order.
    begun
        Estimates without participant effects.

    Raises
    ------
    PerceptionError
        If the fit does not converge.
    """
    n_people = sum(blocks.map(_people_in, None))
    effects = torch.zeros((n_people, N_EFFECTS), dtype=torch.float64)
    fixed = torch.cat([begun.thresholds, begun.coefficients])
    state = _State(len(begun.thresholds), fixed, effects, _START * torch.eye(N_EFFECTS, dtype=torch.float64))
    for _ in range(_MOST_ROUNDS):
        first, decrement = _improved(blocks, state)
        if _distance(first, state) < _TOLERANCE and decrement < _NEAR:
            return _found(blocks, _settled(blocks, first))
        second, _ = _improved(blocks, first)
        if not float(second.covariance.diagonal().max()) < _LARGEST:
            msg = "the fit did not converge: the variance between participants grows without bound"
            raise PerceptionError(msg, hint="fit without participant effects: people=False")
        state = replace(second, covariance=_extrapolated(state.covariance, first.covariance, second.covariance))
    msg = f"the fit of participant effects did not converge in {_MOST_ROUNDS} rounds: no estimates"
    raise PerceptionError(msg, hint=FEWER)


def _people_in(_: None, block: Grouped) -> int:
    return block.n_groups


@dataclass(frozen=True)
class _State:
    """Number of thresholds; thresholds and coefficients, (A - 1 + P,); effects, (J, 2); covariance, (2, 2)."""

    count: int
    fixed: torch.Tensor
    effects: torch.Tensor
    covariance: torch.Tensor


@dataclass(frozen=True)
class _Pieces:
    """Derivatives at a state, of one or all blocks; `curvature` is the Schur complement, with effects eliminated.

    `settled` are the steps of the effects with all else fixed, (J, 2); `drag`, (J, 2, A - 1 + P), is the effect of the
    other parameters' step on these; and `pulled`, (A - 1 + P,), is the effects' part of the gradient.
    """

    gradient: torch.Tensor
    curvature: torch.Tensor
    pulled: torch.Tensor
    pull: torch.Tensor
    spread: torch.Tensor
    settled: torch.Tensor
    drag: torch.Tensor


@one_thread()
def _pieces_of(state: _State, block: Grouped) -> _Pieces:
    """Return the derivatives of a block."""
    effects, count = block.own_of(state.effects), state.count
    cells = differentiate(*block.bounds(state.fixed[:count], block.eta(state.fixed[count:], effects)))
    precision = torch.linalg.inv(state.covariance)
    spread = torch.linalg.inv(block.own(cells) + precision)
    across = block.across_people(cells)
    pull = block.by_group(cells.slope[:, None] * block.columns) - effects @ precision
    settled = (spread @ pull[:, :, None])[:, :, 0]
    return _Pieces(
        gradient=block.gradient(cells),
        curvature=block.curvature(cells) - torch.einsum("jfe,jge->fg", across @ spread, across),
        pulled=torch.einsum("jfe,je->f", across, settled),
        pull=pull,
        spread=spread,
        settled=settled,
        drag=torch.einsum("jef,jgf->jeg", spread, across),
    )


def _pieces(blocks: Held[Any], state: _State) -> _Pieces:
    found = [[getattr(piece, field.name) for field in fields(_Pieces)] for piece in blocks.map(_pieces_of, state)]
    gradient, curvature, pulled, *of_people = zip(*found, strict=True)
    return _Pieces(*map(in_order, (gradient, curvature, pulled)), *map(torch.cat, of_people))


def _newton(blocks: Held[Any], state: _State, pieces: _Pieces) -> tuple[_State, float]:
    """Return the state after a Newton step in all parameters except the covariance, and the Newton decrement."""
    step = solve(pieces.curvature, pieces.gradient - pieces.pulled)
    turn = pieces.settled - torch.einsum("jeg,g->je", pieces.drag, step)
    decrement = float(pieces.gradient @ step + (pieces.pull * turn).sum())

    def moved(size: float) -> _State:
        return replace(state, fixed=state.fixed + size * step, effects=state.effects + size * turn)

    size, _ = ascend(lambda size: _penalised(blocks, moved(size)), _penalised(blocks, state))
    return moved(size), decrement


def _improved(blocks: Held[Any], state: _State) -> tuple[_State, float]:
    """Return the state after a Newton step and an expectation-maximization step, and the Newton decrement."""
    pieces = _pieces(blocks, state)
    moved, decrement = _newton(blocks, state, pieces)
    # Expected second moment of the effects: squared modes plus posterior covariances.
    covariance = (moved.effects.T @ moved.effects + pieces.spread.sum(dim=0)) / len(moved.effects)
    # Extrapolation would amplify rounding asymmetry.
    return replace(moved, covariance=(covariance + covariance.T) / 2), decrement


def _distance(one: _State, other: _State) -> float:
    return float((one.covariance - other.covariance).abs().max())


def _extrapolated(start: torch.Tensor, first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Extrapolate two expectation-maximization steps; if the result is not positive definite, return the second.

    Without it, convergence is sublinear if participants hardly differ. Source: Varadhan and Roland, *Simple and
    globally convergent methods for accelerating the convergence of any EM algorithm*, Scandinavian Journal of
    Statistics 35, 2008 (SQUAREM).
    """
    step, bend = first - start, second - 2 * first + start
    length = float(step.norm() / bend.norm()) if float(bend.norm()) > 0 else 1.0
    while length > 1:
        reached = start + 2 * length * step + length**2 * bend
        if float(torch.linalg.eigvalsh(reached)[0]) > _SHRUNK * float(torch.linalg.eigvalsh(second)[0]):
            return reached
        length = 1 + (length - 1) / 2 if length > _SHORT else 1.0
    return second


def _settled(blocks: Held[Any], state: _State) -> _State:
    """Return the state with thresholds, coefficients and effects optimal given the covariance."""
    for _ in range(MOST_STEPS):
        state, decrement = _newton(blocks, state, _pieces(blocks, state))
        if decrement < TOLERANCE:
            return state
    raise not_converged(decrement)


def _penalised(blocks: Held[Any], state: _State) -> float:
    """Return the log likelihood given the effects plus their log density, up to a constant."""
    value: float = sum(blocks.map(_value, state))
    whitened = torch.linalg.solve(state.covariance, state.effects.T)
    return value - 0.5 * float((whitened.T * state.effects).sum())


@one_thread()
def _value(state: _State, block: Grouped) -> float:
    """Return the log likelihood of a block given the effects."""
    eta = block.eta(state.fixed[state.count :], block.own_of(state.effects))
    return block.log_likelihood(state.fixed[: state.count], eta)


def _found(blocks: Held[Any], state: _State) -> PeopleFit:
    pieces = _pieces(blocks, state)
    # Laplace approximation of the integral over each participant's effects.
    spans = torch.logdet(pieces.spread).sum() - len(state.effects) * torch.logdet(state.covariance)
    return PeopleFit(
        thresholds=state.fixed[: state.count],
        coefficients=state.fixed[state.count :],
        effects=state.effects,
        spread=pieces.spread,
        covariance=state.covariance,
        log_likelihood=_penalised(blocks, state) + 0.5 * float(spans),
        curvature=pieces.curvature,
    )
