"""Calculations of a column map on whole columns; texts that are not numbers are left unchanged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import Floats, Mask, as_mask
from hmix_hub.studies.columns.numbers import COMMA, NUMBER, THOUSANDS, emptied

_DECIMALS = 12
_ITEM = re.compile(r"[^\s|,\[\]]+")
_ZONE = re.compile(r"\s*(?:UTC|GMT|Z)$")


@dataclass(frozen=True)
class Calculation:
    """Steps of a calculation, in order.

    Parameters
    ----------
    add
        Number to add.
    multiply, divide
        Factor and divisor.
    scale
        Both ends of a scale, which become 0 and 1; `None` for no scale.
    flip
        Whether to take 1 minus the result.
    is_rounded
        Whether to round to 12 decimals. Mixing coefficients are part of stimulus ids, so 1 - 0.9 must be 0.1 and not
        0.09999999999999998. Answers on a scale are not rounded, as in the reader of the release.
    is_whole
        Whether to write integers without a decimal point.
    """

    add: float | None = None
    multiply: float | None = None
    divide: float | None = None
    scale: tuple[float, float] | None = None
    flip: bool = False
    is_rounded: bool = False
    is_whole: bool = False

    def __bool__(self) -> bool:
        return self.flip or (self.add, self.multiply, self.divide, self.scale) != (None,) * 4

    def of(self, numbers: Floats) -> Floats:
        """Return the results for numbers; float64 (N,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            values = numbers if self.add is None else numbers + self.add
            values = values * (1.0 if self.multiply is None else self.multiply)
            values = values / (1.0 if self.divide is None else self.divide)
            if self.scale is not None:
                low, high = self.scale
                values = (values - low) / (high - low)
            values = 1 - values if self.flip else values
        return np.round(values, _DECIMALS) if self.is_rounded else values

    def texts(self, numbers: Floats) -> pa.Array:
        """Return the results for numbers as texts; N strings."""
        results = self.of(numbers)
        written = texts_of(results)
        return pc.replace_substring_regex(written, r"\.0$", "") if self.is_whole else written

    def outside(self, numbers: Floats) -> Mask:
        """Return whether each number is outside the scale; bool (N,)."""
        if self.scale is None:
            return np.zeros(len(numbers), dtype=bool)
        low, high = sorted(self.scale)
        return np.asarray((numbers < low) | (numbers > high))

    def apply(self, texts: pa.Array) -> tuple[pa.Array, Mask]:
        """Return the results for texts.

        Parameters
        ----------
        texts
            N strings, null where missing; in lists, `a|b` or JSON, every number is transformed.

        Returns
        -------
        tuple
            N strings, unchanged if they are not numbers; and bool (N,), whether each is outside the scale.
        """
        numbers = as_numbers(texts)
        is_number = ~np.isnan(numbers)
        outside = self.outside(numbers)
        values = pc.if_else(pa.array(is_number), self.texts(numbers), texts)
        is_list = as_mask(pc.match_substring_regex(texts, r"\||^\s*\["))
        rows = np.flatnonzero(is_list & ~is_number)
        if not len(rows):
            return values, outside
        items, is_outside = self._lists(texts.take(pa.array(rows)).to_pylist())
        outside[rows] = is_outside
        return pc.replace_with_mask(values, pa.array(np.isin(np.arange(len(texts)), rows)), pa.array(items)), outside

    def _lists(self, texts: list[str]) -> tuple[list[str], list[bool]]:
        found = [_ITEM.findall(text) for text in texts]
        made, outside = self.apply(pa.array([item for items in found for item in items], pa.string()))
        results = iter(made.to_pylist())
        lists = [_ITEM.sub(lambda _: next(results), text) for text in texts]
        parts = np.split(outside, np.cumsum([len(items) for items in found])[:-1])
        return lists, [bool(part.any()) for part in parts]


def as_numbers(texts: pa.Array) -> Floats:
    """Return texts as float64 (N,), reading decimal commas as points; NaN where null or not a number."""
    bare = pc.utf8_trim_whitespace(texts)
    is_comma = pc.and_(
        pc.match_substring_regex(bare, COMMA), pc.invert(pc.match_substring_regex(bare, THOUSANDS))
    ).fill_null(False)
    if pc.any(is_comma).as_py():
        # `1,234` may be a thousand, so it is left unchanged.
        bare = pc.if_else(is_comma, pc.replace_substring(bare, ",", "."), bare)
    present = pc.if_else(pc.match_substring_regex(bare, NUMBER), bare, pa.scalar(None, bare.type))
    return np.asarray(pc.cast(present, pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)


def texts_of(numbers: Floats) -> pa.Array:
    """Return numbers as the shortest texts that read back as the same number; null for NaN."""
    values = pa.array(map(repr, numbers.tolist()), pa.string())
    return pc.if_else(pa.array(~np.isnan(numbers)), values, pa.scalar(None, pa.string()))


def difference(texts: pa.Array, others: pa.Array) -> tuple[pa.Array, Mask]:
    """Subtract numbers, or times such as 2026-03-01T12:00:00Z, whose difference is in seconds.

    Parameters
    ----------
    texts, others
        N strings each: numbers or times, and those to subtract.

    Returns
    -------
    tuple
        N strings, null where undefined; and bool (N,), whether the difference is undefined though a cell is not empty.
    """
    first, second = as_numbers(texts), as_numbers(others)
    result = first - second
    rest = np.isnan(result)
    if rest.any():
        rows = pa.array(np.flatnonzero(rest))
        result[rest] = _seconds(texts.take(rows)) - _seconds(others.take(rows))
    held = [as_mask(emptied(pc.utf8_trim_whitespace(one)).is_valid()) for one in (texts, others)]
    return texts_of(result), (held[0] | held[1]) & np.isnan(result)


def _seconds(texts: pa.Array) -> npt.NDArray[np.float64]:
    return np.array([_second(text) for text in texts.to_pylist()], dtype=np.float64)


def _second(text: str | None) -> float:
    """Return a time in seconds; times without a time zone are read as UTC, which cancels in differences."""
    try:
        moment = datetime.fromisoformat(_ZONE.sub("+00:00", (text or "").strip()))
    except ValueError:
        return float("nan")
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
