"""Recovery: the bias that was planted into scripted people, estimated from their judgments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from hmix_hub.errors import SchemaError
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa

Floats = npt.NDArray[np.float64]

COVERAGE = 0.99
MIDDLE = 0.5
WITHIN = (0.2, 0.8)
"""Mixing coefficients from which the bias is estimated: beyond them answers are pressed against an end."""


@dataclass(frozen=True)
class Recovered:
    """An estimate of the bias, share of image 1.

    Parameters
    ----------
    bias
        Mean over people of each person's mean deviation from an unbiased answer.
    low, high
        Its interval of Student's t over people.
    people, judgments
        How many it rests on.
    """

    bias: float
    low: float
    high: float
    people: int
    judgments: int

    def holds(self, value: float) -> bool:
        """Say whether the interval holds a value."""
        return self.low <= value <= self.high


def recover_bias(judgments: datasets.Dataset | pa.Table, task: str, *, coverage: float = COVERAGE) -> Recovered:
    """Estimate the bias of people from their judgments.

    Parameters
    ----------
    judgments
        A judgment table of the task, N rows.
    task
        Name of the task.
    coverage
        Of the interval.

    Raises
    ------
    SchemaError
        If fewer than two people have judgments from which it can be told.
    """
    columns = {name: judgments[name] for name in _NEEDED[task]}
    deviations = _deviations({name: _array(values, float) for name, values in columns.items()}, task)
    is_known = ~np.isnan(deviations)
    people, numbers = np.unique(_array(judgments["participant_id"], str)[is_known], return_inverse=True)
    if len(people) < 2:
        msg = f"a bias in {task} can be told from two people or more, not from {len(people)}"
        raise SchemaError(msg, hint="let more people take part")
    means = np.bincount(numbers, deviations[is_known]) / np.bincount(numbers)
    error = float(means.std(ddof=1) / np.sqrt(len(people)))
    reach = float(stdtrit(len(people) - 1, (1 + coverage) / 2)) * error
    bias = float(means.mean())
    return Recovered(bias, bias - reach, bias + reach, len(people), int(is_known.sum()))


_NEEDED = {
    CONSTRUCT: ("selected_coefficient",),
    SELECT: ("selected_coefficient",),
    INFER: ("inferred_coefficient", "mixing_coefficient"),
    CATEGORICAL: ("top_class", "top_probability", "image_1_label", "image_2_label", "mixing_coefficient"),
}


def _array(values: Any, kind: type) -> npt.NDArray[Any]:
    """Give a column of a table or dataset as an array; of numbers, NaN where null."""
    return np.array(values.to_pylist() if hasattr(values, "to_pylist") else list(values), dtype=kind)


def _deviations(columns: dict[str, Floats], task: str) -> Floats:
    """Give what each answer has too much of image 1; NaN where it cannot be told. float64 (N,)."""
    if task in {CONSTRUCT, SELECT}:
        return columns["selected_coefficient"] - MIDDLE
    shown = columns["mixing_coefficient"]
    answered = columns["inferred_coefficient"] if task == INFER else _share_of_first(columns)
    is_off_the_ends = (shown >= WITHIN[0]) & (shown <= WITHIN[1])
    return np.where(is_off_the_ends, answered - shown, np.nan)


def _share_of_first(columns: dict[str, Floats]) -> Floats:
    """Give the share of image 1 that categorical answers name; NaN where neither picture's class is the top one."""
    top, probability = columns["top_class"], columns["top_probability"]
    first, second = columns["image_1_label"], columns["image_2_label"]
    share = np.where(top == first, probability, np.where(top == second, 1 - probability, np.nan))
    return np.where(first == second, np.nan, share)
