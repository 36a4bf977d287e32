"""Formatting of findings: numbers with intervals, lists in words, and slugs of names."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence

from hmix_hub.findings.finding import Number
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

SHORT = {INFER: "infer", CONSTRUCT: "construct", SELECT: "select", CATEGORICAL: "categorical"}
"""Short name of each task, in ids."""


MINUS = "\u2212"
NOTHING = "\u2013"
"""Placeholder for a value that the judgments do not determine."""
_PERCENT = {"percent", "%"}
_COUNTED = {"pairs", "judgments"}


def figure(value: float | None, digits: int = 3) -> str:
    """Return a value with a fixed number of decimals, or "-" for `None`."""
    if value is None:
        return "-"
    rounded = round(value, digits) + 0.0
    return f"{rounded:.{digits}f}"


def with_interval(number: Number, digits: int = 3) -> str:
    """Return a number with its interval, as in "0.138 [0.119, 0.157]"."""
    if not number.has_interval:
        return figure(number.value, digits)
    return f"{figure(number.value, digits)} [{figure(number.low, digits)}, {figure(number.high, digits)}]"


def value_text(value: float | None, unit: str = "") -> str:
    """Return a value as text: three decimals, one for percentages, none for integers and values from 1,000."""
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
    # A value that rounds to zero has no sign.
    return text.lstrip("-") if not text.strip("-0.% ") else text.replace("-", MINUS)


def interval_text(number: Number) -> str:
    """Return the interval of a number, "[0.119, 0.157]", or an empty text if it has none."""
    if not number.has_interval:
        return ""
    ends = (value_text(end, number.unit).removesuffix(" %") for end in (number.low, number.high))
    return f"[{', '.join(ends)}]"


def number_text(number: Number) -> str:
    """Return a number with its interval: "0.138 [0.119, 0.157]"."""
    return " ".join(part for part in (value_text(number.value, number.unit), interval_text(number)) if part)


def listed(parts: Sequence[str]) -> str:
    """Return parts as a list in words: "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: "1 pair", "4,950 judgments"."""
    return f"{count:,} {noun if count == 1 else f'{noun}s'}"


def not_asked(*tasks: str) -> str:
    """Return the reason for omitting a finding whose tasks have no judgments."""
    return f"there are no judgments of {' or '.join(tasks)}"


def level_name(level: float) -> str:
    """Return a level as written in ids: "0.25"."""
    return f"{level:.9g}"


def slugs(names: Sequence[str]) -> list[str]:
    """Return names as written in ids: lower-case letters of any script, digits and hyphens, all distinct.

    Examples
    --------
    >>> slugs(["Cat", "Sea lion", "cat", "猫"])
    ['cat', 'sea-lion', 'cat-2', '猫']
    """
    found: dict[str, None] = {}
    for name in names:
        plain = re.sub(r"\W+", "-", name.lower()).strip("-") or "unnamed"
        numbered = (f"{plain}-{number}" for number in itertools.count(2))
        found[plain if plain not in found else next(one for one in numbered if one not in found)] = None
    return list(found)
