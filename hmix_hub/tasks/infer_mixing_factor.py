"""The task infer_mixing_factor: a participant infers the coefficient of one mixture with a slider."""

from __future__ import annotations

from hmix_hub.schema import released
from hmix_hub.schema.column import Column, Kind
from hmix_hub.schema.judgment import IMAGE_1_SIDE, coefficient, recorded, recorded_coefficients, recorded_times
from hmix_hub.tasks.flags import REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC
from hmix_hub.tasks.task import Flag, Released, Task

SLIDER_START = 0.5
"""Where both sliders stand until they are touched."""
QUESTION_ORDER = "[0,1]"
"""The released order of the two sliders, always the same."""

UNTOUCHED_SLIDERS = Flag(
    "untouched_sliders",
    "the slider of the inferred coefficient is known not to have been touched; or both sliders stand at their "
    "start, 50, and it is not known that either was touched",
)

TASK = Task(
    name="infer_mixing_factor",
    section="4 and 5",
    question="infers the coefficient of one mixture with a slider between its two class names, and says how confident",
    shows="mixture",
    answer_columns=(
        coefficient("inferred_coefficient", meaning="lambda that the person inferred"),
        Column("confidence", Kind.FLOAT64, "how sure the person was", "0 not at all, 1 fully", 0, 1, nullable=True),
        IMAGE_1_SIDE,
        recorded(
            "inferred_touched",
            Kind.BOOL,
            "whether the slider was moved or pressed, so that 50 is meant",
        ),
        recorded("confidence_touched", Kind.BOOL, "whether the slider of confidence was"),
        recorded_coefficients(
            "inferred_path", meaning="lambda at every place of the slider, in order: last the inferred one"
        ),
        recorded_times("inferred_path_times_ms", meaning="when the slider came to each, from page drawn"),
        recorded(
            "confidence_path",
            Kind.FLOATS,
            "confidence at every place of its slider, in order: last the answer",
            "0 not at all, 1 fully",
            0,
            1,
        ),
        recorded_times("confidence_path_times_ms", meaning="when the slider came to each, from page drawn"),
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
    flags=(UNTOUCHED_SLIDERS, REPEATED_IN_BATCH, STRAIGHTLINING, SYNTHETIC),
    by_stimulus=(
        coefficient("inferred_coefficients", kind=Kind.FLOATS, meaning="each judgment's inferred coefficient"),
        Column("confidences", Kind.FLOATS, "each judgment's confidence, null where not given", "", 0, 1),
        coefficient("mean_inferred_coefficient", meaning="mean of the inferred coefficients"),
        Column(
            "std_inferred_coefficient", Kind.FLOAT64, "their population standard deviation", "share of image 1", 0, 0.5
        ),
        Column(
            "relabel_difference", Kind.FLOAT64, "shown coefficient minus mean inferred one", "share of image 1", -1, 1
        ),
        coefficient(
            "confidence_weighted_coefficient",
            meaning="mean of the inferred coefficients weighted by confidence; "
            "null: all confidences are 0 or not given",
            nullable=True,
        ),
        Column(
            "released_weighted_relabel",
            Kind.FLOAT64,
            "the release's figure, mean(inferred * confidence): not normalised, so biased towards 0; "
            "null: a confidence was not given",
            "",
            0,
            1,
            nullable=True,
        ),
    ),
    core_by_stimulus=(
        "stimulus_id",
        "mixing_coefficient",
        "mean_inferred_coefficient",
        "std_inferred_coefficient",
        "n_judgments",
        "n_participants",
    ),
    target="human",
    released=Released(
        "multiple-slider",
        "rate_mixture",
        (
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
