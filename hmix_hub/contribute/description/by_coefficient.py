"""Figures by shown coefficient: the bias of inferences, and the probability of both pictures' classes."""

from __future__ import annotations

from typing import Any

import numpy as np

from hmix_hub.cells import cells
from hmix_hub.contribute.description.gathered import SHOWN, Gathered, Parts, UnitRows
from hmix_hub.schema.arrays import class_masses, classes_or_shares, codes, numbers
from hmix_hub.tallies import interval, rounded

_PARTS = ("image_1", "image_2", "others")


def bias_parts(rows: UnitRows) -> Parts:
    """Return the part of the bias of inferences from one unit."""
    shown = numbers(rows.table[SHOWN])
    errors = numbers(rows.table[rows.task.answered]) - shown
    return {}, {"bias": cells(rows.units, {"error": errors, "distance": np.abs(errors)}, shown)}


def inference_bias(found: Gathered) -> dict[str, Any]:
    r"""Compute the bias of inferred coefficients.

    `bias` is the mean of :math:`\hat\lambda - \lambda`, inferred minus shown: positive if participants see more of
    image 1 than there is; `mean_absolute_error` is the mean of :math:`|\hat\lambda - \lambda|`. The sign is opposite to
    that of the by-stimulus column `relabel_difference`.

    Returns
    -------
    dict
        `bias`: `bias`, its `interval` and `mean_absolute_error` over all judgments (`None` if there are none), and
        `by_coefficient`: a list with `mixing_coefficient` (the nearest tenth if there are more than 21), `judgments`
        and the three figures.
    """
    by_level = found.fold("bias")
    overall, means = by_level.overall, by_level.means("error") if by_level.count else None
    figures = {
        "bias": overall.mean("error"),
        "interval": overall.interval("error"),
        "mean_absolute_error": overall.mean("distance"),
        "by_coefficient": [
            {
                SHOWN: rounded(centre),
                "judgments": int(by_level.counts[:, level].sum()),
                "bias": by_level.mean("error", level),
                "interval": interval(means, level),
                "mean_absolute_error": by_level.mean("distance", level),
            }
            for level, centre in enumerate(by_level.levels)
            if means is not None
        ],
    }
    return {"bias": figures}


def mass_parts(rows: UnitRows) -> Parts:
    """Return the part of the probability mass of classes from one unit."""
    one, two = (codes(rows.table[f"image_{i}_label"]) for i in (1, 2))
    masses = class_masses(classes_or_shares(rows.table[rows.task.judged_columns[0]]), one, two)
    return {}, {"mass": cells(rows.units, dict(zip(_PARTS, masses, strict=True)), numbers(rows.table[SHOWN]))}


def soft_label_mass(found: Gathered) -> dict[str, Any]:
    """Compute the mean probability of the classes of the two pictures in soft labels, or their share of choices.

    Returns
    -------
    dict
        `mass`: by `mixing_coefficient` (the nearest tenth if there are more than 21): `judgments`, the mean probability
        of the class of `image_1`, of `image_2` and of all `others` (see `class_masses`), and their `intervals`.
    """
    folded = found.fold("mass")
    means = {name: folded.means(name) for name in _PARTS if folded.count}
    levels = [
        {
            SHOWN: rounded(centre),
            "judgments": int(folded.counts[:, level].sum()),
            **{name: folded.mean(name, level) for name in means},
            "intervals": {name: interval(means[name], level) for name in means},
        }
        for level, centre in enumerate(folded.levels)
    ]
    return {"mass": levels}
