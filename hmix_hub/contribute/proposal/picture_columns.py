"""Columns of pictures: which raw column names the stimulus, as a file, a pair of pictures, or an item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from hmix_hub.contribute.proposal.raw_column import RawColumn
from hmix_hub.contribute.proposal.recognised import PICTURE_FILE, Found, first, name_score
from hmix_hub.schema.arrays import Mask

MARKUP = r"""src=\W?([^"' >]+)"""
"""Extracts a picture from a piece of HTML."""
IN_QUOTES = r"""["']([^"']+)["']"""
"""Extracts it from a list with one item."""
PAIR = r"^(?:mixed_[\d.]+_)?{first}_{second}(?:_(?:\d+|\d\.\d+))?(?:\.[a-zA-Z]+)?$"
_PAIR = re.compile(PAIR.format(first=r"[A-Za-z][A-Za-z ]*_\d+(?:\.0)?", second=r"[A-Za-z][A-Za-z ]*_\d+(?:\.0)?"))
_PICTURE_NAME = (
    r"\b(stimulus|stim|image|img|picture|pic|photo|filename|file|bild)\b",
    r"\b(item|subject|url|source)\b",
)


def picture_cells(column: RawColumn) -> Mask:
    """Return which cells name exactly one picture file; bool (N,)."""
    known = [len(PICTURE_FILE.findall(text)) == 1 for text in column.texts]
    return np.array(known, dtype=bool)[column.codes]


def find_pictures(columns: Sequence[RawColumn]) -> list[Found]:
    """Return the columns whose cells name several picture files, most likely first."""
    found = []
    for column in columns:
        is_picture = picture_cells(column)
        n_files = column.n_distinct(is_picture)
        if n_files > 1 and is_picture.sum() >= 2:
            # A preloader names each picture once, while trials name them repeatedly.
            share = float(is_picture.sum() / max(column.is_filled.sum(), 1))
            score = name_score(column, _PICTURE_NAME) + share + min(n_files, 100) / 100
            found.append(Found(column, score, f"names of {n_files:,} picture files"))
    return sorted(found, key=lambda one: -one.score)


def find_pair(columns: Sequence[RawColumn], rows: Mask) -> Found | None:
    """Return the column whose texts name two classes and pictures: ship_1_cat_0, or mixed_0.5_Dog_22_Frog_69."""

    def judge(column: RawColumn) -> Found | None:
        held = [text for text in column.texts if text.strip()]
        matches = sum(_PAIR.match(text) is not None for text in held)
        if matches < 2 or matches < 0.5 * len(held):
            return None
        return Found(column, matches / len(held), "the classes and numbers of two pictures")

    return first(columns, judge)


def find_item(columns: Sequence[RawColumn], rows: Mask, taken: Sequence[RawColumn]) -> Found | None:
    """Return the column that names pictures in another way, by a word or a number."""

    def judge(column: RawColumn) -> Found | None:
        score = name_score(column, _PICTURE_NAME) if "json" not in column.origin else _own_score(column)
        n_items = column.n_distinct(rows)
        if column in taken or not score or n_items < 2 or column.share(rows) < 0.9:
            return None
        longest = max(map(len, column.words(rows)), default=0)
        return None if longest > 200 else Found(column, score + 0.01 * min(n_items, 50), f"{n_items:,} items")

    return first(columns, judge)


def _own_score(column: RawColumn) -> int:
    """Return the score of the innermost key only, since not everything within `subject` data is a picture."""
    return 2 if re.search(_PICTURE_NAME[0], column.own_name) else 0


def are_a_pair(found: Sequence[Found]) -> bool:
    """Return whether the first two columns of pictures belong together: image1 and image2, left and right."""
    if len(found) < 2:
        return False
    names = [one.column.own_name for one in found[:2]]
    stems = {re.sub(r"\d|left|right|\b[ab]\b", "", name) for name in names}
    return len({*names}) == 2 and len(stems) == 1


def is_mixed(pair: Found) -> bool:
    """Return whether the texts that name a pair are those of mixtures: mixed_0.5_Dog_22_Frog_69."""
    return any(text.startswith("mixed_") for text in pair.column.texts)


def pair_origins(pair: Found) -> dict[str, dict[str, Any]]:
    """Return the origins of the classes and numbers of two pictures in the texts that name a pair."""
    prefix, name = r"mixed_[\d.]+_" if is_mixed(pair) else "", "[A-Za-z][A-Za-z ]*"
    patterns = {
        "image_1_label": rf"^{prefix}({name})_\d",
        "image_1_index": rf"^{prefix}{name}_(\d+)",
        "image_2_label": rf"^{prefix}{name}_[\d.]+_({name})_\d",
        "image_2_index": rf"^{prefix}{name}_[\d.]+_{name}_(\d+)",
    }
    return {target: pair.column.origin | {"pattern": pattern} for target, pattern in patterns.items()}
