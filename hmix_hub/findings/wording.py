"""Wording of findings: numbers with their intervals in a sentence, lists, and slugs of names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from hmix_hub.findings.number import Number
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

SHORT = {INFER: "infer", CONSTRUCT: "construct", SELECT: "select", CATEGORICAL: "categorical"}
"""Short name of each task, in ids."""


def figure(value: float | None, digits: int = 3) -> str:
    """Return a figure in words: three decimals; a dash where there is none."""
    if value is None:
        return "-"
    rounded = round(value, digits) + 0.0
    return f"{rounded:.{digits}f}"


def with_interval(number: Number, digits: int = 3) -> str:
    """Return a number with its interval, as in "0.138 [0.119, 0.157]"."""
    if not number.has_interval:
        return figure(number.value, digits)
    return f"{figure(number.value, digits)} [{figure(number.low, digits)}, {figure(number.high, digits)}]"


def listed(parts: Sequence[str]) -> str:
    """Return parts as a list in words: "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a count with its noun: "1 pair", "4,950 judgments"."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def not_asked(*tasks: str) -> str:
    """Return why a finding is left out whose tasks nobody was asked."""
    return f"there are no judgments of {' or '.join(tasks)}"


def level_name(level: float) -> str:
    """Return a level as it stands in an id: "0.25"."""
    return f"{level:.9g}"


def slugs(names: Sequence[str]) -> list[str]:
    """Return names as they stand in ids: lower-case letters of any script, digits and hyphens, each another one.

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
