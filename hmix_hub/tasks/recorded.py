"""Checks of recorded paths: contradictions in paths, their times, grids, and orders of classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import Floats, Ints, Mask, as_mask, numbers, one_piece
from hmix_hub.tasks.midpoint import WALK
from hmix_hub.tasks.parts import Path
from hmix_hub.tasks.task import Task

GRID, CLASS_ORDER = "grid_coefficients", "class_order"
LATE = "the last is after the response time"
"""Fault of times that would be right if response times had another unit."""
_LATE_MS = 1.0
"""Tolerance by which a time may exceed the response time: both are rounded."""
_TOLERANCE = 1e-6

Faults = dict[str, Mask]
"""Masks, bool (N,), by message; the first of several takes precedence."""


def recorded_faults(table: pa.Table, task: Task, n_classes: int) -> dict[str, Faults]:
    """Find contradictions in how answers were reached; return the faults of each column concerned.

    Parameters
    ----------
    table
        N judgments; columns of the task may be missing.
    task
        The task.
    n_classes
        K.
    """
    rules: dict[str, Callable[[pa.Table], Faults]] = {GRID: _of_grid, CLASS_ORDER: partial(_of_order, task, n_classes)}
    for path in task.paths:
        of_path = {path.values: _of_path, path.times: _of_times, path.touched: _of_touched}
        rules |= {name: partial(rule, path) for name, rule in of_path.items()}
    return {name: rule(table) for name, rule in rules.items() if name in table.column_names}


@dataclass(frozen=True)
class _Lists:
    """A column of N lists as arrays: the length of each, NaN where null; all items, with the row of each."""

    lengths: Floats
    items: Floats
    parents: Ints

    @classmethod
    def of(cls, table: pa.Table, name: str) -> _Lists:
        # All lists of a missing column are null.
        has = name in table.column_names
        column = one_piece(table[name]) if has else pa.nulls(len(table), pa.list_(pa.float64()))
        lengths, items = (pa.chunked_array([part]) for part in (pc.list_value_length(column), column.flatten()))
        return cls(numbers(lengths), numbers(items), pc.list_parent_indices(column).to_numpy())

    def end(self, *, first: bool = False, of_nothing: float | Floats = np.nan) -> Floats:
        found, lengths = np.where(self.lengths == 0, of_nothing, np.nan), np.nan_to_num(self.lengths).astype(np.int64)
        places = np.cumsum(lengths) - (lengths if first else 1)
        found[lengths > 0] = self.items[places[lengths > 0]]
        return found

    def have_step(self, is_bad: Mask) -> Mask:
        # A step leads from an item to the next of all items.
        return self._have(self.parents[1:][is_bad & (self.parents[1:] == self.parents[:-1])])

    def have_twice(self) -> Mask:
        order = np.lexsort((self.items, self.parents))
        items, parents = self.items[order], self.parents[order]
        return self._have(parents[1:][(np.diff(items) < _TOLERANCE) & (parents[1:] == parents[:-1])])

    def lack(self, values: Floats) -> Mask:
        held = self._have(self.parents[np.abs(self.items - values[self.parents]) < _TOLERANCE])
        return ~(held | np.isnan(self.lengths) | np.isnan(values))

    def _have(self, of_items: Ints) -> Mask:
        return np.asarray(np.bincount(of_items, minlength=len(self.lengths)) > 0)


def _numbers(table: pa.Table, name: str) -> Floats:
    return numbers(table[name]) if name in table.column_names else np.full(len(table), np.nan)


# Below, NaN (not known) differs from nothing.


def _of_path(path: Path, table: pa.Table) -> Faults:
    lists, answer = _Lists.of(table, path.values), _numbers(table, path.answer)
    # A slider that never moved may have only its initial position.
    ends = lists.end(of_nothing=answer if path.start or path.rests is None else path.rests)
    faults = {"the last value is not the answer": np.abs(ends - answer) > _TOLERANCE}
    if path.start:
        begins, steps = lists.end(first=True) - _numbers(table, path.start), np.abs(np.diff(lists.items))
        faults |= {
            "it is empty": lists.lengths == 0,
            f"its first value is not {path.start}": np.abs(begins) > _TOLERANCE,
            "a step is not one tenth": lists.have_step(np.abs(steps - WALK[1]) > _TOLERANCE),
        }
    return faults


def _of_times(path: Path, table: pa.Table) -> Faults:
    times, values = _Lists.of(table, path.times), _Lists.of(table, path.values)
    return {
        "there are more or fewer than values of the path": np.abs(times.lengths - values.lengths) > 0,
        "a time is earlier than the one before": times.have_step(np.diff(times.items) < 0),
        "the first is not 0": bool(path.start) & (times.end(first=True) > _LATE_MS),
        LATE: times.end() > _numbers(table, "response_time_ms") + _LATE_MS,
    }


def _of_touched(path: Path, table: pa.Table) -> Faults:
    untouched = as_mask(pc.equal(table[path.touched], False))
    # If the initial position is unknown and no path shows that the slider moved, nothing can be contradictory.
    rests = np.nan if path.rests is None else path.rests
    return {
        f"{path.answer} is not {rests}": untouched & (np.abs(_numbers(table, path.answer) - rests) > _TOLERANCE),
        f"{path.values} has several values": untouched & (_Lists.of(table, path.values).lengths > 1),
    }


def _of_grid(table: pa.Table) -> Faults:
    lists = _Lists.of(table, GRID)
    return {
        "a coefficient occurs twice": lists.have_twice(),
        "selected_coefficient is missing from it": lists.lack(_numbers(table, "selected_coefficient")),
    }


def _of_order(task: Task, n_classes: int, table: pa.Table) -> Faults:
    lists = _Lists.of(table, CLASS_ORDER)
    faults = {"a class occurs twice": lists.have_twice()}
    if task.derived:
        # Soft labels spread over all classes, so all of them were on the page.
        return faults | {f"there are {n_classes} classes": np.abs(lists.lengths - n_classes) > 0}
    return faults | {f"{task.class_column} is missing from it": lists.lack(_numbers(table, task.class_column))}
