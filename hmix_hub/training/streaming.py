"""Rows of a stream for batches: read shard by shard, and shuffled within a bounded buffer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError
from hmix_hub.schema.arrays import Ints
from hmix_hub.training.drawn import KeptPictures
from hmix_hub.training.order import Order, Permutation, check_whole
from hmix_hub.training.prepared import REPEATED, ROW, Vocabularies, prepare, wanted_of
from hmix_hub.training.windows import Batch, Window, kept_pictures

if TYPE_CHECKING:
    import datasets

SHARD = "shard"
"""Name of the number of a row's shard; `row` is the number within it."""
_READ_AT_ONCE = 8192
_MOST_KEPT = 1 << 22
_SHARD_BITS = 36
"""Bit position of the shard's number in the number of a row; a shard has fewer than 2 to the power of this rows."""


class Place(NamedTuple):
    """Start of a window, and its next batch: the part of a state about a stream."""

    shard: int
    """Position in the order of the shards read by this process."""
    row: int
    """Row of the shard."""
    seen: int
    """Number of rows read before it."""
    window: int
    batch: int


class Piece(NamedTuple):
    """Rows that were read, and the position of each, int64 (R,)."""

    table: pa.Table
    position: Ints
    """Position of its shard, in the order of the shards read by the process."""
    shard: Ints
    """Number of its shard; for rows read once more, plus the number of shards."""
    row: Ints
    seen: Ints

    def slice(self, start: int, stop: int | None = None) -> Piece:
        """Return some of the rows."""
        part = slice(start, stop)
        return Piece(self.table[part], *(each[part] for each in self[1:]))

    def place(self, row: int, window: int) -> Place:
        """Return the place of a window that starts with one of these rows."""
        return Place(int(self.position[row]), int(self.row[row]), int(self.seen[row]), window, 0)


def _joined(pieces: Sequence[Piece]) -> Piece:
    columns = [np.concatenate(each) for each in list(zip(*pieces, strict=True))[1:]]
    return Piece(pa.concat_tables([piece.table for piece in pieces]), *columns)


