"""Paths into JSON: values within the objects and arrays of cells, each text parsed once for all paths into it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from hmix_hub.studies.reading.json_file import each_key_once

MISSING: Any = object()
"""Where a path leads nowhere, or a text is no JSON."""
NULL = "\0null"
"""JSON's null: a value that is there and says nothing, unlike a key that is not there. No JSON text is written so."""
OFF = frozenset({"", "0", "0.0", "false", "no", "off", "null", "none", "unchecked"})
"""What forms write, in small letters, of a box that is not ticked."""
_DECODER = json.JSONDecoder(object_pairs_hook=each_key_once)
_INDEX = re.compile(r"-?\d{1,6}")
_EACH = "*"
_NUMBERS = frozenset({int, float})
_LONGEST = 200
_IN_LISTS = frozenset("|,[]")
"""Characters by which items of a written list are told apart."""


def check_path(path: str) -> None:
    """Check that a path can lead anywhere.

    Raises
    ------
    ValueError
        If a part of it is empty, or it is longer than any that a person would write.
    """
    parts = path.split(".")
    if len(path) > _LONGEST or not all(parts) or any(part.startswith("=") for part in parts):
        msg = f"{path[:_LONGEST]!r} is no path: write key.key, 0.key for the first of an array, or name=value.key"
        raise ValueError(msg)


def values_at(texts: Sequence[str | None], paths: Iterable[str | None]) -> dict[str | None, list[Any]]:
    """Return what stands at each path in each text.

    Parameters
    ----------
    texts
        N cells.
    paths
        Keys of the object, a.b for b within a. Within an array, `0` is its first element and `-1` its last, `a=b` the
        first object whose a is b, and `*` a list of what the rest of the path finds in each. `None`: the whole value.

    Returns
    -------
    dict
        N values by path; `MISSING` where there is none.
    """
    steps = {path: path.split(".") if path is not None else [] for path in paths}
    found: dict[str | None, list[Any]] = {path: [] for path in steps}
    for text in texts:
        value = parsed(text) if text else MISSING
        for path, parts in steps.items():
            # A key with a point in it is meant before a path.
            whole = isinstance(value, dict) and path in value
            found[path].append(value[path] if whole else _within(value, parts))
    return found


def parsed(text: str) -> Any:
    """Return the JSON of a cell; `MISSING` where it is none, or names a key twice."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return MISSING


def _within(value: Any, parts: Sequence[str]) -> Any:
    for place, part in enumerate(parts):
        if isinstance(value, dict):
            value = value.get(part, MISSING)
        elif isinstance(value, list) and part == _EACH:
            return [found for one in value if (found := _within(one, parts[place + 1 :])) is not MISSING]
        elif isinstance(value, list):
            value = _element(value, part)
        else:
            return MISSING
    return value


def _element(values: list[Any], part: str) -> Any:
    if _INDEX.fullmatch(part):
        number = int(part)
        return values[number] if -len(values) <= number < len(values) else MISSING
    key, is_selector, wanted = part.partition("=")
    if not is_selector:
        return MISSING
    chosen = (one for one in values if isinstance(one, dict) and key in one and written(one[key]) == wanted)
    return next(chosen, MISSING)


def written(value: Any, *, is_list: bool = False) -> str | None:
    """Return a JSON value as the text of a cell; a list of words as `a|b` where a list is wanted, `None` if missing."""
    if value is MISSING:
        return None
    if value is None or value == "":
        return NULL
    if type(value) in _NUMBERS:
        # As JSON writes them, in a fifth of the time.
        return repr(value)
    if isinstance(value, str):
        # JSON can write halves of characters, which no text can hold.
        return value if value.encode("utf-8", "replace").decode() == value else None
    if is_list and isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value):
        words = [written(one) for one in value]
        if all(word is not None and _IN_LISTS.isdisjoint(word) for word in words):
            return "|".join(filter(None, words)) or NULL
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)
