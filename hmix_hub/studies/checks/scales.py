"""Check of scales: study.yaml lists each that is rated on, and ratings are steps of scales that have some."""

from __future__ import annotations

import numpy as np

from hmix_hub.schema.arrays import Floats, Mask
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules import scales as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.scale_rating import SCALE

_FIELD = "scales"
_MOST_NAMED = 10


class ScaleCheck(Check):
    """Whether the scales of ratings are stated, and each rating is a place on its own; other tasks have none."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._is_rated = SCALE in TASKS[task].facets
        self._rating = TASKS[task].answered
        self._seen: dict[str, None] = {}

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if not self._is_rated:
            return
        named = chunk.values[SCALE].dictionary_encode()
        names, of_row = named.dictionary.to_pylist(), named.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        self._seen |= dict.fromkeys(names)
        ratings = chunk.numbers(self._rating)
        for number, name in enumerate(names):
            scale = self.manifest.rated.get(name)
            if scale is None or scale.steps is None:
                continue
            there = (of_row == number) & ~np.isnan(ratings)
            rounded, nearest = there & scale.are_rounded_steps(ratings), scale.nearest(ratings)
            said = f"{name} has {scale.steps} steps, and the nearest is "
            self._tell(rules.ROUNDED_STEP, rounded, chunk, nearest, "the step is ")
            self._tell(rules.NO_STEP, there & ~rounded & ~scale.are_steps(ratings), chunk, nearest, said)

    def _tell(self, rule: Rule, bad: Mask, chunk: ObservedChunk, nearest: Floats, said: str) -> None:
        def note(row: int) -> str:
            return f"{said}{float(nearest[row])!r}"

        self.reporter.of(self._rating).add_where(rule, bad, chunk.rows, chunk.values.get(self._rating), note)

    def finish(self) -> None:
        """Report what the rows show together."""
        if not self._is_rated or self.task not in self.manifest.tasks:
            return
        listed, report = self.manifest.rated, self.reporter.report
        if not listed:
            names = ", ".join(list(self._seen)[:_MOST_NAMED])
            note = f"the rows name {names}" if names else ""
            report.add(rules.UNSTATED_SCALES, file=MANIFEST, column=_FIELD, note=note)
        # What could not be read may be rated on any of them.
        if report.has_errors_in(self.reporter.file):
            return
        for name in listed:
            if name not in self._seen and not is_placeholder(name):
                report.add(rules.UNUSED_SCALE, file=MANIFEST, column=_FIELD, value=name)


def check_scales(manifest: Manifest, report: Report) -> None:
    """Report the scales of a study none of whose tasks is rated on them."""
    if not any(SCALE in TASKS[task].facets for task in manifest.tasks):
        for name in manifest.rated:
            report.add(rules.UNUSED_SCALE, file=MANIFEST, column=_FIELD, value=name, note="no task of the study rates")
