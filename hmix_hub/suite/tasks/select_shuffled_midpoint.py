"""select_shuffled_midpoint: a choice of one of eleven pictures in a shuffled grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from hmix_hub.suite.tasks.perception import Mind, Scene, response_time, sent
from hmix_hub.suite.tasks.task import Options, SuiteTask
from hmix_hub.suite.tasks.trial import STEPS, Trial, read_fields, read_whole


class SelectShuffledMidpoint(SuiteTask):
    """The page shows all mixtures of a pair; the answer is a position in the grid."""

    name = "select_shuffled_midpoint"
    seconds_per_trial = 11.0
    has_grid = True
    words: ClassVar = {
        "grid": "Pictures to choose from",
        "grid_picture": "Picture {number} of {of}",
        "select_open": "Please choose a picture.",
    }

    def order(self, trial: Trial) -> Sequence[int]:
        """Return the steps row by row."""
        return trial.grid_steps or ()

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> None:
        """Check a position in the grid."""
        read_whole(read_fields(answer, "answer", "place")["place"], "place", STEPS - 1)

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return the coefficient of the chosen picture, and those of the grid."""
        if trial.grid_steps is None:
            msg = f"a trial of {self.name} has no grid"
            raise ValueError(msg)
        grid = [step / 10 for step in trial.grid_steps]
        return {"selected_coefficient": grid[answer["place"]], "grid_coefficients": grid}

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Choose the mixture that looks like the 50/50 one."""
        place = scene.nearest(mind.perception.midpoint_step(None, mind.bias, rng))
        return sent(response_time(rng), page["pictures"], {"place": place})


TASK = SelectShuffledMidpoint()
