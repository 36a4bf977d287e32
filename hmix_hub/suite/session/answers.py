"""Answers: whether what a browser sent can be the answer to a trial as it was planned."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NoReturn

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.session.plan import STEPS, Trial
from hmix_hub.suite.session.shown import Naming, trial_pictures
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

MOST_STEPS = 1500
"""Entries of a path at most."""
LONGEST_MS = 31 * 24 * 3_600_000
"""Longest response time that is believed: the longest time-out that a study may set, and a day."""
_ROUNDING_MS = 1.0
"""By so much a path may outlast the response time: browsers round both."""
_PERCENT_SLACK = 1e-6


class _FaultError(Exception):
    """What is wrong with an answer."""


def check_answer(payload: object, trial: Trial, batch: Batch, frozen: FrozenStudy, key: Naming) -> str | None:
    """Check an answer against the trial that the person was shown.

    Parameters
    ----------
    payload
        Any JSON value: `{"response_time_ms", "pictures", "answer"}`.
    trial, batch
        The trial, and the batch that it is of.
    frozen, key
        The study, and the key that names its pictures.

    Returns
    -------
    str or None
        The fault in words, without anything of what was sent; `None` for a good answer.
    """
    try:
        sent = _fields(payload, "the answer", "response_time_ms", "pictures", "answer")
        elapsed = _number(sent["response_time_ms"], "response_time_ms", LONGEST_MS)
        shown = _CHECKS[batch.task](sent["answer"], trial, frozen, batch, elapsed)
        names = trial_pictures(frozen, key, batch, trial)
        expected = names if shown is None else [names[shown]]
        if sent["pictures"] != expected:
            return "pictures are not those that the trial shows for this answer"
    except _FaultError as fault:
        return str(fault)
    return None


def _construct(answer: object, trial: Trial, _frozen: FrozenStudy, _batch: Batch, elapsed: float) -> int:
    """Check a constructed midpoint; give the position, which decides the picture that was on the screen."""
    given = _fields(answer, "answer", "position", "path")
    position = _whole(given["position"], "position", STEPS - 1)
    path = _path(given["path"], "path", elapsed, STEPS - 1)
    begun = [0.0, trial.position_of(trial.start_step or 0)]
    if not path or list(path[0]) != begun:
        _refuse("path does not begin with the first picture at time 0")
    if any(abs(after - before) != 1 for (_, before), (_, after) in pairwise(path)):
        _refuse("path leaps over a picture")
    if path[-1][1] != position:
        _refuse("path does not end at the position")
    return position


def _select(answer: object, _trial: Trial, _frozen: FrozenStudy, _batch: Batch, _elapsed: float) -> None:
    _whole(_fields(answer, "answer", "place")["place"], "place", STEPS - 1)


def _infer(answer: object, _trial: Trial, frozen: FrozenStudy, batch: Batch, elapsed: float) -> None:
    given = _fields(answer, "answer", "share", "confidence", "touched", "share_path", "confidence_path")
    touched = given["touched"]
    if not isinstance(touched, list) or len(touched) != 2 or not all(isinstance(mark, bool) for mark in touched):
        _refuse("touched is not two truth values")
    for name, is_touched in zip(("share", "confidence"), touched, strict=True):
        path = _path(given[f"{name}_path"], f"{name}_path", elapsed, 100)
        if not is_touched:
            if frozen.design_of(batch).must_touch:
                _refuse(f"{name} was not touched, and the study asks for it")
            if given[name] is not None or path:
                _refuse(f"{name} has a value and was not touched")
            continue
        value = _whole(given[name], name, 100)
        if not path or path[-1][1] != value:
            _refuse(f"{name}_path does not end at {name}")


def _categorical(answer: object, trial: Trial, _frozen: FrozenStudy, _batch: Batch, _elapsed: float) -> None:
    given = _fields(answer, "answer", "top", "top_percent", "second", "second_percent", "ruled_out")
    last = len(trial.class_order or ()) - 1
    top = _whole(given["top"], "top", last)
    percent = _number(given["top_percent"], "top_percent", 100)
    chosen = {top}
    if given["second"] is None:
        if given["second_percent"] is not None:
            _refuse("second_percent is given without a second class")
    else:
        second = _whole(given["second"], "second", last)
        if second == top:
            _refuse("top and second are the same class")
        chosen.add(second)
        percent += _number(given["second_percent"], "second_percent", 100)
    if percent > 100 + _PERCENT_SLACK:
        _refuse("the percentages are more than 100 together")
    listed = given["ruled_out"]
    if not isinstance(listed, list) or len(listed) > last + 1:
        _refuse("ruled_out is not a list of classes")
    ruled_out = [_whole(code, "a class of ruled_out", last) for code in listed]
    if len(set(ruled_out)) != len(ruled_out):
        _refuse("a class is ruled out twice")
    if chosen & set(ruled_out):
        _refuse("a chosen class is ruled out")


_CHECKS: dict[str, Callable[[object, Trial, FrozenStudy, Batch, float], int | None]] = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
}


def _refuse(fault: str) -> NoReturn:
    raise _FaultError(fault)


def _fields(value: object, name: str, *fields: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _refuse(f"{name} is not an object")
    if missing := [field for field in fields if field not in value]:
        _refuse(f"{name} lacks {missing[0]}")
    if len(value) > len(fields):
        _refuse(f"{name} holds more than {', '.join(fields)}")
    return value


def _number(value: object, name: str, most: float) -> float:
    # A comparison with NaN is false, and one with a huge whole number does not overflow.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        _refuse(f"{name} is not a number from 0 to {most}")
    return float(value)


def _whole(value: object, name: str, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        _refuse(f"{name} is not a whole number from 0 to {most}")
    return value


def _path(value: object, name: str, elapsed: float, most: int) -> list[tuple[float, int]]:
    """Check a path: [milliseconds, value] with times that do not fall and do not outlast the trial."""
    if not isinstance(value, list) or len(value) > MOST_STEPS:
        _refuse(f"{name} is not a list of at most {MOST_STEPS} entries")
    path: list[tuple[float, int]] = []
    before = 0.0
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            _refuse(f"an entry of {name} is not a time and a value")
        at = _number(entry[0], f"a time of {name}", elapsed + _ROUNDING_MS)
        if at < before:
            _refuse(f"times of {name} fall")
        path.append((at, _whole(entry[1], f"a value of {name}", most)))
        before = at
    return path
