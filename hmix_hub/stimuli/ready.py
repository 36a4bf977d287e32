"""Ready-made mixtures: morphs, CutMix and other pictures that cannot be drawn again from their endpoints."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SchemaError
from hmix_hub.stimuli.identifiers import parse_stimulus_id

if TYPE_CHECKING:
    from hmix_hub.schema.arrays import Ints
    from hmix_hub.sources.image_set import ImageSet
    from hmix_hub.stimuli.mixtures import Mixtures

DECIMALS = 9
"""Decimals that coefficients are compared to: 0.30000000000000004 is 0.3."""

Key = tuple[int, int, float]
_PLACES: weakref.WeakKeyDictionary[ImageSet, dict[Key, int]] = weakref.WeakKeyDictionary()


def take_mixtures(mixtures: Mixtures, image_set: ImageSet, chosen: Ints) -> npt.NDArray[np.uint8]:
    """Take the pictures of mixtures as people saw them.

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
    places = _places(image_set)
    found = np.empty(len(chosen), dtype=np.int64)
    for number, row in enumerate(chosen.tolist()):
        key = _key(int(mixtures.first[row]), int(mixtures.second[row]), float(mixtures.coefficient[row]))
        if key not in places:
            msg = f"stimuli/mixtures.csv has no mixture of pictures {key[0]} and {key[1]} at {key[2]:g}"
            raise SchemaError(msg, hint="the study lacks this picture; leave such rows out")
        found[number] = places[key]
    return np.asarray(ready.pictures[found])


def listed_mixtures(ready: ImageSet) -> list[Key]:
    """Give the indices of the two pictures (-1: no second), and the coefficient, of each listed mixture.

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


def _places(image_set: ImageSet) -> dict[Key, int]:
    """Give the row of each mixture."""
    ready = image_set.mixtures
    if ready is None:
        return {}
    if image_set not in _PLACES:
        _PLACES[image_set] = {key: row for row, key in enumerate(listed_mixtures(ready))}
    return _PLACES[image_set]
