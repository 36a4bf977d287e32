"""construct_midpoint: one picture, changed step by step between two endpoint pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, ClassVar

import numpy as np

from hmix_hub.suite.tasks.perception import Mind, Scene, move_times, response_time, sent
from hmix_hub.suite.tasks.task import Options, SuiteTask
from hmix_hub.suite.tasks.trial import STEPS, Trial, read_fields, read_path, read_whole, refuse, times_of

_OVERSHOOT_SHARE = 0.3


class ConstructMidpoint(SuiteTask):
    """The page shows one mixture; two buttons change it, and the answer is the final position."""

    name = "construct_midpoint"
    seconds_per_trial = 9.2
    options = ("start", "sides", "must_touch")
    words: ClassVar = {
        "towards": "More {class}",
        "at_end": "at the end",
        "construct_open": "Please change the picture at least once. If it was right at first, change it and go back.",
    }

    def order(self, trial: Trial) -> Sequence[int]:
        """Return the steps from the far left to the far right."""
        return [trial.step_at(position) for position in range(STEPS)]

    def page(self, trial: Trial, design: Options) -> dict[str, Any]:
        """Return the position of the first picture, and whether it must be moved."""
        return {"start": trial.position_of(trial.start_step or 0), "must_touch": design.must_touch}

    def check(self, answer: object, trial: Trial, design: Options, elapsed: float) -> int:
        """Check a position and the path to it; return the position."""
        given = read_fields(answer, "answer", "position", "path")
        position = read_whole(given["position"], "position", STEPS - 1)
        path = read_path(given["path"], "path", elapsed, STEPS - 1)
        if not path or list(path[0]) != [0, trial.position_of(trial.start_step or 0)]:
            refuse("path does not begin with the first picture at time 0")
        if any(abs(after - before) != 1 for (_, before), (_, after) in pairwise(path)):
            refuse("path skips a picture")
        if path[-1][1] != position:
            refuse("path does not end at the position")
        if design.must_touch and len(path) == 1:
            refuse("the picture was not moved, but the study requires it")
        return position

    def columns(self, answer: Mapping[str, Any], trial: Trial) -> dict[str, Any]:
        """Return start, answer, side and path."""
        if trial.start_step is None:
            msg = f"a trial of {self.name} has no start"
            raise ValueError(msg)
        path: Sequence[Sequence[float]] = answer["path"]
        return {
            "start_coefficient": trial.start_step / 10,
            "selected_coefficient": trial.step_at(answer["position"]) / 10,
            "image_1_side": trial.image_1_side,
            "path_coefficients": [trial.step_at(int(position)) / 10 for _, position in path],
            "path_times_ms": times_of(path),
        }

    def respond(self, page: dict[str, Any], scene: Scene, mind: Mind, rng: np.random.Generator) -> dict[str, Any]:
        """Walk to the mixture that looks like the 50/50 one; some participants overshoot by a step and return.

        If it is the first picture and `must_touch` is set, they move away and return.
        """
        start = int(page["start"])
        position = scene.nearest(mind.perception.midpoint_step(scene.coefficients[start], mind.bias, rng))
        direction = -1 if position < start or start == STEPS - 1 else 1
        beyond = position + direction
        overshoots = rng.random() < _OVERSHOOT_SHARE or (position == start and page["must_touch"])
        turn = beyond if overshoots and 0 <= beyond < STEPS else position
        places = [*range(start, turn, direction), *range(turn, position, -direction), position]
        elapsed = response_time(rng)
        path = [[0, start], *map(list, zip(move_times(len(places) - 1, elapsed, rng), places[1:], strict=True))]
        return sent(elapsed, [page["pictures"][position]], {"position": position, "path": path})


TASK = ConstructMidpoint()
