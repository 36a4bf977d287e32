"""Answers: from what the page sent, and the plan, to the columns of the task in the judgment table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hmix_hub.schema.released import FULL_SCALE
from hmix_hub.suite.session.plan import Trial
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

Answer = Mapping[str, Any]
Path = Sequence[Sequence[float]]
"""Pairs of the time in ms since the page was drawn, and the value from then on."""

TENTHS = 10
"""Steps of the midpoint tasks from one picture to the other."""
UNTOUCHED = 0.5
"""What stands for the inferred coefficient where nobody touched its slider: the place it stood at.

The confidence of an untouched slider is null: nobody said how sure they were.
"""
_DECIMALS = 1


def milliseconds(time: float) -> float:
    """Give a time as it is exported: milliseconds to a tenth."""
    return round(float(time), _DECIMALS)


def answer_columns(task: str, answer: Answer, trial: Trial) -> dict[str, Any]:
    """Give the task's observed columns of one answer.

    Parameters
    ----------
    task
        Name of the task.
    answer
        The part `answer` of what the page sent, one that `check_answer` finds no fault with.
    trial
        The trial that it is the answer to.

    Returns
    -------
    dict
        Value by column, coefficients as shares of image 1; labels are codes.
    """
    return _READERS[task](answer, trial)


def inferred_coefficient(share: float, trial: Trial) -> float:
    """Give the share of image 1, 0 to 1, that a place of the slider stands for, 0 (left class) to 100 (right class).

    Where image 1 stands left, the arithmetic is the release's, to the last bit: `1 - x / 100`.
    """
    share = share / FULL_SCALE
    return 1 - share if trial.image_1_side == "left" else share


def _construct(answer: Answer, trial: Trial) -> dict[str, Any]:
    start = trial.start_step
    if start is None:
        msg = "a trial of construct_midpoint has no start"
        raise ValueError(msg)
    path: Path = answer["path"]
    return {
        "start_coefficient": start / TENTHS,
        "selected_coefficient": trial.step_at(answer["position"]) / TENTHS,
        "image_1_side": trial.image_1_side,
        "path_coefficients": [trial.step_at(int(position)) / TENTHS for _, position in path],
        "path_times_ms": _times(path),
    }


def _select(answer: Answer, trial: Trial) -> dict[str, Any]:
    steps = trial.grid_steps
    if steps is None:
        msg = "a trial of select_shuffled_midpoint has no grid"
        raise ValueError(msg)
    return {
        "selected_coefficient": steps[answer["place"]] / TENTHS,
        "grid_coefficients": [step / TENTHS for step in steps],
    }


def _infer(answer: Answer, trial: Trial) -> dict[str, Any]:
    share, confidence = answer["share"], answer["confidence"]
    share_touched, confidence_touched = answer["touched"]
    share_path: Path = answer["share_path"]
    confidence_path: Path = answer["confidence_path"]
    return {
        "inferred_coefficient": UNTOUCHED if share is None else inferred_coefficient(share, trial),
        "confidence": None if confidence is None else confidence / FULL_SCALE,
        "image_1_side": trial.image_1_side,
        "inferred_touched": share_touched,
        "confidence_touched": confidence_touched,
        "inferred_path": [inferred_coefficient(value, trial) for _, value in share_path],
        "inferred_path_times_ms": _times(share_path),
        "confidence_path": [value / FULL_SCALE for _, value in confidence_path],
        "confidence_path_times_ms": _times(confidence_path),
    }


def _categorical(answer: Answer, trial: Trial) -> dict[str, Any]:
    second_percent = answer["second_percent"]
    return {
        "top_class": answer["top"],
        "top_probability": answer["top_percent"] / FULL_SCALE,
        "second_class": answer["second"],
        "second_probability": None if second_percent is None else second_percent / FULL_SCALE,
        "impossible_classes": list(answer["ruled_out"]),
        "class_order": None if trial.class_order is None else list(trial.class_order),
    }


def _times(path: Path) -> list[float]:
    return [milliseconds(time) for time, _ in path]


_READERS: dict[str, Callable[[Answer, Trial], dict[str, Any]]] = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
}
