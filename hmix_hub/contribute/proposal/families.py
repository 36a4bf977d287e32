"""Families of raw columns whose names differ in one place: a box or a count per class, or an answer per item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hmix_hub.contribute.proposal.raw_column import RawColumn, are_harmless
from hmix_hub.contribute.proposal.recognised import PICTURE
from hmix_hub.importing.json_paths import OFF
from hmix_hub.schema.arrays import Mask

_ON = frozenset({"1", "1.0", "true", "yes", "on", "x", "checked", "selected"})
_PLACES = (r"^(?P<before>)(?P<part>[^.]+)(?P<after>\..+)$", r"^(?P<before>.*[._\- ])(?P<part>[^._\- ]+)(?P<after>)$")
"""Where names differ: before the first point, or after the last separator."""
_FEWEST_BOXES, _SINGLE = 2, 0.95
"""Minimum number of boxes, and minimum share of rows with exactly one box on among those with any."""
_FEWEST_ITEMS, _MOST_ANSWERS = 3, 60
_NUMBER = re.compile(r"\d+")
_FILE = re.compile(PICTURE, re.ASCII)
_FEWEST_CLASSES, _SAME = 3, 1e-6
_NO_CLASS = re.compile(r"(id|index|total|sum|n|count|votes|trial|width|height|size|age|year|mean|std|entropy|rt)$")


@dataclass(frozen=True)
class Boxes:
    """Columns of which exactly one is on in each row.

    Parameters
    ----------
    columns
        Columns by the part in which their names differ.
    """

    columns: dict[str, RawColumn]

    @property
    def is_on(self) -> Mask:
        """Which rows have exactly one that is on; bool (N,)."""
        return np.asarray(_states(list(self.columns.values())).sum(axis=0) == 1)


def find_boxes(columns: Sequence[RawColumn], rows: Mask) -> Boxes | None:
    """Return the largest family of boxes, one per class, of which each row has one that is on.

    Parameters
    ----------
    columns
        Candidate columns.
    rows
        bool (N,): rows that may be judgments.
    """
    boxes = [column for column in columns if "json" not in column.origin and _is_box(column)]
    found = []
    for family in families(boxes):
        if len(family) < _FEWEST_BOXES:
            continue
        n_on = _states(list(family.values()))[:, rows].sum(axis=0)
        if n_on.any() and (n_on[n_on > 0] == 1).mean() > _SINGLE:
            found.append(Boxes(family))
    return max(found, key=lambda one: len(one.columns), default=None)


def _is_box(column: RawColumn) -> bool:
    words = {text.strip().lower() for text in column.texts}
    return bool(words & _ON) and words <= _ON | OFF


def _states(columns: Sequence[RawColumn]) -> np.ndarray:
    """Return which boxes are on; bool (boxes, N)."""
    on = [np.array([text.strip().lower() in _ON for text in column.texts])[column.codes] for column in columns]
    return np.array(on, dtype=bool)


def families(columns: Sequence[RawColumn]) -> Iterator[dict[str, RawColumn]]:
    """Yield families of columns whose names differ in one place, by that part; and columns with one-word names."""
    for place in _PLACES:
        by_rest: dict[tuple[str, str], dict[str, RawColumn]] = {}
        for column in columns:
            match = re.match(place, str(column.origin["column"]))
            if match is not None and not match["part"].isdigit():
                by_rest.setdefault((match["before"], match["after"]), {})[match["part"]] = column
        yield from by_rest.values()
    # Boxes named only by the class.
    plain = {str(column.origin["column"]): column for column in columns}
    if all(re.fullmatch(r"[^\W\d]+", name) for name in plain):
        yield plain


@dataclass(frozen=True)
class Votes:
    """Columns with the number or share of participants who chose each class for a picture.

    Parameters
    ----------
    columns
        Columns by class.
    are_shares
        Whether they contain shares that sum to 1, rather than counts.
    """

    columns: dict[str, RawColumn]
    are_shares: bool


def find_votes(columns: Sequence[RawColumn], rows: Mask) -> Votes | None:
    """Return the largest family of counts or shares by class that is filled in all rows.

    Parameters
    ----------
    columns
        Candidate columns.
    rows
        bool (N,): all rows.
    """
    # `counts:` takes whole cells.
    plain = [column for column in columns if "json" not in column.origin]
    numeric = [column for column in plain if column.is_numeric(rows) and column.share(rows) == 1]
    named = [{word: of for word, of in one.items() if not _NO_CLASS.match(word.lower())} for one in families(numeric)]
    for family in sorted(map(_without_total, named), key=len, reverse=True):
        if len(family) < _FEWEST_CLASSES or not are_harmless(list(family)):
            continue
        values = np.array([column.numbers for column in family.values()])
        are_shares = bool((abs(values.sum(axis=0) - 1) < _SAME).all())
        if (values >= 0).all() and (are_shares or (values == np.floor(values)).all()):
            return Votes(family, are_shares)
    return None


def _without_total(family: dict[str, RawColumn]) -> dict[str, RawColumn]:
    """Return a family without the column that is the sum of the others in every row."""
    total = np.array([column.numbers for column in family.values()]).sum(axis=0)
    return {word: of for word, of in family.items() if not total.any() or (abs(2 * of.numbers - total) > _SAME).any()}


@dataclass(frozen=True)
class Wide:
    """Columns of a table with one row per participant and one or more columns per item.

    Parameters
    ----------
    melt
        The columns, in the syntax of a column map.
    items
        The items.
    are_files
        Whether the items are names of picture files.
    """

    melt: dict[str, Any]
    items: list[str]
    are_files: bool


def find_wide(columns: Sequence[RawColumn], rows: Mask) -> Wide | None:
    """Return the columns with the answers to items; `None` if there are fewer than three.

    Parameters
    ----------
    columns
        Candidate columns.
    rows
        bool (N,): rows that may be judgments.
    """
    names = {column.origin["column"]: column for column in columns if "json" not in column.origin}
    item, answer = (next(name for name in (word, f"raw_{word}") if name not in names) for word in ("item", "answer"))
    files = [name for name in names if _FILE.fullmatch(name)]
    if len(files) >= _FEWEST_ITEMS:
        ending = sorted({name.rsplit(".", 1)[-1] for name in files})
        return Wide({"columns": rf"(.+\.(?:{'|'.join(ending)}))", "into": [item, answer]}, files, True)
    found = list(_numbered_answers(names, rows))
    if not found:
        return None
    before, answers = max(found, key=lambda one: (max(map(len, one[1].values())), len(one[1])))
    items = list(dict.fromkeys(number for by_item in answers.values() for number in by_item))
    if len(answers) == 1:
        (after,) = answers
        return Wide({"columns": rf"{_literal(before)}(\d+){_literal(after)}", "into": [item, answer]}, items, False)
    shared = next((mark for mark in "_.- " if all(after[0] == mark and len(after) > 1 for after in answers)), "")
    endings = "|".join(_literal(after[len(shared) :]) for after in answers)
    fitted = rf"{_literal(before)}(\d+){_literal(shared)}({endings})"
    return Wide({"columns": fitted, "into": [item]}, items, False)


def _numbered_answers(names: dict[str, RawColumn], rows: Mask) -> Iterator[tuple[str, dict[str, dict[str, RawColumn]]]]:
    """Yield the part of names before a number, and the columns of answers by the part after it and by number."""
    by_before: dict[str, dict[str, dict[str, RawColumn]]] = {}
    for name, column in names.items():
        for place in _NUMBER.finditer(name):
            before, after = name[: place.start()], name[place.end() :]
            by_before.setdefault(before, {}).setdefault(after, {})[place[0]] = column
    for before, by_after in by_before.items():
        answers = {after: by_item for after, by_item in by_after.items() if _are_answers(by_item, rows)}
        if "" in answers:
            # The name of a column of values cannot be empty.
            answers = {"": answers[""]}
        if answers:
            yield before, answers


def _are_answers(by_item: dict[str, RawColumn], rows: Mask) -> bool:
    """Return whether columns contain answers of one kind: the same few words, or numbers on one scale."""
    if len(by_item) < _FEWEST_ITEMS:
        return False
    words = {word for column in by_item.values() for word in column.words(rows)}
    n_filled = sum(int(column.is_filled[rows].sum()) for column in by_item.values())
    if not words or len(words) > min(_MOST_ANSWERS, n_filled / 1.5):
        return False
    is_numeric = [column.is_numeric(rows) for column in by_item.values() if column.n_distinct(rows)]
    return all(is_numeric) or (not any(is_numeric) and are_harmless(sorted(words)))


def _literal(text: str) -> str:
    """Return a pattern for a literal text, more readable than `re.escape`: spaces and hyphens are not escaped."""
    return re.sub(r"([\\.^$|?*+()\[\]{}])", r"\\\1", text)
