"""Rows of a raw table that are judgments: conditions that a column map names, over whole columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.importing.calculation import as_numbers
from hmix_hub.importing.cells import Cells
from hmix_hub.importing.map_keys import Condition, listed, words
from hmix_hub.importing.patterns import check_pattern, group_of, is_match
from hmix_hub.schema.arrays import Mask


def are_kept(cells: Cells, condition: Condition) -> Mask:
    """Whether each row meets a condition; bool (N,). Of cells that `json` or `pattern` does not fit, nothing is."""
    codes, texts = cells.of(condition)
    return np.asarray(_meets(texts, condition))[codes]


def _meets(texts: pa.Array, condition: Condition) -> Mask:
    is_kept = np.ones(len(texts), dtype=bool)
    is_plain = True
    if condition.pattern is not None:
        if check_pattern(condition.pattern, fewest=0):
            texts = group_of(condition.pattern, texts)
        else:
            is_kept, is_plain = is_match(condition.pattern, texts), False
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(texts)).fill_null("")
    tests: list[Callable[[], Mask]] = []
    if condition.equals is not None:
        tests.append(lambda: _is_one(folded, condition.equals))
    if condition.unequal is not None:
        tests.append(lambda: ~_is_one(folded, condition.unequal))
    if condition.between is not None:
        tests.append(lambda: _is_between(as_numbers(texts), condition.between))
    for test in tests:
        is_kept = is_kept & test()
    return is_kept & np.asarray(pc.not_equal(folded, "")) if is_plain and not tests else is_kept


def _is_one(folded: pa.Array, wanted: str | list[str] | None) -> Mask:
    return np.asarray(pc.is_in(folded, pa.array(words(wanted or []), pa.string())), dtype=bool)


def _is_between(numbers: np.ndarray, ends: tuple[float | None, float | None] | None) -> Mask:
    low, high = ends or (None, None)
    return np.asarray(
        (numbers >= (-np.inf if low is None else low)) & (numbers <= (np.inf if high is None else high)), dtype=bool
    )


def reason(condition: Condition) -> str:
    """Return why a row that does not meet a condition is dropped, in words."""
    place = " or ".join(condition.columns) + (f", {condition.json_key}," if condition.json_key else "")
    said = []
    if condition.equals is not None:
        said.append(f"is not {listed(condition.equals)}")
    if condition.unequal is not None:
        said.append(f"is {listed(condition.unequal)}")
    if condition.between is not None:
        low, high = ("" if end is None else f"{end:g}" for end in condition.between)
        said.append(
            f"is not between {low} and {high}" if low and high else f"is not {'from' if low else 'up to'} {low or high}"
        )
    if condition.pattern is not None and not said:
        said.append(f"does not match {condition.pattern!r}")
    return f"{place} {' or '.join(said) or 'is empty'}"
