"""Pictures of batches: gathered from a table of distinct pictures, or drawn anew, then scaled."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hmix_hub.errors import ConfigurationError
from hmix_hub.judgments.grouping import encode_key
from hmix_hub.stimuli.drawing import draw, take_endpoints
from hmix_hub.training.memory import Memory

if TYPE_CHECKING:
    from hmix_hub.sources.image_set import ImageSet
    from hmix_hub.stimuli.mixtures import Mixtures

_AT_ONCE = 256
"""Pictures scaled at a time on the processor: both forms of them stay in its cache."""


@dataclass(frozen=True)
class Gathered:
    """Pictures of a table in memory, on a device.

    Parameters
    ----------
    table
        uint8 (D, C, H, W).
    of_row
        int64 (N,): picture of each row.
    """

    table: torch.Tensor
    of_row: torch.Tensor


def gathered(
    mixtures: Mixtures, image_sets: Mapping[str, ImageSet], images: str, device: torch.device
) -> dict[str, Gathered]:
    """Give the pictures of all rows in memory, each distinct one once.

    Parameters
    ----------
    mixtures
        What rows are about.
    image_sets
        Image sets by name.
    images
        "mixed" or "endpoints".
    device
        Where they shall lie.

    Returns
    -------
    dict
        "image"; or "image_1" and "image_2".
    """
    if images == "mixed":
        of_row = torch.from_numpy(mixtures.of_row)
        return {"image": Gathered(torch.from_numpy(draw(mixtures, image_sets)).to(device), of_row.to(device))}
    sources: dict[str, Gathered] = {}
    for which, index in enumerate((mixtures.first, mixtures.second)):
        _, some, number = np.unique(encode_key([mixtures.set_number, index]), return_index=True, return_inverse=True)
        table = torch.from_numpy(take_endpoints(mixtures, image_sets, which, some))
        of_row = torch.from_numpy(number.astype(np.int64)[mixtures.of_row])
        sources[f"image_{which + 1}"] = Gathered(table.to(device), of_row.to(device))
    return sources


@dataclass(frozen=True)
class Scaling:
    """From bytes to numbers: `(picture / 255 - mean) / std`.

    Parameters
    ----------
    dtype
        Floating type; torch.uint8 leaves pictures as they are.
    mean, std
        Per channel, or empty for 0 and 1.
    """

    dtype: torch.dtype = torch.float32
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    memory: Memory = field(default_factory=Memory, compare=False)

    def take(self, source: Gathered, rows: torch.Tensor) -> torch.Tensor:
        """Give the pictures of rows int64 (B,), scaled: (B, C, H, W); no copy to or from an accelerator."""
        numbers = source.of_row.index_select(0, rows)
        if self.dtype == torch.uint8:
            return source.table.index_select(0, numbers)
        if source.table.device.type != "cpu":
            return self.scale_by_channel(source.table.index_select(0, numbers))
        return self._take_in_parts(source.table, numbers)

    def _take_in_parts(self, table: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Gather and scale on the processor, so few pictures at a time that their bytes are still in its cache."""
        scaled = self.memory.empty((len(numbers), *table.shape[1:]), self.dtype)
        flat, raw = scaled.view(len(numbers), -1), table.view(len(table), -1)
        factor, offset = _spread(self, table.shape[2] * table.shape[3])
        for start in range(0, len(numbers), _AT_ONCE):
            part = flat[start : start + _AT_ONCE]
            part.copy_(raw.index_select(0, numbers[start : start + _AT_ONCE]))
            if self.mean:
                torch.addcmul(offset, part, factor, out=part)
            else:
                part.mul_(1 / 255)
        return scaled

    @property
    def line(self) -> tuple[list[float], list[float]]:
        """Factor and offset of each channel."""
        mean, std = self.mean or (0.0,) * 3, self.std or (1.0,) * 3
        return [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]

    def scale_by_channel(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scale on an accelerator, where one operation reads bytes and writes numbers."""
        scaled = torch.empty(pictures.shape, dtype=self.dtype, device=pictures.device)
        for channel, (factor, offset) in enumerate(zip(*self.line, strict=True)):
            start = torch.tensor(offset, dtype=self.dtype)
            torch.add(start, pictures[:, channel], alpha=factor, out=scaled[:, channel])
        return scaled


@functools.lru_cache(maxsize=8)
def _spread(scaling: Scaling, area: int) -> list[torch.Tensor]:
    """Give the factor and the offset of each number of a picture."""
    return [torch.tensor(numbers, dtype=scaling.dtype).repeat_interleave(area) for numbers in scaling.line]


CIFAR10_MEAN_STD = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
"""Means and standard deviations of CIFAR-10's training pictures by channel, as models for it are usually trained."""


def scaling_of(dtype: torch.dtype, normalize: Any) -> Scaling:
    """Check what a caller says about scaling.

    Raises
    ------
    ConfigurationError
        If it makes no sense.
    """
    if dtype != torch.uint8 and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        msg = f"dtype is a floating type, or torch.uint8 for pictures as they are, not {dtype!r}"
        raise ConfigurationError(msg)
    if normalize is None:
        return Scaling(dtype)
    if dtype == torch.uint8:
        msg = "uint8 pictures cannot be normalised"
        raise ConfigurationError(msg, hint="leave normalize out, or ask for a floating dtype")
    if normalize == "cifar10":
        normalize = CIFAR10_MEAN_STD
    try:
        mean, std = ([float(number) for number in numbers] for numbers in normalize)
    except (TypeError, ValueError):
        mean, std = [], []
    if len(mean) != 3 or len(std) != 3 or not np.isfinite(mean).all() or min(std) <= 0:
        msg = f"normalize is a pair (mean, std) of three numbers each, or 'cifar10', not {normalize!r}"
        raise ConfigurationError(msg, hint="numbers are of pictures from 0 to 1; a std is more than 0")
    return Scaling(dtype, tuple(mean), tuple(std))
