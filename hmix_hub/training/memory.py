"""Memory of batches on the processor: large blocks are used again as soon as nobody holds them.

A fresh block of tens of megabytes costs the system more time than filling it.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence

import numpy as np
import torch

_WORTHWHILE = 1 << 20
"""Bytes from which a block is kept: smaller ones the allocator keeps itself."""
_KEPT = 4


class Memory:
    """Blocks for the tensors of batches.

    A tensor given out is the holder's own: its block comes back only when the tensor, every view of it and every graph
    that saved it are gone.
    """

    def __init__(self) -> None:
        self._free: list[np.ndarray] = []

    def empty(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Give an uninitialised tensor of a shape and a dtype."""
        size = math.prod(shape) * dtype.itemsize
        if size < _WORTHWHILE:
            return torch.empty(tuple(shape), dtype=dtype)
        block = next((block for block in self._free if block.nbytes == size), None)
        if block is None:
            block = np.empty(size, dtype=np.uint8)
        else:
            self._free = [other for other in self._free if other is not block]
        # The tensor's storage holds this view, and only it: when the view dies, nobody can see the block any more.
        view = block[:]
        weakref.finalize(view, self._take_back, block).atexit = False
        return torch.from_numpy(view).view(dtype).view(tuple(shape))

    def _take_back(self, block: np.ndarray) -> None:
        self._free = [*self._free, block][-_KEPT:]

    def __reduce__(self) -> tuple[type[Memory], tuple[()]]:
        return Memory, ()
