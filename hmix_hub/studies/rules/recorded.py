"""Rules of how an answer came about: paths, their times, grids, sliders, orders of classes (HMX574 to HMX578)."""

from __future__ import annotations

from hmix_hub.schema import CIFAR10
from hmix_hub.studies.rules.changes import filled
from hmix_hub.studies.rules.rule import Example, Rule, Severity
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, SELECT

_START_TO_END = {"start_coefficient": "0.9", "selected_coefficient": "0.7"}
_GRID = "0.3|0.1|0|1|0.7|0.9|0.2|0.5|0.8|0.4|0.6"
_ANSWERED = {"inferred_coefficient": "0.7", "confidence": "0.4", "response_time_ms": "3000"}

PATH = Rule(
    "HMX574",
    "path",
    Severity.ERROR,
    "the path does not lead to the answer: it ends elsewhere, begins elsewhere, or leaves a step of one tenth out",
    "write every value in order: of construct_midpoint from start_coefficient on, and the answer last",
    Example(
        filled(_START_TO_END | {"path_coefficients": "0.9|0.7"}, task=CONSTRUCT),
        filled(_START_TO_END | {"path_coefficients": "0.9|0.8|0.7"}, task=CONSTRUCT),
        task=CONSTRUCT,
    ),
)
PATH_TIMES = Rule(
    "HMX575",
    "path-times",
    Severity.ERROR,
    "the times are not those of the path: another number of them, one before the last, or after the response time",
    "write one time for each value of the path, in milliseconds from page drawn, the first picture of construct at 0",
    Example(
        filled(_ANSWERED | {"inferred_path": "0.5|0.6|0.7", "inferred_path_times_ms": "0|900"}),
        filled(_ANSWERED | {"inferred_path": "0.5|0.6|0.7", "inferred_path_times_ms": "[0, 900, 1100.5]"}),
    ),
)
UNTOUCHED = Rule(
    "HMX576",
    "untouched-slider",
    Severity.ERROR,
    "a slider that is said not to have been touched has moved: its path has several values, or its answer is another "
    "than 0.5 or none",
    "check how the column is made; leave it empty where it is not known",
    Example(
        filled(_ANSWERED | {"inferred_touched": "false"}),
        filled(_ANSWERED | {"inferred_touched": "true"}),
    ),
)
GRID = Rule(
    "HMX577",
    "grid",
    Severity.ERROR,
    "the grid does not hold the selected coefficient, or holds one twice",
    "write the coefficient of every picture that was in the grid, row by row from the top left",
    Example(
        filled({"grid_coefficients": f"{_GRID}|0.5"}, task=SELECT),
        filled({"grid_coefficients": _GRID}, task=SELECT),
        task=SELECT,
    ),
)
CLASS_ORDER = Rule(
    "HMX578",
    "class-order",
    Severity.ERROR,
    "the order of classes does not name every class of the study once",
    "write all classes of `stimuli: classes:` in the order of the page",
    Example(
        filled({"class_order": "|".join(CIFAR10.names[1:])}, task=CATEGORICAL),
        filled({"class_order": "|".join(reversed(CIFAR10.names))}, task=CATEGORICAL),
        task=CATEGORICAL,
    ),
)
