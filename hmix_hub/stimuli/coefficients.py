"""Coefficients as they were drawn: the released interfaces multiplied by other numbers than they stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import ConfigurationError
from hmix_hub.schema import TOLERANCE, has_flag
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.construct_midpoint import ENDPOINT_NOT_SHOWN
from hmix_hub.tasks.midpoint import WALK

if TYPE_CHECKING:
    import pyarrow as pa


def drawn_coefficients(table: pa.Table, task: str, *, on_screen: bool = False) -> npt.NDArray[np.float64]:
    """Give the coefficient that each row's picture was drawn with.

    Parameters
    ----------
    table
        Judgments or stimuli, N rows.
    task
        Their task.
    on_screen
        For rows with the flag endpoint_not_shown, whether to give the coefficient of the picture that was really on
        the screen, rather than of the one that the answer names.

    Returns
    -------
    numpy.ndarray
        float64 (N,): the stored number, but in the midpoint tasks the value of `WALK` where it is one, within
        `TOLERANCE`; NaN where null.

    Raises
    ------
    ConfigurationError
        If the table says of no row which mixture it is about, as by-stimulus tables of the midpoint tasks.
    """
    name = TASKS[task].coefficient_column
    if name not in table.column_names:
        msg = f"the rows have no {name}, so each is about a pair of pictures and not about one mixture of them"
        raise ConfigurationError(msg, hint='ask for images="endpoints", or for judgments instead of stimuli')
    stored = table[name].to_numpy().astype(np.float64)
    if TASKS[task].shows != "pair":
        return stored
    steps = steps_of(stored)
    drawn = np.where(np.abs(WALK[steps] - stored) <= TOLERANCE, WALK[steps], stored)
    if on_screen and ENDPOINT_NOT_SHOWN in TASKS[task].flags:
        drawn = np.where(_flagged(table), WALK[steps_on_screen(steps)], drawn)
    return drawn


def steps_of(coefficients: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Give the nearest step of the walk, int64 0 to 10, of each coefficient; 0 of NaN."""
    tenths = np.nan_to_num(np.asarray(coefficients, dtype=np.float64)) * 10
    return np.clip(np.rint(tenths), 0, len(WALK) - 1).astype(np.int64)


def steps_on_screen(steps: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Give the step whose picture stood on the screen of construct_midpoint when another was stored.

    Source: the released interface could not draw the two ends; at 0 and 10 the pictures of 1 and 9 stayed.
    """
    return np.clip(np.asarray(steps), 1, len(WALK) - 2)


def _flagged(table: pa.Table) -> npt.NDArray[np.bool_]:
    if "flags" not in table.column_names:
        msg = "which pictures were not on the screen stands in the column 'flags', which the dataset does not have"
        raise ConfigurationError(msg, hint="render first, then choose columns")
    return has_flag(table["flags"], ENDPOINT_NOT_SHOWN.name)
