"""Checks of answers: free of contradictions, along the slider's direction, on the study's scales; votes that add up."""

from __future__ import annotations

from typing import Self

import numpy as np
import pyarrow as pa

from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import Floats, Mask, matrix, membership
from hmix_hub.studies.checks.rows import Check
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.rules import answers as answer_rules
from hmix_hub.studies.rules import manifest as manifest_rules
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.class_votes import (
    CLASS_COUNTS,
    N_VOTES,
    NO_DISTRIBUTION,
    NO_VOTES,
    OTHER_FREQUENCIES,
    OTHER_TOTAL,
    TASK,
    faults_of_votes,
)
from hmix_hub.tasks.scale_rating import SCALE
from hmix_hub.tasks.soft_labels import ASKED_COLUMNS, QUESTIONS, asked_questions, usual_procedure
from hmix_hub.tasks.votes import CLASS_FREQUENCIES

_RULES = {
    NO_VOTES: (answer_rules.VOTES_MISSING, CLASS_COUNTS.name),
    OTHER_TOTAL: (answer_rules.VOTES_TOTAL, N_VOTES.name),
    NO_DISTRIBUTION: (answer_rules.FREQUENCIES_SUM, CLASS_FREQUENCIES.name),
    OTHER_FREQUENCIES: (answer_rules.FREQUENCIES_DIFFER, CLASS_FREQUENCIES.name),
}

_FIELD = "scales"
_MOST_NAMED = 10


def check_contradictions(chunk: ObservedChunk, vocabulary: Vocabulary, reporter: Reporter) -> None:
    """Check whether categorical answers contradict themselves, row by row; those of other tasks cannot."""
    if "impossible_classes" not in chunk.values:
        return
    rows = np.arange(len(chunk))
    top, second = chunk.codes("top_class"), chunk.codes("second_class")
    first, other = chunk.numbers("top_probability"), chunk.numbers("second_probability")
    absent = np.zeros(len(chunk), dtype=bool)
    no_class = ~chunk.present.get("second_class", absent) & chunk.present.get("second_probability", absent)
    chunk.report(reporter, "second_probability", rules.NO_CLASS, no_class)
    impossible = membership(pa.chunked_array([chunk.values["impossible_classes"]]), len(vocabulary))
    has_other = (second >= 0) & ~np.isnan(other)
    # Of two probabilities of one class the second counts.
    is_nothing = (np.where(has_other & (top == second), 0, first) == 0) & ~(has_other & (other != 0))
    empty = is_nothing & impossible.all(axis=1)
    reporter.of("impossible_classes").add_where(rules.NO_PROBABILITY, empty, chunk.rows)
    faults = {
        "second_class": ((top == second) & (top >= 0), "the same class twice"),
        "impossible_classes": (
            (impossible[rows, top] & (top >= 0)) | (impossible[rows, second] & (second >= 0)),
            "a chosen class is ruled out",
        ),
        "top_probability": (
            np.round(100 * (first + np.where(second >= 0, np.nan_to_num(other), 0)), 6) > 100,
            "more than 1 together",
        ),
    }
    for column, (bad, said) in faults.items():
        shown = _named(chunk, column, vocabulary)
        reporter.of(column).add_where(rules.CONTRADICTION, bad & ~empty, chunk.rows, shown, said)


def _named(chunk: ObservedChunk, column: str, vocabulary: Vocabulary) -> pa.Array | None:
    """Return a column as it is shown: labels by name."""
    values = chunk.values.get(column)
    if values is None or not column.endswith(("class", "classes")):
        return values
    names = vocabulary.names
    return pa.array(
        [
            vocabulary.joined(value) if isinstance(value, list) else value if value is None else names[value]
            for value in values.to_pylist()
        ],
        pa.string(),
    )


class StatedCheck(Check):
    """Whether a study with categorical judgments states what was asked; what the answers show is suggested if not."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        # A file whose task study.yaml does not name is reported as that.
        is_named = bool(TASKS[task].asked_columns) and task in manifest.tasks
        self._is_unstated = is_named and manifest.soft_labels is None

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if self._is_unstated and set(ASKED_COLUMNS) <= set(chunk.values):
            columns = {name: chunk.values[name] for name in ASKED_COLUMNS}
            self.seen |= dict.fromkeys(asked_questions(pa.table(columns)))

    def finish(self) -> None:
        """Report what the rows show together."""
        if not self._is_unstated:
            return
        asked = [question for question in QUESTIONS if question in self.seen]
        suggested = f"soft_labels: {{asked: [{', '.join(asked)}], procedure: {usual_procedure(asked)}}}"
        here = Reporter(self.reporter.report, MANIFEST, "soft_labels")
        here.add(manifest_rules.UNSTATED_QUESTIONS, note=f"if the rows show all that was asked, write `{suggested}`")


FEWEST_ROWS = 20
FLIPPED_CORRELATION = -0.3
FLIPPED_STATISTIC = -4.0
"""Student's t of a correlation below which it is none by chance: of pilots with random answers, one in thousands."""
_ROUNDING = 1e-9


