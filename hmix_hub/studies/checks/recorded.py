"""Check of how answers came about: paths lead to the answer, times fit their paths, grids and orders are whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Ints, Mask, Report, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.midpoint import WALK
from hmix_hub.tasks.parts import Path

Numbers = npt.NDArray[np.float64]

LATE_MS = 1.0
"""By how much a time may lie behind the response time: both are rounded."""
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class _Lists:
    """A column of N lists as arrays: whether each is known, its length, and all items with the row of each."""

    known: Mask
    lengths: Ints
    items: Numbers
    parents: Ints

    @classmethod
    def of(cls, column: pa.Array) -> _Lists:
        return cls(
            as_mask(column.is_valid()),
            np.asarray(pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64),
            np.asarray(column.flatten().to_numpy(zero_copy_only=False), dtype=np.float64),
            np.asarray(pc.list_parent_indices(column).to_numpy(), dtype=np.int64),
        )

    def end(self, *, first: bool = False, of_nothing: float = np.nan) -> Numbers:
        """Return the last item of each list, or the first; float64 (N,)."""
        found = np.full(len(self.lengths), of_nothing)
        there = self.lengths > 0
        places = np.cumsum(self.lengths) - (self.lengths if first else 1)
        found[there] = self.items[places[there]]
        return found

    def rows_with_step(self, is_bad: Mask) -> Mask:
        """For each list, whether it has a bad step; `is_bad` is of each item but the last, and its next one."""
        return self._any(self.parents[1:][is_bad & (self.parents[1:] == self.parents[:-1])])

    def holds_twice(self) -> Mask:
        """For each list, whether it holds an item twice."""
        order = np.lexsort((self.items, self.parents))
        items, parents = self.items[order], self.parents[order]
        twice = (np.diff(items) < _TOLERANCE) & (parents[1:] == parents[:-1])
        return self._any(parents[1:][twice])

    def holds(self, values: Numbers) -> Mask:
        """For each list, whether it holds the row's value."""
        return self._any(self.parents[np.abs(self.items - values[self.parents]) < _TOLERANCE])

    def _any(self, of_items: Ints) -> Mask:
        return np.asarray(np.bincount(of_items, minlength=len(self.lengths)) > 0)


