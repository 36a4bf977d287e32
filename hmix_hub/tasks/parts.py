"""Parts of a task: its by-stimulus table, a trial of its example study, and how its answers came about."""

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
        Its place on the participant's timeline, from 0.
    labels
        Class names of image 1 and image 2.
    share
        Share of image 1 in the mixture, where the task shows one.
    """

    number: int
    labels: tuple[str, str]
    share: float


def example_share(value: float) -> float:
    """Return a share as an example study writes it: within 0 and 1, two digits."""
    return round(float(np.clip(value, 0, 1)), 2)


@dataclass(frozen=True)
class ByStimulus:
    """A task's by-stimulus table.

    Parameters
    ----------
    columns
        Its own columns, behind the stimulus and the counts.
    core
        Columns that a reader needs, the most important first.
    of
        Answer columns that it is made of.
    gather
        From a table with these, its rows grouped by stimulus, and the number of classes, to the values of its own
        columns.
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
    """Columns of how an answer came about.

    Parameters
    ----------
    values, times
        The values on the way, in order, and when each came.
    answer
        Column of the answer, the last of them.
    start
        Column of the first of them, from which each step is one tenth; empty: a slider.
    touched
        Column that says whether the slider was touched.
    rests
        Where a slider stands before it is touched; `None`: wherever the study had it, which no column says.
    """

    values: str
    times: str
    answer: str
    start: str = ""
    touched: str = ""
    rests: float | None = SLIDER_START