class SliderCheck(Check):
    """Whether shown and inferred coefficients correlate as if one of them was of the other picture."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._answered = TASKS[task].answered
        self._sums = np.zeros(6)

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if TASKS[self.task].shows != "mixture" or not TASKS[self.task].is_share_answered:
            return
        x, y = chunk.numbers("mixing_coefficient"), chunk.numbers(self._answered)
        known = ~(np.isnan(x) | np.isnan(y))
        x, y = x[known], y[known]
        self._sums += [len(x), x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()]

    def merge(self, later: Self) -> None:
        """Add what a check of the next rows of the file has seen."""
        self._sums += later._sums

    def finish(self) -> None:
        """Report what the rows show together."""
        n, x, y, xx, yy, xy = self._sums
        if n < FEWEST_ROWS:
            return
        spread_x, spread_y = n * xx - x * x, n * yy - y * y
        # Of a column that is constant, rounding leaves a little, and the correlation would be any number.
        if spread_x <= _ROUNDING * n * xx or spread_y <= _ROUNDING * n * yy:
            return
        correlation = (n * xy - x * y) / np.sqrt(spread_x * spread_y)
        statistic = correlation * np.sqrt((n - 2) / max(1 - correlation**2, _ROUNDING))
        if correlation < FLIPPED_CORRELATION and statistic < FLIPPED_STATISTIC:
            note = f"correlation with mixing_coefficient {correlation:.2f}"
            self.reporter.of(self._answered).add(rules.FLIPPED, note=note)


class ScaleCheck(Check):
    """Whether the scales of ratings are stated, and each rating is a place on its own; other tasks have none."""

    def __init__(self, task: str, manifest: Manifest, reporter: Reporter) -> None:
        super().__init__(task, manifest, reporter)
        self._is_rated = SCALE in TASKS[task].facets
        self._rating = TASKS[task].answered

    def add(self, chunk: ObservedChunk) -> None:
        """Check rows."""
        if not self._is_rated:
            return
        named = chunk.values[SCALE].dictionary_encode()
        names, of_row = named.dictionary.to_pylist(), named.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        self.seen |= dict.fromkeys(names)
        ratings = chunk.numbers(self._rating)
        for number, name in enumerate(names):
            scale = self.manifest.rated.get(name)
            if scale is None or scale.steps is None:
                continue
            there = (of_row == number) & ~np.isnan(ratings)
            rounded, nearest = there & scale.are_rounded_steps(ratings), scale.nearest(ratings)
            said = f"{name} has {scale.steps} steps, and the nearest is "
            self._tell(answer_rules.ROUNDED_STEP, rounded, chunk, nearest, "the step is ")
            self._tell(answer_rules.NO_STEP, there & ~rounded & ~scale.are_steps(ratings), chunk, nearest, said)

    def _tell(self, rule: Rule, bad: Mask, chunk: ObservedChunk, nearest: Floats, said: str) -> None:
        chunk.report(self.reporter, self._rating, rule, bad, lambda row: f"{said}{float(nearest[row])!r}")

    def finish(self) -> None:
        """Report what the rows show together."""
        if not self._is_rated or self.task not in self.manifest.tasks:
            return
        listed, report = self.manifest.rated, self.reporter.report
        if not listed:
            names = ", ".join(list(self.seen)[:_MOST_NAMED])
            note = f"the rows name {names}" if names else ""
            report.add(answer_rules.UNSTATED_SCALES, file=MANIFEST, column=_FIELD, note=note)
        # What could not be read may be rated on any of them.
        if report.has_errors_in(self.reporter.file):
            return
        for name in listed:
            if name not in self.seen and not is_placeholder(name):
                report.add(answer_rules.UNUSED_SCALE, file=MANIFEST, column=_FIELD, value=name)


def check_scales(manifest: Manifest, report: Report) -> None:
    """Report the scales of a study none of whose tasks is rated on them."""
    if not any(SCALE in TASKS[task].facets for task in manifest.tasks):
        for name in manifest.rated:
            note = "no task of the study rates"
            report.add(answer_rules.UNUSED_SCALE, file=MANIFEST, column=_FIELD, value=name, note=note)


def check_votes(chunk: ObservedChunk, vocabulary: Vocabulary, reporter: Reporter) -> None:
    """Check rows of a file of votes."""
    counts, shares = (
        matrix(pa.chunked_array([chunk.values[name]]), is_nullable=True)
        if name in chunk.values
        else np.full((len(chunk), len(vocabulary)), np.nan)
        for name in (CLASS_COUNTS.name, CLASS_FREQUENCIES.name)
    )
    # What is there and could not be read is reported as that.
    unread = np.zeros(len(chunk), dtype=bool)
    for column in TASK.answer_columns:
        unread |= chunk.is_unread(column.name)
    for fault, bad in faults_of_votes(chunk.numbers(N_VOTES.name), counts, shares).items():
        rule, name = _RULES[fault]
        chunk.report(reporter, name, rule, bad & ~unread)
