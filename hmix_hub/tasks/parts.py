"""Parts of a task: its by-stimulus table, a trial of its example study, and the paths of its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hmix_hub.schema.column import Column
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.judgment import SLIDER_START


@dataclass(frozen=True)
class ExampleTrial:
    """A trial of an example study.

    Parameters
    ----------
    number
        Position on the participant's timeline, from 0.
    labels
        Class names of image 1 and image 2.
    share
        Share of image 1 in the mixture, if the task shows one.
    """

    number: int
    labels: tuple[str, str]
    share: float


def example_share(value: float) -> float:
    """Return a share as an example study writes it: clipped to 0 to 1, two decimals."""
    return round(float(np.clip(value, 0, 1)), 2)


@dataclass(frozen=True)
class ByStimulus:
    """A task's by-stimulus table.

    Parameters
    ----------
    columns
        Its own columns, after the stimulus and the counts.
    core
        Essential columns, the most important first.
    of
        Answer columns from which it is computed.
    gather
        Function from a table with these, its rows grouped by stimulus, and the number of classes, to the values of its
        own columns.
    is_configuration
        Whether it is published as a configuration of its own.
    """

    columns: tuple[Column, ...]
    core: tuple[str, ...]
    of: tuple[str, ...]
    gather: Callable[[pa.Table, Groups, int], Mapping[str, object]]
    is_configuration: bool = True


@dataclass(frozen=True)
class Path:
    """Columns that record how an answer was reached.

    Parameters
    ----------
    values, times
        The values passed through, in order, and the time of each.
    answer
        Column of the answer, which is the last value.
    start
        Column of the first value, from which each step is one tenth; empty: a slider.
    touched
        Column that records whether the slider was touched.
    rests
        Position of an untouched slider; `None`: chosen by the study, and recorded in no column.
    """

    values: str
    times: str
    answer: str
    start: str = ""
    touched: str = ""
    rests: float | None = SLIDER_START
