"""Kept rows: which rows of a raw table are judgments, as conditions of a column map."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.contribute.proposal.raw_column import RawColumn, are_harmless
from hmix_hub.contribute.proposal.recognised import SCREEN, is_private, name_score
from hmix_hub.schema.arrays import Mask

_MOST_SCREENS = 60
_PRACTICE = re.compile(r"\b(practice|training|train|warm ?up|demo|example|tutorial|familiari[sz]ation|preview)\b", re.I)
_IS_PRACTICE = re.compile(r"\b(practice|training|demo|tutorial)\b")
_FALSE = ("false", "0", "no", "n")
_IN_SAMPLE = 0.999


@dataclass(frozen=True)
class Kept:
    """Rows to keep.

    Parameters
    ----------
    conditions
        Conditions of the map, each with its reason.
    rows
        bool (N,): the rows that meet them.
    """

    conditions: list[tuple[dict[str, Any], str]]
    rows: Mask


def kept_rows(
    columns: Sequence[RawColumn], pictures: RawColumn | None, shown: Mask, answer: RawColumn | None, answered: Mask
) -> Kept:
    """Return which rows are judgments: those with a picture and an answer.

    Parameters
    ----------
    columns
        Columns that may distinguish them: a screen, a kind of trial, a phase.
    pictures
        The column that names pictures; `None`: unknown.
    shown
        bool (N,): rows that name a picture.
    answer
        The column of the answer; `None`: unknown, or in several columns.
    answered
        bool (N,): rows that contain an answer.
    """
    wanted = shown & answered
    conditions: list[tuple[dict[str, Any], str]] = []
    rows = np.ones(len(shown), dtype=bool)
    if not wanted.all() and wanted.any():
        screen = _screen(columns, wanted)
        if screen is not None:
            column, words = screen
            rows = _holds(column, words)
            conditions.append((column.origin | {"equals": _one(words)}, "other values occur in rows without an answer"))
        if answer is not None:
            conditions += _filled(answer, rows)
            rows = rows & answer.is_filled
        if pictures is not None and not shown[rows].all():
            is_mixed = bool((pictures.is_filled & ~shown & rows).any())
            pattern = {"pattern": r"\.(?:png|jpe?g|bmp|gif|webp|tiff?)"} if is_mixed else {}
            conditions.append((pictures.origin | pattern, "names a picture" if pattern else "not empty"))
            rows = rows & shown
    return _without_practice(columns, Kept(conditions, rows))


def _filled(column: RawColumn, rows: Mask) -> list[tuple[dict[str, Any], str]]:
    """Return the conditions that exclude rows without an answer: empty cells, and words such as NA."""
    found: list[tuple[dict[str, Any], str]] = []
    words = column.nothing(rows)
    is_empty = np.array([not text.strip() for text in column.texts], dtype=bool)[column.codes]
    if is_empty[rows].any():
        found.append((column.origin, "not empty"))
    if words:
        found.append((column.origin | {"not": _one(words)}, "rows without an answer"))
    return found


def _holds(column: RawColumn, words: Sequence[str]) -> Mask:
    """Return which cells contain one of some words, ignoring case; bool (N,)."""
    folded = {word.strip().lower() for word in words}
    return np.array([text.strip().lower() in folded for text in column.texts], dtype=bool)[column.codes]


def _screen(columns: Sequence[RawColumn], wanted: Mask) -> tuple[RawColumn, list[str]] | None:
    """Return the column that best distinguishes judgments from other rows, and its words in them."""
    found: list[tuple[float, RawColumn, list[str]]] = []
    for column in columns:
        if (
            is_private(column)
            or not 1 < len(column.texts) <= _MOST_SCREENS
            or (column.is_numeric(wanted) and not name_score(column, SCREEN))
        ):
            continue
        counts = np.bincount(column.codes, minlength=len(column.texts))
        of_wanted = np.bincount(column.codes[wanted], minlength=len(column.texts))
        chosen = np.flatnonzero((of_wanted > 0.3 * counts) & np.array([bool(text.strip()) for text in column.texts]))
        words = [column.texts[code] for code in chosen.tolist()]
        is_kept = np.isin(column.codes, chosen)
        if not words or len(words) == len(column.texts) or is_kept[wanted].mean() < _IN_SAMPLE:
            continue
        precision = float(wanted[is_kept].mean())
        # A column that depends on the answer, such as whether it is correct, has as many words as the answers.
        is_repeated = len(words) <= max(1, wanted.sum() / 3)
        if precision > 0.5 and are_harmless(words) and len(words) <= 8 and is_repeated:
            found.append((precision + 0.2 * bool(name_score(column, SCREEN)) - 0.03 * len(words), column, words))
    if not found:
        return None
    _, column, words = max(found, key=lambda one: one[0])
    return column, words


def _without_practice(columns: Sequence[RawColumn], kept: Kept) -> Kept:
    """Leave out practice trials."""
    for column in columns:
        words = column.words(kept.rows)
        if is_private(column) or not 1 < len(words) <= _MOST_SCREENS or not are_harmless(list(words)):
            continue
        practice = [word for word in words if _PRACTICE.search(" ".join(re.split(r"[\W_]+", word)))]
        if practice and len(practice) < len(words) and name_score(column, SCREEN):
            left = [word for word in words if word not in practice]
            rows = kept.rows & _holds(column, left)
            return Kept([*kept.conditions, (column.origin | {"not": _one(practice)}, "practice trials")], rows)
        wrong = [word for word in words if word.strip().lower() in _FALSE]
        if _IS_PRACTICE.search(column.name) and len(words) == 2 and wrong:
            rows = kept.rows & _holds(column, wrong)
            return Kept([*kept.conditions, (column.origin | {"equals": _one(wrong)}, "practice trials")], rows)
    return kept


def _one(words: list[str]) -> str | list[str]:
    return words[0] if len(words) == 1 else words
