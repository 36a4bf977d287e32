"""Symmetric curves: quantities that do not depend on which of the two images comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import SchemaError
from hmix_hub.schema.arrays import Floats, Ints, Mask, class_masses, codes, numbers
from hmix_hub.schema.groups import Groups, encode
from hmix_hub.summaries import soft_labels
from hmix_hub.tables import arrow_columns, check_dataset_type

if TYPE_CHECKING:
    import datasets

_DIGITS = 9
"""Decimals to which coefficients are compared; filters also treat values within 1e-9 as equal."""


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
            If a list is missing, or contains anything but numbers.
        """
        try:
            parts = [tuple(float(number) for number in stored[name]) for name in ("coefficients", "values")]
        except (KeyError, TypeError, ValueError) as error:
            msg = f"not a stored {cls.__name__}: {stored!r}"
            raise SchemaError(msg, hint="pass the result of to_json") from error
        return cls(*parts)


@dataclass(frozen=True)
class ConfidenceCurve(SymmetricCurve):
    """Mean confidence, 0 to 1, by mixing coefficient.

    Each coefficient is pooled with its complement, so the curve does not depend on which image comes first.

    Examples
    --------
    >>> ConfidenceCurve((0.5, 0.9), (0.6, 0.8))([0.1, 0.3, 0.5])
    array([0.8, 0.7, 0.6])
    """

    @classmethod
    def fit(cls, dataset: datasets.Dataset) -> Self | None:
        """Fit the curve to judgments; `None` if they have no confidences.

        Parameters
        ----------
        dataset
            Judgments of infer_mixing_factor, N rows. Only the first presentation of a stimulus to a participant
            counts, and only rows with a confidence.

        Raises
        ------
        SchemaError
            If the dataset has no column mixing_coefficient, or a value is outside 0 to 1.
        """
        names = check_dataset_type(dataset).column_names
        if "mixing_coefficient" not in names:
            msg = "a confidence curve needs the column 'mixing_coefficient', which is missing"
            raise SchemaError(msg, hint='load "infer_mixing_factor"')
        if "confidence" not in names:
            return None
        coefficient, confidence = map(numbers, arrow_columns(dataset, ["mixing_coefficient", "confidence"]).columns)
        counts = first_presentations(dataset) & ~np.isnan(coefficient) & ~np.isnan(confidence)
        if not counts.any():
            return None
        points, group = group_folded(coefficient[counts])
        return cls(tuple(points.tolist()), tuple(Groups(group).mean(confidence[counts]).tolist()))


def first_presentations(dataset: datasets.Dataset) -> Mask:
    """Return whether each row is a first presentation, bool (N,); without the column, all are."""
    if "presentation" not in dataset.column_names:
        return np.ones(len(dataset), dtype=np.bool_)
    return np.asarray(numbers(arrow_columns(dataset, ["presentation"])["presentation"]) == 1)


_OUTSIDE = ("mixing_coefficient", "image_1_label", "image_2_label", "stimulus_id")


@dataclass(frozen=True)
class OutsideCurve(SymmetricCurve):
    """Mean soft-label mass outside the classes of the two images, 0 to 1, by mixing coefficient.

    Each coefficient is pooled with its complement.

    Examples
    --------
    >>> OutsideCurve((0.5, 0.75), (0.4, 0.35))([0.0, 0.25, 0.5])
    array([0.35, 0.35, 0.4 ])
    """

    @classmethod
    def fit(cls, dataset: datasets.Dataset) -> Self:
        """Fit the curve to categorical judgments.

        Parameters
        ----------
        dataset
            Judgments of categorical_soft_labels with their soft labels, N rows. Single images, pairs of one class and
            repeated presentations are ignored.

        Raises
        ------
        SchemaError
            If the dataset has no soft labels of mixtures.

        Notes
        -----
        Judgments are averaged within each stimulus, then stimuli within each coefficient. Since coefficients have few
        stimuli, their means are shrunk towards a common mean m: `m + t / (t + s^2) * (mean - m)`, where s is the
        standard error of the mean and t the variance between coefficients beyond sampling error, by the method of
        moments.
        Source: paper, section 4.3.2.
        """
        dataset = in_one_order(check_dataset_type(dataset))
        missing = [name for name in (*_OUTSIDE, "soft_label") if name not in dataset.column_names]
        if missing:
            msg = f"the mass outside the two classes needs the columns {', '.join(missing)}, which are missing"
            raise SchemaError(msg, hint='load "categorical_soft_labels"')
        table = arrow_columns(dataset, _OUTSIDE)
        coefficient = numbers(table["mixing_coefficient"])
        one, two = (codes(table[name]) for name in ("image_1_label", "image_2_label"))
        is_mixture = (one >= 0) & (two >= 0) & (one != two) & ~np.isnan(coefficient)
        rows = np.flatnonzero(is_mixture & first_presentations(dataset))
        if not len(rows):
            msg = "the dataset has no soft labels of mixtures of two classes"
            raise SchemaError(msg, hint="single images do not show how mixtures are seen")
        outside = class_masses(soft_labels(dataset)[rows], one[rows], two[rows])[2].clip(0, 1)
        by_stimulus = Groups(encode(table["stimulus_id"].take(rows)))
        points, group = group_folded(coefficient[rows][by_stimulus.first])
        return cls(tuple(points.tolist()), tuple(_shrink(by_stimulus.mean(outside), group).tolist()))


def _shrink(values: Floats, group: Ints) -> Floats:
    """Return the means of groups, shrunk towards their common mean; float64 (M,)."""
    groups = Groups(group)
    means = groups.mean(values)
    spare = len(values) - len(means)
    if len(means) == 1 or spare == 0:
        return np.full(len(means), values.mean())
    # Use one pooled variance, since a few stimuli per group estimate it poorly.
    error = ((values - means[group]) ** 2).sum() / spare / groups.sizes
    weights = 1 / error if error.all() else np.ones(len(means))
    common = float(weights @ means / weights.sum())
    beyond = max(0.0, float(means.var(ddof=1) - error.mean()))
    kept = beyond / (beyond + error) if beyond else np.zeros(len(means))
    return common + kept * (means - common)
