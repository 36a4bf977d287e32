"""Confidence curve: how sure people are of what they infer, by how much of either image is in the mixture."""

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

    A coefficient and its complement are pooled, so that the curve does not depend on which image is called the first.

    Examples
    --------
    >>> ConfidenceCurve((0.5, 0.9), (0.6, 0.8))([0.1, 0.3, 0.5])
    array([0.8, 0.7, 0.6])
    """

    @classmethod
    def fit(cls, dataset: datasets.Dataset) -> Self | None:
        """Return the curve of a dataset's judgments; `None` where no confidence was recorded.

        Parameters
        ----------
        dataset
            Judgments of infer_mixing_factor, N rows. Of a stimulus that a participant saw several times, the first
            presentation alone counts. Rows without a confidence are left out.

        Raises
        ------
        SchemaError
            If the dataset has no column mixing_coefficient, or a value is outside 0 to 1.
        """
        names = check_dataset_type(dataset).column_names
        if "mixing_coefficient" not in names:
            msg = "a confidence curve needs the column 'mixing_coefficient', which the dataset does not have"
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
    """Return which rows are the first presentation of their stimulus to their participant; bool (N,).

    All of them where the dataset does not say (it lacks the column presentation).
    """
    if "presentation" not in dataset.column_names:
        return np.ones(len(dataset), dtype=np.bool_)
    return np.asarray(numbers(arrow_columns(dataset, ["presentation"])["presentation"]) == 1)
