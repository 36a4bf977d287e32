"""categorical_soft_labels: one mixture; its most probable class, optionally a second, and classes ruled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.suite.tasks.perception import Mind, Scene, response_time, sent
from hmix_hub.suite.tasks.task import Floats, Options, SuiteTask
from hmix_hub.suite.tasks.trial import Trial, read_fields, read_number, read_whole, refuse

_PERCENT_SLACK = 1e-6
_NO_ALTERNATIVE_FROM = 95
"""Percentage of the first class from which scripted participants name no second class."""
_SECOND_SHARE, _RULED_OUT_SHARE = 0.85, 0.5


class CategoricalSoftLabels(SuiteTask):
    """The page shows one mixture and the list of classes; the answer is two of them with percentages."""

    name = "categorical_soft_labels"
    seconds_per_trial = 25.8
    options = ("class_order",)
    words: ClassVar = {
        "top_class": "Most probable class",
        "top_percent": "How probable is it?",
        "second_class": "Second most probable class",
        "no_alternative": "no alternative",
        "second_percent": "How probable is the second?",
        "ruled_out": "Classes you rule out (if any)",
        "class_open": "Please choose a class.",
        "second_open": "Please choose a class or “no alternative”.",
        "percent_open": "Please enter a percentage.",
        "percent_wrong": "Please enter a number from 0 to 100.",
        "same_class": "This is already your most probable class. Please choose another one, or “no alternative”.",
        "sum_above": "Together these make {sum}%. Please stay within 100%.",
        "ruled_out_chosen": "You chose this class above and also ruled it out: {classes}.",
    }
    bias_columns = ("top_class", "top_probability", "image_1_label", "image_2_label")

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> None:
        """Check that the classes are distinct and in the list, and that the percentages sum to at most 100."""
        given = read_fields(answer, "answer", "top", "top_percent", "second", "second_percent", "ruled_out")
        last = len(trial.class_order or ()) - 1
        top = read_whole(given["top"], "top", last)
        percent = read_number(given["top_percent"], "top_percent", FULL_SCALE)
        chosen = {top}
        if given["second"] is None:
            if given["second_percent"] is not None:
                refuse("second_percent is given without a second class")
        else:
            second = read_whole(given["second"], "second", last)
            if second == top:
                refuse("top and second are the same class")
            chosen.add(second)
            percent += read_number(given["second_percent"], "second_percent", FULL_SCALE)
        if percent > FULL_SCALE + _PERCENT_SLACK:
            refuse("the percentages sum to more than 100")
        listed = given["ruled_out"]
        if not isinstance(listed, list) or len(listed) > last + 1:
            refuse("ruled_out is not a list of classes")
        ruled_out = [read_whole(code, "a class of ruled_out", last) for code in listed]
        if len(set(ruled_out)) != len(ruled_out):
            refuse("a class is ruled out twice")
        if chosen & set(ruled_out):
            refuse("a chosen class is ruled out")

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return the classes with their probabilities, those ruled out, and their order on the page."""
        second_percent = answer["second_percent"]
        return {
            "top_class": answer["top"],
            "top_probability": answer["top_percent"] / FULL_SCALE,
            "second_class": answer["second"],
            "second_probability": None if second_percent is None else second_percent / FULL_SCALE,
            "impossible_classes": list(answer["ruled_out"]),
            "class_order": None if trial.class_order is None else list(trial.class_order),
        }

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Answer with the class of the larger share, usually the other class as second, and rule out some others."""
        seen = mind.perception.seen_share(scene.coefficients[0], mind.bias, rng)
        labels = scene.stimulus.image_1_label, scene.stimulus.image_2_label
        top, other = labels if seen >= 0.5 else labels[::-1]
        percent = round(FULL_SCALE * max(seen, 1 - seen))
        has_second = top != other and percent < _NO_ALTERNATIVE_FROM and rng.random() < _SECOND_SHARE
        rest = [code for code in page["class_order"] if code not in labels]
        answer = {
            "top": top,
            "top_percent": percent,
            "second": other if has_second else None,
            "second_percent": FULL_SCALE - percent if has_second else None,
            "ruled_out": [code for code in rest if rng.random() < _RULED_OUT_SHARE],
        }
        return sent(response_time(rng), page["pictures"], answer)

    def answered_share(self, columns: Mapping[str, Floats]) -> Floats:
        """Return the share of image 1; NaN if neither picture's class is the top one, or both have the same class."""
        top, probability = columns["top_class"], columns["top_probability"]
        first, second = columns["image_1_label"], columns["image_2_label"]
        share = np.where(top == first, probability, np.where(top == second, 1 - probability, np.nan))
        return np.where(first == second, np.nan, share)


TASK = CategoricalSoftLabels()
