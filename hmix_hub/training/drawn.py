"""Pictures of rows read from files: drawn when first needed, then kept in a file.

Drawing a picture takes several times as long as copying it, and the system can reclaim a file's pages.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hmix_hub.database import default_memory
from hmix_hub.errors import SpaceError, Where
from hmix_hub.schema.arrays import Ints
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.stimuli.drawing import draw, take_endpoints
from hmix_hub.stimuli.mixtures import Mixtures
from hmix_hub.stimuli.sizes import Size
from hmix_hub.training.pictures import LINE_BYTES, Pictures, Scaling, has_one_pass, with_lines

Bytes = npt.NDArray[np.uint8]
_SHARE = 4
"""Maximum share of the free disk, and of the memory available to a process, used for pictures."""
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB], dtype=np.uint64)


def most_kept(picture: int, processes: int) -> int:
    """Return the maximum number of pictures of a given size that each of several processes keeps."""
    free = min(default_memory(), shutil.disk_usage(tempfile.gettempdir()).free)
    return max(1, free // _SHARE // processes // max(1, picture))


class KeptPictures:
    """Pictures by key, in a temporary file that disappears when unused, even if the process is killed.

    Parameters
    ----------
    size
        Height and width.
    most
        Maximum number of pictures to keep; fewer if the disk is full.
    spare
        Number of places for pictures that are not kept, overwritten by later ones.
    scaling, device
        Scaling and device of returned pictures.

    Raises
    ------
    SpaceError
        If there is no disk space for the spare places.
    """

    def __init__(self, size: Size, most: int, spare: int, scaling: Scaling, device: torch.device) -> None:
        self.size, self.most, self.spare, self.scaling, self.device = size, most, spare, scaling, device
        self.set_numbers: dict[str, int] = {}
        self.opened = 0
        self._open()

    def _open(self) -> None:
        """Create an empty file."""
        self.opened += 1
        self._process, self._lock = os.getpid(), threading.Lock()
        self._number, self._room = 0, self.most
        self._keys = np.empty((self.most, 3), dtype=np.int64)
        # Zeros that are never accessed take no memory.
        self._index = np.zeros(1 << (2 * self.most).bit_length(), dtype=np.int32)
        # Closed when these pictures are no longer referenced.
        self._file: Any = tempfile.TemporaryFile(prefix="hmix-pictures-", buffering=0)  # noqa: SIM115
        weakref.finalize(self, self._file.close)
        has_lines = self.device.type == "cpu" and has_one_pass(self.scaling)
        number, area = self.spare + self.most, math.prod(self.size)
        shape = (3 * number, area + (LINE_BYTES if has_lines else 0))
        self._bytes = 3 * shape[1]
        try:
            for place in range(self.spare):
                self._write(place, np.zeros(self._bytes, dtype=np.uint8))
            # A sparse file, which only takes the disk space that is written.
            self._file.truncate(math.prod(shape))
        except OSError as error:
            raise _no_room(error) from None
        mapped = torch.from_numpy(np.memmap(self._file, dtype=np.uint8, mode="r+", shape=shape))
        self._table = mapped[:, :area].view(number, 3, *self.size)
        nobody = torch.empty(0, dtype=torch.int64)
        self._pictures = Pictures(self._table, nobody, self.scaling, mapped if has_lines else None)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Lock against other threads; a forked process, which shares the file, gets its own."""
        if self._process != os.getpid():
            self._open()
        with self._lock:
            yield

    def __reduce__(self) -> tuple[Any, ...]:
        return KeptPictures, (self.size, self.most, self.spare, self.scaling, self.device)

    def find(self, keys: Ints) -> Ints:
        """Return the places of D keys, int64 (D, 3): int64 (D,), -1 if no picture is kept."""
        places = np.full(len(keys), -1, dtype=np.int64)
        open_, cells = np.arange(len(keys)), self._cells(keys)
        while len(open_):
            found = self._index[cells] - 1
            same = (found >= 0) & (self._keys[found] == keys[open_]).all(axis=1)
            places[open_[same]] = self.spare + found[same]
            goes_on = (found >= 0) & ~same
            open_, cells = open_[goes_on], (cells[goes_on] + 1) % len(self._index)
        return places

    def keep(self, keys: Ints, pictures: Bytes) -> Ints:
        """Write new pictures (D, 3, H, W), as many as there is space for, and return their places.

        The others get spare places, until the next are written.
        """
        first, n_kept = self._number, min(len(keys), self._room - self._number)
        try:
            self._write(self.spare + first, self._laid_out(pictures[:n_kept]))
        except OSError:
            # The disk is full, and stays so.
            self._room, n_kept = first, 0
        self._number += n_kept
        self._keys[first : first + n_kept] = keys[:n_kept]
        self._list(first, keys[:n_kept])
        try:
            self._write(0, self._laid_out(pictures[n_kept:]))
        except OSError as error:
            raise _no_room(error) from None
        kept = np.arange(self.spare + first, self.spare + first + n_kept)
        return np.concatenate([kept, np.arange(len(keys) - n_kept)])

    def take(self, places: Ints) -> torch.Tensor:
        """Return the pictures at places, scaled, on the device."""
        numbers = torch.from_numpy(places)
        if self.device.type == "cpu":
            return self._pictures.take(numbers)
        taken = self._table.flatten(1).index_select(0, numbers).view(-1, *self._table.shape[1:]).to(self.device)
        return Pictures(taken, numbers, self.scaling).take(torch.arange(len(places), device=self.device))

    def _cells(self, keys: Ints) -> Ints:
        mixed = (keys.astype(np.uint64) * _FACTORS).sum(axis=1, dtype=np.uint64)
        mixed ^= mixed >> np.uint64(29)
        mixed *= _FACTORS[1]
        return (mixed >> np.uint64(32)).astype(np.int64) % len(self._index)

    def _list(self, first: int, keys: Ints) -> None:
        """Write the places of distinct new keys to the index, each to the first free cell from its own on."""
        numbers, cells = np.arange(first + 1, first + 1 + len(keys)), self._cells(keys)
        while len(numbers):
            free = self._index[cells] == 0
            self._index[cells[free]] = numbers[free]
            # If several want a cell, the last one gets it.
            goes_on = self._index[cells] != numbers
            numbers, cells = numbers[goes_on], (cells[goes_on] + 1) % len(self._index)

    def _laid_out(self, pictures: Bytes) -> Bytes:
        if self._pictures.channels is None:
            return pictures
        laid_out: Bytes = with_lines(torch.from_numpy(pictures), self.scaling).numpy()
        return laid_out

    def _write(self, place: int, pictures: Bytes) -> None:
        """Write through the file, since writing to mapped memory on a full disk kills the process."""
        left = np.ascontiguousarray(pictures).reshape(-1).data
        self._file.seek(place * self._bytes)
        while left:
            left = left[self._file.write(left) :]


