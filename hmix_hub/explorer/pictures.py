"""Pictures of an explorer: each endpoint and ready-made mixture once, numbered, in sheets of tiles."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.errors import HMixError
from hmix_hub.explorer.asked import ShownTask
from hmix_hub.explorer.columns import whole
from hmix_hub.loading.pictures import open_image_sets
from hmix_hub.schema.arrays import Ints, encode, take
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.stimuli.mixtures import ready_of
from hmix_hub.stimuli.sizes import resized
from hmix_hub.tables import pick_rows

PER_SHEET = (32, 16)
"""Columns and rows of tiles in a sheet."""
LARGEST_TILE = 96
"""Maximum side of a tile in pixels; larger pictures are scaled down, and also written in full size."""
MOST_PIXELS = 300_000_000
"""Maximum number of pixels of all larger pictures together; beyond it, only tiles are written."""


def open_pictures(
    tasks: Sequence[ShownTask],
    kept: Collection[str],
    *,
    cifar10: Any = None,
    image_sets: Mapping[str, Any] | None = None,
    tell: Callable[[str], None],
) -> tuple[dict[str, ImageSet], list[str]]:
    """Open the available image sets of judgments.

    Parameters
    ----------
    tasks
        The judgments.
    kept
        Names of image sets to leave out because they must not be published.
    cifar10, image_sets
        Where pictures come from; see `hmix_hub.render`.
    tell
        Called with the reason why pictures are missing, which can contain paths of this computer.

    Returns
    -------
    tuple
        The image sets by name; and a sentence for the page about each missing one.
    """
    opened: dict[str, ImageSet] = {}
    notes: dict[str, str] = {}
    for task in tasks:
        first = task.stimuli.first
        numbers, names = encode(take(task.table["image_set"], first))
        for number, name in enumerate(names.to_pylist()):
            if name in kept:
                notes[name] = f"The pictures of {name} must not be published and are not shown."
            elif name not in notes:
                # One row per stimulus is enough for the checks.
                rows = pick_rows(task.dataset, np.sort(first[numbers == number]))
                try:
                    opened |= open_image_sets(rows, cifar10=cifar10, image_sets=image_sets)
                except HMixError as error:
                    notes[name] = f"The pictures of {name} could not be loaded and cannot be shown."
                    tell(f"the pictures of {name} are not shown: {error}")
    return {name: one for name, one in opened.items() if name not in notes}, list(notes.values())


@dataclass(frozen=True, eq=False)
class Pictures:
    """The P pictures of an explorer.

    Parameters
    ----------
    image_sets
        The available image sets, by name.
    names
        Names of all image sets, missing ones included.
    set_number, index
        int64 (P,): image set of each picture, as a position in `names`, and its index there. Ready-made mixtures follow
        the endpoints; their index is the row among the mixtures of the image set.
    n_endpoints
        Number of endpoints.
    mixed
        Of each ready-made mixture, in order: picture numbers of both endpoints (-1: no second) and the coefficient.
    """

    image_sets: Mapping[str, ImageSet]
    names: Sequence[str]
    set_number: Ints
    index: Ints
    n_endpoints: int
    mixed: Mapping[str, npt.NDArray[Any]]

    def __len__(self) -> int:
        return len(self.index)

    def picture(self, number: int) -> npt.NDArray[np.uint8]:
        """Return a picture by its number, uint8 (3, H, W)."""
        holder = self._holder(self.names[self.set_number[number]], is_mixture=number >= self.n_endpoints)
        return holder.picture(int(self.index[number]))

    def _holder(self, name: str, *, is_mixture: bool) -> ImageSet:
        """Return the pictures of an image set, or of its ready-made mixtures."""
        return ready_of(self.image_sets[name]) if is_mixture else self.image_sets[name]

    @cached_property
    def sizes(self) -> Ints:
        """Height and width of each picture, int64 (P, 2)."""
        sizes = np.empty((len(self), 2), dtype=np.int64)
        is_mixture = np.arange(len(self)) >= self.n_endpoints
        for number, name in enumerate(self.names):
            for kind in (False, True):
                rows = np.flatnonzero((self.set_number == number) & (is_mixture == kind))
                if len(rows):
                    sizes[rows] = self._holder(name, is_mixture=kind).sizes[self.index[rows]]
        return sizes

    @cached_property
    def tile(self) -> tuple[int, int]:
        """Height and width of a tile."""
        if not len(self):
            return (32, 32)
        height, width = self.sizes.max(axis=0).tolist()
        return min(height, LARGEST_TILE), min(width, LARGEST_TILE)

    @cached_property
    def shown_sizes(self) -> Ints:
        """Height and width of each picture within its tile, proportions kept; int64 (P, 2)."""
        shrunk = np.minimum(1, (np.array(self.tile) / self.sizes).min(axis=1, keepdims=True))
        return np.maximum(1, np.rint(self.sizes * shrunk)).astype(np.int64)

    @cached_property
    def is_shrunk(self) -> npt.NDArray[np.bool_]:
        """Which pictures are larger than their tile; bool (P,)."""
        return np.asarray((self.shown_sizes != self.sizes).any(axis=1))

    @property
    def mixture_columns(self) -> dict[str, pa.Array]:
        """The table of the ready-made mixtures, as the page reads it; empty: there are none."""
        if len(self) == self.n_endpoints:
            return {}
        return {
            "image_1": whole(self.mixed["image_1"]),
            "image_2": whole(self.mixed["image_2"]),
            "mixing_coefficient": pa.array(self.mixed["mixing_coefficient"]),
            "picture": whole(np.arange(self.n_endpoints, len(self))),
        }

    @property
    def has_originals(self) -> bool:
        """Whether pictures larger than their tile are also written in full size."""
        pixels = int(self.sizes[self.is_shrunk].prod(axis=1).sum())
        return 0 < pixels <= MOST_PIXELS

    def originals(self) -> Iterator[tuple[int, bytes]]:
        """Yield number and PNG of each picture larger than its tile."""
        if self.has_originals:
            for number in np.flatnonzero(self.is_shrunk).tolist():
                yield number, _png(self.picture(number))

    def sheets(self) -> Iterator[bytes]:
        """Yield the sheets of tiles, PNGs."""
        per_sheet = PER_SHEET[0] * PER_SHEET[1]
        for start in range(0, len(self), per_sheet):
            yield self._sheet(np.arange(start, min(start + per_sheet, len(self))))

    def _sheet(self, numbers: Ints) -> bytes:
        height, width = self.tile
        columns, rows = PER_SHEET[0], -(-len(numbers) // PER_SHEET[0])
        tiles = np.zeros((rows * columns, 3, height, width), dtype=np.uint8)
        for tile, number in zip(tiles, numbers.tolist(), strict=False):
            size = self.shown_sizes[number]
            tile[:, : size[0], : size[1]] = resized(self.picture(number)[None], tuple(size.tolist()))[0]
        sheet = tiles.reshape(rows, columns, 3, height, width).transpose(2, 0, 3, 1, 4)
        return _png(sheet.reshape(3, rows * height, columns * width))

    @property
    def columns(self) -> dict[str, pa.Array]:
        """The table of all pictures, as the page reads it; empty: there are none."""
        if not len(self):
            return {}
        named = pa.array(self.names, pa.string())
        return {
            "image_set": pa.DictionaryArray.from_arrays(whole(self.set_number), named),
            "index": whole(np.where(np.arange(len(self)) < self.n_endpoints, self.index, -1)),
            "width": whole(self.sizes[:, 1]),
            "height": whole(self.sizes[:, 0]),
            "tile_width": whole(self.shown_sizes[:, 1]),
            "tile_height": whole(self.shown_sizes[:, 0]),
            "has_original": pa.array(self.is_shrunk & self.has_originals),
        }


def _png(picture: npt.NDArray[np.uint8]) -> bytes:
    """Return a picture, uint8 (3, H, W), as a PNG: a third of the time, and 3 % more bytes, than Pillow's default."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0))).save(stream, "PNG", compress_level=2)
    return stream.getvalue()
