"""scale_rating: one picture, mixed or single, rated on the study's scales: rows of steps, or sliders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, ClassVar

import numpy as np

from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.schema.scale import Scale
from hmix_hub.suite.tasks.perception import Mind, Scene, move_times, response_time, sent
from hmix_hub.suite.tasks.task import Options, SuiteTask
from hmix_hub.suite.tasks.trial import Trial, read_fields, read_slider, refuse, times_of

MOST_BUTTONS = 11
"""Maximum number of steps shown as buttons; a scale with more is a slider with as many positions."""


def is_slider(scale: Scale) -> bool:
    """Return whether a scale is shown as a slider."""
    return scale.steps is None or scale.steps > MOST_BUTTONS


def highest(scale: Scale) -> int:
    """Return the highest value of a scale on the page; the lowest is 0."""
    return FULL_SCALE if scale.steps is None else scale.steps - 1


def _scales(design: Options) -> list[Scale]:
    return [named.scale for named in design.scales]


class ScaleRating(SuiteTask):
    """The page shows one picture and all scales of the study; the rating on each scale becomes a separate row."""

    name = "scale_rating"
    seconds_per_trial = 5.0
    options = ("scales", "must_touch")
    needs = ("scales",)
    takes_single = True
    words: ClassVar = {"scale_value": "{value} of {most}, from “{low}” to “{high}”"}

    def page(self, trial: Trial, design: Options) -> dict[str, Any]:
        """Return the scales, without their names, and whether sliders must be touched."""
        scales = [
            {
                **{"question": scale.question, "low": scale.low, "high": scale.high},
                **{"most": highest(scale), "is_slider": is_slider(scale)},
            }
            for scale in _scales(design)
        ]
        return {"scales": scales, "must_touch": design.must_touch}

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> None:
        """Check the rating on each scale and the path to it; a row of steps must always be touched."""
        ratings = read_fields(answer, "answer", "ratings")["ratings"]
        scales = _scales(design)
        if not isinstance(ratings, list) or len(ratings) != len(scales):
            refuse("the number of ratings differs from the number of scales")
        for rating, scale in zip(ratings, scales, strict=True):
            given = read_fields(rating, "a rating", "rating", "touched", "rating_path")
            must_touch = design.must_touch or not is_slider(scale)
            limits: dict[str, Any] = {"must_touch": must_touch, "elapsed": elapsed, "most": highest(scale)}
            read_slider(given, "rating", is_touched=given["touched"], **limits)

    def judgments(self, answer: Mapping[str, Any], design: Options) -> Sequence[Mapping[str, Any]]:
        """Return the rating on each scale, with the scale's name and highest value."""
        return [
            {**rating, "scale": scale.name, "most": highest(scale)}
            for rating, scale in zip(answer["ratings"], _scales(design), strict=True)
        ]

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return scale and rating, whether it was touched, and the path to it, 0 (low end) to 1 (high end)."""
        rating, most, path = answer["rating"], answer["most"], answer["rating_path"]
        return {
            "scale": answer["scale"],
            # An untouched slider is in the middle.
            "rating": (ceil(most / 2) if rating is None else rating) / most,
            "rating_touched": answer["touched"],
            "rating_path": [value / most for _, value in path],
            "rating_path_times_ms": times_of(path),
        }

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Rate the perceived share of image 1, drawn separately for each scale and rounded up or down at random."""
        elapsed = response_time(rng)
        ratings = []
        for scale in page["scales"]:
            seen = mind.perception.seen_share(scene.coefficients[0], mind.bias, rng)
            # Round up or down at random, so that the mean of the ratings is the share itself.
            rating = min(int(scale["most"] * seen + rng.random()), scale["most"])
            (at,) = move_times(1, elapsed, rng)
            ratings.append({"rating": rating, "touched": True, "rating_path": [[at, rating]]})
        return sent(elapsed, page["pictures"], {"ratings": ratings})


TASK = ScaleRating()
