"""The task estimate_share: a participant estimates the share of image 1 in one mixture, as a percentage."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.schema.arrays import Mask, numbers
from hmix_hub.schema.column import Kind
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.judgment import coefficient
from hmix_hub.tasks.flags import REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC, Flag, Rows
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial, example_share
from hmix_hub.tasks.task import Task


def _all_or_nothing(rows: Rows) -> Mask:
    estimated = numbers(rows.table["estimated_coefficient"])
    return (estimated == 0) | (estimated == 1)


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    return {
        "estimated_coefficients": groups.lists(judgments["estimated_coefficient"]),
        "mean_estimated_coefficient": groups.mean(numbers(judgments["estimated_coefficient"])),
    }


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    return {"estimated_coefficient": example_share(trial.share + rng.normal(0, 0.1))}


TASK = Task(
    name="estimate_share",
    question="estimates the share of image 1 in one mixture, as a percentage",
    shows="mixture",
    answer_columns=(coefficient("estimated_coefficient", meaning="share that the participant estimated"),),
    answer=("estimated_coefficient",),
    answered="estimated_coefficient",
    core=("stimulus_id", "mixing_coefficient", "estimated_coefficient", "participant_id", "response_time_ms", "flags"),
    flags=(
        Flag("all_or_nothing", "the estimate is 0 or 100 %", _all_or_nothing),
        REPEATED_IN_BATCH,
        STRAIGHTLINING,
        SYNTHETIC,
    ),
    by_stimulus=ByStimulus(
        columns=(
            coefficient("estimated_coefficients", kind=Kind.FLOATS, meaning="each judgment's estimate"),
            coefficient("mean_estimated_coefficient", meaning="mean of the estimates"),
        ),
        core=("stimulus_id", "mixing_coefficient", "mean_estimated_coefficient", "n_judgments"),
        of=("estimated_coefficient",),
        gather=_gather,
    ),
    statistics=("agreement", "bias"),
    panels=("per_stimulus", "coefficients", "response_times", "bias", "differences", "flagged"),
    plot="inferences",
    target="human",
    example=_example,
)
