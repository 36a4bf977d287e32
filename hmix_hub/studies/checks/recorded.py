"""Check of how answers came about: paths lead to the answer, times fit their paths, grids and orders are whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import Floats, as_mask, numbers
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Ints, Mask, Report, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.midpoint import WALK
from hmix_hub.tasks.parts import Path

LATE_MS = 1.0
"""By how much a time may lie behind the response time: both are rounded."""
_TOLERANCE = 1e-6


@dataclass(frozen=True)
class _Lists:
    """A column of N lists as arrays: the length of each, NaN where it is null; all items, with the row of each."""

    lengths: Floats
    items: Floats
    parents: Ints

    @classmethod
    def of(cls, chunk: ObservedChunk, name: str) -> _Lists:
        """Return a column; of one that the file lacks, all lists are null."""
        column = chunk.values.get(name, pa.nulls(len(chunk), pa.list_(pa.float64())))
        return cls(
            numbers(pa.chunked_array([pc.list_value_length(column)])),
            numbers(pa.chunked_array([column.flatten()])),
            np.asarray(pc.list_parent_indices(column).to_numpy(), dtype=np.int64),
        )

    def end(self, *, first: bool = False, of_nothing: float | Floats = np.nan) -> Floats:
        """Return the last item of each list, or the first; float64 (N,), NaN where it is null."""
        found, lengths = np.where(self.lengths == 0, of_nothing, np.nan), np.nan_to_num(self.lengths).astype(np.int64)
        places = np.cumsum(lengths) - (lengths if first else 1)
        found[lengths > 0] = self.items[places[lengths > 0]]
        return found

    def have_step(self, is_bad: Mask) -> Mask:
        """For each list, whether it has a bad step; `is_bad` is of each item but the last, and its next one."""
        return self._have(self.parents[1:][is_bad & (self.parents[1:] == self.parents[:-1])])

    def have_twice(self) -> Mask:
        """For each list, whether it holds an item twice."""
        order = np.lexsort((self.items, self.parents))
        items, parents = self.items[order], self.parents[order]
        return self._have(parents[1:][(np.diff(items) < _TOLERANCE) & (parents[1:] == parents[:-1])])

    def lack(self, values: Floats) -> Mask:
        """For each list, whether it does not hold the row's value; false where either is not known."""
        held = self._have(self.parents[np.abs(self.items - values[self.parents]) < _TOLERANCE])
        return ~(held | np.isnan(self.lengths) | np.isnan(values))

    def _have(self, of_items: Ints) -> Mask:
        return np.asarray(np.bincount(of_items, minlength=len(self.lengths)) > 0)


class RecordedCheck(Check):
    """Check of a file's columns of how answers came about; a file without them costs nothing."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._late = Reporter(Report(), reporter.file)

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        for columns in TASKS[self.task].paths:
            if columns.values in chunk.values:
                self._check_path(chunk, columns)
            if columns.times in chunk.values:
                self._check_times(chunk, columns)
            if columns.touched in chunk.values:
                self._check_touched(chunk, columns)
        if "grid_coefficients" in chunk.values:
            lists = _Lists.of(chunk, "grid_coefficients")
            faults = {
                "it holds a coefficient twice": lists.have_twice(),
                "it does not hold selected_coefficient": lists.lack(chunk.numbers("selected_coefficient")),
            }
            self._tell("grid_coefficients", faults, rules.GRID, chunk)
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
        lists, answer = _Lists.of(chunk, columns.values), chunk.numbers(columns.answer)
        # A slider that never moved may have no place but where it rests.
        ends = lists.end(of_nothing=answer if columns.start or columns.rests is None else columns.rests)
        # NaN, what is not known, differs from nothing.
        faults = {"its last value is not the answer": np.abs(ends - answer) > _TOLERANCE}
        if columns.start:
            begins, steps = lists.end(first=True) - chunk.numbers(columns.start), np.abs(np.diff(lists.items))
            faults |= {
                "it is empty": lists.lengths == 0,
                f"its first value is not {columns.start}": np.abs(begins) > _TOLERANCE,
                "a step is not one tenth": lists.have_step(np.abs(steps - WALK[1]) > _TOLERANCE),
            }
        self._tell(columns.values, faults, rules.PATH, chunk)

    def _check_times(self, chunk: ObservedChunk, columns: Path) -> None:
        lists, path = _Lists.of(chunk, columns.times), _Lists.of(chunk, columns.values)
        faults = {
            "there are not as many as values of the path": np.abs(lists.lengths - path.lengths) > 0,
            "a time is before the last": lists.have_step(np.diff(lists.items) < 0),
        }
        if columns.start:
            faults["the first is not 0"] = lists.end(first=True) > LATE_MS
        good = self._tell(columns.times, faults, rules.PATH_TIMES, chunk)
        last, response = lists.end(), chunk.numbers("response_time_ms")

        def note(row: int) -> str:
            return f"{last[row]:g} ms is after the response time, {response[row]:g} ms"

        late = good & (last > response + LATE_MS)
        self._late.of(columns.times).add_where(rules.PATH_TIMES, late, chunk.rows, note=note)

    def _check_touched(self, chunk: ObservedChunk, columns: Path) -> None:
        untouched = as_mask(pc.equal(chunk.values[columns.touched], False))
        moved = np.nan if columns.rests is None else np.abs(chunk.numbers(columns.answer) - columns.rests)
        # Where a slider rests anywhere, and no path says that it moved, nothing can contradict.
        faults = {
            f"{columns.answer} is not {columns.rests}": untouched & (moved > _TOLERANCE),
            f"{columns.values} has several values": untouched & (_Lists.of(chunk, columns.values).lengths > 1),
        }
        self._tell(columns.touched, faults, rules.UNTOUCHED, chunk)

    def _check_class_order(self, chunk: ObservedChunk) -> None:
        lists, task, n = _Lists.of(chunk, "class_order"), TASKS[self.task], len(self.manifest.vocabulary)
        faults = {"a class stands twice": lists.have_twice()}
        if task.derived:
            # Soft labels are spread over all classes, so that all were on the page.
            faults[f"there are {n} classes"] = np.abs(lists.lengths - n) > 0
        else:
            faults[f"it does not hold {task.class_column}"] = lists.lack(chunk.numbers(task.class_column))
        self._tell("class_order", faults, rules.CLASS_ORDER, chunk, is_shown=False)

    def _tell(
        self, column: str, faults: dict[str, Mask], rule: Rule, chunk: ObservedChunk, *, is_shown: bool = True
    ) -> Mask:
        """Report each row once, with the first of its faults; return which rows have none."""
        said, masks = list(faults), np.stack(list(faults.values()))
        values = chunk.values[column] if is_shown else None
        return self.reporter.of(column).add_where(
            rule, np.logical_or.reduce(masks), chunk.rows, values, lambda row: said[masks[:, row].argmax()]
        )
