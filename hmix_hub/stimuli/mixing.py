"""Mixing in floating point, for training: `hmix_hub.mix`."""

from __future__ import annotations

import torch


def mix(first: torch.Tensor, second: torch.Tensor, coefficient: float | torch.Tensor) -> torch.Tensor:
    """Mix pictures, labels or anything else: `coefficient * first + (1 - coefficient) * second`.

    This is mixup as models train on it. People saw whole numbers, cut and not rounded: for those, `render`.

    Parameters
    ----------
    first, second
        (B, ...) of the same shape; uint8 pictures are brought to 0 to 1 first, as float32.
    coefficient
        Share of the first, 0 to 1: one number, or (B,) for each its own.

    Returns
    -------
    torch.Tensor
        Floating (B, ...), differentiable in all three.
    """
    one, two = (part.float() / 255 if part.dtype == torch.uint8 else part for part in (first, second))
    if isinstance(coefficient, torch.Tensor) and coefficient.ndim:
        coefficient = coefficient.to(one.dtype).reshape(-1, *[1] * (one.ndim - 1))
    return torch.lerp(two, one, coefficient)
