"""Masking: what gives a person away is named in messages by its beginning and length alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    from hmix_hub.contribute.privacy.patterns import Pattern

_SHOWN = 2
_LONGEST_NAME = 300
_MOST_FINDS = 20
"""Finds of one pattern that are masked in one name; no honest name has as many."""


def masked(text: str) -> str:
    """Give the first two characters of a text, and its length: "ad… (15 characters)"."""
    return f"{text[:_SHOWN]}… ({len(text)} characters)"


def masked_names(names: Sequence[str]) -> list[str]:
    """Give names (of files, of columns), or messages, with whatever in them gives a person away masked.

    One that is longer than any name should be, or holds more than can be masked one by one, is masked as a whole.
    """
    from hmix_hub.contribute.privacy.patterns import PATTERNS

    called = [name if len(name) <= _LONGEST_NAME else masked(name) for name in names]
    for pattern in PATTERNS:
        for number, hit in enumerate(pattern.hits(pa.array(called, pa.string())).to_pylist()):
            if hit:
                called[number] = _masked_finds(called[number], pattern)
    return called


def masked_name(name: str) -> str:
    """Give one name as `masked_names` gives several."""
    return masked_names([name])[0]


def _masked_finds(name: str, pattern: Pattern) -> str:
    told = name
    for _ in range(_MOST_FINDS):
        (found,) = pattern.finds(pa.array([told], pa.string()))
        if found is None:
            return told
        told = told.replace(found, masked(found))
    return masked(name)


def plain_texts(texts: pa.Array) -> list[str | None]:
    """Give N texts as Python's; bytes that are no UTF-8, as Parquet may hold, become replacement characters."""
    return [None if raw is None else raw.decode("utf-8", "replace") for raw in texts.cast(pa.binary()).to_pylist()]
