"""Confidence curve: participants' mean confidence as a function of the mixing coefficient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from hmix_hub.errors import SchemaError
from hmix_hub.perception.symmetric_curve import SymmetricCurve, group_folded
from hmix_hub.schema.arrays import numbers
from hmix_hub.schema.groups import Groups
from hmix_hub.tables import arrow_columns, check_dataset_type

if TYPE_CHECKING:
    import datasets

_COLUMNS = ("mixing_coefficient", "confidence")


@dataclass(frozen=True)
class ConfidenceCurve(SymmetricCurve):
    """Mean confidence, 0 to 1, by mixing coefficient.

    Each coefficient is pooled with its complement, so the curve does not depend on which image is called the first.

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
            msg = "a confidence curve needs the column 'mixing_coefficient', which the dataset lacks"
            raise SchemaError(msg, hint='load "infer_mixing_factor"')
        if "confidence" not in names:
            return None
        coefficient, confidence = (numbers(column) for column in arrow_columns(dataset, _COLUMNS).columns)
        counts = first_presentations(dataset) & ~np.isnan(coefficient) & ~np.isnan(confidence)
        if not counts.any():
            return None
        points, group = group_folded(coefficient[counts])
        return cls(tuple(points.tolist()), tuple(Groups(group).mean(confidence[counts]).tolist()))


def first_presentations(dataset: datasets.Dataset) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return whether each row is the first presentation of its stimulus to its participant; bool (N,).

    Without a column presentation, all rows count as first.
    """
    if "presentation" not in dataset.column_names:
        return np.ones(len(dataset), dtype=np.bool_)
    return np.asarray(numbers(arrow_columns(dataset, ["presentation"])["presentation"]) == 1)
