"""Patterns of a column map, matched by RE2: in time that grows with the text alone, whatever the pattern."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

_TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[:\^?\w+:\]|\[\^?\]?|.", re.DOTALL)
_MEMBERS = {"w": r"\pL\pM\p{Nd}_", "d": r"\p{Nd}"}
"""Of RE2's own `\\w` and `\\d`, which know ASCII alone, an "é" would end a word, and be cut off."""
_NUL = "\0"
_AROUND = re.compile(r"\(\?<?[=!]")
_BACK = re.compile(r"\\[1-9]|\(\?P=")
_EDGE = re.compile(r"(?<!\\)(?:\\\\)*\\[bB]")


def check_pattern(pattern: str) -> None:
    """Check that a pattern is a regular expression with one group.

    Raises
    ------
    ValueError
        If it is not, or asks for what cannot be matched in bounded time.
    """
    try:
        expression = _in_unicode(pattern)
        pc.match_substring_regex(pa.array([""]), expression)
    except pa.ArrowInvalid as error:
        raise ValueError(_reason(pattern, str(error))) from None
    if not _has_group(expression, r"\1") or _has_group(expression, r"\2"):
        found = "more than one group" if _has_group(expression, r"\2") else "0 groups"
        msg = f"the pattern has {found}, and needs one: (...); (?:...) is none"
        raise ValueError(msg)


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


def group_of(pattern: str, texts: pa.Array) -> pa.Array:
    r"""Return the group of a pattern's first match, anywhere in each text; of the whole text, however long it is.

    Parameters
    ----------
    pattern
        A pattern that `check_pattern` accepts. Where it uses `\b`, texts that are not ASCII do not match, since RE2
        would take "é" for the end of a word.
    texts
        N strings.

    Returns
    -------
    pyarrow.Array
        N strings; null where the pattern does not match, or the text is null.
    """
    expression = _in_unicode(pattern)
    matches = pc.match_substring_regex(texts, expression)
    if _EDGE.search(pattern):
        matches = pc.and_(matches, pc.string_is_ascii(texts))
    found = pc.replace_substring_regex(texts, rf"\A(?s:.*?)(?:{expression})(?s:.*)\z", r"\1")
    return pc.if_else(matches, found, pa.scalar(None, pa.string()))


def groups_of(pattern: str, texts: pa.Array) -> list[list[str]]:
    """Return the group of every match of a pattern, for each text; none where it is null or does not match.

    Parameters
    ----------
    pattern, texts
        See `group_of`. A text that holds a NUL does not match.
    """
    is_plain = pc.invert(pc.match_substring(texts, _NUL))
    if _EDGE.search(pattern):
        is_plain = pc.and_(is_plain, pc.string_is_ascii(texts))
    # All at once, so that ^ stands for the beginning of the text alone.
    marked = pc.replace_substring_regex(texts, f"(?:{_in_unicode(pattern)})", rf"{_NUL}\1{_NUL}")
    split = pc.if_else(is_plain, marked, pa.scalar("")).to_pylist()
    return [[group for group in (text or "").split(_NUL)[1::2] if group] for text in split]


def _in_unicode(pattern: str) -> str:
    r"""Write \w and \d, and their opposites, for all scripts.

    Raises
    ------
    ValueError
        If \W stands in brackets, where it cannot be written so.
    """
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
        if part[0] == "[" and not in_brackets:
            in_brackets = True
        elif part == "]":
            in_brackets = False
    return "".join(written)
