"""Drawing of mixtures: the released rule, to the last bit; pictures of morphs and the like, as a study brings them.

Source: the screenshots of the release; `((c * A + (1 - c) * B) / 255 * 255)` in float64, cut to uint8, gives all that
were checked. The division and the multiplication change last bits, and so pixels; so do rounding and float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SchemaError
from hmix_hub.schema.arrays import Ints
from hmix_hub.sources.image_set import PIXEL_LINEAR, ImageSet
from hmix_hub.stimuli.identifiers import parse_stimulus_id
from hmix_hub.stimuli.mixtures import Mixtures

Pictures = npt.NDArray[np.uint8]

_AT_ONCE = 16
"""Pictures drawn at a time: their float64 forms stay in the processor's cache."""
_GATHERED_AT_ONCE = 256
"""Pairs of pictures gathered at a time: fresh memory for all of them would take longer than drawing."""


DECIMALS = 9
"""Decimals that coefficients are compared to: 0.30000000000000004 is 0.3."""

Key = tuple[int, int, float]


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


def draw(mixtures: Mixtures, image_sets: Mapping[str, ImageSet], chosen: Ints | None = None) -> Pictures:
    """Draw mixtures of pictures; a single picture is given as it is.

    Parameters
    ----------
    mixtures
        D mixtures.
    image_sets
        Image sets by name.
    chosen
        int64 (B,): which of them; `None` is all.

    Returns
    -------
    numpy.ndarray
        uint8 (B, 3, H, W).

    Raises
    ------
    SchemaError
        If the image sets' pictures are not of one size, or a mixture that was not made pixel by pixel is not there.
    """
    chosen = np.arange(len(mixtures)) if chosen is None else chosen
    drawn = np.empty((len(chosen), *size_of(_names_of(mixtures, chosen), image_sets)), dtype=np.uint8)
    for number, name in enumerate(mixtures.set_names):
        of_set = mixtures.set_number[chosen] == number
        if not of_set.any():
            continue
        pictures = np.asarray(image_sets[name].pictures)
        is_mixed = mixtures.second[chosen] >= 0
        single, mixed = np.flatnonzero(of_set & ~is_mixed), np.flatnonzero(of_set & is_mixed)
        drawn[single] = pictures[mixtures.first[chosen[single]]]
        for start in range(0, len(mixed), _GATHERED_AT_ONCE):
            part = mixed[start : start + _GATHERED_AT_ONCE]
            numbers = chosen[part]
            if image_sets[name].mixing != PIXEL_LINEAR:
                drawn[part] = take_mixtures(mixtures, image_sets[name], numbers)
                continue
            first, second = pictures[mixtures.first[numbers]], pictures[mixtures.second[numbers]]
            drawn[part] = draw_mixture(first, second, mixtures.coefficient[numbers])
    return drawn


def take_endpoints(
    mixtures: Mixtures, image_sets: Mapping[str, ImageSet], which: int, chosen: Ints | None = None
) -> Pictures:
    """Return the first (0) or second (1) pictures of mixtures, uint8 (B, 3, H, W); zeros where there is no second."""
    chosen = np.arange(len(mixtures)) if chosen is None else chosen
    index = (mixtures.first, mixtures.second)[which][chosen]
    taken = np.zeros((len(chosen), *size_of(_names_of(mixtures, chosen), image_sets)), dtype=np.uint8)
    for number, name in enumerate(mixtures.set_names):
        of_set = (mixtures.set_number[chosen] == number) & (index >= 0)
        if of_set.any():
            taken[of_set] = image_sets[name].pictures[index[of_set]]
    return taken


def _names_of(mixtures: Mixtures, chosen: Ints) -> list[str]:
    """Return the names of the image sets of some mixtures; of all, where none is chosen."""
    numbers = np.unique(mixtures.set_number[chosen]).tolist() or range(len(mixtures.set_names))
    return [mixtures.set_names[number] for number in numbers]


def size_of(names: Sequence[str], image_sets: Mapping[str, ImageSet]) -> tuple[int, ...]:
    """Return the common shape (3, H, W) of the pictures of several image sets; of 32 by 32 pictures for none.

    Raises
    ------
    SchemaError
        If they have different shapes.
    """
    shapes = {name: image_sets[name].pictures.shape[1:] for name in names}
    if len(set(shapes.values())) > 1:
        sizes = ", ".join(f"{name} {shape[2]} x {shape[1]}" for name, shape in shapes.items())
        msg = f"pictures of different sizes cannot be put into one tensor: {sizes}"
        raise SchemaError(msg, hint="treat the studies one by one")
    return next(iter(shapes.values()), (3, 32, 32))


def take_mixtures(mixtures: Mixtures, image_set: ImageSet, chosen: Ints) -> npt.NDArray[np.uint8]:
    """Return the pictures of mixtures as participants saw them.

    Parameters
    ----------
    mixtures
        D mixtures.
    image_set
        Their image set, with `mixtures` listed in `stimuli/mixtures.csv`.
    chosen
        int64 (B,): which of them.

    Returns
    -------
    numpy.ndarray
        uint8 (B, 3, H, W).

    Raises
    ------
    SchemaError
        If the study has no pictures of its mixtures, or not of one of these.
    """
    ready = image_set.mixtures
    if ready is None:
        msg = (
            f"the pictures of {image_set.name} were mixed by another method, and the study does not bring the mixtures"
        )
        raise SchemaError(msg, hint='images="endpoints" gives the pictures that they were mixed from')
    places = _rows_of(ready)
    found = np.empty(len(chosen), dtype=np.int64)
    for number, row in enumerate(chosen.tolist()):
        key = _key(int(mixtures.first[row]), int(mixtures.second[row]), float(mixtures.coefficient[row]))
        if key not in places:
            msg = f"stimuli/mixtures.csv has no mixture of pictures {key[0]} and {key[1]} at {key[2]:g}"
            raise SchemaError(msg, hint="the study lacks this picture; leave such rows out")
        found[number] = places[key]
    return np.asarray(ready.pictures[found])


def listed_mixtures(ready: ImageSet) -> list[Key]:
    """Return the indices of the two pictures (-1: no second), and the coefficient, of each listed mixture.

    Raises
    ------
    SchemaError
        If one is listed under what is no stimulus id.
    """
    keys = []
    for code in ready.labels.tolist():
        name = parse_stimulus_id(ready.vocabulary.names[code])
        second = name.indices[1] if len(name.indices) > 1 else -1
        keys.append(_key(name.indices[0], second, name.coefficient))
    return keys


def _key(first: int, second: int, coefficient: float) -> Key:
    return first, second, round(coefficient, DECIMALS)


@lru_cache(maxsize=16)
def _rows_of(ready: ImageSet) -> dict[Key, int]:
    """Return the row of each listed mixture."""
    return {key: row for row, key in enumerate(listed_mixtures(ready))}
