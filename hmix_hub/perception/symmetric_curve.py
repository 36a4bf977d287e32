"""Symmetric curves: quantities that do not depend on which of the two images is called the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SchemaError
from hmix_hub.schema.arrays import Floats, Ints

_DIGITS = 9
"""Decimals to which coefficients are compared; filters, too, treat those within 1e-9 as equal."""


def fold(coefficient: npt.ArrayLike) -> Floats:
    """Return the larger of each coefficient and its complement, .5 to 1; float64 of the same shape."""
    values = np.asarray(coefficient, dtype=np.float64)
    return np.maximum(values, 1 - values)


def group_folded(coefficient: Floats) -> tuple[Floats, Ints]:
    """Return the distinct folded coefficients, float64 (M,), increasing, and the index of each row's, int64 (N,)."""
    distinct, group = np.unique(fold(coefficient).round(_DIGITS), return_inverse=True)
    return distinct, group.astype(np.int64)


@dataclass(frozen=True)
class SymmetricCurve:
    """A piecewise linear function of the mixing coefficient, symmetric about .5 and constant beyond its last point.

    Parameters
    ----------
    coefficients
        Folded coefficients of the points, .5 to 1, increasing.
    values
        Value at each, 0 to 1.

    Raises
    ------
    SchemaError
        If there are no points, or they are not increasing, or out of range.
    """

    coefficients: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        points, values = np.asarray(self.coefficients, dtype=np.float64), np.asarray(self.values, dtype=np.float64)
        in_order = points.ndim == 1 and points.size > 0 and bool((np.diff(points) > 0).all())
        in_range = bool(((points >= 0.5) & (points <= 1)).all() and ((values >= 0) & (values <= 1)).all())
        if not (in_order and in_range and points.shape == values.shape):
            msg = f"a {type(self).__name__} cannot have the points {self.coefficients} with the values {self.values}"
            hint = "coefficients increase from .5 or more to 1 or less, each with a value from 0 to 1"
            raise SchemaError(msg, hint=hint)

    def __call__(self, coefficient: npt.ArrayLike) -> Floats:
        """Return the value at mixing coefficients, 0 to 1; float64 of their shape."""
        return np.interp(fold(coefficient), self.coefficients, self.values)

    def to_json(self) -> dict[str, list[float]]:
        """Return the curve as lists of numbers, which `json` stores without loss."""
        return {"coefficients": list(self.coefficients), "values": list(self.values)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the curve that `to_json` wrote.

        Raises
        ------
        SchemaError
            If a list is missing, or does not hold numbers.
        """
        try:
            parts = [tuple(float(number) for number in stored[name]) for name in ("coefficients", "values")]
        except (KeyError, TypeError, ValueError) as error:
            msg = f"not a stored {cls.__name__}: {stored!r}"
            raise SchemaError(msg, hint="pass the result of to_json") from error
        return cls(*parts)
