"""estimate_share: one mixture, and a slider for the share of image 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hmix_hub.suite.tasks.perception import Mind, Scene, response_time, sent
from hmix_hub.suite.tasks.task import Options, SuiteTask
from hmix_hub.suite.tasks.trial import Trial, read_fields, read_whole


class EstimateShare(SuiteTask):
    """The page shows one mixture; the answer is a percentage."""

    name = "estimate_share"
    seconds_per_trial = 8.0

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> None:
        """Check a percentage."""
        read_whole(read_fields(answer, "answer", "percent")["percent"], "percent", 100)

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return the share of image 1."""
        return {"estimated_coefficient": answer["percent"] / 100}

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Answer with the share that is seen."""
        seen = mind.perception.seen_share(scene.coefficients[0], mind.bias, rng)
        return sent(response_time(rng), page["pictures"], {"percent": round(100 * seen)})


TASK = EstimateShare()