@dataclass(frozen=True)
class StreamRows:
    """Rows of a stream, whose number is unknown.

    The shards of the stream (row groups of a built study) have an order that depends only on `seed` and the epoch. Each
    process reads every `world_size`-th shard; if there are fewer shards than processes, it reads all of them and takes
    every `world_size`-th row. Rows are shuffled within windows of `buffer_size`.

    Parameters
    ----------
    stream
        The rows.
    options
        Content of batches; see `wanted_of`.
    order
        Order, whose number of rows is not used.
    counts
        Rows of each shard; empty if not counted yet.
    """

    stream: datasets.IterableDataset
    options: Mapping[str, Any]
    order: Order
    counts: list[int] = field(default_factory=list)
    _kept: list[KeptPictures | None] = field(default_factory=list)

    @property
    def start(self) -> Place:
        """Place where an epoch starts."""
        return Place(0, 0, 0, 0, 0)

    def __post_init__(self) -> None:
        features, given = self.stream.features or {}, self.vocabularies
        for name in self._columns:
            if getattr(features.get(name), "dtype", None) == "string" and name not in given:
                msg = f"the values of the column {name!r} of a stream are unknown before it is read"
                raise ConfigurationError(msg, hint=f"give its values: vocabularies={{{name!r}: [...]}}")
            if name in {SHARD, ROW, REPEATED}:
                msg = f"a batch cannot hold two things called {name!r}: a column, and the position of the row"
                raise ConfigurationError(msg, hint="leave it out of columns=")

    def __str__(self) -> str:
        order = self.order
        held = ", ".join([*self._columns, SHARD, ROW])
        return f"a stream of {self.stream.num_shards} shards in batches of up to {order.batch_size}, with {held}"

    @property
    def _columns(self) -> list[str]:
        columns = self.options["columns"]
        return [columns] if isinstance(columns, str) else list(columns)

    @property
    def vocabularies(self) -> Mapping[str, Sequence[str]]:
        """Values of ids."""
        given: Vocabularies = self.options["vocabularies"]
        return dict(getattr(given, "vocabularies", given) or {})

    @property
    def identity(self) -> dict[str, Any]:
        """Properties that a state must share with these rows."""
        features = repr(sorted((self.stream.features or {}).items()))
        return {
            "shards": self.stream.num_shards,
            "batch_size": self.order.batch_size,
            "seed": self.order.seed,
            "shuffle": self.order.shuffle,
            "buffer_size": self.order.buffer_size,
            "rank": self.order.rank,
            "world_size": self.order.world_size,
            "fingerprint": hashlib.blake2b(features.encode(), digest_size=8).hexdigest(),
        }

    def check_place(self, place: object) -> Place:
        """Check the place in a state."""
        numbers = list(place) if isinstance(place, list | tuple) else []
        if len(numbers) != len(Place._fields):
            msg = f"a place in a stream consists of {len(Place._fields)} integers, not {place!r}"
            raise ConfigurationError(msg, hint="state_dict() gives one")
        return Place._make(check_whole(number, "the place of the state") for number in numbers)

    def steps(self, place: Place, epoch: int) -> int:
        """Return the number of this process's batches of an epoch."""
        if place != self.start or not self.counts:
            msg = (
                "how many batches a stream gives is known once they have begun, from the start, where all processes "
                "have as many: with pad=True, or drop_last=True and several processes"
            )
            raise TypeError(msg)
        return self._most_rows(epoch) // self.order.batch_size

    def batches(self, epoch: int, place: Place) -> Iterator[tuple[Batch, list[int] | None]]:
        """Yield this process's batches of an epoch from a place on, each with the place after it; `None`: the end."""
        size = self.order.batch_size
        for begin, piece, following in self._windows(epoch, place):
            window = self._prepared(piece, epoch, begin.window)
            number, n_batches = begin.batch, -(-len(piece.row) // size)
            for batch in window.batches(slice(number * size, None), size):
                number += 1
                which = batch.pop(ROW)
                batch[SHARD], batch[ROW] = which >> _SHARD_BITS, which & ((1 << _SHARD_BITS) - 1)
                if self.order.pad:
                    batch[REPEATED] = batch[SHARD] >= self.stream.num_shards
                    batch[SHARD] %= self.stream.num_shards
                behind = begin._replace(batch=number) if number < n_batches else following
                yield batch, None if behind is None else list(behind)

    def _prepared(self, piece: Piece, epoch: int, number: int) -> Window:
        """Return a window of rows in their order."""
        from datasets import Dataset

        # A custom fingerprint, since computing that of a table means hashing it.
        dataset = in_one_order(
            Dataset(piece.table, info=self.stream.info.copy(), fingerprint=f"window {epoch} {number}")
        )
        wanted = wanted_of(dataset, **self.options)
        if not self._kept:
            self._kept.append(kept_pictures(wanted, self.order.batch_size, self.order.world_size, _MOST_KEPT))
        kept = self._kept[0]
        if kept is not None and kept.size != wanted.size:
            msg = "the pictures of the stream differ in size"
            raise ConfigurationError(msg, hint="resize them with image_size=(height, width)")
        places = np.arange(len(piece.row))
        if self.order.shuffle:
            places = Permutation(len(places), self.order.seed, epoch, self.order.rank, number).rows(places)
        rows = piece.shard[places] << _SHARD_BITS | piece.row[places]
        return Window(prepare(dataset, wanted, kept), places, rows)

    def _windows(self, epoch: int, place: Place) -> Iterator[tuple[Place, Piece, Place | None]]:
        """Yield windows of whole batches, except for the last: start of each, its rows, and start of the next."""
        size = self.order.batch_size
        most = self._window_rows
        # A window is the last if less than this follows.
        more = size if self.order.drop_last else 1
        parts: list[Piece] = []
        n = 0
        for piece in self._pieces(epoch, place):
            parts.append(piece)
            n += len(piece.row)
            while n >= most + more:
                whole = _joined(parts)
                following = whole.place(most, place.window + 1)
                yield place, whole.slice(0, most), following
                parts, n, place = [whole.slice(most)], n - most, following
        n = n // size * size if self.order.drop_last else n
        if n:
            yield place, _joined(parts).slice(0, n), None

    def _pieces(self, epoch: int, place: Place) -> Iterator[Piece]:
        """Yield the rows of this process from a place on, as they are read."""
        order = self.order
        shards = self._shards(epoch)
        own = shards[order.rank :: order.world_size] if self._deals_shards else shards
        left = None
        if order.pad or (order.drop_last and order.world_size > 1):
            left = self._most_rows(epoch) - place.window * self._window_rows
        position, skipped, seen = place[:3]
        while (left is None or left > 0) and (position < len(own) or order.pad):
            is_own = position < len(own)
            shard = own[position] if is_own else shards[(position - len(own)) % len(shards)] + len(shards)
            for table, row in self._read(shard % len(shards), skipped):
                rows = np.arange(row, row + table.num_rows)
                numbers = rows - row + seen
                piece = Piece(table, np.full(len(rows), position), np.full(len(rows), shard), rows, numbers)
                seen += len(rows)
                if not self._deals_shards:
                    mine = numbers % order.world_size == order.rank
                    piece = Piece(table.filter(pa.array(mine)), *(each[mine] for each in piece[1:]))
                if left is not None:
                    piece = piece.slice(0, max(0, left))
                    left -= len(piece.row)
                if len(piece.row):
                    yield piece
            position, skipped = position + 1, 0

    def _read(self, shard: int, skipped: int) -> Iterator[tuple[pa.Table, int]]:
        """Yield the rows of a shard from a row on, each piece with the number of its first row."""
        row = 0
        rows = self.stream.shard(num_shards=self.stream.num_shards, index=shard).with_format("arrow")
        for table in rows.iter(_READ_AT_ONCE):
            first = max(0, min(table.num_rows, skipped - row))
            yield table[first:], row + first
            row += table.num_rows

    @property
    def _window_rows(self) -> int:
        """Rows of a window, except the last: as many whole batches as the buffer holds, at least one."""
        size = self.order.batch_size
        return max(1, (self.order.buffer_size or 1) // size) * size

    @property
    def _deals_shards(self) -> bool:
        return self.stream.num_shards >= self.order.world_size

    def _shards(self, epoch: int) -> list[int]:
        """Return the order of the shards in an epoch."""
        numbers = np.arange(self.stream.num_shards)
        if self.order.shuffle:
            numbers = Permutation(len(numbers), self.order.seed, epoch).rows(numbers)
        found: list[int] = numbers.tolist()
        return found

    def _most_rows(self, epoch: int) -> int:
        """Return the number of rows of each process, so that all have the same number of full batches."""
        if not self.counts:
            self.counts.extend(_counts(self.stream))
        order, size = self.order, self.order.batch_size
        per_shard = [self.counts[shard] for shard in self._shards(epoch)]
        if self._deals_shards:
            rows = [sum(per_shard[rank :: order.world_size]) for rank in range(order.world_size)]
        else:
            rows = [len(range(rank, sum(per_shard), order.world_size)) for rank in range(order.world_size)]
        return (min(rows) // size if order.drop_last else -(-max(rows) // size)) * size


def _counts(stream: datasets.IterableDataset) -> list[int]:
    """Count the rows of each shard, from the footers of a built study or by reading all of them."""
    said = getattr(getattr(stream, "_ex_iterable", None), "kwargs", {})
    if set(said) == {"groups", "conditions"} and not said["conditions"] and len(said["groups"]) == stream.num_shards:
        return [group.n_rows for group in said["groups"]]
    shards = (stream.shard(num_shards=stream.num_shards, index=shard) for shard in range(stream.num_shards))
    return [sum(table.num_rows for table in shard.with_format("arrow").iter(_READ_AT_ONCE)) for shard in shards]
