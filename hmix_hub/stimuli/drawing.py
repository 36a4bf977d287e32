"""Drawing of mixtures: the released rule, to the last bit; pictures of morphs and the like, as a study brings them.

Source: the screenshots of the release; `((c * A + (1 - c) * B) / 255 * 255)` in float64, cut to uint8, gives all that
were checked. The division and the multiplication change last bits, and so pixels; so do rounding and float32.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from hmix_hub.schema.arrays import Ints
from hmix_hub.sources.image_set import PIXEL_LINEAR, ImageSet
from hmix_hub.stimuli.mixtures import Mixtures, ready_of, rows_of_mixtures
from hmix_hub.stimuli.sizes import Pictures, Size, common_size, in_one_size, of_each_size, sizes_of

_AT_ONCE = 16
"""Pictures drawn at a time: their float64 forms stay in the processor's cache."""
_GATHERED_AT_ONCE = 256
"""Pairs of pictures gathered at a time: fresh memory for all of them would take longer than drawing."""


def draw_mixture(first: Pictures, second: Pictures, coefficient: npt.NDArray[np.float64]) -> Pictures:
    """Return mixtures of pictures as the released interfaces showed them.

    Parameters
    ----------
    first, second
        uint8 (B, C, H, W).
    coefficient
        float64 (B,): share of the first picture.

    Returns
    -------
    numpy.ndarray
        uint8 (B, C, H, W).
    """
    drawn = np.empty_like(first)
    share = coefficient[:, None, None, None]
    for start in range(0, len(first), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        mixed = first[part] * share[part]
        mixed += second[part] * (1 - share[part])
        mixed /= 255
        mixed *= 255
        np.copyto(drawn[part], mixed, casting="unsafe")
    return drawn


def draw(
    mixtures: Mixtures, image_sets: Mapping[str, ImageSet], chosen: Ints | None = None, *, size: Size | None = None
) -> Pictures:
    """Draw mixtures of pictures; a single picture is given as it is.

    Parameters
    ----------
    mixtures
        D mixtures.
    image_sets
        Image sets by name.
    chosen
        int64 (B,): which of them; `None` is all.
    size
        Height and width that they are resized to once they are mixed; `None`: they are all of one size.

    Returns
    -------
    numpy.ndarray
        uint8 (B, 3, H, W).

    Raises
    ------
    SchemaError
        If the pictures are not of one size, or two of different sizes are mixed, or a mixture that was not made pixel
        by pixel is not there.
    """
    chosen = np.arange(len(mixtures)) if chosen is None else chosen
    sizes = sizes_of(mixtures, image_sets, chosen)
    whole = size or common_size(mixtures, image_sets, chosen, sizes)
    parts = [(at, _draw_of_size(mixtures, image_sets, chosen[at], own)) for own, at in of_each_size(sizes)]
    return in_one_size(parts, len(chosen), whole)


def _draw_of_size(mixtures: Mixtures, image_sets: Mapping[str, ImageSet], chosen: Ints, size: Size) -> Pictures:
    """Draw mixtures of one size."""
    drawn = np.empty((len(chosen), 3, *size), dtype=np.uint8)
    for number, name in enumerate(mixtures.set_names):
        of_set = mixtures.set_number[chosen] == number
        if not of_set.any():
            continue
        image_set = image_sets[name]
        is_mixed = mixtures.second[chosen] >= 0
        single, mixed = np.flatnonzero(of_set & ~is_mixed), np.flatnonzero(of_set & is_mixed)
        if len(single):
            drawn[single] = image_set.take(mixtures.first[chosen[single]])
        for start in range(0, len(mixed), _GATHERED_AT_ONCE):
            part = mixed[start : start + _GATHERED_AT_ONCE]
            numbers = chosen[part]
            if image_set.mixing != PIXEL_LINEAR:
                drawn[part] = take_mixtures(mixtures, image_set, numbers)
                continue
            first, second = image_set.take(mixtures.first[numbers]), image_set.take(mixtures.second[numbers])
            drawn[part] = draw_mixture(first, second, mixtures.coefficient[numbers])
    return drawn


def take_endpoints(
    mixtures: Mixtures,
    image_sets: Mapping[str, ImageSet],
    which: int,
    chosen: Ints | None = None,
    *,
    size: Size | None = None,
) -> Pictures:
    """Return the first (0) or second (1) pictures of mixtures, uint8 (B, 3, H, W); zeros where there is no second.

    Parameters
    ----------
    mixtures, image_sets, which, chosen, size
        See `draw`.
    """
    chosen = np.arange(len(mixtures)) if chosen is None else chosen
    sizes = sizes_of(mixtures, image_sets, chosen, which)
    whole = size or common_size(mixtures, image_sets, chosen, sizes)
    parts = [(at, _endpoints_of_size(mixtures, image_sets, which, chosen[at], own)) for own, at in of_each_size(sizes)]
    return in_one_size(parts, len(chosen), whole)


def _endpoints_of_size(
    mixtures: Mixtures, image_sets: Mapping[str, ImageSet], which: int, chosen: Ints, size: Size
) -> Pictures:
    index = (mixtures.first, mixtures.second)[which][chosen]
    taken = np.zeros((len(chosen), 3, *size), dtype=np.uint8)
    for number, name in enumerate(mixtures.set_names):
        of_set = (mixtures.set_number[chosen] == number) & (index >= 0)
        if of_set.any():
            taken[of_set] = image_sets[name].take(index[of_set])
    return taken


def take_mixtures(mixtures: Mixtures, image_set: ImageSet, chosen: Ints) -> Pictures:
    """Return the pictures of mixtures as participants saw them.

    Parameters
    ----------
    mixtures
        D mixtures.
    image_set
        Their image set, with `mixtures` listed in `stimuli/mixtures.csv`.
    chosen
        int64 (B,): which of them, all of one size.

    Returns
    -------
    numpy.ndarray
        uint8 (B, 3, H, W).

    Raises
    ------
    SchemaError
        If the study has no pictures of its mixtures, or not of one of these.
    """
    return ready_of(image_set).take(rows_of_mixtures(mixtures, image_set, chosen))
