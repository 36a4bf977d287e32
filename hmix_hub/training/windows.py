"""Rows for batches: held in memory, or read from files in windows that are prepared one at a time."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from hmix_hub.schema.arrays import Ints
from hmix_hub.tables import arrow_columns, pick_rows
from hmix_hub.training.drawn import KeptPictures, most_kept
from hmix_hub.training.order import Order, check_whole
from hmix_hub.training.prepared import REPEATED, ROW, Prepared, Wanted, prepare
from hmix_hub.training.remixing import Remixing

if TYPE_CHECKING:
    import datasets

Batch = dict[str, torch.Tensor]


class Window(NamedTuple):
    """Rows in their order: their content, the position of each in it, int64 (R,), and their numbers, int64 (R,)."""

    prepared: Prepared
    places: Ints
    rows: Ints

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


def on_device(numbers: Ints, device: torch.device) -> torch.Tensor:
    """Return integers as a tensor on a device."""
    tensor = torch.from_numpy(numbers)
    if device.type == "cuda":
        # Copies from pinned memory can be asynchronous.
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def batches_across(windows: Iterable[Window], batch_size: int) -> Iterator[Batch]:
    """Yield the rows of windows in batches, which may span windows."""
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


class OrderedRows(ABC):
    """Rows of a dataset with known numbers and order.

    Parameters
    ----------
    dataset
        N rows.
    wanted
        Content of batches.
    order
        Their order.
    remixing
        How their images are mixed again; `None`: they are not.
    """

    def __init__(self, dataset: datasets.Dataset, wanted: Wanted, order: Order, remixing: Remixing | None) -> None:
        self.dataset, self.wanted, self.order, self.remixing = dataset, wanted, order, remixing

    def __str__(self) -> str:
        size, order = min(self.order.batch_size, self.order.n), self.order
        contents = self.wanted.contents(self.dataset, (size,))
        contents = contents if self.remixing is None else self.remixing.contents(contents, size)
        held = ", ".join([*contents, f"{ROW} [{size}]", *([f"{REPEATED} [{size}]"] if order.pad else [])])
        steps = order.steps()
        return (
            f"{order.n} rows in {steps} batches of up to {order.batch_size}; each holds {held} on {self.wanted.device}"
        )

    @property
    def start(self) -> int:
        """Place where an epoch starts."""
        return 0

    def check_place(self, place: object) -> int:
        """Check the place in a state."""
        return min(check_whole(place, "the place of the state"), self.order.n)

    def steps(self, place: int, _epoch: int) -> int:
        """Return the number of this process's batches of an epoch from a place on."""
        return self.order.steps(place)

    def batches(self, epoch: int, place: int) -> Iterator[tuple[Batch, int | None]]:
        """Yield this process's batches of an epoch from a place on, each with the place after it; `None`: the end.

        Places are the same for all processes that have taken as many batches.
        """
        end = self.order.end(place)
        for prepared in self._prepared(epoch, place):
            own_rows = prepared.pop(ROW)
            places = self.order.places(place, len(own_rows))
            batch = prepared if self.remixing is None else self.remixing.remix(prepared, epoch, places)
            batch[ROW] = own_rows
            if self.order.pad:
                batch[REPEATED] = torch.tensor([each >= self.order.n for each in places], device=own_rows.device)
            place += self.order.stride
            yield batch, place if place < end else None

    @abstractmethod
    def _prepared(self, epoch: int, place: int) -> Iterator[Batch]:
        """Yield the batches before they are mixed again."""

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Properties that a state must share with these rows."""
        order = self.order
        # If all rows fit in one window, their order is that of rows in memory.
        is_cut = order.shuffle and order.buffer_size is not None and order.buffer_size < order.n
        return {
            "rows": order.n,
            "seed": order.seed,
            "shuffle": order.shuffle,
            "buffer_size": order.buffer_size if is_cut else None,
            "fingerprint": _fingerprint(self.dataset),
            "mix": None if self.remixing is None else self.remixing.fingerprint(),
        }


_ID_COLUMNS = ("judgment_id", "stimulus_id", "pair_id")
_HASHED_AT_ONCE = 65_536


def _fingerprint(dataset: datasets.Dataset) -> str:
    """Return a hash of the rows and their order, which is the same if the dataset is loaded again."""
    digest = hashlib.blake2b(str(len(dataset)).encode(), digest_size=8)
    key = next((name for name in _ID_COLUMNS if name in dataset.column_names), None)
    if key is not None:
        ids = arrow_columns(dataset, [key])
        for batch in ids.to_batches(max_chunksize=_HASHED_AT_ONCE):
            digest.update("\n".join(batch.column(0).to_pylist()).encode() + b"\n")
    return digest.hexdigest()


class HeldRows(OrderedRows):
    """Rows that are all prepared in memory at once."""

    def __init__(self, dataset: datasets.Dataset, wanted: Wanted, order: Order, remixing: Remixing | None) -> None:
        super().__init__(dataset, wanted, order, remixing)
        self._all = prepare(dataset, wanted)

    def _prepared(self, epoch: int, place: int) -> Iterator[Batch]:
        for rows in self.order.chunks(epoch, place):
            yield from Window(self._all, rows, rows).batches(slice(None), self.order.batch_size)


class MappedRows(OrderedRows):
    """Rows in mapped files, one window of which is in memory."""

    _last: tuple[Ints, Prepared] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # Other processes read for themselves.
        return {name: value for name, value in vars(self).items() if name not in {"_last", "_kept"}}

    def _prepared(self, epoch: int, place: int) -> Iterator[Batch]:
        return batches_across(map(self._window, self.order.windows(epoch, place)), self.order.batch_size)

    def _window(self, rows: Ints) -> Window:
        order = np.argsort(rows)
        places = np.empty(len(rows), dtype=np.int64)
        places[order] = np.arange(len(rows))
        in_order = rows[order]
        # The rows are the same in each epoch if they all fit in one window.
        if self._last is None or not np.array_equal(self._last[0], in_order):
            self._last = in_order, prepare(pick_rows(self.dataset, in_order), self.wanted, self._kept)
        return Window(self._last[1], places, rows)

    @cached_property
    def _kept(self) -> KeptPictures | None:
        return kept_pictures(self.wanted, self.order.batch_size, self.order.world_size, 2 * self.order.n)


def kept_pictures(wanted: Wanted, batch_size: int, processes: int, most: int) -> KeptPictures | None:
    """Return an empty file for the pictures of rows; `None` if batches have none."""
    if wanted.images is None:
        return None
    most = min(most, most_kept(3 * math.prod(wanted.size), processes))
    return KeptPictures(wanted.size, most, wanted.rows_at_once(batch_size), wanted.scaling, wanted.device)
