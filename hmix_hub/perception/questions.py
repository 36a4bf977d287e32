"""Questions to a model: coefficients, classes and participants as users write them, as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from hmix_hub.errors import PerceptionError, nearest
from hmix_hub.perception.observations import Observations
from hmix_hub.schema.arrays import Floats, Ints

Numbers = float | npt.ArrayLike | torch.Tensor
Classes = str | int | Sequence[str] | Sequence[int] | npt.NDArray[Any] | torch.Tensor
"""Classes by name, whatever its case, or by code."""


@dataclass(frozen=True, eq=False)
class Questions:
    """Mixtures that are asked about.

    Parameters
    ----------
    shape
        Shape of the answers: that of coefficients and classes, broadcast against each other.
    coefficient
        float64 (N,), 0 to 1.
    class_1, class_2
        int64 (N,), codes.
    """

    shape: tuple[int, ...]
    coefficient: Floats
    class_1: Ints
    class_2: Ints

    def __len__(self) -> int:
        return len(self.coefficient)


def ask(coefficient: Numbers, class_1: Classes, class_2: Classes, classes: Sequence[str]) -> Questions:
    """Return what a user asks about.

    Raises
    ------
    PerceptionError
        If a coefficient is outside 0 to 1, a class is none of the model's, or the shapes do not fit.
    """
    shown = coefficients_of(coefficient)
    one, two = codes_of(class_1, classes), codes_of(class_2, classes)
    try:
        shown, one, two = np.broadcast_arrays(shown, one, two)
    except ValueError:
        shapes = ", ".join(str(part.shape) for part in (shown, one, two))
        msg = f"coefficient, class_1 and class_2 do not fit together: their shapes are {shapes}"
        raise PerceptionError(msg, hint="give one of each, or as many of each") from None
    return Questions(shown.shape, shown.ravel(), one.ravel(), two.ravel())


def questions_of(seen: Observations, classes: Sequence[str]) -> Questions:
    """Return the mixtures that judgments are of, their classes recoded to those of a model.

    Raises
    ------
    PerceptionError
        If the model lacks a class that is shown.
    """
    codes = np.full(len(seen.classes), -1)
    shown = np.union1d(seen.class_1, seen.class_2)
    codes[shown] = codes_of(np.array(seen.classes)[shown], classes)
    return Questions((len(seen),), seen.coefficient, codes[seen.class_1], codes[seen.class_2])


def coefficients_of(given: Numbers) -> Floats:
    """Return mixing coefficients as float64 of their shape.

    Raises
    ------
    PerceptionError
        If one is not a number from 0 to 1.
    """
    try:
        shown = np.asarray(_on_cpu(given), dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"mixing coefficients are numbers from 0 to 1, not {type(given).__name__}"
        raise PerceptionError(msg) from None
    # Written so that NaN is outside, too.
    outside = ~((shown >= 0) & (shown <= 1))
    if outside.any():
        msg = f"{shown[outside][0]:g} is no mixing coefficient"
        raise PerceptionError(msg, hint="it is the share of image 1, a number from 0 to 1")
    return shown


def codes_of(given: Classes, classes: Sequence[str]) -> Ints:
    """Return the codes of classes, int64 of their shape.

    Raises
    ------
    PerceptionError
        If one is none of the model's classes; the nearest names are offered.
    """
    values = np.asarray(_on_cpu(given))
    if values.dtype.kind in "iu":
        outside = (values < 0) | (values >= len(classes))
        if outside.any():
            msg = f"the model has no class {int(values[outside][0])}: codes are 0 to {len(classes) - 1}"
            raise PerceptionError(msg, hint=nearest("", classes, label="classes"))
        return values.astype(np.int64)
    by_name = {name.lower(): code for code, name in enumerate(classes)}
    codes = np.empty(values.shape, dtype=np.int64)
    for place, name in enumerate(values.ravel().tolist()):
        if not isinstance(name, str) or name.lower() not in by_name:
            msg = f"the model has no class {name!r}"
            raise PerceptionError(msg, hint=nearest(name, classes, label="classes"))
        codes.ravel()[place] = by_name[name.lower()]
    return codes


def _on_cpu(given: Any) -> Any:
    return given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else given
