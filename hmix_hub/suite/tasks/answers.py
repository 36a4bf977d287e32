"""Reading of answers: what a browser sent, field by field; faults are told without anything of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn

MOST_STEPS = 1500
"""Entries of a path at most."""
_ROUNDING_MS = 1.0
"""By so much a path may outlast the response time: browsers round both."""
_DECIMALS = 1


class FaultError(Exception):
    """What is wrong with an answer."""


def refuse(fault: str) -> NoReturn:
    """Raise `FaultError`."""
    raise FaultError(fault)


def read_fields(value: object, name: str, *fields: str) -> dict[str, Any]:
    """Check that a value is an object of these fields and no others."""
    if not isinstance(value, dict):
        refuse(f"{name} is not an object")
    if missing := [field for field in fields if field not in value]:
        refuse(f"{name} lacks {missing[0]}")
    if len(value) > len(fields):
        refuse(f"{name} holds more than {', '.join(fields)}")
    return value


def read_number(value: object, name: str, most: float) -> float:
    """Check that a value is a number from 0 to `most`."""
    # A comparison with NaN is false, and one with a huge whole number does not overflow.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        refuse(f"{name} is not a number from 0 to {most}")
    return float(value)


def read_whole(value: object, name: str, most: int) -> int:
    """Check that a value is a whole number from 0 to `most`."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        refuse(f"{name} is not a whole number from 0 to {most}")
    return value


def read_path(value: object, name: str, elapsed: float, most: int) -> list[tuple[float, int]]:
    """Check that a value is a path: [milliseconds, value] with times that do not fall and do not outlast the trial."""
    if not isinstance(value, list) or len(value) > MOST_STEPS:
        refuse(f"{name} is not a list of at most {MOST_STEPS} entries")
    path: list[tuple[float, int]] = []
    before = 0.0
    for entry in value:
        if not isinstance(entry, list) or len(entry) != 2:
            refuse(f"an entry of {name} is not a time and a value")
        at = read_number(entry[0], f"a time of {name}", elapsed + _ROUNDING_MS)
        if at < before:
            refuse(f"times of {name} fall")
        path.append((at, read_whole(entry[1], f"a value of {name}", most)))
        before = at
    return path


def milliseconds(time: float) -> float:
    """Return a time as it is exported: milliseconds to a tenth."""
    return round(float(time), _DECIMALS)


def times_of(path: Sequence[Sequence[float]]) -> list[float]:
    """Return the times of a path as they are exported."""
    return [milliseconds(time) for time, _ in path]
