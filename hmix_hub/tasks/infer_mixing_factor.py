"""The task infer_mixing_factor: a participant infers the coefficient of one mixture with a slider."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.schema import released
from hmix_hub.schema.arrays import Floats, Mask, codes, numbers
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.groups import Groups
from hmix_hub.schema.judgment import (
    CONFIDENCES,
    IMAGE_1_SIDE,
    SLIDER_START,
    coefficient,
    recorded,
    recorded_coefficients,
    recorded_times,
)
from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.schema.vocabulary import Vocabulary
from hmix_hub.tasks.flags import OBSERVED, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC, Flag, Rows
from hmix_hub.tasks.parts import ByStimulus, ExampleTrial, Path, example_share
from hmix_hub.tasks.released import (
    Released,
    ReleasedAnswers,
    json_texts,
    parsed_answers,
    percent_of,
    percentage,
    with_suffix,
)
from hmix_hub.tasks.task import Task

QUESTION_ORDER = "[0,1]"
"""Order of the two sliders in the release, always the same."""


def _untouched_sliders(rows: Rows) -> Mask:
    inferred, confidence = numbers(rows.table["inferred_coefficient"]), numbers(rows.table["confidence"])
    is_at_start = (inferred == SLIDER_START) & (confidence == SLIDER_START)
    touched = ("inferred_touched", "confidence_touched")
    if not set(touched) <= set(rows.table.column_names):
        return is_at_start
    # 1 touched, 0 not, -1 not known.
    first, second = (codes(rows.table[name].cast(pa.int8())) for name in touched)
    return (first == 0) | (is_at_start & (first != 1) & (second != 1))


UNTOUCHED_SLIDERS = Flag(
    "untouched_sliders",
    "the slider of the inferred coefficient was not touched; or both sliders are at their start, 50, and neither is "
    "known to have been touched",
    _untouched_sliders,
)


def _gather(judgments: pa.Table, groups: Groups, n_classes: int) -> dict[str, object]:
    inferred, confidence = numbers(judgments["inferred_coefficient"]), numbers(judgments["confidence"])
    mean = groups.mean(inferred)
    shown = numbers(judgments["mixing_coefficient"])[groups.first]
    weights = np.nan_to_num(confidence)
    with np.errstate(invalid="ignore"):
        weighted = groups.sum(inferred * weights) / groups.sum(weights)
    return {
        "inferred_coefficients": groups.lists(judgments["inferred_coefficient"]),
        "confidences": groups.lists(judgments["confidence"]),
        "mean_inferred_coefficient": mean,
        "std_inferred_coefficient": groups.std(inferred),
        "relabel_difference": shown - mean,
        "confidence_weighted_coefficient": _nullable(weighted),
        "released_weighted_relabel": _nullable(groups.mean(inferred * confidence)),
    }


def _nullable(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))


def _from_released(table: pa.Table, vocabulary: Vocabulary) -> ReleasedAnswers:
    def parse(answer: dict[str, Any]) -> tuple[float, float | None]:
        slider, confidence = percentage(answer["mixingcoeff"]), answer["confidence"]
        # The slider runs from 0 (image 1) to 100 (image 2).
        inferred = 1 - slider / FULL_SCALE
        return inferred, None if confidence is None else percentage(confidence) / FULL_SCALE

    parsed = parsed_answers(table, "responses", parse)
    inferred, confidence = ([answer[i] for answer in parsed] for i in range(2))
    return ReleasedAnswers(
        {
            "mixing_coefficient": table["mixtureCoeff"],
            "inferred_coefficient": pa.array(inferred, pa.float64()),
            "confidence": pa.array(confidence, pa.float64()),
        }
    )


def _slider(inferred: float) -> float | int:
    """Return the slider position that reads as the inferred coefficient; an integer, if there is one."""
    place = (1 - inferred) * FULL_SCALE
    return round(place) if 1 - round(place) / FULL_SCALE == inferred else place


def _to_released(judgments: pa.Table, vocabulary: Vocabulary) -> dict[str, Any]:
    answers = zip(judgments["inferred_coefficient"].to_pylist(), judgments["confidence"].to_pylist(), strict=True)
    return {
        "responses": json_texts(
            {"mixingcoeff": _slider(inferred), "confidence": percent_of(confidence)} for inferred, confidence in answers
        ),
        "question_order": pa.repeat(pa.scalar(QUESTION_ORDER), judgments.num_rows),
        "class_pair": with_suffix(judgments["pair_id"]),
    }


def _example(trial: ExampleTrial, rng: np.random.Generator) -> dict[str, Any]:
    return {
        "inferred_coefficient": example_share(trial.share + rng.normal(0, 0.12)),
        "confidence": example_share(rng.uniform(0.3, 0.95)),
    }


TASK = Task(
    name="infer_mixing_factor",
    section="4 and 5",
    question="infers the coefficient of one mixture with a slider between its two class names, and rates confidence",
    shows="mixture",
    answer_columns=(
        coefficient("inferred_coefficient", meaning="lambda that the participant inferred"),
        Column("confidence", Kind.FLOAT64, "confidence in the answer", "0 not at all, 1 fully", 0, 1, nullable=True),
        IMAGE_1_SIDE,
        recorded(
            "inferred_touched",
            Kind.BOOL,
            "whether the slider was moved or pressed, so that 50 is a deliberate answer",
        ),
        recorded("confidence_touched", Kind.BOOL, "whether the confidence slider was"),
        recorded_coefficients(
            "inferred_path", meaning="lambda at every position of the slider, in order; the last is the inferred one"
        ),
        recorded_times("inferred_path_times_ms", meaning="when the slider reached each, from page drawn"),
        recorded(
            "confidence_path",
            Kind.FLOATS,
            "confidence at every position of its slider, in order; the last is the answer",
            "0 not at all, 1 fully",
            0,
            1,
        ),
        recorded_times("confidence_path_times_ms", meaning="when the slider reached each, from page drawn"),
    ),
    answer=("inferred_coefficient", "confidence"),
    answered="inferred_coefficient",
    core=(
        "stimulus_id",
        "mixing_coefficient",
        "inferred_coefficient",
        "confidence",
        "participant_id",
        "response_time_ms",
        "flags",
    ),
    flags=(UNTOUCHED_SLIDERS, REPEATED_IN_BATCH, STRAIGHTLINING, *OBSERVED, SYNTHETIC),
    by_stimulus=ByStimulus(
        columns=(
            coefficient("inferred_coefficients", kind=Kind.FLOATS, meaning="each judgment's inferred coefficient"),
            CONFIDENCES,
            coefficient("mean_inferred_coefficient", meaning="mean of the inferred coefficients"),
            Column(
                "std_inferred_coefficient",
                Kind.FLOAT64,
                "their population standard deviation",
                "share of image 1",
                0,
                0.5,
            ),
            Column(
                "relabel_difference",
                Kind.FLOAT64,
                "shown coefficient minus mean inferred one",
                "share of image 1",
                -1,
                1,
            ),
            coefficient(
                "confidence_weighted_coefficient",
                meaning="mean of the inferred coefficients weighted by confidence; "
                "null: all confidences are 0 or missing",
                nullable=True,
            ),
            Column(
                "released_weighted_relabel",
                Kind.FLOAT64,
                "the release's figure, mean(inferred * confidence): not normalised, so biased towards 0; "
                "null: a confidence is missing",
                "",
                0,
                1,
                nullable=True,
            ),
        ),
        core=(
            "stimulus_id",
            "mixing_coefficient",
            "mean_inferred_coefficient",
            "std_inferred_coefficient",
            "n_judgments",
            "n_participants",
        ),
        of=("inferred_coefficient", "confidence"),
        gather=_gather,
    ),
    statistics=("agreement", "bias", "confidence"),
    panels=("per_stimulus", "coefficients", "response_times", "bias", "differences", "confidence"),
    plot="inferences",
    target="human",
    filters={
        "inferred_coefficient": "with this inferred lambda",
        "confidence": "with this confidence, 0 to 1",
    },
    example=_example,
    paths=(
        Path("inferred_path", "inferred_path_times_ms", "inferred_coefficient", touched="inferred_touched"),
        Path("confidence_path", "confidence_path_times_ms", "confidence", touched="confidence_touched"),
    ),
    released=Released(
        trial_type="multiple-slider",
        name="rate_mixture",
        read=_from_released,
        write=_to_released,
        columns=(
            released.ROW,
            released.INDEX,
            *released.SESSION,
            released.RESPONSE,
            *released.BROWSER,
            Column(
                "responses",
                Kind.STRING,
                "answer as JSON: mixingcoeff 0 (image 1) to 100 (image 2); confidence 0 to 100",
            ),
            released.FILENAME,
            released.TASK,
            *released.MIXTURE,
            released.PAIR,
        ),
    ),
)
