"""The task construct_midpoint: a participant walks through the mixtures of a pair up to the 50/50 one."""

from __future__ import annotations

from hmix_hub.schema import released
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.judgment import IMAGE_1_SIDE, coefficient, recorded_coefficients, recorded_times
from hmix_hub.tasks.flags import REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC
from hmix_hub.tasks.midpoint import BY_STIMULUS, CORE_BY_STIMULUS, SELECTED
from hmix_hub.tasks.task import Flag, Released, Task

ENDPOINT_NOT_SHOWN = Flag(
    "endpoint_not_shown",
    "the answer is 0 or 1, which the released interface stored but could not draw: .1 or .9 stayed on screen",
)

TASK = Task(
    name="construct_midpoint",
    section="3",
    question="moves the coefficient in steps of one tenth until the mixture looks like the 50/50 one",
    shows="pair",
    answer_columns=(
        coefficient("start_coefficient", meaning="lambda of the picture that was shown first"),
        SELECTED,
        IMAGE_1_SIDE,
        recorded_coefficients(
            "path_coefficients",
            meaning="lambda of every picture on the screen, in order: first the start, last the selected one",
        ),
        recorded_times("path_times_ms", meaning="when each of them appeared, from page drawn; the first at 0"),
    ),
    answer=("selected_coefficient",),
    answered="selected_coefficient",
    core=(
        "pair_id",
        "start_coefficient",
        "selected_coefficient",
        "participant_id",
        "response_time_ms",
        "flags",
    ),
    flags=(ENDPOINT_NOT_SHOWN, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC),
    by_stimulus=BY_STIMULUS,
    core_by_stimulus=CORE_BY_STIMULUS,
    has_by_stimulus=False,
    target="human",
    released=Released(
        "reconstruction",
        "select_create",
        (
            released.ROW,
            released.INDEX,
            *released.SESSION,
            released.RESPONSE,
            *released.BROWSER,
            # No closed range: the walk ends at 1.1e-16 below 0 or above 1.
            Column("final_value", Kind.FLOAT64, "selected lambda, a float walk in steps of .1", "share of image 1"),
            Column("start_value", Kind.FLOAT64, "lambda shown first", "share of image 1", 0, 1),
            released.TASK,
            released.PAIR,
            Column("starting_value", Kind.FLOAT64, "the same again", "share of image 1", 0, 1),
            released.text("filename", meaning="always null"),
        ),
    ),
)
