"""Rules for trials: unique, with marked repeats, plausible, and consistent with their paths (HMX570 to HMX587)."""

from __future__ import annotations

from hmix_hub.schema import CIFAR10
from hmix_hub.studies.example import DISTINCT, PEOPLE
from hmix_hub.studies.rules.changes import ROW, Rows, cell, cells, every, replaced, rows_changed
from hmix_hub.studies.rules.rule import Example, error, warning
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, SELECT

_TRIALS = DISTINCT + 1
_NOTHING_LEFT = {"top_class": "airplane", "top_probability": "0", "second_class": "", "second_probability": ""}


def _flip_answers(rows: Rows) -> None:
    for row in rows:
        row["inferred_coefficient"] = f"{1 - float(row['inferred_coefficient']):.2f}"


def _copy_trial(rows: Rows) -> None:
    rows[ROW]["trial_index"] = rows[ROW - 1]["trial_index"]


def _first_in_seconds(rows: Rows) -> None:
    for row in rows[: 2 * _TRIALS]:
        row["response_time_ms"] = f"{float(row['response_time_ms']) / 1000:.4f}"


def _name_class_twice(rows: Rows) -> None:
    rows[ROW]["second_class"] = rows[ROW]["top_class"]


TWICE = error(
    "HMX570 judgment-twice",
    "the participant has another judgment with this trial_index",
    "number each participant's trials consecutively across sessions and rounds; keep one version of each judgment",
    Example(rows_changed("row 7 has the trial_index of row 6", _copy_trial, named=(ROW,))),
)
ROW_TWICE = error(
    "HMX571 row-twice",
    "the row is a copy of an earlier row: all cells except source file and source row are the same",
    "remove the copy; the session was probably exported twice",
    Example(
        rows_changed("row 7 is repeated at the end", lambda rows: [*rows, dict(rows[ROW])], named=(PEOPLE * _TRIALS,))
    ),
    "removes the copy",
)
REPEAT_UNMARKED = warning(
    "HMX572 repeat-unmarked",
    "the participant saw the stimulus before, but the row is not marked as a repeat",
    "set is_repeat if the repeat was intended; otherwise the row gets the flag repeated_in_batch",
    Example(cell("is_repeat", "false", row=DISTINCT)),
)
REPEAT_OF_NOTHING = warning(
    "HMX573 repeat-of-nothing",
    "the row is marked as a repeat, but the participant did not see the stimulus before",
    "check is_repeat and trial_index; ignore this if the first trial was lost",
    Example(cell("is_repeat", "true")),
)
TOO_FAST = warning(
    "HMX580 response-time",
    "the response time is implausible: under 0.1 s, or over an hour",
    "check the column's unit and clock; such rows are kept",
    Example(cell("response_time_ms", "12"), cell("response_time_ms", "")),
)
SECONDS = error(
    "HMX581 seconds",
    "the response times seem to be in seconds, but must be in milliseconds",
    "multiply the column by 1000",
    Example(every("response_time_ms", "is in seconds", lambda value: f"{float(value) / 1000:.4f}")),
    "multiplies the column by 1000",
)
FLIPPED = error(
    "HMX582 slider-flipped",
    "inferred coefficients decrease as mixing coefficients increase: one of them is the share of image 2",
    "replace the share of image 2 by 1 minus it; coefficients are the share of image 1",
    Example(rows_changed("`inferred_coefficient` is 1 minus the answer", _flip_answers)),
)
CONTRADICTION = warning(
    "HMX583 contradiction",
    "the answer contradicts itself: it names one class twice, rules out a chosen class, or its probabilities exceed 1",
    "check the export; rows in which a participant answered this way are kept, with a flag",
    Example(
        rows_changed("row 7 names the same class twice", _name_class_twice, task=CATEGORICAL, named=(ROW,)),
        task=CATEGORICAL,
    ),
)
NO_CLASS = warning(
    "HMX584 probability-without-class",
    "there is a second probability but no second class; the probability is ignored and the row is flagged",
    "add the class, or remove the probability",
    Example(
        cells({"second_class": "", "second_probability": "0.2"}, task=CATEGORICAL),
        cells({"second_class": "", "second_probability": ""}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
NO_PROBABILITY = error(
    "HMX585 no-probability",
    "the answer gives no class any probability: chosen classes have 0, and every class is ruled out",
    "check the export, or omit the row: it cannot be turned into a soft label",
    Example(
        cells(_NOTHING_LEFT | {"impossible_classes": "|".join(CIFAR10.names)}, task=CATEGORICAL),
        cells(_NOTHING_LEFT | {"impossible_classes": "|".join(CIFAR10.names[1:])}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
UNITS = error(
    "HMX586 two-units",
    "the response times seem to be in seconds in some rows and in milliseconds in others",
    "convert all of them to milliseconds; exports with different units were probably combined",
    Example(rows_changed("the response times of the first two participants are in seconds", _first_in_seconds)),
)
NOT_ASKED = error(
    "HMX587 not-asked",
    "the row answers a question that was not asked, according to study.yaml",
    "add the question to `soft_labels: asked:` in study.yaml, or remove the column",
    Example(
        replaced("study.yaml", "second_class, impossible_classes]", "second_class]"),
        cells({"impossible_classes": ""}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)


_START_TO_END = {"start_coefficient": "0.9", "selected_coefficient": "0.7"}
_GRID = "0.3|0.1|0|1|0.7|0.9|0.2|0.5|0.8|0.4|0.6"
_ANSWERED = {"inferred_coefficient": "0.7", "confidence": "0.4", "response_time_ms": "3000"}

PATH = error(
    "HMX574 path",
    "the path does not lead to the answer: it begins or ends at another value, or skips a step of 0.1",
    "write every value in order, ending with the answer; in construct_midpoint, begin with start_coefficient",
    Example(
        cells(_START_TO_END | {"path_coefficients": "0.9|0.7"}, task=CONSTRUCT),
        cells(_START_TO_END | {"path_coefficients": "0.9|0.8|0.7"}, task=CONSTRUCT),
        task=CONSTRUCT,
    ),
)
PATH_TIMES = error(
    "HMX575 path-times",
    "the times do not fit the path: their number differs, they decrease, or one is after the response time",
    "write one time per value of the path, in milliseconds since the page was drawn; in construct_midpoint, the first "
    "is 0",
    Example(
        cells(_ANSWERED | {"inferred_path": "0.5|0.6|0.7", "inferred_path_times_ms": "0|900"}),
        cells(_ANSWERED | {"inferred_path": "0.5|0.6|0.7", "inferred_path_times_ms": "[0, 900, 1100.5]"}),
    ),
)
UNTOUCHED = error(
    "HMX576 untouched-slider",
    "a slider marked as untouched has moved: its path has several values, or its answer is neither 0.5 nor missing "
    "(the resting value of a rating depends on its scale)",
    "check how the column is computed; leave it empty if it is unknown",
    Example(cells(_ANSWERED | {"inferred_touched": "false"}), cells(_ANSWERED | {"inferred_touched": "true"})),
)
GRID = error(
    "HMX577 grid",
    "the grid does not contain the selected coefficient, or contains a coefficient twice",
    "write the coefficient of every picture in the grid, row by row from the top left",
    Example(
        cells({"grid_coefficients": f"{_GRID}|0.5"}, task=SELECT),
        cells({"grid_coefficients": _GRID}, task=SELECT),
        task=SELECT,
    ),
)
CLASS_ORDER = error(
    "HMX578 class-order",
    "the class order does not list every class of the study exactly once",
    "write all classes of `stimuli: classes:` in the order in which the page showed them",
    Example(
        cells({"class_order": "|".join(CIFAR10.names[1:])}, task=CATEGORICAL),
        cells({"class_order": "|".join(reversed(CIFAR10.names))}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
