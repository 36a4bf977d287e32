"""Draws: what is random in one epoch of one seed, the same for all arms, on every device, in every stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of an epoch for S seeds and N rows.

    Parameters
    ----------
    order
        int64 (S, n): rows, each once.
    offsets
        int64 (S, N, 2): where a row's picture is cropped, down and across.
    flips
        bool (S, N): whether it is mirrored.
    coefficients
        float32 (S, N): share of a row in its mixture with another.
    """

    order: torch.Tensor
    offsets: torch.Tensor
    flips: torch.Tensor
    coefficients: torch.Tensor

    def to(self, device: torch.device) -> Draws:
        """Return the same on a device."""
        return Draws(*(_moved(part, device) for part in (self.order, self.offsets, self.flips, self.coefficients)))


def _moved(part: torch.Tensor, device: torch.device) -> torch.Tensor:
    # Copies from pinned memory are asynchronous.
    return part.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else part


def draw_epoch(seeds: Sequence[int], epoch: int, *, n_all: int, n_taken: int, padding: int, alpha: float) -> Draws:
    """Draw what is random in one epoch.

    Parameters
    ----------
    seeds
        S seeds; the draws of a seed do not depend on the others.
    epoch
        Number of the epoch.
    n_all
        Rows that any arm has, N.
    n_taken
        Rows that this arm has, the first n. They keep the order that they have among all rows, so that two arms go
        through the rows that they share alike.
    padding
        Crops begin at 0 to twice this.
    alpha
        Coefficients are drawn from Beta(alpha, alpha).
    """
    drawn = []
    for seed in seeds:
        rng = np.random.default_rng([seed, epoch])
        order = rng.permutation(n_all)
        offsets = rng.integers(0, 2 * padding + 1, (n_all, 2))
        flips = rng.random(n_all) < 0.5
        coefficients = rng.beta(alpha, alpha, n_all).astype(np.float32)
        drawn.append((order[order < n_taken], offsets, flips, coefficients))
    return Draws(*(torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True)))
