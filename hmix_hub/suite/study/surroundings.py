"""Surroundings of a person's pictures, where the study asks for them: what a browser sends, and what is kept."""

from __future__ import annotations

from typing import Any

from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.tasks.trial import read_fields, read_number, read_whole, refuse

POINTERS = ("fine", "coarse", "none")
"""A mouse or a pen; a finger; neither."""
COLUMNS = {
    "window_width": "width of the browser's window, CSS pixels, to 50",
    "window_height": "its height",
    "picture_width": "width at which the first picture was shown, CSS pixels",
    "picture_height": "its height",
    "pixel_ratio": "device pixels of a CSS pixel",
    "pointer": "fine: a mouse or a pen; coarse: a finger; none",
}
"""Columns of the export, each with its meaning."""
WINDOW_STEP = 50
"""Sizes of windows are kept to so many CSS pixels: exact ones would tell browsers apart."""
_DECIMALS = 2
_LARGEST = 100_000
_MOST_LOSSES = 100_000
_ROUNDING_MS = 1.0


def measured_surroundings(study: StudyFile) -> list[str]:
    """Name what a browser measures once, at the first trial."""
    return [name for name in study.surroundings if name != "focus"]


def read_surroundings(study: StudyFile, sent: object) -> dict[str, Any]:
    """Check what a browser measured, and return it as it is kept and exported, by column.

    Parameters
    ----------
    sent
        Any JSON value: by name of what the study asks for `window` and `picture`, [width, height] in CSS pixels;
        `pixel_ratio`, device pixels of a CSS pixel; `pointer`.

    Raises
    ------
    FaultError
        If it is anything else.
    """
    given = read_fields(sent, "surroundings", *measured_surroundings(study))
    kept: dict[str, Any] = {}
    if "window" in given:
        width, height = _size(given["window"], "window")
        kept |= {"window_width": _to_step(width), "window_height": _to_step(height)}
    if "picture" in given:
        width, height = _size(given["picture"], "picture")
        kept |= {"picture_width": round(width, _DECIMALS), "picture_height": round(height, _DECIMALS)}
    if "pixel_ratio" in given:
        kept["pixel_ratio"] = round(read_number(given["pixel_ratio"], "pixel_ratio", _LARGEST), _DECIMALS)
    if "pointer" in given:
        if given["pointer"] not in POINTERS:
            refuse(f"pointer is none of {', '.join(POINTERS)}")
        kept["pointer"] = given["pointer"]
    return kept


def _size(value: object, name: str) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        refuse(f"{name} is not a width and a height")
    return read_number(value[0], name, _LARGEST), read_number(value[1], name, _LARGEST)


def _to_step(pixels: float) -> int:
    return round(pixels / WINDOW_STEP) * WINDOW_STEP


def read_focus(value: object, elapsed: float) -> tuple[int, float]:
    """Check how often the page lost the focus during a trial, and for how many ms of its `elapsed`; return both."""
    if not isinstance(value, list) or len(value) != 2:
        refuse("focus is not a number of losses and their milliseconds")
    return read_whole(value[0], "focus", _MOST_LOSSES), read_number(value[1], "focus", elapsed + _ROUNDING_MS)
