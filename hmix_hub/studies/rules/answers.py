"""Rules for single tasks: ratings on the scales of study.yaml, and consistent vote counts."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import ROW, Rows, cells, replaced, rows_changed, unstated
from hmix_hub.studies.rules.rule import Change, Example, error, warning
from hmix_hub.tasks import RATING, VOTES

_FILE = "study.yaml"
_NAME, _OTHER = "likeness", "beauty"
"""Scales of the example study: one with seven steps, one continuous."""

_TWENTY, _NINETEEN = "20|0|0|0|0|0|0|0|0|0", "19|0|0|0|0|0|0|0|0|0"
_CERTAIN, _HALF = "1|0|0|0|0|0|0|0|0|0", "0.5|0|0|0|0|0|0|0|0|0"
_FROM_EVERY_CLASS = "0.1|" * 9 + "0.1"


def _write_two_decimals(rows: Rows) -> None:
    rows[ROW] |= {"scale": _NAME, "rating": "0.67"}


UNSTATED_SCALES = error(
    "HMX528 unstated-scales",
    "study.yaml does not list the rating scales",
    "list each scale under `scales:` with its name, its question, the labels of its low and high end, and its steps",
    Example(
        unstated(RATING, "scales"),
        replaced(_FILE, "steps: 7", "steps: 13"),
        task=RATING,
    ),
)
UNUSED_SCALE = warning(
    "HMX529 unused-scale",
    "study.yaml lists a scale that has no ratings",
    "remove it from `scales:`, or add its ratings",
    Example(
        replaced(_FILE, "scales:\n", "scales:\n  - {name: age, question: How old?, low: young, high: old}\n"),
        task=RATING,
    ),
)
SCALE_UNKNOWN = error(
    "HMX588 scale-unknown",
    "the study has no scale with this name",
    "use a name listed under `scales:` in study.yaml, or add the scale there",
    Example(
        cells({"scale": "likness"}, task=RATING),
        cells({"scale": _OTHER.title(), "rating": "0.3"}, task=RATING),
        task=RATING,
    ),
)
NO_STEP = error(
    "HMX589 rating-step",
    "the rating is not a step of its scale",
    "write (step - 1) / (steps - 1), so that step 3 of 7 is 0.3333333333333333; or correct `steps:` in study.yaml, and "
    "omit it for continuous scales",
    Example(
        cells({"scale": _NAME, "rating": "0.4"}, task=RATING),
        cells({"scale": _OTHER, "rating": "0.4"}, task=RATING),
        task=RATING,
    ),
)
ROUNDED_STEP = error(
    "HMX579 rating-rounded",
    "the rating is a rounded step of its scale, so it does not equal other ratings of the same step",
    "write all digits: 0.6666666666666666 instead of 0.67",
    Example(
        rows_changed("row 7 is 0.67 on a scale of seven steps", _write_two_decimals, task=RATING, named=(ROW,)),
        cells({"scale": _NAME, "rating": "0.6666666666666666"}, task=RATING),
        task=RATING,
    ),
    "writes the step with all digits",
)


def _copied(rows: Rows) -> Rows:
    return [*rows, dict(rows[ROW])]


def _voters(rows: Rows) -> None:
    for number, row in enumerate(rows):
        row["participant_id"] = f"p{number:02d}"


def _changed(**values: str) -> Change:
    return cells(values, task=VOTES)


VOTES_MISSING = error(
    "HMX640 votes-missing",
    "the row has no votes: counts and frequencies are both missing, or all counts are 0",
    "write `class_counts`, or `class_frequencies` if the counts are unknown; omit stimuli without votes",
    Example(_changed(n_votes="", class_counts=""), _changed(class_counts="", class_frequencies=_CERTAIN), VOTES),
)
VOTES_TOTAL = error(
    "HMX641 votes-total",
    "the counts do not sum to n_votes",
    "correct the counts or n_votes; n_votes may be empty if there are counts",
    Example(_changed(class_counts=_NINETEEN), _changed(n_votes="19", class_counts=_NINETEEN), VOTES),
)
FREQUENCIES_SUM = error(
    "HMX642 frequencies-sum",
    "the frequencies do not sum to 1 (tolerance 0.01)",
    "divide percentages by 100; divide frequencies of one question by their sum",
    Example(
        _changed(class_counts="", class_frequencies=_HALF),
        _changed(class_counts="", class_frequencies=_FROM_EVERY_CLASS),
        VOTES,
    ),
)
FREQUENCIES_DIFFER = error(
    "HMX643 frequencies-differ",
    "the frequencies do not equal the counts divided by their sum",
    "omit `class_frequencies` if there are counts; they are computed from them",
    Example(
        _changed(class_counts=_TWENTY, class_frequencies=_FROM_EVERY_CLASS),
        _changed(class_counts=_TWENTY, class_frequencies=_CERTAIN),
        VOTES,
    ),
)
STIMULUS_TWICE = error(
    "HMX644 stimulus-twice",
    "another row already has votes for this stimulus",
    "add up the counts of both rows, or remove the copy; single judgments belong in `class_choice`",
    Example(rows_changed("row 7 is repeated at the end", _copied, task=VOTES, named=(132,)), task=VOTES),
)
VOTES_OF_PEOPLE = error(
    "HMX645 votes-of-people",
    "the file identifies participants or trials, but its rows pool the votes of all participants",
    "remove the column; single judgments belong in `class_choice`, with one row per judgment",
    Example(rows_changed("a column `participant_id`", _voters, task=VOTES), task=VOTES),
)
