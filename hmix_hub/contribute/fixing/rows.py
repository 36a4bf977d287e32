"""Fixes of rows and columns: names, computed columns, rows that stand twice, pairs in both orders."""

from __future__ import annotations

import re

import numpy as np

from hmix_hub.contribute.fixing.fix import Fix, Table
from hmix_hub.schema import TASKS, Kind
from hmix_hub.schema.tasks import SIDES
from hmix_hub.studies.checks.clashes import telling_columns
from hmix_hub.studies.checks.columns import tidied
from hmix_hub.studies.checks.trials import rows_in_rarer_order
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import stimuli, trials

_SHARE = "share of image 1"
_OTHER_SIDE = dict(zip(SIDES, reversed(SIDES), strict=True))
_ITEM = re.compile(r"[^\s|,\[\]]+")


def fix_names(table: Table, file: str, found: set[tuple[str, str]]) -> list[Fix]:
    """Write column names as the schema does, in place."""
    fixes = []
    for name in list(table):
        if (column_rules.UNTIDY.code, name) in found and tidied(name) not in table:
            fix = Fix(column_rules.UNTIDY, file, name)
            fix.note(None, name, tidied(name))
            fixes.append(fix)
    renamed = {fix.column: tidied(fix.column) for fix in fixes}
    columns = {renamed.get(name, name): cells for name, cells in table.items()}
    table.clear()
    table.update(columns)
    return fixes


def drop_computed(table: Table, file: str, found: set[tuple[str, str]]) -> list[Fix]:
    """Take out computed columns that hold something else than the computation gives, in place."""
    fixes = []
    for name in list(table):
        if (column_rules.COMPUTED.code, name) in found:
            fix = Fix(column_rules.COMPUTED, file, name)
            fix.note(None, name, "taken out: it is computed")
            del table[name]
            fixes.append(fix)
    return fixes


def drop_repeated_rows(table: Table, file: str) -> list[Fix]:
    """Take out rows that are copies of an earlier one, wherever they came from, in place."""
    fix = Fix(trials.ROW_TWICE, file)
    seen: dict[tuple[str, ...], int] = {}
    kept = []
    for row, cells in enumerate(zip(*(table[name] for name in telling_columns(table)), strict=True)):
        first = seen.setdefault(cells, row)
        if first == row:
            kept.append(row)
        else:
            fix.note(row, f"as row {first}", "taken out")
    for name in table:
        table[name] = [table[name][row] for row in kept]
    return [fix] if fix.count else []


def turn_pairs(table: Table, task: str, file: str) -> list[Fix]:
    """Swap the pictures of pairs that stand in both orders, in the rarer one, and turn their coefficients; in place."""
    try:
        first, second = (
            np.array([int(float(cell)) if cell else -1 for cell in table[f"image_{i}_index"]]) for i in (1, 2)
        )
    except (KeyError, ValueError):
        return []
    fix = Fix(stimuli.PAIR_ORDER, file, "image_1_index")
    shares = [column for column in TASKS[task].columns if column.unit == _SHARE and column.name in table]
    for row in rows_in_rarer_order(first, second).tolist():
        before = _said(table, row)
        for name in ("label", "index"):
            one, other = table[f"image_1_{name}"], table[f"image_2_{name}"]
            one[row], other[row] = other[row], one[row]
        for column in shares:
            cells = table[column.name]
            cells[row] = _turned_list(cells[row]) if column.kind is Kind.FLOATS else _turned(cells[row])
        if "image_1_side" in table:
            table["image_1_side"][row] = _OTHER_SIDE.get(table["image_1_side"][row], table["image_1_side"][row])
        fix.note(row, before, _said(table, row))
    return [fix] if fix.count else []


def _turned(share: str) -> str:
    """Give 1 minus a share; what is none is left."""
    try:
        return f"{round(1 - float(share), 12):.15g}"
    except ValueError:
        return share


def _turned_list(shares: str) -> str:
    """Give 1 minus each of a list of shares, in whichever form it is written."""
    return _ITEM.sub(lambda found: _turned(found[0]), shares)


def _said(table: Table, row: int) -> str:
    return " and ".join(f"{table[f'image_{i}_label'][row]} {table[f'image_{i}_index'][row]}" for i in (1, 2))
