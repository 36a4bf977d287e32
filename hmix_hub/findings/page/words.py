"""Words of a page: numbers with their intervals, and names that come from anywhere."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence

from hmix_hub.findings.number import Number
from hmix_hub.studies.findings import printable

MINUS = "\u2212"
NOTHING = "\u2013"
"""What stands where the judgments define no value."""
_PERCENT = {"percent", "%"}
_COUNTED = {"pairs", "judgments"}


def value_text(value: float | None, unit: str = "") -> str:
    """Return a value in words: three digits after the point, one of percent, none of whole numbers and large ones."""
    if value is None or not math.isfinite(value):
        return NOTHING
    if unit in _PERCENT:
        text = f"{value:.1f} %"
    elif unit in _COUNTED:
        text = f"{value:,.4g}"
    elif float(value).is_integer() and abs(value) > 1:
        text = f"{value:,.0f}"
    else:
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.1f}" if abs(value) >= 100 else f"{value:.3f}"
    # A rounded zero has no sign.
    return text.lstrip("-") if not text.strip("-0.% ") else text.replace("-", MINUS)


def interval_text(number: Number) -> str:
    """Return the interval of a number, "[0.119, 0.157]"; empty where it has none."""
    if not number.has_interval:
        return ""
    ends = (value_text(end, number.unit).removesuffix(" %") for end in (number.low, number.high))
    return f"[{', '.join(ends)}]"


def number_text(number: Number) -> str:
    """Return a number with its interval: "0.138 [0.119, 0.157]"."""
    return " ".join(part for part in (value_text(number.value, number.unit), interval_text(number)) if part)


def explain_command(number: Number, call: Sequence[str]) -> str:
    """Return the command that lists the rows behind a number of a report, quoted for a shell.

    `call` is what `hmix report` was called with: its datasets, and options that choose the judgments.
    """
    return shlex.join(["hmix", "explain", number.id, *map(printable, call)])


def report_command(call: Sequence[str]) -> str:
    """Return the command that makes the page of a report, quoted for a shell."""
    return shlex.join(["hmix", "report", *map(printable, call), "-o", "DIR"])
