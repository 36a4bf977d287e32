"""Answering: what a scripted person sends for a page, as the browser would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.suite.simulation.eyes import Scene
from hmix_hub.suite.simulation.perception import Perception
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

SLIDER_START = 50
_FASTEST_MS = 400.0
_TYPICAL_LOG_MS, _SPREAD_LOG_MS = 8.2, 0.45
_NO_ALTERNATIVE_FROM = 95
"""Per cent from which nobody names a second class."""
_SECOND_SHARE, _RULED_OUT_SHARE = 0.85, 0.5
_OVERSHOOT_SHARE = 0.3
_MOST_MOVES = 6


class Mind:
    """Mind of one scripted person: an own bias, and chance of its own.

    What is answered to a stimulus depends on the seed, the person and the stimulus alone, in whatever order and at
    whatever speed a server shows them.

    Parameters
    ----------
    perception
        What all people have in common.
    seed, number
        Seed of the simulation, and the person's number in it.
    """

    def __init__(self, perception: Perception, seed: int, number: int) -> None:
        self.perception = perception
        self._key = (seed, number)
        self.bias = perception.own_bias(np.random.default_rng(self._key))

    def answer(self, task: str, page: dict[str, Any], scene: Scene, showing: int) -> dict[str, Any]:
        """Answer a trial.

        Parameters
        ----------
        task
            Name of the task.
        page
            The page, from the session view.
        scene
            What the person sees on it.
        showing
            How often the person has seen the stimulus before.

        Returns
        -------
        dict
            What the page sends: response_time_ms, pictures, answer. Times are from the model: nobody waits.
        """
        stimulus = scene.stimulus
        percent = round(FULL_SCALE * (stimulus.mixing_coefficient or 0))
        rng = np.random.default_rng((*self._key, stimulus.image_1_index, stimulus.image_2_index, percent, showing))
        return _ANSWERS[task](self, page, scene, rng)


def _response_time(rng: np.random.Generator) -> float:
    return round(_FASTEST_MS + float(rng.lognormal(_TYPICAL_LOG_MS, _SPREAD_LOG_MS)), 1)


def _times(moves: int, response_time: float, rng: np.random.Generator) -> list[float]:
    """Draw rising times of moves, ms since the page was drawn, all before the answer."""
    return [round(float(time), 1) for time in np.sort(rng.uniform(0.1, 0.95, moves)) * response_time]


def _sent(response_time: float, pictures: list[str], answer: dict[str, Any]) -> dict[str, Any]:
    return {"response_time_ms": response_time, "pictures": pictures, "answer": answer}


def _construct(mind: Mind, page: dict[str, Any], scene: Scene, rng: np.random.Generator) -> dict[str, Any]:
    start = int(page["start"])
    step = mind.perception.midpoint_step(scene.coefficients[start], mind.bias, rng)
    position = int(np.argmin(np.abs(np.array(scene.coefficients) - step / 10)))
    direction = 1 if position >= start else -1
    turn = position + direction if rng.random() < _OVERSHOOT_SHARE and 0 <= position + direction <= 10 else position
    places = [*range(start, turn, direction), *range(turn, position, -direction), position]
    response_time = _response_time(rng)
    path = [[0, start], *zip(_times(len(places) - 1, response_time, rng), places[1:], strict=True)]
    answer = {"position": position, "path": [list(move) for move in path]}
    return _sent(response_time, [page["pictures"][position]], answer)


def _select(mind: Mind, page: dict[str, Any], scene: Scene, rng: np.random.Generator) -> dict[str, Any]:
    step = mind.perception.midpoint_step(None, mind.bias, rng)
    place = int(np.argmin(np.abs(np.array(scene.coefficients) - step / 10)))
    return _sent(_response_time(rng), list(page["pictures"]), {"place": place})


def _infer(mind: Mind, page: dict[str, Any], scene: Scene, rng: np.random.Generator) -> dict[str, Any]:
    seen = mind.perception.seen_share(scene.coefficients[0], mind.bias, rng)
    share = round(FULL_SCALE * (1 - seen if scene.image_1_left else seen))
    sure = 0.35 + abs(seen - 0.5) + 0.15 * float(rng.standard_normal())
    confidence = round(FULL_SCALE * float(np.clip(sure, 0, 1)))
    response_time = _response_time(rng)
    answer = {
        "share": share,
        "confidence": confidence,
        "touched": [True, True],
        "share_path": _slider_path(share, response_time, rng),
        "confidence_path": _slider_path(confidence, response_time, rng),
    }
    return _sent(response_time, list(page["pictures"]), answer)


def _slider_path(end: int, response_time: float, rng: np.random.Generator) -> list[list[float]]:
    """Draw the movement of a slider from its start to its end, in one to six places."""
    moves = int(rng.integers(1, _MOST_MOVES + 1))
    places = np.rint(np.linspace(SLIDER_START, end, moves + 1)[1:]).astype(int).tolist()
    return [list(move) for move in zip(_times(moves, response_time, rng), places, strict=True)]


def _categorical(mind: Mind, page: dict[str, Any], scene: Scene, rng: np.random.Generator) -> dict[str, Any]:
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
    return _sent(_response_time(rng), list(page["pictures"]), answer)


_ANSWERS: dict[str, Callable[[Mind, dict[str, Any], Scene, np.random.Generator], dict[str, Any]]] = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
}
