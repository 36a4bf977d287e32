"""Patterns of a column map, matched by RE2: in time that grows with the text alone, whatever the pattern."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import as_mask

_TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[:\^?\w+:\]|\[\^?\]?|.", re.DOTALL)
_MEMBERS = {"w": r"\pL\pM\p{Nd}_", "d": r"\p{Nd}"}
"""Of RE2's own `\\w` and `\\d`, which know ASCII alone, an "é" would end a word, and be cut off."""
_NUL = "\0"
_AROUND = re.compile(r"\(\?<?[=!]")
_BACK = re.compile(r"\\[1-9]|\(\?P=")
_EDGE = re.compile(r"(?<!\\)(?:\\\\)*\\[bB]")
_NUMBERS = ("none", "one", "two")


def check_pattern(pattern: str, *, fewest: int = 1, most: int = 1) -> int:
    """Check that a pattern is a regular expression which can be matched in bounded time.

    Parameters
    ----------
    pattern
        The pattern.
    fewest, most
        Number of groups that it may have.

    Returns
    -------
    int
        Number of its groups.

    Raises
    ------
    ValueError
        If it is none, or has other groups.
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
        msg = f"the pattern has {groups_found}, and needs {needed}: (...); (?:...) is none"
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
        return (
            "the pattern looks around, (?=...) or (?<!...), which is not supported: match what stands around the group"
        )
    if _BACK.search(pattern):
        return r"the pattern refers back, \1 or (?P=name), which is not supported"
    return f"no regular expression: {said.removeprefix('Invalid regular expression: ').splitlines()[0]}"


def is_match(pattern: str, texts: pa.Array) -> npt.NDArray[np.bool_]:
    """Return whether a pattern matches anywhere in each text, as `group_of`; bool (N,)."""
    return as_mask(_matches(_in_unicode(pattern), pattern, texts))


def _matches(expression: str, pattern: str, texts: pa.Array) -> pa.Array:
    matches = pc.match_substring_regex(texts, expression).fill_null(False)
    return pc.and_(matches, pc.string_is_ascii(texts).fill_null(False)) if _EDGE.search(pattern) else matches


def group_of(pattern: str, texts: pa.Array, number: int = 1) -> pa.Array:
    r"""Return a group of a pattern's first match, anywhere in each text; of the whole text, however long it is.

    Null where the pattern, which `check_pattern` accepts, does not match, or the text is null. Where it uses `\b`,
    texts that are not ASCII do not match, since RE2 would take "é" for the end of a word.
    """
    expression = _in_unicode(pattern)
    matches = _matches(expression, pattern, texts)
    found = pc.replace_substring_regex(texts, rf"\A(?s:.*?)(?:{expression})(?s:.*)\z", rf"\{number}")
    return pc.if_else(matches, found, pa.scalar(None, pa.string()))


def groups_of(pattern: str, texts: pa.Array) -> list[list[str]]:
    """Return the group of every match of a pattern, for each text, as `group_of`; none in a text that holds a NUL."""
    is_plain = pc.invert(pc.match_substring(texts, _NUL))
    if _EDGE.search(pattern):
        is_plain = pc.and_(is_plain, pc.string_is_ascii(texts))
    # All at once, so that ^ stands for the beginning of the text alone.
    marked = pc.replace_substring_regex(texts, f"(?:{_in_unicode(pattern)})", rf"{_NUL}\1{_NUL}")
    split = pc.if_else(is_plain, marked, pa.scalar("")).to_pylist()
    return [[group for group in (text or "").split(_NUL)[1::2] if group] for text in split]


def _in_unicode(pattern: str) -> str:
    r"""Write \w and \d, and their opposites, for all scripts; \W in brackets cannot be written so."""
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
            msg = r"\W within [...] is not supported: list the characters"
            raise ValueError(msg)
        in_brackets = part[0] == "[" or (in_brackets and part != "]")
    return "".join(written)
