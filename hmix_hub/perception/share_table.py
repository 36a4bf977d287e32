"""Share tables: what people see of each class in mixtures with each other, at equally spaced coefficients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch

from hmix_hub.errors import ConfigurationError, PerceptionError
from hmix_hub.perception.stream import STEPS, rounded
from hmix_hub.perception.symmetric_curve import fold
from hmix_hub.schema.arrays import Floats

CELLS = 200
"""Cells of the table of shares: the model's curve is off by less than 1e-4 between entries, which hold .1, .25, .5."""
ANSWER_CELLS = 40
"""Cells of the table of single answers, which is 101 times as large."""
ENDS = ("pinned", "model")
_OUTERMOST = 0.9
"""Outermost coefficient of H-Mix, of a model that does not say what it was fitted to."""


class SharesModel(Protocol):
    """What a table needs of a model."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the K classes."""

    def shares(self, coefficients: Any, /) -> torch.Tensor:
        """Return mean perceived shares of class_1 in mixtures with class_2; float64 (G, K, K) of float64 (G,)."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Equally spaced coefficients of 0 to 1, where a model is asked, and how far it counts there.

    Parameters
    ----------
    asked
        float64 (G,): the coefficients, moved to the outermost ones that people were shown where they lie beyond.
    kept
        float64 (G,): weight of what the model says. The rest is what a single image is: all of one class.
    """

    asked: Floats
    kept: Floats

    @classmethod
    def of(cls, cells: int, ends: str, outermost: float) -> Grid:
        """Return the grid of equal cells; `ends`, one of `ENDS`, is what lies beyond a folded coefficient."""
        places = np.arange(cells + 1) / cells
        if ends == "model":
            return cls(places, np.ones_like(places))
        beyond = fold(places) > outermost
        kept = np.where(beyond, (1 - fold(places)) / max(1 - outermost, 1 / STEPS), 1.0)
        kept[[0, -1]] = 0.0
        return cls(places.clip(1 - outermost, outermost), kept)

    def pin(self, values: torch.Tensor, first: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        """Return values (G, ...) that run in straight lines to those of the ends, (...) each."""
        kept = torch.from_numpy(self.kept).reshape(-1, *[1] * (values.ndim - 1))
        is_low = torch.arange(len(values)).reshape(kept.shape) < len(values) / 2
        return kept * values + (1 - kept) * torch.where(is_low, first, last)


def outermost_of(model: object) -> float:
    """Return the folded coefficient, .5 to 1, beyond which a model saw no judgments."""
    shown: Sequence[float] | None = getattr(model, "shown_coefficients", None)
    return _OUTERMOST if shown is None or not len(shown) else float(fold(shown).max())


def share_table(model: SharesModel, *, symmetric: bool = True, ends: str = "pinned") -> torch.Tensor:
    """Return a model's shares at equally spaced coefficients.

    Parameters
    ----------
    model
        Its `shares(coefficients)` are asked once.
    symmetric
        Whether to average the share of a class as image 1 with that as image 2.
    ends
        "pinned": 0 and 1 at the ends, and straight lines from there to the outermost coefficients that the model was
        fitted to. "model": what the model says.

    Returns
    -------
    torch.Tensor
        float32 (G, K, K), multiples of 2^-24: share of the second axis' class in a mixture with the third's, at the
        coefficients 0, 1 / (G - 1), ..., 1 of the second's. Symmetric ones are 1 minus their mirror image, exactly.

    Raises
    ------
    PerceptionError
        If the model gives no shares of 0 to 1.
    """
    grid = Grid.of(CELLS, ends, outermost_of(model))
    size = len(model.classes)
    shares = torch.as_tensor(model.shares(grid.asked)).detach().to("cpu", torch.float64)
    if shares.shape != (CELLS + 1, size, size):
        shape = (CELLS + 1, size, size)
        msg = f"the model's shares are of the shape {tuple(shares.shape)}, where {shape} belongs to its {size} classes"
        raise PerceptionError(msg)
    # NaN is in no range.
    if not bool(((shares >= 0) & (shares <= 1)).all()):
        msg = "the model's shares are not all numbers from 0 to 1"
        raise PerceptionError(msg, hint="fit it again; a fit that converged gives some for every pair of its classes")
    if symmetric:
        shares = (shares + 1 - _mirrored(shares)) / 2
    pinned = grid.pin(shares, torch.zeros(()), torch.ones(()))
    table = rounded(pinned).to(torch.float32)
    if symmetric:
        upper = torch.ones(size, size, dtype=torch.bool).triu(1)
        table = torch.where(upper, table, 1 - _mirrored(table))
    return table


def _mirrored(table: torch.Tensor) -> torch.Tensor:
    """Return the entries of the complementary coefficient, with the classes the other way round."""
    return table.flip(0).transpose(1, 2)


def answer_table(model: Any, *, symmetric: bool = True, ends: str = "pinned") -> torch.Tensor:
    """Return the probabilities of single answers at equally spaced coefficients, summed up.

    Parameters
    ----------
    model
        Its `predict(coefficient, class_1, class_2).mass` are probabilities of equally spaced answers of 0 to 1.
    symmetric, ends
        As of `share_table`.

    Returns
    -------
    torch.Tensor
        float32 (G, K, K, A): probability of an answer up to each of the A; the last is 1.

    Raises
    ------
    ConfigurationError
        If the model does not predict single answers.
    """
    if not hasattr(model, "predict"):
        msg = 'uncertainty="sample" draws answers, and the model predicts no probabilities of answers'
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
    """Return a curve's values at equally spaced coefficients; float32 (G,), 0 at pinned ends."""
    grid = Grid.of(CELLS, ends, outermost)
    return torch.from_numpy(curve(grid.asked) * grid.kept).to(torch.float32)
