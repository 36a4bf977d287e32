"""Check of how answers came about: paths lead to the answer, times fit their paths, grids and orders are whole."""

from __future__ import annotations

from typing import Self

import numpy as np
import pyarrow as pa

from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Mask, Report, Reporter
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.recorded import CLASS_ORDER, GRID, LATE, Faults, recorded_faults


class RecordedCheck(Check):
    """Check of a file's columns of how answers came about; a file without them costs nothing."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._late = Reporter(Report(), reporter.file)

    @property
    def _rules(self) -> dict[str, Rule]:
        found = {GRID: rules.GRID, CLASS_ORDER: rules.CLASS_ORDER}
        for path in TASKS[self.task].paths:
            found |= {path.values: rules.PATH, path.times: rules.PATH_TIMES, path.touched: rules.UNTOUCHED}
        return found

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if self._rules.keys().isdisjoint(chunk.values):
            return
        found = recorded_faults(pa.table(chunk.values), TASKS[self.task], len(self.manifest.vocabulary))
        for column, faults in found.items():
            late = faults.pop(LATE, None)
            good = self._tell(chunk, column, faults)
            if late is not None:
                self._tell_late(chunk, column, late & good)

    def _tell(self, chunk: ObservedChunk, column: str, faults: Faults) -> Mask:
        """Report each row once, with the first of its faults; return which rows have none."""
        said, masks = list(faults), np.stack(list(faults.values()))
        here, bad = self.reporter.of(column), np.logical_or.reduce(masks)
        values = None if column == CLASS_ORDER else chunk.values[column]
        return here.add_where(self._rules[column], bad, chunk.rows, values, lambda row: said[masks[:, row].argmax()])

    def _tell_late(self, chunk: ObservedChunk, column: str, late: Mask) -> None:
        times, response = chunk.values[column], chunk.numbers("response_time_ms")

        def note(row: int) -> str:
            return f"{times[row].as_py()[-1]:g} ms is after the response time, {response[row]:g} ms"

        self._late.of(column).add_where(rules.PATH_TIMES, late, chunk.rows, note=note)

    def merge(self, later: Self) -> None:
        """Add what a check of the next rows of the file has seen."""
        self._late.report.merge(later._late.report)

    def finish(self) -> None:
        """Report what the rows show together."""
        # Response times in another unit are reported as that.
        if not self.reporter.report.has(rules.SECONDS, rules.UNITS, file=self.reporter.file):
            self.reporter.report.merge(self._late.report)
