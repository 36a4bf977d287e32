"""class_choice: one picture, mixed or single, and a choice of one class; optionally a slider for confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.suite.tasks.perception import Mind, Scene, response_time, sent, slider_path
from hmix_hub.suite.tasks.task import Floats, Options, SuiteTask
from hmix_hub.suite.tasks.trial import Trial, read_fields, read_slider, read_whole, times_of

_CONFIDENCE = ("confidence", "touched", "confidence_path")


class ClassChoice(SuiteTask):
    """The page shows one picture and a button for each class; the answer is one of them, sent with Submit or Enter.

    As in the other tasks, a click alone does not send the answer, so that slips can be corrected.
    """

    name = "class_choice"
    seconds_per_trial = 4.0
    options = ("class_order", "confidence", "must_touch")
    takes_single = True
    words: ClassVar = {
        "classes": "Classes",
    }
    bias_columns = ("chosen_class", "image_1_label", "image_2_label")

    def page(self, trial: Trial, design: Options) -> dict[str, Any]:
        """Return whether confidence is asked, and whether its slider must be touched."""
        return {"confidence": design.confidence, "must_touch": design.must_touch}

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> None:
        """Check that the class is in the list, and check the slider if the study has one."""
        given = read_fields(answer, "answer", "chosen", *(_CONFIDENCE if design.confidence else ()))
        read_whole(given["chosen"], "chosen", len(trial.class_order or ()) - 1)
        if design.confidence:
            limits: dict[str, Any] = {"must_touch": design.must_touch, "elapsed": elapsed, "most": FULL_SCALE}
            read_slider(given, "confidence", is_touched=given["touched"], **limits)

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return the class, the confidence with its path if it was asked, and the order of classes on the page."""
        confidence, path = answer.get("confidence"), answer.get("confidence_path")
        return {
            "chosen_class": answer["chosen"],
            "confidence": None if confidence is None else confidence / FULL_SCALE,
            "class_order": None if trial.class_order is None else list(trial.class_order),
            "confidence_touched": answer.get("touched"),
            "confidence_path": None if path is None else [value / FULL_SCALE for _, value in path],
            "confidence_path_times_ms": None if path is None else times_of(path),
        }

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the class of image 1 with a probability equal to its perceived share."""
        stimulus = scene.stimulus
        seen = mind.perception.seen_share(scene.coefficients[0], mind.bias, rng)
        is_first = stimulus.image_2_label is None or rng.random() < seen
        elapsed = response_time(rng)
        answer: dict[str, Any] = {"chosen": stimulus.image_1_label if is_first else stimulus.image_2_label}
        if page["confidence"]:
            confidence = round(FULL_SCALE * max(seen, 1 - seen))
            path = slider_path(confidence, elapsed, rng)
            answer |= {"confidence": confidence, "touched": True, "confidence_path": path}
        return sent(elapsed, page["pictures"], answer)

    def answered_share(self, columns: Mapping[str, Floats]) -> Floats:
        """Return 1 for the class of image 1, 0 for that of image 2; NaN for others, or if both have the same class."""
        chosen, first, second = (columns[name] for name in self.bias_columns)
        share = np.where(chosen == first, 1.0, np.where(chosen == second, 0.0, np.nan))
        return np.where(first == second, np.nan, share)


TASK = ClassChoice()