def _no_room(error: OSError) -> SpaceError:
    msg = f"no space for pictures: {error.strerror or error}"
    return SpaceError(msg, where=Where(tempfile.gettempdir()), hint="set TMPDIR to a folder with more space")


class DrawnPictures:
    """The D distinct pictures of N rows, each drawn when needed and not yet kept.

    Parameters
    ----------
    kept
        Where pictures are kept.
    keys
        int64 (D, 3).
    of_row
        int64 (N,): picture of each row.
    draw
        Draws pictures by number, int64 (B,): uint8 (B, 3, H, W).
    """

    def __init__(self, kept: KeptPictures, keys: Ints, of_row: Ints, draw: Callable[[Ints], Bytes]) -> None:
        self._kept, self._keys, self._draw = kept, keys, draw
        self._of_row = torch.from_numpy(of_row)
        self._opened, self._places = 0, np.zeros(0, dtype=np.int64)

    def number(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the numbers of the pictures of rows, int64 (B,) each."""
        return self._of_row.index_select(0, rows.cpu())

    def take(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return pictures by number, scaled: (B, 3, H, W)."""
        kept, which = self._kept, numbers.numpy()
        with kept.held():
            if self._opened != kept.opened:
                self._opened, self._places = kept.opened, kept.find(self._keys)
            places = self._places[which]
            if (places < 0).any():
                new = np.unique(which[places < 0])
                # Another column of pictures, or another window, may have drawn them in the meantime.
                self._places[new] = kept.find(self._keys[new])
                new = new[self._places[new] < 0]
                self._places[new] = kept.keep(self._keys[new], self._draw(new))
                places = self._places[which]
                # Spare places will soon be reused.
                self._places[new[self._places[new] < kept.spare]] = -1
            return kept.take(places)


def drawn_of(
    mixtures: Mixtures, image_sets: Mapping[str, ImageSet], images: str, kept: KeptPictures
) -> dict[str, DrawnPictures]:
    """Return the pictures of all rows: "image", or "image_1" and "image_2" for `images="endpoints"`."""
    known = kept.set_numbers
    sets = [known.setdefault(name, len(known)) for name in mixtures.set_names]
    own = np.array(sets, dtype=np.int64)[mixtures.set_number] << 32
    if images == "mixed":
        keys = np.stack([own + mixtures.first + 1, mixtures.second + 1, mixtures.coefficient.view(np.int64)], axis=1)
        drawing = partial(draw, mixtures, image_sets, size=kept.size)
        return {"image": DrawnPictures(kept, keys, mixtures.of_row, drawing)}
    return {f"image_{which + 1}": _endpoints(mixtures, image_sets, which, own, kept) for which in (0, 1)}


def _endpoints(
    mixtures: Mixtures, image_sets: Mapping[str, ImageSet], which: int, sets: Ints, kept: KeptPictures
) -> DrawnPictures:
    numbers = sets + (mixtures.first, mixtures.second)[which] + 1
    distinct, some, of_mixture = np.unique(numbers, return_index=True, return_inverse=True)
    # A negative number means that there is no second picture.
    keys = np.stack([distinct, np.full(len(some), -1), np.zeros(len(some), dtype=np.int64)], axis=1)

    def drawing(chosen: Ints) -> Bytes:
        return take_endpoints(mixtures, image_sets, which, some[chosen], size=kept.size)

    return DrawnPictures(kept, keys, of_mixture.astype(np.int64)[mixtures.of_row], drawing)
