"""Recovery: the bias of scripted participants, estimated from their judgments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.special import stdtrit

from hmix_hub.errors import SchemaError
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.perception import MIDDLE
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    import datasets

COVERAGE = 0.99
WITHIN = (0.2, 0.8)
"""Range of mixing coefficients from which the bias is estimated; beyond it, answers are squeezed against an end."""


@dataclass(frozen=True)
class Recovered:
    """An estimate of the bias, share of image 1.

    Parameters
    ----------
    bias
        Mean over participants of their mean deviation from an unbiased answer.
    low, high
        Its interval from Student's t over participants.
    people, judgments
        Numbers of participants and judgments used.
    """

    bias: float
    low: float
    high: float
    people: int
    judgments: int

    def holds(self, value: float) -> bool:
        """Return whether the interval holds a value."""
        return self.low <= value <= self.high


def recover_bias(judgments: datasets.Dataset | pa.Table, task: str, *, coverage: float = COVERAGE) -> Recovered:
    """Estimate the bias of participants from their judgments.

    Parameters
    ----------
    judgments
        A judgment table of the task, N rows.
    task
        Name of the task.
    coverage
        Coverage of the interval.

    Raises
    ------
    SchemaError
        If fewer than two participants have usable judgments.
    """
    suite_task = SUITE_TASKS[task]
    # For one mixture, this is the shown one; for a pair, the answered one.
    kept = {TASKS[task].coefficient_column, TASKS[task].answered, *suite_task.bias_columns} - {""}
    columns = {name: _array(judgments[name], float) for name in kept}
    share = suite_task.answered_share(columns)
    if suite_task.shows_pair:
        deviations = share - MIDDLE
    else:
        shown = columns["mixing_coefficient"]
        deviations = np.where((shown >= WITHIN[0]) & (shown <= WITHIN[1]), share - shown, np.nan)
    is_known = ~np.isnan(deviations)
    participants, numbers = np.unique(_array(judgments["participant_id"], str)[is_known], return_inverse=True)
    if len(participants) < 2:
        msg = f"estimating a bias in {task} requires at least two participants, not {len(participants)}"
        raise SchemaError(msg, hint="simulate more participants")
    means = np.bincount(numbers, deviations[is_known]) / np.bincount(numbers)
    bias = float(means.mean())
    error = float(means.std(ddof=1) / np.sqrt(len(participants)))
    reach = float(stdtrit(len(participants) - 1, (1 + coverage) / 2)) * error
    return Recovered(bias, bias - reach, bias + reach, len(participants), int(is_known.sum()))


def _array(values: Any, kind: type) -> npt.NDArray[Any]:
    """Return a column of a table or dataset as an array; null numbers become NaN."""
    return np.array(values.to_pylist() if hasattr(values, "to_pylist") else list(values), dtype=kind)
