"""Windows of rows that are read from files: prepared one at a time, and cut into batches."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from hmix_hub.tables import pick_rows
from hmix_hub.training.drawn import KeptPictures, most_kept
from hmix_hub.training.order import Order
from hmix_hub.training.prepared import ROW, Prepared, Wanted, prepare

if TYPE_CHECKING:
    import datasets

Batch = dict[str, torch.Tensor]
Rows = npt.NDArray[np.int64]


class Window(NamedTuple):
    """Rows in their order: what they hold, which of it is whose, int64 (R,), and their numbers, int64 (R,)."""

    prepared: Prepared
    places: Rows
    rows: Rows

    def take(self, part: slice) -> Batch:
        """Return a part of the rows as a batch."""
        device = self.prepared.wanted.device
        return self.prepared.take(on_device(self.places[part], device)) | {ROW: on_device(self.rows[part], device)}

    def batches(self, part: slice, batch_size: int) -> Iterator[Batch]:
        """Yield a part of the rows in batches."""
        device = self.prepared.wanted.device
        rows = on_device(self.rows[part], device)
        places = rows if self.places is self.rows else on_device(self.places[part], device)
        own_rows, batches = torch.unsafe_split(rows, batch_size), self.prepared.batches(places, batch_size)
        for batch, own in zip(batches, own_rows, strict=True):
            batch[ROW] = own
            yield batch


def on_device(numbers: Rows, device: torch.device) -> torch.Tensor:
    """Return whole numbers as a tensor on a device."""
    tensor = torch.from_numpy(numbers)
    if device.type == "cuda":
        # From pinned memory the copy needs no waiting for.
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def batches_across(windows: Iterable[Window], batch_size: int) -> Iterator[Batch]:
    """Yield the rows of windows in batches; one may begin in a window and end in another."""
    begun: Batch | None = None
    for window in windows:
        start, n = 0, len(window.rows)
        if begun is not None:
            start = min(n, batch_size - len(begun[ROW]))
            more = window.take(slice(0, start))
            begun = {name: torch.cat([tensor, more[name]]) for name, tensor in begun.items()}
            if len(begun[ROW]) < batch_size:
                continue
            yield begun
        whole = start + (n - start) // batch_size * batch_size
        if start < whole:
            yield from window.batches(slice(start, whole), batch_size)
        begun = window.take(slice(whole, n)) if whole < n else None
    if begun is not None:
        yield begun


class HeldRows:
    """Rows of a dataset, prepared in memory; see `MappedRows`."""

    def __init__(self, dataset: datasets.Dataset, wanted: Wanted, order: Order) -> None:
        self._prepared, self._order = prepare(dataset, wanted), order

    def batches(self, epoch: int, start: int) -> Iterator[Batch]:
        """Yield this process's batches of an epoch from a place on."""
        for rows in self._order.chunks(epoch, start):
            yield from Window(self._prepared, rows, rows).batches(slice(None), self._order.batch_size)


class MappedRows:
    """Rows of a dataset in mapped files.

    Parameters
    ----------
    dataset
        N rows.
    wanted
        What batches hold.
    order
        Their order.
    """

    def __init__(self, dataset: datasets.Dataset, wanted: Wanted, order: Order) -> None:
        self._dataset, self._wanted, self._order = dataset, wanted, order
        self._last: tuple[Rows, Prepared] | None = None

    def batches(self, epoch: int, start: int) -> Iterator[Batch]:
        """Yield this process's batches of an epoch from a place on."""
        windows = (self._window(rows) for rows in self._order.windows(epoch, start))
        return batches_across(windows, self._order.batch_size)

    def _window(self, rows: Rows) -> Window:
        order = np.argsort(rows, kind="stable")
        places = np.empty(len(rows), dtype=np.int64)
        places[order] = np.arange(len(rows))
        in_order = rows[order]
        # The rows are the same in each epoch where all fill one window.
        if self._last is None or not np.array_equal(self._last[0], in_order):
            self._last = in_order, prepare(pick_rows(self._dataset, in_order), self._wanted, self._kept)
        return Window(self._last[1], places, rows)

    @cached_property
    def _kept(self) -> KeptPictures | None:
        return kept_pictures(self._wanted, self._order.batch_size, self._order.world_size, 2 * self._order.n)


def kept_pictures(wanted: Wanted, batch_size: int, processes: int, most: int) -> KeptPictures | None:
    """Return an empty file for the pictures of rows that are read; `None` where batches hold none."""
    if wanted.images is None:
        return None
    most = min(most, most_kept(3 * math.prod(wanted.size), processes))
    return KeptPictures(wanted.size, most, wanted.rows_at_once(batch_size), wanted.scaling, wanted.device)
