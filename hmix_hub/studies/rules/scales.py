"""Rules of scales: study.yaml lists each that is rated on (HMX528, HMX529), and ratings are places on them."""

from __future__ import annotations

from hmix_hub.studies.example import SCALES
from hmix_hub.studies.rules.changes import ROW, Rows, cells, content, replaced, rows_changed
from hmix_hub.studies.rules.rule import Example, error, warning
from hmix_hub.tasks import RATING

_FILE = "study.yaml"
_NAME, _OTHER = "likeness", "beauty"
"""Scales of the example study, of seven steps and continuous."""


def _write_two_decimals(rows: Rows) -> None:
    rows[ROW] |= {"scale": _NAME, "rating": "0.67"}


UNSTATED_SCALES = error(
    "HMX528 unstated-scales",
    "study.yaml does not say on which scales people rated",
    "write under `scales:` the name of each, its question, what stood at its low and at its high end, and its steps",
    Example(
        content(_FILE, lambda text: text.replace(SCALES.encode(), b""), "there is no `scales:`"),
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
