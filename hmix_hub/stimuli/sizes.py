"""Sizes of pictures: which mixtures have one size, and how pictures are resized."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.schema.arrays import Ints
from hmix_hub.sources.image_set import PIXEL_LINEAR, ImageSet, size_text
from hmix_hub.stimuli.mixtures import Mixtures, rows_of_mixtures

Pictures = npt.NDArray[np.uint8]
Size = tuple[int, int]
"""Height and width."""
SIDE_LIMIT = 4096
"""Maximum number of pixels per side after resizing."""
_NO_PICTURE = (32, 32)
_MOST_TOLD = 3


def check_size(size: object) -> Size | None:
    """Check a requested size of pictures, (height, width); `None`: unchanged.

    Raises
    ------
    ConfigurationError
        If it is none.
    """
    if size is None:
        return None
    sides = list(size) if isinstance(size, tuple | list) else []
    if len(sides) != 2 or not all(isinstance(side, int) and 0 < side <= SIDE_LIMIT for side in sides):
        msg = f"image_size must be a pair (height, width) of integers from 1 to {SIDE_LIMIT}, not {size!r}"
        raise ConfigurationError(msg, hint="for example, image_size=(224, 224)")
    return sides[0], sides[1]


def sizes_of(mixtures: Mixtures, image_sets: Mapping[str, ImageSet], chosen: Ints, which: int | None = None) -> Ints:
    """Return height and width of mixtures, int64 (B, 2).

    Parameters
    ----------
    mixtures, image_sets
        D mixtures, and their image sets.
    chosen
        int64 (B,): which of them.
    which
        0 or 1: of their first or second pictures instead; of the first if there is no second.

    Raises
    ------
    SchemaError
        If the two pictures of a pixel-wise mixture differ in size, or the study lacks another mixture.
    """
    sizes = np.empty((len(chosen), 2), dtype=np.int64)
    first, second = mixtures.first[chosen], mixtures.second[chosen]
    for number, name in enumerate(mixtures.set_names):
        of_set = mixtures.set_number[chosen] == number
        if not of_set.any():
            continue
        image_set = image_sets[name]
        shown = np.where(second >= 0, second, first) if which == 1 else first
        sizes[of_set] = image_set.sizes[shown[of_set]]
        mixed = np.flatnonzero(of_set & (second >= 0))
        if which is not None or not len(mixed):
            continue
        if image_set.mixing == PIXEL_LINEAR:
            _refuse_unequal(image_set, mixtures, chosen[mixed])
        elif image_set.mixtures is not None:
            sizes[mixed] = image_set.mixtures.sizes[rows_of_mixtures(mixtures, image_set, chosen[mixed])]
    return sizes


def _refuse_unequal(image_set: ImageSet, mixtures: Mixtures, chosen: Ints) -> None:
    if image_set.has_one_size:
        return
    pairs = mixtures.first[chosen], mixtures.second[chosen]
    first, second = (image_set.sizes[index] for index in pairs)
    wrong = np.flatnonzero((first != second).any(axis=1))
    if len(wrong):
        at = wrong[0]
        both = " and ".join(
            f"{index[at]} ({size_text(size[at])})" for index, size in zip(pairs, (first, second), strict=True)
        )
        msg = f"pictures {both} of {image_set.name} differ in size and cannot be mixed pixel by pixel"
        raise SchemaError(msg, where=Where(row=int(mixtures.row[chosen[at]])), hint="remove such rows")


def of_each_size(sizes: Ints) -> Iterator[tuple[Size, Ints]]:
    """Yield each distinct size of int64 (B, 2), with the positions that have it, int64."""
    key = sizes[:, 0] << 32 | sizes[:, 1]
    for each in np.unique(key).tolist():
        yield (each >> 32, each & 0xFFFFFFFF), np.flatnonzero(key == each)


def common_size(mixtures: Mixtures, image_sets: Mapping[str, ImageSet], chosen: Ints, sizes: Ints) -> Size:
    """Return the common size of mixtures, int64 (B,), given their sizes, int64 (B, 2); if empty, of the image sets.

    Raises
    ------
    SchemaError
        If they differ.
    """
    groups = list(of_each_size(sizes))
    if not groups:
        known = [image_sets[name].sizes[0].tolist() for name in mixtures.set_names if len(image_sets[name])]
        return (known[0][0], known[0][1]) if known else _NO_PICTURE
    if len(groups) > 1:
        numbers = mixtures.set_number[chosen]
        told = [f"{mixtures.set_names[numbers[at[0]]]} {size_text(sizes[at[0]])}" for _, at in groups[:_MOST_TOLD]]
        more = ", …" if len(groups) > _MOST_TOLD else ""
        msg = f"pictures of different sizes cannot be put into one tensor: {', '.join(told)}{more}"
        raise SchemaError(msg, hint="resize them with image_size=(height, width), or process one size at a time")
    return groups[0][0]


def resized(pictures: Pictures, size: Size) -> Pictures:
    """Return resized pictures: bilinear with antialiasing, like Pillow; their proportions may change.

    Parameters
    ----------
    pictures
        uint8 (B, 3, H, W).
    size
        Height and width.

    Returns
    -------
    numpy.ndarray
        uint8 (B, 3, *size); pictures of that size are unchanged.
    """
    from PIL import Image

    if pictures.shape[2:] == size:
        return pictures
    found = np.empty((len(pictures), 3, *size), dtype=np.uint8)
    for place, picture in zip(found, pictures, strict=True):
        whole = Image.fromarray(np.ascontiguousarray(picture.transpose(1, 2, 0)))
        place[:] = np.asarray(whole.resize(size[::-1], Image.Resampling.BILINEAR)).transpose(2, 0, 1)
    return found


def in_one_size(parts: list[tuple[Ints, Pictures]], number: int, size: Size) -> Pictures:
    """Collect pictures, given as positions and uint8 (B, 3, H, W) of each size, in one array of a single size."""
    if len(parts) == 1:
        return resized(parts[0][1], size)
    whole: Any = np.empty((number, 3, *size), dtype=np.uint8)
    for positions, pictures in parts:
        whole[positions] = resized(pictures, size)
    return np.asarray(whole, dtype=np.uint8)
