"""The task select_shuffled_midpoint: a participant picks the 50/50 one of the shuffled mixtures of a pair."""

from __future__ import annotations

from hmix_hub.schema import released
from hmix_hub.schema.judgment import recorded_coefficients
from hmix_hub.tasks.flags import REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC
from hmix_hub.tasks.midpoint import BY_STIMULUS, CORE_BY_STIMULUS, SELECTED
from hmix_hub.tasks.task import Released, Task

SELECT_PREFIX = "select"
"""Begins the released answer, before the coefficient."""

TASK = Task(
    name="select_shuffled_midpoint",
    section="3",
    question="chooses, among the eleven mixtures of a pair in shuffled order, the one that looks like the 50/50 one",
    shows="pair",
    answer_columns=(
        SELECTED,
        recorded_coefficients(
            "grid_coefficients", meaning="lambda of the pictures in the grid, row by row from the top left"
        ),
    ),
    answer=("selected_coefficient",),
    answered="selected_coefficient",
    core=("pair_id", "selected_coefficient", "participant_id", "response_time_ms", "flags"),
    flags=(REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC),
    by_stimulus=BY_STIMULUS,
    core_by_stimulus=CORE_BY_STIMULUS,
    has_by_stimulus=False,
    target="human",
    released=Released(
        "survey-html-form",
        "select_shuffled",
        (
            released.ROW,
            released.INDEX,
            *released.SESSION,
            released.RESPONSE,
            *released.BROWSER,
            released.TASK,
            released.PAIR,
        ),
    ),
)
