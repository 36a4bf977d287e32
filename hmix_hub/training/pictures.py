"""Pictures of batches: gathered from a table of distinct pictures and scaled.

On the CPU, large blocks of memory are reused as soon as they are no longer referenced: allocating a fresh block of tens
of megabytes takes longer than filling it.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema.groups import encode_key
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.stimuli.drawing import draw, take_endpoints
from hmix_hub.stimuli.mixtures import Mixtures
from hmix_hub.stimuli.sizes import Size

NUMBERS_AT_ONCE = 3 << 17
"""Number of pixel values computed at a time on the CPU: few enough for its cache, and enough to outweigh the overhead
of an operation.
"""
FRESH_NUMBERS = 1 << 22
"""Maximum number of pixel values in a fresh block: the allocator itself keeps blocks of up to 32 MiB."""
_KEPT_BY_ALLOCATOR = (32 << 20) - (64 << 10)
"""Bytes of the largest block that it keeps, less its overhead."""
LINE_BYTES = 8
"""Bytes of a factor and an offset, float32 each."""
Block = npt.NDArray[np.uint8]
_WORTHWHILE = 1 << 20
"""Minimum size of a kept block in bytes: the allocator itself keeps smaller ones."""
_KEPT = 4
"""Maximum number of blocks kept for reuse: two for each of two endpoints."""
_LINE = 64
"""Bytes of a cache line: a block that starts within one is slower to fill."""


class Memory:
    """Blocks for the tensors of batches.

    A tensor belongs to its holder: its block is reused only when the tensor, all views of it and all graphs that saved
    it are gone.
    """

    def __init__(self) -> None:
        _keep_freed_blocks()
        self._free: list[Block] = []
        self._lent: dict[int, tuple[weakref.ref[Block], Block]] = {}

    def empty(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Return an uninitialised tensor of a shape and a dtype."""
        size = math.prod(shape) * dtype.itemsize
        if size < _WORTHWHILE:
            return torch.empty(tuple(shape), dtype=dtype)
        try:
            # A single step, so that two threads never get the same block.
            block = self._free.pop()
        except IndexError:
            block = None
        # Blocks that are too small are released.
        if block is None or len(block) < size:
            block = _aligned(size)
        # Only the tensor's storage holds this view: when the view is deleted, the block is no longer reachable.
        view = block[:size]
        lent = weakref.ref(view, self._take_back)
        self._lent[id(lent)] = lent, block
        return torch.from_numpy(view).view(dtype).view(tuple(shape))

    def _take_back(self, lent: weakref.ref[Block], kept: int = _KEPT) -> None:
        # A default argument, since the module's names are gone if a batch still exists when the interpreter exits.
        self._free.append(self._lent.pop(id(lent))[1])
        del self._free[:-kept]

    def __reduce__(self) -> tuple[type[Memory], tuple[()]]:
        return Memory, ()


@cache
def _keep_freed_blocks() -> None:
    """Make the allocator keep freed blocks, as glibc does up to the size of the largest block freed before.

    Until then, each block of a few megabytes may be fresh memory, whose page faults take as long as filling it.
    """
    torch.empty(_KEPT_BY_ALLOCATOR, dtype=torch.uint8)


def _aligned(size: int) -> Block:
    """Return uninitialised bytes aligned to a cache line, like torch's own tensors."""
    block = np.empty(size + _LINE, dtype=np.uint8)
    start = -block.ctypes.data % _LINE
    return block[start : start + size]


@dataclass(frozen=True)
class Scaling:
    """Scaling from bytes to floats, `(picture / 255 - mean) / std` by channel; torch.uint8 keeps the bytes."""

    dtype: torch.dtype = torch.float32
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    @property
    def line(self) -> tuple[list[float], list[float]]:
        """Factor and offset of each channel."""
        mean, std = self.mean or (0.0,) * 3, self.std or (1.0,) * 3
        return [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]

    def scale_by_channel(self, pictures: torch.Tensor) -> torch.Tensor:
        """Scale on an accelerator, with one operation that reads bytes and writes numbers."""
        scaled = torch.empty(pictures.shape, dtype=self.dtype, device=pictures.device)
        for channel, (factor, offset) in enumerate(zip(*self.line, strict=True)):
            start = torch.tensor(offset, dtype=self.dtype)
            torch.add(start, pictures[:, channel], alpha=factor, out=scaled[:, channel])
        return scaled


