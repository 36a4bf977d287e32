"""Share tables: the perceived share of each class in mixtures of two, at equally spaced mixing coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from hmix_hub.errors import ConfigurationError, PerceptionError
from hmix_hub.perception.curves import fold
from hmix_hub.perception.stream import STEPS, rounded
from hmix_hub.schema.arrays import Floats

CELLS = 200
"""Cells of the share table. Entries include .1, .25 and .5; interpolation between entries is off by about 1e-5."""
ANSWER_CELLS = 40
"""Cells of the table of answers, which has 101 times as many entries per cell."""
ENDS = ("pinned", "model")
_OUTERMOST = 0.9
"""Outermost coefficient shown in H-Mix, assumed for models without `shown_coefficients`."""


class SharesModel(Protocol):
    """The part of a perceptual model from which tables are built."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the names of the K classes."""

    def shares(self, coefficients: Any, /) -> torch.Tensor:
        """Return mean perceived shares of class_1 in mixtures with class_2, float64 (G, K, K), for G coefficients."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Equally spaced coefficients from 0 to 1, and how values beyond the shown coefficients are extrapolated.

    Parameters
    ----------
    asked
        float64 (G,): the coefficients, clipped to those that participants were shown.
    kept
        float64 (G,): weight of the value at `asked`; the rest goes to the value of a single image.
    """

    asked: Floats
    kept: Floats

    @classmethod
    def of(cls, cells: int, ends: str, outermost: float) -> Grid:
        """Return a grid of equal cells; beyond the folded coefficient `outermost`, `ends` (one of `ENDS`) applies."""
        places = np.arange(cells + 1) / cells
        if ends == "model":
            return cls(places, np.ones_like(places))
        beyond = fold(places) > outermost
        kept = np.where(beyond, (1 - fold(places)) / max(1 - outermost, 1 / STEPS), 1.0)
        kept[[0, -1]] = 0.0
        return cls(places.clip(1 - outermost, outermost), kept)

    def pin(self, values: torch.Tensor, first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Return values (G, ...) with straight lines from the outermost shown coefficients to the given end values."""
        kept = torch.from_numpy(self.kept).reshape(-1, *[1] * (values.ndim - 1))
        is_low = torch.arange(len(values)).reshape(kept.shape) < len(values) / 2
        return kept * values + (1 - kept) * torch.where(is_low, first, last)


def outermost_of(model: object) -> float:
    """Return the largest folded coefficient, .5 to 1, of the judgments that a model was fitted to."""
    shown: Sequence[float] | None = getattr(model, "shown_coefficients", None)
    return _OUTERMOST if shown is None or not len(shown) else float(fold(shown).max())


def share_table(model: SharesModel, *, symmetric: bool = True, ends: str = "pinned") -> torch.Tensor:
    """Return a model's mean shares at equally spaced coefficients.

    Parameters
    ----------
    model
        Model whose method `shares` is called once.
    symmetric
        Whether to average over both orders of the images.
    ends
        "pinned": exactly 0 and 1 at the ends, with straight lines to the outermost shown coefficients. "model": the
        model's own values.

    Returns
    -------
    torch.Tensor
        float32 (G, K, K), multiples of 2^-24: share of the class of axis 1 in a mixture with the class of axis 2, at
        coefficients 0, 1 / (G - 1), ..., 1. If symmetric, `table[g, i, j] == 1 - table[G - 1 - g, j, i]` exactly.

    Raises
    ------
    PerceptionError
        If the model's shares have the wrong shape, or are not all from 0 to 1.
    """
    grid = Grid.of(CELLS, ends, outermost_of(model))
    size = len(model.classes)
    shares = torch.as_tensor(model.shares(grid.asked)).detach().to("cpu", torch.float64)
    if shares.shape != (CELLS + 1, size, size):
        shape = (CELLS + 1, size, size)
        msg = f"the model's shares have shape {tuple(shares.shape)}, but its {size} classes require {shape}"
        raise PerceptionError(msg)
    # NaN fails both comparisons.
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        msg = "the model's shares are not all numbers from 0 to 1"
        raise PerceptionError(msg, hint="shares(coefficients) must return one for every pair of classes")
    if symmetric:
        shares = (shares + 1 - _mirrored(shares)) / 2
    pinned = grid.pin(shares, torch.zeros(()), torch.ones(()))
    table = rounded(pinned).to(torch.float32)
    if symmetric:
        upper = torch.ones(size, size, dtype=torch.bool).triu(1)
        table = torch.where(upper, table, 1 - _mirrored(table))
    return table


def _mirrored(table: torch.Tensor) -> torch.Tensor:
    """Return the entries at the complementary coefficients with the two classes exchanged."""
    return table.flip(0).transpose(1, 2)


def answer_table(model: Any, *, symmetric: bool = True, ends: str = "pinned") -> torch.Tensor:
    """Return cumulative probabilities of answers at equally spaced coefficients.

    Parameters
    ----------
    model
        Model whose `predict(coefficient, class_1, class_2).mass` has the probabilities of A equally spaced answers.
    symmetric, ends
        See `share_table`.

    Returns
    -------
    torch.Tensor
        float32 (G, K, K, A), increasing along the last axis up to 1.

    Raises
    ------
    ConfigurationError
        If the model does not predict single answers.
    """
    if not hasattr(model, "predict"):
        msg = 'uncertainty="sample" draws answers, but the model does not predict probabilities of answers'
        raise ConfigurationError(msg, hint="fit an hmix_hub.PerceptualModel")
    grid = Grid.of(ANSWER_CELLS, ends, outermost_of(model))
    codes = np.arange(len(model.classes))
    predicted = model.predict(grid.asked[:, None, None], codes[:, None], codes)
    mass = torch.as_tensor(predicted.mass).detach().to("cpu", torch.float64)
    if symmetric:
        mass = (mass + _mirrored(mass).flip(3)) / 2
    certain = torch.eye(mass.shape[-1], dtype=torch.float64)
    total = grid.pin(mass, certain[0], certain[-1]).cumsum(3)
    return (total / total[..., -1:]).to(torch.float32)


def curve_table(curve: Callable[[Floats], Floats], ends: str, outermost: float) -> torch.Tensor:
    """Return the values of a curve at equally spaced coefficients; float32 (G,), 0 at pinned ends."""
    grid = Grid.of(CELLS, ends, outermost)
    return torch.from_numpy(curve(grid.asked) * grid.kept).to(torch.float32)
