"""Counter-based random numbers: identical on every device, resumable anywhere, without synchronizing with the host.

Each number is a function of a seed and a position, so the state of a stream is one integer. A `torch.Generator` is tied
to one device, produces different numbers on each kind of device, and cannot be compiled.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import torch
from scipy.special import betaincinv
from torch.utils.data import get_worker_info

STEPS = 1 << 24
"""Numbers are multiples of 1 / STEPS: float32 represents them, and 1 minus them, exactly."""
_CELLS = 1 << 13
"""Cells of the quantile table. Draws are uniform within a cell, so cumulative probabilities are off by less than
1 / _CELLS."""


def _signed(bits: int) -> int:
    return bits - (1 << 64) if bits >> 63 else bits


_GAMMA = _signed(0x9E3779B97F4A7C15)
_FACTORS = _signed(0xBF58476D1CE4E5B9), _signed(0x94D049BB133111EB)


def _shift(bits: torch.Tensor, by: int) -> torch.Tensor:
    """Shift right and fill with zeros; torch's own shift repeats the sign bit."""
    return (bits >> by) & ((1 << (64 - by)) - 1)


def scramble(bits: torch.Tensor) -> torch.Tensor:
    """Return a bijective hash of each integer; int64 of the same shape.

    Source: Steele, Lea and Flood, *Fast Splittable Pseudorandom Number Generators*, OOPSLA 2014 (SplitMix64).
    """
    bits = (bits ^ _shift(bits, 30)) * _FACTORS[0]
    bits = (bits ^ _shift(bits, 27)) * _FACTORS[1]
    return bits ^ _shift(bits, 31)


def key_of(*seeds: int) -> int:
    """Return the key of a stream, a signed integer of 64 bits, derived from integers in order."""
    key = torch.zeros((), dtype=torch.int64)
    for seed in seeds:
        key = scramble(key + _signed(seed & ((1 << 64) - 1)))
    return int(key)


def uniform(key: torch.Tensor, positions: torch.Tensor, stream: int = 0) -> torch.Tensor:
    """Return uniform random numbers at the given positions of a stream.

    Parameters
    ----------
    key
        int64 (): the result of `key_of`.
    positions
        int64 (N,): positions.
    stream
        Index of the stream; streams of one key are independent.

    Returns
    -------
    torch.Tensor
        float32 (N,), multiples of 1 / STEPS from 0 to 1 - 1 / STEPS, on the device of the positions.
    """
    bits = scramble((positions + 1) * _GAMMA + (key + stream))
    return _shift(bits, 40).to(torch.float32) * (1 / STEPS)


def beta_quantiles(alpha: float) -> torch.Tensor:
    """Return the quantiles of Beta(alpha, alpha) at 0, 1 / n, ..., 1; float32 (n + 1,), symmetric about one half."""
    lower = betaincinv(alpha, alpha, np.arange(_CELLS // 2) / _CELLS)
    return torch.from_numpy(np.concatenate([lower, [0.5], 1 - lower[::-1]])).to(torch.float32)


def interpolate(table: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
    """Return values of a table by linear interpolation.

    Parameters
    ----------
    table
        Floating (n + 1, ...): values at 0, 1 / n, ..., 1.
    place
        float32 (N,), 0 to 1.

    Returns
    -------
    torch.Tensor
        Floating (N, ...); exactly the first entry at 0 and the last at 1.
    """
    cell, within = locate(place, len(table) - 1)
    within = within.reshape(-1, *[1] * (table.ndim - 1))
    return torch.lerp(table.index_select(0, cell), table.index_select(0, cell + 1), within)


def locate(place: torch.Tensor, cells: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the index of each place's cell among equal cells of 0 to 1 (int64), and its position within, 0 to 1."""
    scaled = place * cells
    cell = scaled.to(torch.int64).clamp_(max=cells - 1)
    return cell, scaled - cell


def exact(coefficient: torch.Tensor) -> torch.Tensor:
    """Return coefficients rounded to multiples of 1 / STEPS; float32 of the same shape.

    `exact(1 - c) == 1 - exact(c)` to the last bit, with `1 - c` computed in the dtype of `c`: of the two, the larger is
    rounded.
    """
    wide = coefficient if coefficient.dtype == torch.float64 else coefficient.to(torch.float32)
    larger = rounded(torch.maximum(wide, 1 - wide)).to(torch.float32)
    return torch.where(wide < 0.5, 1 - larger, larger)


def rounded(numbers: torch.Tensor) -> torch.Tensor:
    """Return numbers of 0 to 1 rounded to the nearest multiple of 1 / STEPS."""
    return (numbers * STEPS).round() * (1 / STEPS)


def at(buffer: torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return a buffer that can be combined with tensors on a device; copies to accelerators do not block."""
    if buffer.device == device or (buffer.ndim == 0 and buffer.device.type == "cpu"):
        return buffer
    return buffer.to(device, non_blocking=device.type != "cpu")


def _worker() -> Any:
    """Return the information about this worker process of a DataLoader; `None` elsewhere."""
    return None if torch.compiler.is_compiling() else get_worker_info()


class ExactModule(torch.nn.Module):
    """A module whose floating buffers keep their dtype, even if a parent is converted with `half()` or `bfloat16()`."""

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        before = dict(self.named_buffers(recurse=False))
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        for name, buffer in before.items():
            moved: torch.Tensor = getattr(self, name)
            if moved.dtype != buffer.dtype:
                setattr(self, name, buffer.to(moved.device))
        return self


class CoefficientStream(ExactModule):
    """Mixing coefficients from Beta(alpha, alpha), with further random numbers at the same positions.

    Parameters
    ----------
    alpha
        Parameter of the distribution, above 0.
    seed
        Seed, 0 or more.
    """

    key: torch.Tensor
    position: torch.Tensor
    quantiles: torch.Tensor | None

    def __init__(self, alpha: float, seed: int) -> None:
        super().__init__()
        self.register_buffer("key", torch.tensor(key_of(seed)))
        self.register_buffer("position", torch.tensor(0))
        # Not part of the state, since alpha determines them.
        self.register_buffer("quantiles", None if alpha == 1 else beta_quantiles(alpha), persistent=False)

    def advance(self, n: int, device: torch.device | None = None) -> torch.Tensor:
        """Return the next n positions, int64 (n,) on a device, and move past them."""
        device = device or self.position.device
        positions = at(self.position, device) + torch.arange(n, device=device)
        if _worker() is None:
            self.position += n
        else:
            # Spawned workers have the buffers of the main process in shared memory.
            self.position = self.position + n
        return positions

    def coefficients(self, positions: torch.Tensor) -> torch.Tensor:
        """Return the coefficients at positions, int64 (N,): float32 (N,), multiples of 1 / STEPS."""
        drawn = self.numbers(positions)
        return drawn if self.quantiles is None else exact(interpolate(at(self.quantiles, positions.device), drawn))

    def numbers(self, positions: torch.Tensor, stream: int = 0) -> torch.Tensor:
        """Return uniform random numbers at positions, int64 (N,), of stream number `stream`; float32 (N,)."""
        # All workers of a DataLoader start with copies of this stream in the same state.
        worker = _worker()
        key = self.key if worker is None else torch.tensor(key_of(int(self.key), worker.seed))
        return uniform(at(key, positions.device), positions, stream)
