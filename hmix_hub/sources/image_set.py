"""Image sets: the pictures from which stimuli are mixed, by index, with their labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SchemaError, SourceError, SourceMissingError, Where
from hmix_hub.schema.arrays import Ints
from hmix_hub.schema.vocabulary import Vocabulary

PIXEL_LINEAR = "pixel-linear"
"""Mixing as in mixup, lambda * image_1 + (1 - lambda) * image_2, which the package can draw."""
METHOD_MARK = "+"
"""Separator in a name between the image set and any other method of mixing."""


@dataclass(frozen=True)
class ImageSet:
    """Pictures with their labels, of one or several sizes; equal if name, vocabulary and fingerprint are.

    Pickles contain the path and the labels, not the pixels: worker processes map the same file.

    Parameters
    ----------
    name
        Name that stimuli refer to: "cifar10/test".
    path
        An .npy file, uint8 (M, 3, H, W), red, green, blue; for several sizes, see `with_sizes`.
    labels
        int64 (M,), positions in `vocabulary`; kept read-only.
    vocabulary
        Class names.
    fingerprint
        16 hex digits that identify the pixels and the labels.
    mixing
        Method of mixing; only `PIXEL_LINEAR` mixtures can be drawn from the endpoints.
    mixtures
        Pictures of mixtures as people saw them, whose class names are stimulus ids; `None`: none.
    """

    name: str
    path: Path = field(compare=False)
    labels: npt.NDArray[np.int64] = field(compare=False, repr=False)
    vocabulary: Vocabulary
    fingerprint: str
    mixing: str = PIXEL_LINEAR
    mixtures: ImageSet | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        labels = np.array(self.labels, dtype=np.int64)
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __reduce__(self) -> tuple[object, ...]:
        # Labels are small numbers, and every worker gets a copy.
        labels = self.labels.astype(np.min_scalar_type(max(len(self.vocabulary) - 1, 0)))
        return ImageSet, (self.name, self.path, labels, self.vocabulary, self.fingerprint, self.mixing, self.mixtures)

    @cached_property
    def _stored(self) -> npt.NDArray[np.uint8]:
        """The file as a read-only memory map: pictures of one size, uint8 (M, 3, H, W), or as `with_sizes` has them."""
        where = Where(str(self.path))
        hint = "open the image set again to recreate it"
        try:
            found = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            msg = f"the pictures of {self.name} cannot be read: {error.strerror or error}"
            raise SourceMissingError(msg, where=where, hint=hint) from None
        except (ValueError, EOFError):
            msg = f"the pictures of {self.name} are not an array: the file is damaged"
            raise SourceError(msg, where=where, hint=hint) from None
        is_table = found.ndim == 4 and found.shape[:2] == (len(self), 3)
        if found.dtype != np.uint8 or not (is_table or _has_sizes(found, len(self))):
            msg = f"expected uint8 ({len(self)}, 3, height, width), found {found.dtype} {found.shape}"
            raise SourceError(msg, where=where, hint=hint)
        return found

    @property
    def has_one_size(self) -> bool:
        """Whether all pictures have one size."""
        return self._stored.ndim == 4

    @cached_property
    def _places(self) -> Ints:
        """Offset, height and width of each picture, for a set of several sizes; int64 (M, 3)."""
        return np.asarray(self._stored[-_PLACE * len(self) :]).view("<i8").reshape(-1, 3).astype(np.int64)

    @cached_property
    def sizes(self) -> Ints:
        """Height and width of each picture, int64 (M, 2)."""
        if self.has_one_size:
            return np.broadcast_to(np.array(self._stored.shape[2:], dtype=np.int64), (len(self), 2))
        return self._places[:, 1:]

    @property
    def pictures(self) -> npt.NDArray[np.uint8]:
        """The pictures, uint8 (M, 3, H, W): a read-only memory map, opened on first use.

        Raises
        ------
        SchemaError
            If their sizes differ.
        SourceMissingError
            If the file no longer exists.
        SourceError
            If it does not hold M pictures.
        """
        if not self.has_one_size:
            raise several_sizes(self.name, self.sizes)
        return self._stored

    def picture(self, index: int) -> npt.NDArray[np.uint8]:
        """Return one picture, uint8 (3, H, W), read-only."""
        if self.has_one_size:
            return np.asarray(self._stored[index])
        start, height, width = self._places[index].tolist()
        return np.asarray(self._stored[start : start + 3 * height * width]).reshape(3, height, width)

    def take(self, indices: Ints) -> npt.NDArray[np.uint8]:
        """Return pictures of one size by their indices, int64 (B,): uint8 (B, 3, H, W).

        Raises
        ------
        SchemaError
            If their sizes differ.
        """
        if self.has_one_size:
            return np.asarray(self._stored)[indices]
        sizes = self.sizes[indices]
        if (sizes != sizes[:1]).any():
            raise several_sizes(self.name, sizes)
        return np.stack([self.picture(index) for index in indices.tolist()])


def with_sizes(flat: bytearray, places: Ints) -> npt.NDArray[np.uint8]:
    """Pack pictures of several sizes into one array: their bytes, (3, H, W) each, then the place of each of the M.

    Parameters
    ----------
    flat
        The bytes; the places are appended in place, to avoid a copy.
    places
        int64 (M, 3): offset, height and width of each picture; two may share their bytes.
    """
    flat += places.astype("<i8").tobytes()
    return np.frombuffer(flat, dtype=np.uint8)


_PLACE = 3 * 8
"""Number of bytes for the offset and the size of a picture."""


def _has_sizes(found: npt.NDArray[np.uint8], number: int) -> bool:
    """Whether an array was made by `with_sizes`, with the given number of pictures inside its bounds."""
    end = len(found) - _PLACE * number if found.ndim == 1 else -1
    if end < 0:
        return False
    places = np.asarray(found[end:]).view("<i8").reshape(-1, 3)
    inside = (places >= 0).all() and (places[:, 1:] < 2**20).all()
    return bool(inside and (places[:, 0] + 3 * places[:, 1] * places[:, 2] <= end).all())


def several_sizes(name: str, sizes: Ints) -> SchemaError:
    """Return the error for pictures, height and width int64 (B, 2), that differ in size but should form one tensor."""
    other = sizes[(sizes != sizes[0]).any(axis=1)][0]
    msg = f"the pictures of {name} differ in size, such as {size_text(sizes[0])} and {size_text(other)}"
    return SchemaError(msg, hint="resize them with image_size=(height, width), or select rows of one size")


def size_text(size: Ints | Sequence[int]) -> str:
    """Return a height and a width as "width x height"."""
    return f"{size[1]} x {size[0]}"
