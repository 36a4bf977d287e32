"""Outside curve: mean probability that participants give to classes other than those of the two images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import SchemaError
from hmix_hub.perception.confidence import first_presentations
from hmix_hub.perception.symmetric_curve import SymmetricCurve, group_folded
from hmix_hub.schema.arrays import Floats, Ints, codes, numbers
from hmix_hub.schema.groups import Groups, encode
from hmix_hub.summaries import soft_labels
from hmix_hub.tables import arrow_columns, check_dataset_type

if TYPE_CHECKING:
    import datasets

_COLUMNS = ("mixing_coefficient", "image_1_label", "image_2_label", "stimulus_id")


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
            repeated presentations are left out.

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
        missing = [name for name in (*_COLUMNS, "soft_label") if name not in dataset.column_names]
        if missing:
            msg = f"the mass outside the two classes needs the columns {', '.join(missing)}, which the dataset lacks"
            raise SchemaError(msg, hint='load "categorical_soft_labels"')
        table = arrow_columns(dataset, _COLUMNS)
        coefficient = numbers(table["mixing_coefficient"])
        one, two = (codes(table[name]) for name in ("image_1_label", "image_2_label"))
        is_mixture = (one >= 0) & (two >= 0) & (one != two) & ~np.isnan(coefficient)
        rows = np.flatnonzero(is_mixture & first_presentations(dataset))
        if not len(rows):
            msg = "the dataset has no soft labels of mixtures of two classes"
            raise SchemaError(msg, hint="single images do not show how mixtures are seen")
        labels = soft_labels(dataset)
        outside = (1 - labels[rows, one[rows]] - labels[rows, two[rows]]).clip(0, 1)
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
    # One pooled variance: within a group of a few stimuli it is poorly estimated.
    error = ((values - means[group]) ** 2).sum() / spare / groups.sizes
    weights = 1 / error if error.all() else np.ones(len(means))
    common = float(weights @ means / weights.sum())
    beyond = max(0.0, float(means.var(ddof=1) - error.mean()))
    kept = beyond / (beyond + error) if beyond else np.zeros(len(means))
    return common + kept * (means - common)
