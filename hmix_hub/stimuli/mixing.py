"""Mixing in floating point, for training: `hmix_hub.mix`."""

from __future__ import annotations

import torch

from hmix_hub.errors import ConfigurationError


def mix(first: torch.Tensor, second: torch.Tensor, coefficient: float | torch.Tensor) -> torch.Tensor:
    """Mix pictures, labels or anything else: `coefficient * first + (1 - coefficient) * second`.

    This is mixup as models train on it. People saw whole numbers, cut and not rounded: for those, `render`.

    Parameters
    ----------
    first, second
        (B, ...) of the same shape and dtype. uint8 is taken for pictures and brought to 0 to 1, other whole numbers
        (one-hot labels) become numbers as they are; both as float32.
    coefficient
        Share of the first, 0 to 1: one number, or (B,) for each its own. On an accelerator its range is not checked,
        since the host would have to wait for it.

    Returns
    -------
    torch.Tensor
        Floating (B, ...), differentiable in all three.

    Raises
    ------
    ConfigurationError
        If shapes or dtypes differ, or a coefficient is outside 0 to 1.
    """
    if first.shape != second.shape or first.dtype != second.dtype:
        both = " and ".join(f"{str(part.dtype).removeprefix('torch.')} {tuple(part.shape)}" for part in (first, second))
        msg = f"what is mixed must be of one shape and dtype, and not {both}"
        raise ConfigurationError(msg, hint="labels of classes become rows to mix by torch.nn.functional.one_hot")
    share = torch.as_tensor(coefficient, device=first.device)
    if share.ndim > 1 or (share.ndim and len(share) != len(first)):
        msg = f"the coefficient is one number or one for each of the {len(first)}, not of shape {tuple(share.shape)}"
        raise ConfigurationError(msg)
    if share.device.type == "cpu" and not bool(((share >= 0) & (share <= 1)).all()):
        msg = "a coefficient is outside 0 to 1"
        raise ConfigurationError(msg, hint="it is the share of the first")
    one, two = (_floating(part) for part in (first, second))
    share = share.to(one.dtype)
    return torch.lerp(two, one, share.reshape(-1, *[1] * (one.ndim - 1)) if share.ndim else share)


def _floating(part: torch.Tensor) -> torch.Tensor:
    if part.dtype == torch.uint8:
        return part.float() / 255
    return part if part.dtype.is_floating_point else part.float()
