"""The task select_shuffled_midpoint: a participant picks the 50/50 mixture among the shuffled mixtures of a pair."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.schema import released
from hmix_hub.schema.judgment import recorded_coefficients
from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.schema.vocabulary import Vocabulary
from hmix_hub.tasks.flags import OBSERVED, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC
from hmix_hub.tasks.midpoint import BY_STIMULUS, FILTERS, PANELS, SELECTED, STATISTICS
from hmix_hub.tasks.parts import ExampleTrial
from hmix_hub.tasks.released import Released, ReleasedAnswers, json_texts, parsed_answers, percentage
from hmix_hub.tasks.task import Task

_PREFIX = "select"
"""Prefix of the released answer, before the coefficient."""


def _from_released(table: pa.Table, vocabulary: Vocabulary) -> ReleasedAnswers:
    def parse(answer: dict[str, Any]) -> float:
        value = float(answer["select"].removeprefix(_PREFIX))
        percentage(value * FULL_SCALE)
        return value

    return ReleasedAnswers({"selected_coefficient": pa.array(parsed_answers(table, "response", parse), pa.float64())})


def _to_released(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    selected = judgments["selected_coefficient"].to_pylist()
    return {"response": json_texts({"select": f"{_PREFIX}{value!r}"} for value in selected)}


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    return {"selected_coefficient": int(rng.integers(2, 9)) / 10}


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
    flags=(REPEATED_IN_BATCH, STRAIGHTLINING, *OBSERVED, SYNTHETIC),
    by_stimulus=BY_STIMULUS,
    statistics=STATISTICS,
    panels=PANELS,
    plot="midpoints",
    target="human",
    filters=FILTERS,
    example=_example,
    released=Released(
        trial_type="survey-html-form",
        name="select_shuffled",
        read=_from_released,
        write=_to_released,
        columns=(
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
