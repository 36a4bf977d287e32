"""Ready mixtures: pictures of morphs and the like as people saw them, which a study brings in stimuli/mixtures.csv."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from hmix_hub.errors import SchemaError
from hmix_hub.schema.arrays import Ints
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.stimuli.identifiers import parse_stimulus_id
from hmix_hub.stimuli.mixtures import Mixtures

DECIMALS = 9
"""Decimals that coefficients are compared to: 0.30000000000000004 is 0.3."""

Key = tuple[int, int, float]


def ready_of(image_set: ImageSet) -> ImageSet:
    """Return the pictures of an image set's mixtures.

    Raises
    ------
    SchemaError
        If the study does not bring them.
    """
    if image_set.mixtures is None:
        msg = (
            f"the pictures of {image_set.name} were mixed by another method, and the study does not bring the mixtures"
        )
        raise SchemaError(msg, hint='images="endpoints" gives the pictures that they were mixed from')
    return image_set.mixtures


def rows_of_mixtures(mixtures: Mixtures, image_set: ImageSet, chosen: Ints) -> Ints:
    """Return the row of each of some mixtures, int64 (B,), among those that the study brings.

    Raises
    ------
    SchemaError
        If the study has no pictures of its mixtures, or not of one of these.
    """
    places = _rows_of(ready_of(image_set))
    found = np.empty(len(chosen), dtype=np.int64)
    for number, row in enumerate(chosen.tolist()):
        key = _key(int(mixtures.first[row]), int(mixtures.second[row]), float(mixtures.coefficient[row]))
        if key not in places:
            msg = f"stimuli/mixtures.csv has no mixture of pictures {key[0]} and {key[1]} at {key[2]:g}"
            raise SchemaError(msg, hint="the study lacks this picture; leave such rows out")
        found[number] = places[key]
    return found


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
