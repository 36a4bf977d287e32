"""Rules of answers of single tasks: ratings lie on scales of study.yaml, and votes without voters add up."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import ROW, Rows, cells, replaced, rows_changed, unstated
from hmix_hub.studies.rules.rule import Change, Example, error, warning
from hmix_hub.tasks import RATING, VOTES

_FILE = "study.yaml"
_NAME, _OTHER = "likeness", "beauty"
"""Scales of the example study, of seven steps and continuous."""

_TWENTY, _NINETEEN = "20|0|0|0|0|0|0|0|0|0", "19|0|0|0|0|0|0|0|0|0"
_CERTAIN, _HALF = "1|0|0|0|0|0|0|0|0|0", "0.5|0|0|0|0|0|0|0|0|0"
_FROM_EVERY_CLASS = "0.1|" * 9 + "0.1"


def _write_two_decimals(rows: Rows) -> None:
    rows[ROW] |= {"scale": _NAME, "rating": "0.67"}


UNSTATED_SCALES = error(
    "HMX528 unstated-scales",
    "study.yaml does not say on which scales people rated",
    "write under `scales:` the name of each, its question, what stood at its low and at its high end, and its steps",
    Example(
        unstated(RATING, "scales"),
        replaced(_FILE, "steps: 7", "steps: 13"),
        task=RATING,
    ),
)
UNUSED_SCALE = warning(
    "HMX529 unused-scale",
    "study.yaml lists a scale on which nothing is rated",
    "take it out of `scales:`, or add its ratings",
    Example(
        replaced(_FILE, "scales:\n", "scales:\n  - {name: age, question: How old?, low: young, high: old}\n"),
        task=RATING,
    ),
)
SCALE_UNKNOWN = error(
    "HMX588 scale-unknown",
    "no scale of the study is called so",
    "write a scale of `scales:` in study.yaml, or add it there",
    Example(
        cells({"scale": "likness"}, task=RATING),
        cells({"scale": _OTHER.title(), "rating": "0.3"}, task=RATING),
        task=RATING,
    ),
)
NO_STEP = error(
    "HMX589 rating-step",
    "the rating is no step of its scale",
    "write (step - 1) / (steps - 1): of 7 steps the third is 0.3333333333333333; or correct `steps:` in study.yaml, "
    "which is left out where any place could be chosen",
    Example(
        cells({"scale": _NAME, "rating": "0.4"}, task=RATING),
        cells({"scale": _OTHER, "rating": "0.4"}, task=RATING),
        task=RATING,
    ),
)
ROUNDED_STEP = error(
    "HMX579 rating-rounded",
    "the rating is a step of its scale that was rounded, so that it equals no other",
    "write it with all its digits: 0.6666666666666666 for 0.67",
    Example(
        rows_changed("row 7 is 0.67 on a scale of seven steps", _write_two_decimals, task=RATING, named=(ROW,)),
        cells({"scale": _NAME, "rating": "0.6666666666666666"}, task=RATING),
        task=RATING,
    ),
    "writes the step with all its digits",
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
    "the row has no votes: neither counts nor frequencies, or counts that are all 0",
    "write `class_counts`, or `class_frequencies` where the counts are not known; leave stimuli without votes out",
    Example(_changed(n_votes="", class_counts=""), _changed(class_counts="", class_frequencies=_CERTAIN), VOTES),
)
VOTES_TOTAL = error(
    "HMX641 votes-total",
    "the counts do not sum to n_votes",
    "correct the one or the other; n_votes may be left empty where there are counts",
    Example(_changed(class_counts=_NINETEEN), _changed(n_votes="19", class_counts=_NINETEEN), VOTES),
)
FREQUENCIES_SUM = error(
    "HMX642 frequencies-sum",
    "the frequencies do not sum to 1, within a hundredth",
    "divide them by their sum, if they are all of one question; percentages by 100",
    Example(
        _changed(class_counts="", class_frequencies=_HALF),
        _changed(class_counts="", class_frequencies=_FROM_EVERY_CLASS),
        VOTES,
    ),
)
FREQUENCIES_DIFFER = error(
    "HMX643 frequencies-differ",
    "the frequencies are not the counts divided by their sum",
    "leave `class_frequencies` out where there are counts: they are computed",
    Example(
        _changed(class_counts=_TWENTY, class_frequencies=_FROM_EVERY_CLASS),
        _changed(class_counts=_TWENTY, class_frequencies=_CERTAIN),
        VOTES,
    ),
)
STIMULUS_TWICE = error(
    "HMX644 stimulus-twice",
    "another row has the votes of this stimulus",
    "add the counts of both rows up, or take the copy out; single judgments belong into `class_choice`",
    Example(rows_changed("row 7 stands again at the end", _copied, task=VOTES, named=(132,)), task=VOTES),
)
VOTES_OF_PEOPLE = error(
    "HMX645 votes-of-people",
    "the file has a column of participants or their trials, and its rows pool what all of them chose",
    "take the column out; single judgments belong into `class_choice`, with one row per answer",
    Example(rows_changed("a column `participant_id`", _voters, task=VOTES), task=VOTES),
)
