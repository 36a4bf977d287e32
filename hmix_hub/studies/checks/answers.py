"""Checks of answers: contradictions, flipped sliders, scales, recorded paths, and sums of votes."""

from __future__ import annotations

from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import matrix
from hmix_hub.schema.vocabulary import LIST_MARK
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Mask, Report, Reporter
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules import answers as answer_rules
from hmix_hub.studies.rules import manifest as manifest_rules
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS, class_votes
from hmix_hub.tasks.recorded import CLASS_ORDER, GRID, LATE, Faults, recorded_faults
from hmix_hub.tasks.scale_rating import SCALE
from hmix_hub.tasks.soft_labels import (
    ASKED_COLUMNS,
    QUESTIONS,
    asked_questions,
    categorical_answers,
    contradictions,
    usual_procedure,
)
from hmix_hub.tasks.votes import CLASS_FREQUENCIES

_RULES = {
    class_votes.NO_VOTES: (answer_rules.VOTES_MISSING, class_votes.CLASS_COUNTS.name),
    class_votes.OTHER_TOTAL: (answer_rules.VOTES_TOTAL, class_votes.N_VOTES.name),
    class_votes.NO_DISTRIBUTION: (answer_rules.FREQUENCIES_SUM, CLASS_FREQUENCIES.name),
    class_votes.OTHER_FREQUENCIES: (answer_rules.FREQUENCIES_DIFFER, CLASS_FREQUENCIES.name),
}

_CONTRADICTIONS = {
    "same_class_twice": ("second_class", "the same class is named twice"),
    "ruled_out_choice": ("impossible_classes", "a chosen class is ruled out"),
    "probabilities_exceed_one": ("top_probability", "the probabilities sum to more than 1"),
}

_FIELD = "scales"
_MOST_NAMED = 10


def check_contradictions(chunk: ObservedChunk, vocabulary: Vocabulary, reporter: Reporter) -> None:
    """Check rows of the categorical task for contradictory answers; other tasks have none."""
    if "impossible_classes" not in chunk.values:
        return
    absent = np.zeros(len(chunk), dtype=bool)
    no_class = ~chunk.present.get("second_class", absent) & chunk.present.get("second_probability", absent)
    chunk.report(reporter, "second_probability", rules.NO_CLASS, no_class)
    answers = {name: chunk.values.get(name, pa.nulls(len(chunk))) for name in ("top_class", *ASKED_COLUMNS)}
    found = contradictions(categorical_answers(pa.table(answers), len(vocabulary)))
    empty = found["no_probability"]
    reporter.of("impossible_classes").add_where(rules.NO_PROBABILITY, empty, chunk.rows)
    for fault, (column, said) in _CONTRADICTIONS.items():
        bad = found[fault] & ~empty
        if bad.any():
            shown = _named(chunk.values[column], vocabulary)
            reporter.of(column).add_where(rules.CONTRADICTION, bad, chunk.rows, shown, said)


def _named(values: pa.Array, vocabulary: Vocabulary) -> pa.Array:
    """Return values for display, with class names for labels."""
    names = pa.array(vocabulary.names)
    if pa.types.is_list(values.type):
        return pc.binary_join(pa.ListArray.from_arrays(values.offsets, names.take(values.values)), LIST_MARK)
    return names.take(values) if pa.types.is_integer(values.type) else values


class StatedCheck(Check):
    """Checks that a study with categorical judgments states what was asked; if not, suggests what the answers show."""

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if self.manifest.soft_labels is None and set(ASKED_COLUMNS) <= set(chunk.values):
            columns = {name: chunk.values[name] for name in ASKED_COLUMNS}
            self.seen |= dict.fromkeys(asked_questions(pa.table(columns)))

    def finish(self) -> None:
        """Report findings about the file as a whole."""
        # A file whose task is missing from study.yaml is already reported.
        is_named = bool(TASKS[self.task].asked_columns) and self.task in self.manifest.tasks
        if not is_named or self.manifest.soft_labels is not None:
            return
        asked = [question for question in QUESTIONS if question in self.seen]
        suggested = f"soft_labels: {{asked: [{', '.join(asked)}], procedure: {usual_procedure(asked)}}}"
        here = Reporter(self.reporter.report, MANIFEST, "soft_labels")
        here.add(manifest_rules.UNSTATED_QUESTIONS, note=f"if the rows show every question, write `{suggested}`")


FEWEST_ROWS = 20
FLIPPED_CORRELATION = -0.3
FLIPPED_STATISTIC = -4.0
"""t statistic below which a negative correlation is not due to chance: random answers reach it once in thousands."""
_ROUNDING = 1e-9


