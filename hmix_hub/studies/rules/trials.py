"""Rules of trials: each once, repeats marked, plausible, and how their answers came about (HMX570 to HMX589)."""

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
    "the person has another judgment with this trial_index",
    "number a participant's trials consecutively over all sessions and rounds; keep one version of each judgment",
    Example(rows_changed("row 7 has the trial_index of row 6", _copy_trial, named=(ROW,))),
)
ROW_TWICE = error(
    "HMX571 row-twice",
    "the row is a copy of an earlier one: all cells but its source file and row are the same",
    "take it out: the session was exported twice",
    Example(
        rows_changed("row 7 stands again at the end", lambda rows: [*rows, dict(rows[ROW])], named=(PEOPLE * _TRIALS,))
    ),
    "takes it out",
)
REPEAT_UNMARKED = warning(
    "HMX572 repeat-unmarked",
    "the person saw the stimulus before, but the row is no repeat",
    "set is_repeat where the trial was shown again on purpose; else the row gets the flag repeated_in_batch",
    Example(cell("is_repeat", "false", row=DISTINCT)),
)
REPEAT_OF_NOTHING = warning(
    "HMX573 repeat-of-nothing",
    "the row is marked as a repeat, but the person did not see the stimulus before",
    "check is_repeat and trial_index; a lost first trial is no fault",
    Example(cell("is_repeat", "true")),
)
TOO_FAST = warning(
    "HMX580 response-time",
    "nobody answers in less than a tenth of a second, or takes an hour",
    "check the column's unit and its clock; such rows are kept",
    Example(cell("response_time_ms", "12"), cell("response_time_ms", "")),
)
SECONDS = error(
    "HMX581 seconds",
    "the response times seem to be in seconds, and must be in milliseconds",
    "multiply the column by 1000",
    Example(every("response_time_ms", "is in seconds", lambda value: f"{float(value) / 1000:.4f}")),
    "multiplies the column by 1000",
)
FLIPPED = error(
    "HMX582 slider-flipped",
    "inferred coefficients fall where shown ones rise: one of them is the share of image 2",
    "coefficients are the share of image 1; take 1 minus the other one",
    Example(rows_changed("inferred_coefficient is 1 minus", _flip_answers)),
)
CONTRADICTION = warning(
    "HMX583 contradiction",
    "the answer contradicts itself: the same class twice, a chosen class ruled out, or more than 1 together",
    "check the export; rows in which a person did so are kept, with a flag",
    Example(
        rows_changed("row 7 names the same class twice", _name_class_twice, task=CATEGORICAL, named=(ROW,)),
        task=CATEGORICAL,
    ),
)
NO_CLASS = warning(
    "HMX584 probability-without-class",
    "there is a second probability, but no second class; it is ignored, and the row flagged",
    "write the class, or leave the probability out",
    Example(
        cells({"second_class": "", "second_probability": "0.2"}, task=CATEGORICAL),
        cells({"second_class": "", "second_probability": ""}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
NO_PROBABILITY = error(
    "HMX585 no-probability",
    "the answer leaves no class any probability: every chosen one has 0, and every class is ruled out",
    "check the export, or leave the row out: no soft label can be made of it",
    Example(
        cells(_NOTHING_LEFT | {"impossible_classes": "|".join(CIFAR10.names)}, task=CATEGORICAL),
        cells(_NOTHING_LEFT | {"impossible_classes": "|".join(CIFAR10.names[1:])}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
UNITS = error(
    "HMX586 two-units",
    "the response times seem to be in seconds in some rows, and in milliseconds in others",
    "bring them all to milliseconds; two exports with different units were put together",
    Example(rows_changed("the response times of the first two people are in seconds", _first_in_seconds)),
)
NOT_ASKED = error(
    "HMX587 not-asked",
    "the row answers a question that, according to study.yaml, was not asked",
    "name the question under `soft_labels: asked:` in study.yaml, or leave the column out",
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
    "the path does not lead to the answer: it ends elsewhere, begins elsewhere, or leaves a step of one tenth out",
    "write every value in order: of construct_midpoint from start_coefficient on, and the answer last",
    Example(
        cells(_START_TO_END | {"path_coefficients": "0.9|0.7"}, task=CONSTRUCT),
        cells(_START_TO_END | {"path_coefficients": "0.9|0.8|0.7"}, task=CONSTRUCT),
        task=CONSTRUCT,
    ),
)
PATH_TIMES = error(
    "HMX575 path-times",
    "the times are not those of the path: another number of them, one before the last, or after the response time",
    "write one time for each value of the path, in milliseconds from page drawn, the first picture of construct at 0",
    Example(
        cells(_ANSWERED | {"inferred_path": "0.5|0.6|0.7", "inferred_path_times_ms": "0|900"}),
        cells(_ANSWERED | {"inferred_path": "0.5|0.6|0.7", "inferred_path_times_ms": "[0, 900, 1100.5]"}),
    ),
)
UNTOUCHED = error(
    "HMX576 untouched-slider",
    "a slider that is said not to have been touched has moved: its path has several values, or its answer is another "
    "than 0.5 or none (ratings rest wherever the study's scale did)",
    "check how the column is made; leave it empty where it is not known",
    Example(cells(_ANSWERED | {"inferred_touched": "false"}), cells(_ANSWERED | {"inferred_touched": "true"})),
)
GRID = error(
    "HMX577 grid",
    "the grid does not hold the selected coefficient, or holds one twice",
    "write the coefficient of every picture that was in the grid, row by row from the top left",
    Example(
        cells({"grid_coefficients": f"{_GRID}|0.5"}, task=SELECT),
        cells({"grid_coefficients": _GRID}, task=SELECT),
        task=SELECT,
    ),
)
CLASS_ORDER = error(
    "HMX578 class-order",
    "the order of classes does not name every class of the study once",
    "write all classes of `stimuli: classes:` in the order of the page",
    Example(
        cells({"class_order": "|".join(CIFAR10.names[1:])}, task=CATEGORICAL),
        cells({"class_order": "|".join(reversed(CIFAR10.names))}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
