"""Order of an epoch: which rows each batch of each process has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError
from hmix_hub.training.permutation import Permutation

Ints = npt.NDArray[np.int64]

_AT_ONCE = 16_384
"""Places whose rows are computed at a time: few enough for the processor's cache."""


@dataclass(frozen=True)
class Order:
    """Order of N rows over epochs and processes.

    The rows of an epoch stand in one global order, which depends on `seed` and the epoch alone; process `rank` takes
    every `world_size`-th of them.

    Parameters
    ----------
    n
        N, rows.
    batch_size
        Rows of a batch of one process.
    shuffle
        Whether an epoch is a new random order; else it is that of the rows.
    seed
        Seed of all epochs.
    drop_last
        Whether to leave out what does not fill a batch in every process.
    rank, world_size
        Number of this process, 0 to `world_size` - 1, and how many there are.
    """

    n: int
    batch_size: int
    shuffle: bool = True
    seed: int = 0
    drop_last: bool = False
    rank: int = 0
    world_size: int = 1

    def __post_init__(self) -> None:
        for name, low in (("batch_size", 1), ("world_size", 1), ("rank", 0), ("seed", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
                msg = f"{name} is a whole number of {low} or more, not {value!r}"
                raise ConfigurationError(msg)
        if self.rank >= self.world_size:
            msg = f"rank is {self.rank}, and the ranks of {self.world_size} processes are 0 to {self.world_size - 1}"
            raise ConfigurationError(msg)

    @property
    def stride(self) -> int:
        """Rows that all processes together take in one step."""
        return self.batch_size * self.world_size

    def end(self, start: int = 0) -> int:
        """Give the place behind the last one that this process takes, when it begins at `start`."""
        if self.drop_last:
            return start + (self.n - start) // self.stride * self.stride
        return self.n

    def steps(self, start: int = 0) -> int:
        """Give the number of this process's batches from a place on."""
        mine = self.end(start) - start - self.rank
        return max(0, -(-mine // self.stride))

    def chunks(self, epoch: int, start: int = 0) -> Iterator[Ints]:
        """Give this process's rows of an epoch, several steps at a time.

        Parameters
        ----------
        epoch
            Number of the epoch.
        start
            Place in the global order at which to begin.

        Yields
        ------
        numpy.ndarray
            int64 (R,): whole batches, one behind the other; only the epoch's last may be smaller.
        """
        permutation = Permutation(self.n, self.seed, epoch) if self.shuffle else None
        begin, end = start + self.rank, self.end(start)
        width = max(1, _AT_ONCE // self.batch_size) * self.stride
        for first in range(begin, end, width):
            places = np.arange(first, min(first + width, end), self.world_size)
            yield places if permutation is None else permutation.rows(places)
