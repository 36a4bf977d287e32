"""Patterns of a column map, matched by RE2 in time linear in the text, whatever the pattern."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import as_mask

_TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[:\^?\w+:\]|\[\^?\]?|.", re.DOTALL)
_MEMBERS = {"w": r"\pL\pM\p{Nd}_", "d": r"\p{Nd}"}
"""Unicode classes for `\\w` and `\\d`: RE2's own are ASCII only, so that an "é" would end a word."""
_NUL = "\0"
_AROUND = re.compile(r"\(\?<?[=!]")
_BACK = re.compile(r"\\[1-9]|\(\?P=")
_EDGE = re.compile(r"(?<!\\)(?:\\\\)*\\[bB]")
_NUMBERS = ("none", "one", "two")


def check_pattern(pattern: str, *, fewest: int = 1, most: int = 1) -> int:
    """Check that a pattern is a regular expression that RE2 supports.

    Parameters
    ----------
    pattern
        The pattern.
    fewest, most
        Smallest and largest number of groups allowed.

    Returns
    -------
    int
        Number of groups.

    Raises
    ------
    ValueError
        If the pattern is invalid or has another number of groups.
    """
    try:
        expression = _in_unicode(pattern)
        pc.match_substring_regex(pa.array([""]), expression)
    except pa.ArrowInvalid as error:
        raise ValueError(_reason(pattern, str(error))) from None
    groups = next((number for number in range(most + 1) if not _has_group(expression, rf"\{number + 1}")), most + 1)
    if not fewest <= groups <= most:
        found = f"more than {_NUMBERS[most]}" if groups > most else str(groups)
        needed = " or ".join(_NUMBERS[number] for number in range(fewest, most + 1))
        groups_found = f"{found} group{'' if groups > most == 1 else 's'}"
        msg = f"the pattern has {groups_found}, but needs {needed}: (...) is a group, (?:...) is not"
        raise ValueError(msg)
    return groups


def _has_group(expression: str, rewrite: str) -> bool:
    try:
        pc.replace_substring_regex(pa.array([""]), expression, rewrite)
    except pa.ArrowInvalid:
        return False
    return True


def _reason(pattern: str, said: str) -> str:
    if _AROUND.search(pattern):
        return "lookaround, (?=...) or (?<!...), is not supported: match the text around the group instead"
    if _BACK.search(pattern):
        return r"back-references, \1 or (?P=name), are not supported"
    return f"not a regular expression: {said.removeprefix('Invalid regular expression: ').splitlines()[0]}"


def is_match(pattern: str, texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Return whether a pattern matches anywhere in each text, bool (N,); see `group_of`."""
    return as_mask(_matches(_in_unicode(pattern), pattern, texts))


def _matches(expression: str, pattern: str, texts: pa.Array) -> pa.Array:
    matches = pc.match_substring_regex(texts, expression).fill_null(False)
    return pc.and_(matches, pc.string_is_ascii(texts).fill_null(False)) if _EDGE.search(pattern) else matches


def group_of(pattern: str, texts: pa.Array, number: int = 1) -> pa.Array:
    r"""Return a group of a pattern's first match anywhere in each text.

    The pattern must be accepted by `check_pattern`. Null where it does not match, or the text is null. If it uses `\b`,
    texts that are not ASCII do not match, since RE2 would treat "é" as the end of a word.
    """
    expression = _in_unicode(pattern)
    matches = _matches(expression, pattern, texts)
    found = pc.replace_substring_regex(texts, rf"\A(?s:.*?)(?:{expression})(?s:.*)\z", rf"\{number}")
    return pc.if_else(matches, found, pa.scalar(None, pa.string()))


def groups_of(pattern: str, texts: pa.Array) -> list[list[str]]:
    """Return the group of every match in each text, see `group_of`; texts that contain NUL have none."""
    is_plain = pc.invert(pc.match_substring(texts, _NUL))
    if _EDGE.search(pattern):
        is_plain = pc.and_(is_plain, pc.string_is_ascii(texts))
    # Replace all at once, so that ^ matches only at the beginning of the text.
    marked = pc.replace_substring_regex(texts, f"(?:{_in_unicode(pattern)})", rf"{_NUL}\1{_NUL}")
    split = pc.if_else(is_plain, marked, pa.scalar("")).to_pylist()
    return [[group for group in (text or "").split(_NUL)[1::2] if group] for text in split]


def _in_unicode(pattern: str) -> str:
    r"""Return a pattern with \w, \d and their opposites for all scripts; \W in brackets is not possible."""
    written, in_brackets = [], False
    for part in _TOKEN.findall(pattern):
        kind = part[1:] if part[0] == "\\" else ""
        members = _MEMBERS.get(kind.lower())
        if members is None:
            written.append(part)
        elif kind.islower():
            written.append(members if in_brackets else f"[{members}]")
        elif not in_brackets:
            written.append(f"[^{members}]")
        elif kind == "D":
            written.append(r"\P{Nd}")
        else:
            msg = r"\W inside [...] is not supported: list the characters"
            raise ValueError(msg)
        in_brackets = part[0] == "[" or (in_brackets and part != "]")
    return "".join(written)