@dataclass(frozen=True, eq=False)
class Pictures:
    """Distinct pictures, uint8 (D, C, H, W), on a device, and the picture of each row, int64 (N,).

    `channels` are the same bytes in the layout of `with_lines`.
    """

    table: torch.Tensor
    of_row: torch.Tensor
    scaling: Scaling
    channels: torch.Tensor | None = None
    _memory: Memory = field(default_factory=Memory, init=False)

    @classmethod
    def fixed(cls, table: torch.Tensor, of_row: torch.Tensor, scaling: Scaling) -> Pictures:
        """Return read-only pictures, laid out to be gathered and scaled in one operation.

        `table` is then a view of `channels`. Without such an operation, it is unchanged.
        """
        if table.device.type != "cpu" or not has_one_pass(scaling):
            return cls(table, of_row, scaling)
        channels = with_lines(table, scaling)
        return cls(channels[:, :-LINE_BYTES].view(table.shape), of_row, scaling, channels)

    def __reduce__(self) -> tuple[Any, ...]:
        make = Pictures if self.channels is None else Pictures.fixed
        return make, (self.table, self.of_row, self.scaling)

    def number(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the numbers of the pictures of rows, int64 (B,) each."""
        return self.of_row.index_select(0, rows)

    def take(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return pictures by number, scaled: (B, C, H, W); nothing is copied to or from an accelerator."""
        if self.table.device.type == "cpu":
            return self._take_on_processor(numbers)
        return self.take_on_accelerator(numbers)

    def take_on_accelerator(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the same as `take`, computed in few large operations; slower on the CPU."""
        taken = self._words.index_select(0, numbers).view(torch.uint8).view(-1, *self.table.shape[1:])
        return taken if self.scaling.dtype == torch.uint8 else self.scaling.scale_by_channel(taken)

    @cached_property
    def _bytes(self) -> torch.Tensor:
        return self.table.flatten(1)

    @cached_property
    def _words(self) -> torch.Tensor:
        """The same bytes in groups of eight, if possible: an accelerator then copies them with fewer threads."""
        return self._bytes.view(torch.int64) if self._bytes.shape[1] % 8 == 0 else self._bytes

    @cached_property
    def _line(self) -> list[torch.Tensor]:
        """Factor and offset of each value of a picture."""
        area = self.table.shape[2] * self.table.shape[3]
        return [torch.tensor(each, dtype=self.scaling.dtype).repeat_interleave(area) for each in self.scaling.line]

    def _take_on_processor(self, numbers: torch.Tensor) -> torch.Tensor:
        shape = (len(numbers), *self.table.shape[1:])
        if self.channels is not None and math.prod(shape) <= FRESH_NUMBERS:
            return take_channels(self.channels, numbers, shape[1]).view(shape)
        taken = self._memory.empty(shape, self.scaling.dtype)
        flat = taken.flatten(1)
        if self.scaling.dtype == torch.uint8:
            torch.index_select(self._bytes, 0, numbers, out=flat)
            return taken
        at_once = max(1, NUMBERS_AT_ONCE // flat.shape[1])
        for first in range(0, len(numbers), at_once):
            part = slice(first, first + at_once)
            self._fill(flat[part], numbers[part])
        return taken

    def _fill(self, flat: torch.Tensor, numbers: torch.Tensor) -> None:
        """Write scaled pictures, few enough that their bytes are still in the CPU cache."""
        if self.channels is not None:
            flat.copy_(take_channels(self.channels, numbers, self.table.shape[1]).view(flat.shape))
            return
        flat.copy_(self._bytes.index_select(0, numbers))
        if self.scaling.mean:
            factor, offset = self._line
            torch.addcmul(offset, flat, factor, out=flat)
        else:
            flat.mul_(1 / 255)


def with_lines(table: torch.Tensor, scaling: Scaling) -> torch.Tensor:
    """Return the channels of pictures, each followed by its factor and offset: uint8 (D * C, H * W + 8).

    This is torch's layout for byte embeddings, whose rows are gathered and scaled in one operation.
    """
    number, channels, height, width = table.shape
    line = torch.tensor(scaling.line, dtype=torch.float32).t().contiguous().view(torch.uint8)
    # With NumPy, which requests large memory pages: rows are gathered from all over the table.
    laid_out = torch.from_numpy(np.empty((number, channels, height * width + LINE_BYTES), dtype=np.uint8))
    laid_out[..., :-LINE_BYTES] = table.flatten(2)
    laid_out[..., -LINE_BYTES:] = line
    return laid_out.flatten(0, 1)


def take_channels(channels: torch.Tensor, numbers: torch.Tensor, each: int) -> torch.Tensor:
    """Return the scaled channels of pictures by number, with C channels each: float32 (B * C, H * W)."""
    rows = (numbers.unsqueeze(1) * each + torch.arange(each)).flatten()
    scaled: torch.Tensor = torch.ops.quantized.embedding_bag_byte_rowwise_offsets(
        channels, rows, torch.arange(len(rows))
    )
    return scaled


@cache
def has_one_pass(scaling: Scaling) -> bool:
    """Whether torch gathers and scales bytes in one operation here, with exactly the same results as in two."""
    if scaling.dtype != torch.float32:
        return False
    # More than whole vectors of numbers, so that the remainder is compared, too.
    table = (torch.arange(3 * 18 * 15) % 256).to(torch.uint8).view(1, 3, 18, 15)
    first = torch.zeros(1, dtype=torch.int64)
    try:
        found = take_channels(with_lines(table, scaling), first, 3)
    except (AttributeError, RuntimeError):
        # This version of torch, or this CPU, has no such operation.
        return False
    return torch.equal(found.view(table.shape), Pictures(table, first, scaling).take(first))


def pictures_of(
    mixtures: Mixtures,
    image_sets: Mapping[str, ImageSet],
    images: str,
    scaling: Scaling,
    device: torch.device,
    *,
    size: Size | None = None,
) -> dict[str, Pictures]:
    """Return the pictures of all rows on a device: "image", or "image_1" and "image_2" for `images="endpoints"`."""
    found = {}
    if images == "mixed":
        found["image"] = draw(mixtures, image_sets, size=size), mixtures.of_row
    else:
        for which, index in enumerate((mixtures.first, mixtures.second)):
            key = encode_key([mixtures.set_number, index])
            _, some, number = np.unique(key, return_index=True, return_inverse=True)
            of_row = number.astype(np.int64)[mixtures.of_row]
            found[f"image_{which + 1}"] = take_endpoints(mixtures, image_sets, which, some, size=size), of_row
    return {
        name: Pictures.fixed(torch.from_numpy(table).to(device), torch.from_numpy(of_row).to(device), scaling)
        for name, (table, of_row) in found.items()
    }


CIFAR10_MEAN_STD = ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616))
"""Means and standard deviations of CIFAR-10's training pictures by channel, as usual in training."""


def scaling_of(dtype: torch.dtype, normalize: Any) -> Scaling:
    """Return the requested scaling."""
    if dtype != torch.uint8 and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        msg = f"dtype must be a floating type, or torch.uint8 for unscaled pictures, not {dtype!r}"
        raise ConfigurationError(msg)
    if normalize is None:
        return Scaling(dtype)
    if dtype == torch.uint8:
        msg = "uint8 pictures cannot be normalised"
        raise ConfigurationError(msg, hint="leave normalize out, or use a floating dtype")
    if normalize == "cifar10":
        normalize = CIFAR10_MEAN_STD
    try:
        mean, std = ([float(number) for number in numbers] for numbers in normalize)
    except (TypeError, ValueError):
        mean, std = [], []
    if len(mean) != 3 or len(std) != 3 or not np.isfinite([*mean, *std]).all() or min(std) <= 0:
        msg = f"normalize must be a pair (mean, std) of three numbers each, or 'cifar10', not {normalize!r}"
        raise ConfigurationError(msg, hint="values refer to pictures from 0 to 1; std must be above 0")
    most = max(abs(end - m) / s for m, s in zip(mean, std, strict=True) for end in (0, 1))
    factors = [1 / (255 * s) for s in std]
    if max(most, *factors) > torch.finfo(dtype).max:
        msg = f"pictures normalised by {normalize!r} exceed {torch.finfo(dtype).max:g}, the maximum of {dtype}"
        raise ConfigurationError(msg, hint="use dtype=torch.float32 or a larger std")
    return Scaling(dtype, tuple(mean), tuple(std))
