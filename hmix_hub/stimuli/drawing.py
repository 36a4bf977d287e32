"""Drawing of mixtures by the released rule, exact to the bit; other mixtures, such as morphs, come from the study.

Source: the screenshots of the release; `((c * A + (1 - c) * B) / 255 * 255)` in float64, truncated to uint8, reproduces
all that were checked. The division and the multiplication change last bits, and so pixels; so would rounding and
float32.
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
"""Number of pictures drawn at a time, so that their float64 forms stay in the processor's cache."""
_GATHERED_AT_ONCE = 256
"""Number of pairs gathered at a time: fresh memory for all of them would take longer than drawing."""


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
    """Draw mixtures of pictures; single pictures are returned as they are.

    Parameters
    ----------
    mixtures
        D mixtures.
    image_sets
        Image sets by name.
    chosen
        int64 (B,): which of them; `None`: all.
    size
        Height and width to resize to after mixing; `None`: they all have one size.

    Returns
    -------
    numpy.ndarray
        uint8 (B, 3, H, W).

    Raises
    ------
    SchemaError
        If the pictures differ in size, two of different sizes are to be mixed, or the study lacks a mixture that is not
        pixel-wise.
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
    """Return the first (0) or second (1) pictures of mixtures, uint8 (B, 3, H, W); zeros if there is no second.

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
        If the study has no pictures of its mixtures, or lacks one of these.
    """
    return ready_of(image_set).take(rows_of_mixtures(mixtures, image_set, chosen))
