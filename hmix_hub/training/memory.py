"""Memory of batches on the processor: large blocks are used again as soon as nobody holds them.

A fresh block of tens of megabytes costs the system more time than filling it.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

Block = npt.NDArray[np.uint8]

_WORTHWHILE = 1 << 20
"""Bytes from which a block is kept: smaller ones the allocator keeps itself."""
_KEPT = 4
"""Blocks that wait to be used again, at most: two for each of two endpoints."""
_LINE = 64
"""Bytes of a line of the cache: a block that begins within one is slower to fill."""


class Memory:
    """Blocks for the tensors of batches.

    A tensor given out is the holder's own: its block comes back only when the tensor, every view of it and every graph
    that saved it are gone.
    """

    def __init__(self) -> None:
        self._free: list[Block] = []
        self._lent: dict[int, tuple[weakref.ref[Block], Block]] = {}

    def empty(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Give an uninitialised tensor of a shape and a dtype."""
        size = math.prod(shape) * dtype.itemsize
        if size < _WORTHWHILE:
            return torch.empty(tuple(shape), dtype=dtype)
        block = self._block(size)
        # The tensor's storage holds this view, and only it: when the view dies, nobody can see the block any more.
        view = block[:size]
        lent = weakref.ref(view, self._take_back)
        self._lent[id(lent)] = lent, block
        return torch.from_numpy(view).view(dtype).view(tuple(shape))

    def _block(self, size: int) -> Block:
        """Take the block that came back last, if it is large enough; else it is let go, and a new one is made."""
        try:
            # One step, so that two threads never get the same block.
            block = self._free.pop()
        except IndexError:
            block = None
        return _aligned(size) if block is None or len(block) < size else block

    def _take_back(self, lent: weakref.ref[Block]) -> None:
        self._free.append(self._lent.pop(id(lent))[1])
        del self._free[:-_KEPT]

    def __reduce__(self) -> tuple[type[Memory], tuple[()]]:
        return Memory, ()


def _aligned(size: int) -> Block:
    """Give uninitialised bytes that begin with a line of the cache, as torch's own tensors do."""
    block = np.empty(size + _LINE, dtype=np.uint8)
    start = -block.ctypes.data % _LINE
    return block[start : start + size]
