"""infer_mixing_factor: one mixture between its two class names, a slider for the share and one for confidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.judgment import SLIDER_START
from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.suite.tasks.perception import Mind, Scene, response_time, sent, slider_path
from hmix_hub.suite.tasks.task import Options, SuiteTask
from hmix_hub.suite.tasks.trial import Trial, read_fields, read_slider, refuse, times_of


class InferMixingFactor(SuiteTask):
    """The page shows one mixture; the answer is the share of the class on the right, and the confidence."""

    name = "infer_mixing_factor"
    seconds_per_trial = 8.4
    options = ("sides", "must_touch")
    words: ClassVar = {
        "share": "How much of each?",
        "share_value": "{left_percent}% {left}, {right_percent}% {right}",
        "confidence": "How sure are you?",
        "confidence_low": "not at all sure",
        "confidence_high": "completely sure",
        "confidence_value": "{percent}%",
    }

    def page(self, trial: Trial, design: Options) -> dict[str, Any]:
        """Return whether both sliders must be touched."""
        return {"must_touch": design.must_touch}

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> None:
        """Check the values and paths of two sliders, and which of them were touched."""
        given = read_fields(answer, "answer", "share", "confidence", "touched", "share_path", "confidence_path")
        touched = given["touched"]
        if not isinstance(touched, list) or len(touched) != 2:
            refuse("touched is not two truth values")
        limits: dict[str, Any] = {"must_touch": design.must_touch, "elapsed": elapsed, "most": FULL_SCALE}
        for name, is_touched in zip(("share", "confidence"), touched, strict=True):
            read_slider(given, name, is_touched=is_touched, **limits)

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return share and confidence, the paths to them, and which slider was touched."""
        share, confidence = answer["share"], answer["confidence"]
        share_touched, confidence_touched = answer["touched"]
        share_path: Sequence[Sequence[float]] = answer["share_path"]
        confidence_path: Sequence[Sequence[float]] = answer["confidence_path"]
        return {
            # An untouched slider means that the participant reported no confidence.
            "inferred_coefficient": SLIDER_START if share is None else inferred_coefficient(share, trial),
            "confidence": None if confidence is None else confidence / FULL_SCALE,
            "image_1_side": trial.image_1_side,
            "inferred_touched": share_touched,
            "confidence_touched": confidence_touched,
            "inferred_path": [inferred_coefficient(value, trial) for _, value in share_path],
            "inferred_path_times_ms": times_of(share_path),
            "confidence_path": [value / FULL_SCALE for _, value in confidence_path],
            "confidence_path_times_ms": times_of(confidence_path),
        }

    def released(self, observed: pa.Table) -> pa.Table:
        """Set the confidence to the slider's start if neither slider was touched, so that readers flag the row."""
        is_neither = pc.and_(pc.invert(observed["inferred_touched"]), pc.invert(observed["confidence_touched"]))
        confidence = pc.if_else(is_neither, SLIDER_START, observed["confidence"])
        place = observed.schema.get_field_index("confidence")
        return observed.set_column(place, observed.schema.field(place), confidence)

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Answer with the perceived share; confidence grows with its distance from the middle."""
        seen = mind.perception.seen_share(scene.coefficients[0], mind.bias, rng)
        share = round(FULL_SCALE * (1 - seen if scene.image_1_left else seen))
        sure = 0.35 + abs(seen - 0.5) + 0.15 * float(rng.standard_normal())
        confidence = round(FULL_SCALE * float(np.clip(sure, 0, 1)))
        elapsed = response_time(rng)
        answer = {
            "share": share,
            "confidence": confidence,
            "touched": [True, True],
            "share_path": slider_path(share, elapsed, rng),
            "confidence_path": slider_path(confidence, elapsed, rng),
        }
        return sent(elapsed, page["pictures"], answer)


def inferred_coefficient(share: float, trial: Trial) -> float:
    """Return the share of image 1, 0 to 1, for a slider position, 0 (left class) to 100 (right class).

    If image 1 is on the left, the arithmetic matches the release's to the last bit: `1 - x / 100`.
    """
    share = share / FULL_SCALE
    return 1 - share if trial.image_1_side == "left" else share


TASK = InferMixingFactor()
