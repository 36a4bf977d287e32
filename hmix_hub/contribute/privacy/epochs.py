"""Epochs: numbers that count seconds, or parts of seconds, since 1970, and so are points in time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hmix_hub.contribute.privacy.column_names import holds_durations, may_hold_times

_UNITS = (1, 10**3, 10**6, 10**9)
_FROM, _TO = 946_684_800, 4_102_444_800
"""The years 2000 to 2099, in seconds."""
_LIKELY_FROM, _LIKELY_TO = 1_104_537_600, 2_051_222_400
"""The years 2005 to 2034, in which somebody may have sat at a screen."""


def are_epochs(name: str, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Say of numbers whether they are points in time.

    In a column that is called as one that holds times, a number is one where it lies in this century. In another
    column, all numbers must lie within thirty years, counted in milliseconds or finer: no response takes so long.

    Parameters
    ----------
    name
        The column's name.
    values
        float64 (N,); NaN where there is no number.

    Returns
    -------
    bool (N,)
    """
    none = np.zeros(len(values), dtype=np.bool_)
    if holds_durations(name):
        return none
    if may_hold_times(name):
        return np.logical_or.reduce([_lie_between(values, _FROM * unit, _TO * unit) for unit in _UNITS])
    is_number = np.isfinite(values)
    for unit in _UNITS[1:]:
        likely = _lie_between(values, _LIKELY_FROM * unit, _LIKELY_TO * unit)
        if likely.any() and np.array_equal(likely, is_number):
            return likely
    return none


def _lie_between(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.bool_]:
    return np.asarray((values >= low) & (values < high), dtype=np.bool_)
