"""Fixes of cells: white space, words for nothing, decimal commas, percent and seconds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from hmix_hub.contribute.fixing.fix import Fix, Table
from hmix_hub.schema import TASKS, Kind
from hmix_hub.studies.checks.numbers import COMMA, NULL_WORDS, THOUSANDS
from hmix_hub.studies.rules import trials, values
from hmix_hub.studies.rules.rule import Rule

_LABELS = {Kind.LABEL, Kind.LABELS}


def trimmed(text: str) -> str:
    """Take white space around a text away."""
    return text.strip()


def without_word(names: Iterable[str]) -> Callable[[str], str]:
    """Return what empties a text that is a word for nothing, and none of these names."""
    words = set(NULL_WORDS).difference(name.lower() for name in names)
    return lambda text: "" if text.strip().lower() in words else text


def with_point(text: str) -> str:
    """Write a decimal comma as a point; `1,234` may be a thousand, and is left."""
    bare = text.strip()
    return text.replace(",", ".") if re.match(COMMA, bare) and not re.match(THOUSANDS, bare) else text


def scaled(factor: float) -> Callable[[str], str]:
    """Give what multiplies a number that is written as text; other text is left."""

    def scale(text: str) -> str:
        try:
            # Rounded, since 29 / 100 times 100 shall be what was written.
            return f"{round(float(text) * factor, 12):.15g}"
        except ValueError:
            return text

    return scale


_FIXES: tuple[tuple[Rule, Callable[[str], str]], ...] = (
    (values.UNTIDY, trimmed),
    (values.NULL_WORD, without_word(())),
    (values.DECIMAL_COMMA, with_point),
    (values.PERCENT, scaled(1 / 100)),
    (trials.SECONDS, scaled(1000)),
)

SCALING = (values.PERCENT, trials.SECONDS)
"""Rules whose fix changes the unit of a column."""


def fix_cells(
    table: Table, task: str | None, file: str, found: set[tuple[str, str]], classes: Iterable[str]
) -> list[Fix]:
    """Fix cells in place.

    Parameters
    ----------
    table
        Columns of text.
    task, file
        Whose they are; without a task, no column holds labels.
    found
        Code and column of each finding: a column is fixed only by the rules that it breaks.
    classes
        Class names of the study, which may be words for nothing elsewhere.

    Returns
    -------
    list of Fix
        One for each rule and column with a change.
    """
    labels = {column.name for column in TASKS[task].columns if column.kind in _LABELS} if task else set()
    of_labels = without_word(classes)
    fixes = [
        _fix_column(
            table, name, of_labels if rule is values.NULL_WORD and name in labels else change, Fix(rule, file, name)
        )
        for rule, change in _FIXES
        for name in table
        if (rule.code, name) in found
    ]
    return [fix for fix in fixes if fix.count]


def _fix_column(table: Table, name: str, change: Callable[[str], str], fix: Fix) -> Fix:
    changed = []
    for row, before in enumerate(table[name]):
        after = change(before)
        if after != before:
            fix.note(row, before, after)
        changed.append(after)
    table[name] = changed
    return fix
