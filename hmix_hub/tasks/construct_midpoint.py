"""The task construct_midpoint: a participant walks through the mixtures of a pair up to the 50/50 one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.schema import released
from hmix_hub.schema.arrays import Mask, numbers
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.judgment import IMAGE_1_SIDE, coefficient, recorded_coefficients, recorded_times
from hmix_hub.schema.vocabulary import Vocabulary
from hmix_hub.tasks.flags import OBSERVED, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC, Flag, Rows
from hmix_hub.tasks.midpoint import BY_STIMULUS, FILTERS, PANELS, SELECTED, STATISTICS
from hmix_hub.tasks.parts import ExampleTrial, Path
from hmix_hub.tasks.released import Released, ReleasedAnswers, refuse_first
from hmix_hub.tasks.task import Task


def _endpoint_not_shown(rows: Rows) -> Mask:
    selected = numbers(rows.table["selected_coefficient"])
    is_end = (selected == 0) | (selected == 1)
    if "path_coefficients" not in rows.table.column_names:
        return is_end
    # A path consists of the pictures that were on the screen, including the last one.
    return is_end & rows.table["path_coefficients"].is_null().to_numpy()


ENDPOINT_NOT_SHOWN = Flag(
    "endpoint_not_shown",
    "the answer is 0 or 1, which the released interface stored but could not draw: .1 or .9 stayed on the screen",
    _endpoint_not_shown,
)


def _from_released(table: pa.Table, vocabulary: Vocabulary) -> ReleasedAnswers:
    walk = table["final_value"].to_numpy()
    # Adding 0.0 turns a rounded -0.0 into 0.0.
    selected = np.round(walk, 1) + 0.0
    bad = ~((selected >= 0) & (selected <= 1))
    refuse_first(bad, table["final_value"], "final_value", "is not from 0 to 1")
    return ReleasedAnswers({"start_coefficient": table["start_value"], "selected_coefficient": pa.array(selected)})


def _to_released(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    start = judgments["start_coefficient"]
    return {"final_value": judgments["selected_coefficient"], "start_value": start, "starting_value": start}


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    return {"start_coefficient": (0.1, 0.9)[trial.number % 2], "selected_coefficient": int(rng.integers(2, 9)) / 10}


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
            meaning="lambda of every picture on the screen, in order, from the start to the selected one",
        ),
        recorded_times("path_times_ms", meaning="when each of them appeared, from page drawn; the first at 0"),
    ),
    answer=("selected_coefficient",),
    answered="selected_coefficient",
    core=("pair_id", "start_coefficient", "selected_coefficient", "participant_id", "response_time_ms", "flags"),
    flags=(ENDPOINT_NOT_SHOWN, REPEATED_IN_BATCH, STRAIGHTLINING, *OBSERVED, SYNTHETIC),
    by_stimulus=BY_STIMULUS,
    statistics=STATISTICS,
    panels=PANELS,
    plot="midpoints",
    target="human",
    filters=FILTERS | {"start_coefficient": "that started from this lambda"},
    example=_example,
    paths=(Path("path_coefficients", "path_times_ms", "selected_coefficient", start="start_coefficient"),),
    released=Released(
        trial_type="reconstruction",
        name="select_create",
        read=_from_released,
        write=_to_released,
        columns=(
            released.ROW,
            released.INDEX,
            *released.SESSION,
            released.RESPONSE,
            *released.BROWSER,
            # No closed range: the float walk can end 1.1e-16 below 0 or above 1.
            Column("final_value", Kind.FLOAT64, "selected lambda, a float walk in steps of .1", "share of image 1"),
            Column("start_value", Kind.FLOAT64, "lambda shown first", "share of image 1", 0, 1),
            released.TASK,
            released.PAIR,
            Column("starting_value", Kind.FLOAT64, "the same again", "share of image 1", 0, 1),
            released.text("filename", meaning="always null"),
        ),
    ),
)
