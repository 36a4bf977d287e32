"""Safe fixes of a table: of its names, cells, rows and pairs, each with a record of its changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.schema import Kind
from hmix_hub.schema.judgment import SIDES
from hmix_hub.schema.scale import Scale
from hmix_hub.studies.checks.rows import ROWS
from hmix_hub.studies.checks.trials import RARER_ORDER, telling_columns
from hmix_hub.studies.columns.names import tidied
from hmix_hub.studies.columns.numbers import NULL_WORDS, with_point
from hmix_hub.studies.findings import Ints, shown
from hmix_hub.studies.picture_names import PictureNames
from hmix_hub.studies.rules import answers as answer_rules
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import stimuli, trials
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.scale_rating import SCALE

MOST_EXAMPLES = 3
RATING = "rating"
_LABELS = {Kind.LABEL, Kind.LABELS}
_SHARE = "share of image 1"
_OTHER_SIDE = dict(zip(SIDES, reversed(SIDES), strict=True))
_ITEM = re.compile(r"[^\s|,\[\]]+")

Table = dict[str, list[str]]
"""Columns of text by name, all of the same length."""


@dataclass
class Fix:
    """One kind of change to one column, or to a whole file."""

    rule: Rule
    """The rule that required it."""
    file: str
    column: str = ""
    """The changed column; empty for the whole file."""
    count: int = 0
    """Number of changed cells, rows or columns."""
    examples: list[tuple[int | None, str, str]] = field(default_factory=list)
    """The first few: data row, before, after."""

    def note(self, row: int | None, before: str, after: str) -> None:
        """Count a change."""
        self.count += 1
        if len(self.examples) < MOST_EXAMPLES:
            self.examples.append((row, shown(before) or "", shown(after) or ""))

    def changed(self, before: list[str], after: list[str]) -> list[str]:
        """Record the cells of a column that change, and return the new cells."""
        for row, (one, other) in enumerate(zip(before, after, strict=True)):
            if one != other:
                self.note(row, one, other)
        return after


def fix_table(
    table: Table,
    task: str | None,
    file: str,
    found: set[tuple[str, str]],
    classes: Iterable[str],
    *,
    pictures: PictureNames | None = None,
    scales: Mapping[str, Scale] = MappingProxyType({}),
) -> list[Fix]:
    """Fix a table in place.

    Parameters
    ----------
    table
        Columns of text.
    task, file
        The table's task and file; without a task, no column contains labels.
    found
        Code and column of each finding; only what breaks a rule is fixed.
    classes
        Class names of the study, which are never treated as words for missing values.
    pictures
        Names of its pictures, if they have names.
    scales
        Its scales by name.

    Returns
    -------
    list of Fix
        One for each rule and column with a change.
    """
    fixes = [
        *_fix_names(table, file, found),
        *_fix_cells(table, task, file, found, classes),
        *_drop_computed(table, file, found),
        *(_fix_spellings(table, file, found, pictures) if pictures else ()),
    ]
    codes = {code for code, _ in found}
    if trials.ROW_TWICE.code in codes:
        fixes.append(_drop_repeated_rows(table, file))
    if answer_rules.ROUNDED_STEP.code in codes:
        fixes.append(_write_steps(table, file, scales))
    if task is not None and stimuli.PAIR_ORDER.code in codes:
        fixes.append(_turn_pairs(table, task, file, pictures))
    return [fix for fix in fixes if fix.count]


def _fix_names(table: Table, file: str, found: set[tuple[str, str]]) -> list[Fix]:
    fixes = []
    for name in list(table):
        if (column_rules.COLUMN_UNTIDY.code, name) in found and tidied(name) not in table:
            fix = Fix(column_rules.COLUMN_UNTIDY, file, name)
            fix.note(None, name, tidied(name))
            fixes.append(fix)
    renamed = {fix.column: tidied(fix.column) for fix in fixes}
    columns = {renamed.get(name, name): cells for name, cells in table.items()}
    table.clear()
    table.update(columns)
    return fixes


def _drop_computed(table: Table, file: str, found: set[tuple[str, str]]) -> list[Fix]:
    """Drop computed columns whose values differ from the computation."""
    fixes = []
    for name in list(table):
        if (column_rules.COMPUTED.code, name) in found:
            fix = Fix(column_rules.COMPUTED, file, name)
            fix.note(None, name, "removed: it is computed")
            del table[name]
            fixes.append(fix)
    return fixes


def _without_word(names: Iterable[str]) -> Callable[[str], str]:
    """Return a function that clears words for missing values, except those among these names."""
    words = set(NULL_WORDS).difference(name.lower() for name in names)
    return lambda text: "" if text.strip().lower() in words else text


def _calculated(text: str, calculate: Callable[[float], float]) -> str:
    """Return the result of a calculation; texts that are not numbers are unchanged."""
    try:
        # Rounded, so that 29 / 100 times 100 is 29 again.
        return f"{round(calculate(float(text)), 12):.15g}"
    except ValueError:
        return text


_OF_CELLS: tuple[tuple[Rule, Callable[[str], str]], ...] = (
    (column_rules.UNTIDY, str.strip),
    (column_rules.NULL_WORD, _without_word(())),
    (column_rules.DECIMAL_COMMA, with_point),
    (column_rules.PERCENT, lambda text: _calculated(text, lambda number: number * (1 / 100))),
    (trials.SECONDS, lambda text: _calculated(text, lambda number: number * 1000)),
)
SCALING = (column_rules.PERCENT, trials.SECONDS)
"""Rules whose fix changes the unit of a column."""


def _fix_cells(
    table: Table, task: str | None, file: str, found: set[tuple[str, str]], classes: Iterable[str]
) -> list[Fix]:
    labels = {column.name for column in TASKS[task].columns if column.kind in _LABELS} if task else set()
    of_labels = _without_word(classes)
    fixes = []
    for rule, change in _OF_CELLS:
        for name in [name for name in table if (rule.code, name) in found]:
            fix = Fix(rule, file, name)
            of_cell = of_labels if rule is column_rules.NULL_WORD and name in labels else change
            table[name] = fix.changed(table[name], list(map(of_cell, table[name])))
            fixes.append(fix)
    return fixes


def _fix_spellings(table: Table, file: str, found: set[tuple[str, str]], pictures: PictureNames) -> Iterator[Fix]:
    for name in [name for name in table if (stimuli.FILE_SPELLING.code, name) in found]:
        fix = Fix(stimuli.FILE_SPELLING, file, name)
        table[name] = fix.changed(table[name], pictures.as_listed(table[name]))
        yield fix


def _drop_repeated_rows(table: Table, file: str) -> Fix:
    """Drop rows that are copies of an earlier row, whatever their source."""
    fix = Fix(trials.ROW_TWICE, file)
    seen: dict[tuple[str, ...], int] = {}
    kept = []
    for row, cells in enumerate(zip(*(table[name] for name in telling_columns(table)), strict=True)):
        first = seen.setdefault(cells, row)
        if first == row:
            kept.append(row)
        else:
            fix.note(row, f"same as row {first}", "removed")
    for name in table:
        table[name] = [table[name][row] for row in kept]
    return fix


def _write_steps(table: Table, file: str, scales: Mapping[str, Scale]) -> Fix:
    """Replace ratings that are rounded steps of their scale by exact ones."""
    fix = Fix(answer_rules.ROUNDED_STEP, file, RATING)
    by_lower = {name.lower(): scale for name, scale in scales.items()}
    only = next(iter(scales.values())) if len(scales) == 1 else None
    ratings = table.get(RATING, [])
    for row, (name, before) in enumerate(zip(table.get(SCALE, [""] * len(ratings)), ratings, strict=True)):
        scale = by_lower.get(name.strip().lower()) or only
        try:
            rating = np.array([float(before)])
        except ValueError:
            continue
        if scale is not None and scale.are_rounded_steps(rating)[0]:
            ratings[row] = repr(float(scale.nearest(rating)[0]))
            fix.note(row, before, ratings[row])
    return fix


def _turn_pairs(table: Table, task: str, file: str, pictures: PictureNames | None) -> Fix:
    """For pairs in both orders, swap the pictures in the rarer order, and adjust their coefficients."""
    fix = Fix(stimuli.PAIR_ORDER, file, "image_1_index")
    try:
        first, second = (_indices(table, number, pictures) for number in (1, 2))
    except (KeyError, ValueError):
        return fix
    parts = [part for part in ("label", "index", "file") if f"image_1_{part}" in table and f"image_2_{part}" in table]
    shares = [column for column in TASKS[task].columns if column.unit == _SHARE and column.name in table]
    with Database() as database:
        # No row is left out, and nobody is asked for.
        pairs = {"row": np.arange(len(first)), "first": first, "second": second}
        every = {"is_good": np.ones(len(first), dtype=bool), "participant": pa.nulls(len(first), pa.string())}
        database.insert(ROWS, pa.table(pairs | every))
        turned = sorted(row for row, _ in database.rows(RARER_ORDER))
    for row in turned:
        before = _pair_text(table, parts, row)
        for name in parts:
            one, other = table[f"image_1_{name}"], table[f"image_2_{name}"]
            one[row], other[row] = other[row], one[row]
        for column in shares:
            cells = table[column.name]
            # In a list, every number, however the list is written.
            cells[row] = _ITEM.sub(_turned, cells[row]) if column.kind is Kind.FLOATS else _turned(cells[row])
        if "image_1_side" in table:
            table["image_1_side"][row] = _OTHER_SIDE.get(table["image_1_side"][row], table["image_1_side"][row])
        fix.note(row, before, _pair_text(table, parts, row))
    return fix


def _turned(share: str | re.Match[str]) -> str:
    return _calculated(share if isinstance(share, str) else share[0], lambda number: 1 - number)


def _indices(table: Table, number: int, pictures: PictureNames | None) -> Ints:
    """Return the picture of each row, by index or file; int64 (N,), -1: none."""
    name = f"image_{number}_index"
    if pictures is not None and f"image_{number}_file" in table:
        by_file = pictures.find(pa.array(table[f"image_{number}_file"], pa.string())).indices
        given = table.get(name, [""] * len(by_file))
        return np.array([int(float(cell)) if cell else index for cell, index in zip(given, by_file, strict=True)])
    return np.array([int(float(cell)) if cell else -1 for cell in table[name]])


def _pair_text(table: Table, parts: Sequence[str], row: int) -> str:
    return " and ".join(" ".join(table[f"image_{i}_{part}"][row] for part in parts) for i in (1, 2))