class RecordedCheck(Check):
    """Check of a file's columns of how answers came about; a file without them costs nothing."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._late = Reporter(Report(), reporter.file)

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        for columns in TASKS[self.task].paths:
            self._check_path(chunk, columns)
            self._check_times(chunk, columns)
            self._check_touched(chunk, columns)
        if "grid_coefficients" in chunk.values:
            self._check_grid(chunk)
        if "class_order" in chunk.values:
            self._check_class_order(chunk)

    def merge(self, later: Self) -> None:
        """Add what a check of the next rows of the file has seen."""
        self._late.report.merge(later._late.report)

    def finish(self) -> None:
        """Report what the rows show together."""
        # Response times in another unit are reported as that.
        if not self.reporter.report.has(rules.SECONDS, rules.UNITS, file=self.reporter.file):
            self.reporter.report.merge(self._late.report)

    def _check_path(self, chunk: ObservedChunk, columns: Path) -> None:
        if columns.values not in chunk.values:
            return
        lists = _Lists.of(chunk.values[columns.values])
        answer = chunk.numbers(columns.answer)
        # A slider that never moved may have no place but where it rests.
        ends = lists.end(of_nothing=np.nan if columns.start or columns.rests is None else columns.rests)
        if columns.rests is None:
            ends = np.where(lists.lengths == 0, answer, ends)
        # NaN, an answer that is not known, differs from nothing.
        wrong_end = lists.known & (np.abs(ends - answer) > _TOLERANCE)
        faults = {"its last value is not the answer": wrong_end}
        if columns.start:
            begins, start = lists.end(first=True), chunk.numbers(columns.start)
            steps = np.abs(np.abs(np.diff(lists.items)) - WALK[1]) > _TOLERANCE
            faults |= {
                "it is empty": lists.known & (lists.lengths == 0),
                f"its first value is not {columns.start}": lists.known & (np.abs(begins - start) > _TOLERANCE),
                "a step is not one tenth": lists.rows_with_step(steps),
            }
        self._tell(columns.values, faults, rules.PATH, chunk)

    def _check_times(self, chunk: ObservedChunk, columns: Path) -> None:
        if columns.times not in chunk.values:
            return
        lists = _Lists.of(chunk.values[columns.times])
        faults = {"a time is before the last": lists.rows_with_step(np.diff(lists.items) < 0)}
        if columns.values in chunk.values:
            path = _Lists.of(chunk.values[columns.values])
            differs = lists.known & path.known & (lists.lengths != path.lengths)
            faults = {"there are not as many as values of the path": differs} | faults
        if columns.start:
            faults["the first is not 0"] = lists.known & (lists.end(first=True, of_nothing=0) > LATE_MS)
        bad = self._tell(columns.times, faults, rules.PATH_TIMES, chunk)
        last, response = lists.end(), chunk.numbers("response_time_ms")
        late = (last > response + LATE_MS) & ~bad

        def note(row: int) -> str:
            return f"{last[row]:g} ms is after the response time, {response[row]:g} ms"

        self._late.of(columns.times).add_where(rules.PATH_TIMES, late, chunk.rows, note=note)

    def _check_touched(self, chunk: ObservedChunk, columns: Path) -> None:
        if columns.touched not in chunk.values:
            return
        untouched = as_mask(pc.equal(chunk.values[columns.touched], False))
        faults: dict[str, Mask] = {}
        if columns.rests is not None:
            moved = np.abs(chunk.numbers(columns.answer) - columns.rests) > _TOLERANCE
            faults[f"{columns.answer} is not {columns.rests}"] = untouched & moved
        if columns.values in chunk.values:
            lists = _Lists.of(chunk.values[columns.values])
            faults[f"{columns.values} has several values"] = untouched & (lists.lengths > 1)
        # Where a slider rests anywhere, and no path says that it moved, nothing can contradict.
        if faults:
            self._tell(columns.touched, faults, rules.UNTOUCHED, chunk)

    def _check_grid(self, chunk: ObservedChunk) -> None:
        lists, selected = _Lists.of(chunk.values["grid_coefficients"]), chunk.numbers("selected_coefficient")
        faults = {
            "it holds a coefficient twice": lists.holds_twice(),
            "it does not hold selected_coefficient": lists.known & ~np.isnan(selected) & ~lists.holds(selected),
        }
        self._tell("grid_coefficients", faults, rules.GRID, chunk)

    def _check_class_order(self, chunk: ObservedChunk) -> None:
        lists = _Lists.of(chunk.values["class_order"])
        task, n = TASKS[self.task], len(self.manifest.vocabulary)
        faults = {"a class stands twice": lists.holds_twice()}
        if task.derived:
            # Soft labels are spread over all classes, so that all were on the page.
            faults[f"there are {n} classes"] = lists.known & (lists.lengths != n)
        else:
            chosen = chunk.numbers(task.class_column)
            faults[f"it does not hold {task.class_column}"] = lists.known & ~np.isnan(chosen) & ~lists.holds(chosen)
        self._tell("class_order", faults, rules.CLASS_ORDER, chunk, is_shown=False)

    def _tell(
        self, column: str, faults: dict[str, Mask], rule: Rule, chunk: ObservedChunk, *, is_shown: bool = True
    ) -> Mask:
        """Report each row once, with the first of its faults; return which rows have any."""
        said, masks = list(faults), np.stack(list(faults.values()))
        bad = np.asarray(masks.any(axis=0), dtype=bool)
        values = chunk.values[column] if is_shown else None
        self.reporter.of(column).add_where(rule, bad, chunk.rows, values, lambda row: said[masks[:, row].argmax()])
        return bad