class SliderCheck(Check):
    """Checks whether shown and inferred coefficients correlate negatively, as if one referred to the other picture."""

    _sums = np.zeros(6)

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        task = TASKS[self.task]
        if task.shows == "mixture" and task.is_share_answered:
            x, y = chunk.numbers("mixing_coefficient"), chunk.numbers(task.answered)
            known = ~(np.isnan(x) | np.isnan(y))
            x, y = x[known], y[known]
            self._sums = self._sums + np.array([len(x), *(part.sum() for part in (x, y, x * x, y * y, x * y))])

    def merge(self, later: Self) -> None:
        """Add the results of a check of the file's next rows."""
        self._sums = self._sums + later._sums

    def finish(self) -> None:
        """Report findings about the file as a whole."""
        n, x, y, xx, yy, xy = self._sums
        if n < FEWEST_ROWS:
            return
        spread_x, spread_y = n * xx - x * x, n * yy - y * y
        # For a constant column, only rounding errors remain, and the correlation would be arbitrary.
        if spread_x <= _ROUNDING * n * xx or spread_y <= _ROUNDING * n * yy:
            return
        correlation = (n * xy - x * y) / np.sqrt(spread_x * spread_y)
        statistic = correlation * np.sqrt((n - 2) / max(1 - correlation**2, _ROUNDING))
        if correlation < FLIPPED_CORRELATION and statistic < FLIPPED_STATISTIC:
            note = f"the correlation with mixing_coefficient is {correlation:.2f}"
            self.reporter.of(TASKS[self.task].answered).add(rules.FLIPPED, note=note)


class ScaleCheck(Check):
    """Checks that the scales of ratings are stated and each rating is a step of its scale; other tasks have none."""

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if SCALE not in TASKS[self.task].facets:
            return
        named = chunk.values[SCALE].dictionary_encode()
        names, of_row = named.dictionary.to_pylist(), named.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        self.seen |= dict.fromkeys(names)
        column = TASKS[self.task].answered
        ratings = chunk.numbers(column)
        for number, name in enumerate(names):
            scale = self.manifest.rated.get(name)
            if scale is None or scale.steps is None:
                continue
            there, nearest = (of_row == number) & ~np.isnan(ratings), scale.nearest(ratings)
            rounded = there & scale.are_rounded_steps(ratings)
            other = there & ~rounded & ~scale.are_steps(ratings)
            for rule, bad, said in (
                (answer_rules.ROUNDED_STEP, rounded, "the step is"),
                (answer_rules.NO_STEP, other, f"{name} has {scale.steps} steps; the nearest is"),
            ):
                notes = [f"{said} {step!r}" for step in nearest.tolist()] if bad.any() else []
                chunk.report(self.reporter, column, rule, bad, notes.__getitem__)

    def finish(self) -> None:
        """Report findings about the file as a whole."""
        if SCALE not in TASKS[self.task].facets or self.task not in self.manifest.tasks:
            return
        listed, report = self.manifest.rated, self.reporter.report
        if not listed:
            names = ", ".join(list(self.seen)[:_MOST_NAMED])
            note = f"the rows use {names}" if names else ""
            report.add(answer_rules.UNSTATED_SCALES, file=MANIFEST, column=_FIELD, note=note)
        # Rows that could not be read may use any of the scales.
        if report.has_errors_in(self.reporter.file):
            return
        for name in listed:
            if name not in self.seen and not is_placeholder(name):
                report.add(answer_rules.UNUSED_SCALE, file=MANIFEST, column=_FIELD, value=name)


def check_scales(manifest: Manifest, report: Report) -> None:
    """Report scales of a study whose tasks have no ratings."""
    if not any(SCALE in TASKS[task].facets for task in manifest.tasks):
        for name in manifest.rated:
            note = "no task of the study has ratings"
            report.add(answer_rules.UNUSED_SCALE, file=MANIFEST, column=_FIELD, value=name, note=note)


class RecordedCheck(Check):
    """Checks columns that record how answers came about; costs nothing for files without them."""

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
        """Report each row once, with its first fault; return which rows have none."""
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
        """Add the results of a check of the file's next rows."""
        self._late.report.merge(later._late.report)

    def finish(self) -> None:
        """Report findings about the file as a whole."""
        # Response times in the wrong unit are already reported.
        if not self.reporter.report.has(rules.SECONDS, rules.UNITS, file=self.reporter.file):
            self.reporter.report.merge(self._late.report)


def check_votes(chunk: ObservedChunk, vocabulary: Vocabulary, reporter: Reporter) -> None:
    """Check rows of votes."""
    counts, shares = (
        matrix(pa.chunked_array([chunk.values[name]]), is_nullable=True)
        if name in chunk.values
        else np.full((len(chunk), len(vocabulary)), np.nan)
        for name in (class_votes.CLASS_COUNTS.name, CLASS_FREQUENCIES.name)
    )
    # Values that could not be read are already reported.
    unread = np.zeros(len(chunk), dtype=bool)
    for column in class_votes.TASK.answer_columns:
        unread |= chunk.is_unread(column.name)
    for fault, bad in class_votes.faults_of_votes(chunk.numbers(class_votes.N_VOTES.name), counts, shares).items():
        rule, name = _RULES[fault]
        chunk.report(reporter, name, rule, bad & ~unread)
