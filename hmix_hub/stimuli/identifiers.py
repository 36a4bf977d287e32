"""Parser of stimulus ids: `mixed_0.5_Dog_2205_Frog_6908` names everything needed to draw the picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hmix_hub.errors import SchemaError

_PICTURE = r"(?P<label_{0}>[^/]+?)_(?P<index_{0}>\d{{1,9}})"
_PAIR = re.compile("(?!mixed_)" + _PICTURE.format(1) + "(?:_" + _PICTURE.format(2) + r")?(?:\.png)?")
_STIMULUS = re.compile(r"mixed_(?P<coefficient>\d+(?:\.\d+)?(?:e-?\d+)?)_(?P<pair>" + _PAIR.pattern + ")")


@dataclass(frozen=True)
class StimulusName:
    """Parts of a stimulus id.

    Parameters
    ----------
    coefficient
        Share of the first picture.
    labels
        Class names of one or two pictures.
    indices
        Their indices in the image set.
    """

    coefficient: float
    labels: tuple[str, ...]
    indices: tuple[int, ...]


def is_stimulus_id(name: str) -> bool:
    """Whether a name has the form of a stimulus id."""
    return isinstance(name, str) and _STIMULUS.fullmatch(name) is not None


def is_pair_id(name: str) -> bool:
    """Whether a name has the form of the id of a pair of pictures, or of a single one."""
    return isinstance(name, str) and _PAIR.fullmatch(name) is not None


def parse_stimulus_id(name: str) -> StimulusName:
    """Parse a stimulus id, with or without the extension `.png` that some released files have.

    Raises
    ------
    SchemaError
        If it is not a stimulus id, or its coefficient exceeds 1, or is below 1 without a second picture.
    """
    found = _STIMULUS.fullmatch(name)
    if found is None:
        msg = f"{name!r} is not a stimulus id"
        raise SchemaError(msg, hint="an example is mixed_0.5_Dog_2205_Frog_6908")
    coefficient = float(found["coefficient"])
    if coefficient > 1:
        msg = f"{name!r} has the coefficient {coefficient:g}, but coefficients are from 0 to 1"
        raise SchemaError(msg)
    parsed = StimulusName(coefficient, *parse_pair_id(found["pair"]))
    if len(parsed.labels) == 1 and coefficient != 1:
        msg = f"{name!r} names one picture, which cannot be mixed at {coefficient:g}"
        raise SchemaError(msg, hint="add the second picture; a single one has the coefficient 1.0")
    return parsed


def parse_pair_id(name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Parse the id of a pair of pictures, or of a single one: class names and indices of one or two.

    Raises
    ------
    SchemaError
        If it is none.
    """
    found = _PAIR.fullmatch(name)
    if found is None:
        msg = f"{name!r} is not an id of a pair of pictures"
        raise SchemaError(msg, hint="an example is Dog_2205_Frog_6908")
    pictures: Sequence[int] = (1, 2) if found["label_2"] else (1,)
    return tuple(found[f"label_{i}"] for i in pictures), tuple(int(found[f"index_{i}"]) for i in pictures)
