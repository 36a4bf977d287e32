"""Paths into the JSON objects and arrays of cells; each text is parsed once for all paths."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from hmix_hub.studies.reading.json_file import each_key_once

MISSING: Any = object()
"""Result of a path that does not exist, or of a text that is not JSON."""
NULL = "\0null"
"""JSON's null: an existing empty value, unlike a missing key. No JSON text can be equal to it."""
OFF = frozenset({"", "0", "0.0", "false", "no", "off", "null", "none", "unchecked"})
"""Values of unchecked boxes in forms, in lower case."""
_DECODER = json.JSONDecoder(object_pairs_hook=each_key_once)
_INDEX = re.compile(r"-?\d{1,6}")
_EACH = "*"
_NUMBERS = frozenset({int, float})
_LONGEST = 200
_IN_LISTS = frozenset("|,[]")
"""Characters that separate the items of a list in text."""


def check_path(path: str) -> None:
    """Check that a path is valid.

    Raises
    ------
    ValueError
        If a part of the path is empty, or the path is too long.
    """
    parts = path.split(".")
    if len(path) > _LONGEST or not all(parts) or any(part.startswith("=") for part in parts):
        msg = f"{path[:_LONGEST]!r} is not a path: write key.key, 0.key for the first of an array, or name=value.key"
        raise ValueError(msg)


def values_at(texts: Sequence[str | None], paths: Iterable[str | None]) -> dict[str | None, list[Any]]:
    """Return the value at each path in each text.

    Parameters
    ----------
    texts
        N cells.
    paths
        Keys of the object, a.b for b within a. In an array, `0` is the first element, `-1` the last, `a=b` the first
        object whose a is b, and `*` a list of what the rest of the path finds in each element. `None` for the whole
        value.

    Returns
    -------
    dict
        N values by path, or `MISSING`.
    """
    steps = {path: path.split(".") if path is not None else [] for path in paths}
    found: dict[str | None, list[Any]] = {path: [] for path in steps}
    for text in texts:
        value = parsed(text) if text else MISSING
        for path, parts in steps.items():
            # A key that contains a point takes precedence over a path.
            whole = isinstance(value, dict) and path in value
            found[path].append(value[path] if whole else _within(value, parts))
    return found


def parsed(text: str) -> Any:
    """Return the JSON value of a cell; `MISSING` if it is invalid or has duplicate keys."""
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
    """Return a JSON value as the text of a cell (`None` if missing); with `is_list`, lists of words become `a|b`."""
    if value is MISSING:
        return None
    if value is None or value == "":
        return NULL
    if type(value) in _NUMBERS:
        # The same text as JSON's, in a fifth of the time.
        return repr(value)
    if isinstance(value, str):
        # JSON can contain lone surrogates, which are not valid in text.
        return value if value.encode("utf-8", "replace").decode() == value else None
    if is_list and isinstance(value, list) and all(isinstance(one, str) and one.strip() for one in value):
        words = [written(one) for one in value]
        if all(word is not None and _IN_LISTS.isdisjoint(word) for word in words):
            return "|".join(filter(None, words)) or NULL
    return str(value).lower() if isinstance(value, bool) else json.dumps(value)
