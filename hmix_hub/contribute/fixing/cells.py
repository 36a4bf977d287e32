"""Mends of cells: white space, words for nothing, decimal commas, percent and seconds."""

from __future__ import annotations

import re
from collections.abc import Callable

from hmix_hub.contribute.fixing.mend import Mend, Table
from hmix_hub.schema import TASKS, Column, Kind
from hmix_hub.studies.checks.numbers import COMMA, NULL_WORDS
from hmix_hub.studies.rules import trials, values
from hmix_hub.studies.rules.rule import Rule

_THOUSANDS = re.compile(r"-?[1-9]\d{0,2},\d{3}")
_NUMBERS = {Kind.FLOAT64, Kind.INT32, Kind.INT64}
_TYPED = _NUMBERS | {Kind.LABEL, Kind.LABELS, Kind.FLOATS}


def trimmed(text: str) -> str:
    """Take white space around a text away."""
    return text.strip()


def without_word(text: str) -> str:
    """Empty a text that is a word for nothing."""
    return "" if text.strip().lower() in NULL_WORDS else text


def with_point(text: str) -> str:
    """Write a decimal comma as a point; `1,234` may be a thousand, and is left."""
    bare = text.strip()
    return text.replace(",", ".") if re.fullmatch(COMMA, bare) and not _THOUSANDS.fullmatch(bare) else text


def scaled(factor: float) -> Callable[[str], str]:
    """Give what multiplies a number that is written as text; other text is left."""

    def scale(text: str) -> str:
        try:
            # Rounded, since 29 / 100 times 100 shall be what was written.
            return f"{round(float(text) * factor, 12):.15g}"
        except ValueError:
            return text

    return scale


_MENDS: tuple[tuple[Rule, Callable[[str], str], Callable[[Column | None], bool]], ...] = (
    (values.UNTIDY, trimmed, lambda _: True),
    (values.NULL_WORD, without_word, lambda column: column is not None and column.kind in _TYPED),
    (values.DECIMAL_COMMA, with_point, lambda column: column is not None and column.kind in _NUMBERS),
    (values.PERCENT, scaled(1 / 100), lambda column: column is not None and column.kind is Kind.FLOAT64),
    (trials.SECONDS, scaled(1000), lambda column: column is not None and column.kind is Kind.FLOAT64),
)


SCALING = (values.PERCENT, trials.SECONDS)
"""Rules whose mend changes the unit of a column."""


def mend_cells(table: Table, task: str, file: str, found: set[tuple[str, str]]) -> list[Mend]:
    """Mend cells in place.

    Parameters
    ----------
    table
        Columns of text.
    task, file
        Whose they are.
    found
        Code and column of each finding: a column is mended only by the rules that it breaks.

    Returns
    -------
    list of Mend
        One for each rule and column with a change.
    """
    columns = {column.name: column for column in TASKS[task].columns}
    mends = [
        _mend_column(table, name, change, Mend(rule, file, name))
        for rule, change, fits in _MENDS
        for name in table
        if (rule.code, name) in found and fits(columns.get(name))
    ]
    return [mend for mend in mends if mend.count]


def _mend_column(table: Table, name: str, change: Callable[[str], str], mend: Mend) -> Mend:
    changed = []
    for row, before in enumerate(table[name]):
        after = change(before)
        if after != before:
            mend.note(row, before, after)
        changed.append(after)
    table[name] = changed
    return mend
