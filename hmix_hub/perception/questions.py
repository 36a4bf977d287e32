"""Arguments of predictions, checked and converted to flat arrays."""

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
"""Names (case-insensitive) or codes of classes."""


@dataclass(frozen=True, eq=False)
class Questions:
    """Mixtures to predict.

    Parameters
    ----------
    shape
        Broadcast shape of coefficients and classes.
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
    """Check and broadcast the arguments of a prediction.

    Raises
    ------
    PerceptionError
        If a coefficient is outside 0 to 1, a class is unknown, or the shapes cannot be broadcast.
    """
    shown = coefficients_of(coefficient)
    one, two = codes_of(class_1, classes), codes_of(class_2, classes)
    try:
        shown, one, two = np.broadcast_arrays(shown, one, two)
    except ValueError:
        shapes = ", ".join(str(part.shape) for part in (shown, one, two))
        msg = f"coefficient, class_1 and class_2 cannot be broadcast: their shapes are {shapes}"
        raise PerceptionError(msg, hint="pass scalars or arrays of the same length") from None
    return Questions(shown.shape, shown.ravel(), one.ravel(), two.ravel())


def questions_of(seen: Observations, classes: Sequence[str]) -> Questions:
    """Return the mixtures in judgments, with their classes recoded to those of a model.

    Raises
    ------
    PerceptionError
        If the judgments show a class that is unknown to the model.
    """
    codes = np.full(len(seen.classes), -1)
    shown = np.union1d(seen.class_1, seen.class_2)
    codes[shown] = codes_of(np.array(seen.classes)[shown], classes)
    return Questions((len(seen),), seen.coefficient, codes[seen.class_1], codes[seen.class_2])


def coefficients_of(given: Numbers) -> Floats:
    """Return mixing coefficients as float64.

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
    # Written so that NaN counts as outside.
    outside = ~((shown >= 0) & (shown <= 1))
    if outside.any():
        msg = f"{shown[outside][0]:g} is not a mixing coefficient"
        raise PerceptionError(msg, hint="a mixing coefficient is the share of image 1, from 0 to 1")
    return shown


def codes_of(given: Classes, classes: Sequence[str]) -> Ints:
    """Return the codes of classes as int64.

    Raises
    ------
    PerceptionError
        If a class is unknown to the model; similar names are suggested.
    """
    try:
        values = np.asarray(_on_cpu(given))
    except ValueError:
        msg = "classes are names or codes, one or an array of them; these are lists of different lengths"
        raise PerceptionError(msg) from None
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
