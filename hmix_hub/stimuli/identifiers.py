"""Identifiers of stimuli, read back: `mixed_0.5_Dog_2205_Frog_6908` names everything that its picture is made of."""

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
    """What a stimulus id says.

    Parameters
    ----------
    coefficient
        Share of the first picture.
    labels
        Class names of one or two pictures.
    indices
        Their rows in the image set.
    """

    coefficient: float
    labels: tuple[str, ...]
    indices: tuple[int, ...]


def is_stimulus_id(name: str) -> bool:
    """Whether a name is a text of the form of a stimulus id."""
    return isinstance(name, str) and _STIMULUS.fullmatch(name) is not None


def is_pair_id(name: str) -> bool:
    """Whether a name is a text of the form of the id of a pair of pictures, or of a single one."""
    return isinstance(name, str) and _PAIR.fullmatch(name) is not None


def parse_stimulus_id(name: str) -> StimulusName:
    """Read a stimulus id, with or without the ending `.png` that some released files have.

    Raises
    ------
    SchemaError
        If it is none, its coefficient is more than 1, or less than 1 without a second picture.
    """
    found = _STIMULUS.fullmatch(name)
    if found is None:
        msg = f"{name!r} is no stimulus id"
        raise SchemaError(msg, hint="one looks like mixed_0.5_Dog_2205_Frog_6908")
    coefficient = float(found["coefficient"])
    if coefficient > 1:
        msg = f"{name!r} has the coefficient {coefficient:g}, and coefficients are 0 to 1"
        raise SchemaError(msg)
    parsed = StimulusName(coefficient, *parse_pair_id(found["pair"]))
    if len(parsed.labels) == 1 and coefficient != 1:
        msg = f"{name!r} names one picture, which cannot be mixed at {coefficient:g}"
        raise SchemaError(msg, hint="name the second picture; a single one has the coefficient 1.0")
    return parsed


def parse_pair_id(name: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Read the id of a pair of pictures, or of a single one: the class names and the indices of one or two.

    Raises
    ------
    SchemaError
        If it is none.
    """
    found = _PAIR.fullmatch(name)
    if found is None:
        msg = f"{name!r} is no id of a pair of pictures"
        raise SchemaError(msg, hint="one looks like Dog_2205_Frog_6908")
    pictures: Sequence[int] = (1, 2) if found["label_2"] else (1,)
    return tuple(found[f"label_{i}"] for i in pictures), tuple(int(found[f"index_{i}"]) for i in pictures)
