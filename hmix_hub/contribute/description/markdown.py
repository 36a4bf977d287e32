"""Markdown from untrusted text: the text is shown as written, without any markup taking effect."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from hmix_hub.schema.column import markdown_table

_ACTIVE = re.compile(r"[\\`*_\[\]<>&|~$#^]")
"""Characters that can start Markdown, HTML or a formula within a line."""
_BULLET = re.compile(r"[^\w\s]")
_ORDINAL = re.compile(r"(?<=\d)[.)](?=\s|$)")
_BLANK = re.compile(r"\n\s*\n")
_CODE = re.compile(r"[A-Za-z0-9_./:-]+")
_ADDRESS = re.compile(r"https?://\S+")
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Categories of characters that are invisible, or change the order of others."""
_JOINERS = "\u200c\u200d"


class Markdown(str):
    """Text that is already Markdown; any other text is escaped in a card."""

    __slots__ = ()


def one_line(text: str) -> str:
    """Return plain text as one line, without invisible characters."""
    return " ".join("".join(map(_seen, text)).split())


def inline(text: str) -> Markdown:
    """Return plain text as one line of escaped Markdown, safe in a list, a heading or a table."""
    line = _ACTIVE.sub(_entity, one_line(text))
    if not line.startswith("&#"):
        line = _BULLET.sub(_entity, line[:1]) + line[1:]
    return Markdown(_ORDINAL.sub(_entity, line, count=1) if line[:1].isdigit() else line)


def paragraphs(text: str) -> Markdown:
    """Return plain text as paragraphs of Markdown, separated by empty lines; other line ends are kept."""
    parts = _BLANK.split(text.replace("\r\n", "\n").replace("\r", "\n"))
    return Markdown("\n\n".join(filter(None, (_paragraph(part) for part in parts))))


def code(text: str) -> Markdown:
    """Return a name as code, or as plain text if it contains unusual characters."""
    return Markdown(f"`{text}`") if _CODE.fullmatch(text) else inline(text)


def block(text: str, language: str = "") -> Markdown:
    """Return text as a fenced block, with a fence that it cannot close."""
    runs = [len(run) for run in re.findall(r"`+", text)]
    fence = "`" * max(3, *(run + 1 for run in [0, *runs]))
    lines = "\n".join("".join(map(_seen, line)).rstrip() for line in text.strip().splitlines())
    return Markdown(f"{fence}{language}\n{lines}\n{fence}")


def link(text: str, address: str) -> Markdown:
    """Return a link to an address that begins with http: or https:; everything else in it is quoted."""
    return Markdown(f"[{inline(text)}]({quote(address, safe='/:?#@&+,;=%.-_~').replace('&', '&amp;')})")


def reachable(text: str) -> Markdown:
    """Return an address or a page as a link; any other text as itself."""
    text = one_line(text)
    if _ADDRESS.fullmatch(text):
        return link(text, text)
    return link(text, f"mailto:{text}") if _MAIL.fullmatch(text) else inline(text)


def table(rows: Iterable[dict[str, str]]) -> Markdown:
    """Return rows as a table, escaping every cell that is not Markdown; empty without rows."""
    escaped = [{name: str(safe(cell)) for name, cell in row.items()} for row in rows]
    return Markdown(markdown_table(escaped) if escaped else "")


def safe(value: object) -> object:
    """Return a value escaped if it is text but not Markdown, so that templates need not do it."""
    return inline(value) if isinstance(value, str) and not isinstance(value, Markdown) else value


def _paragraph(text: str) -> str:
    lines = [line for line in map(inline, text.split("\n")) if line]
    # A list in the text keeps its lines, though it is not rendered as a list.
    joined = [line if line[0].isalnum() or not number else "\\\n" + line for number, line in enumerate(lines)]
    return "\n".join(joined).replace("\n\\\n", "\\\n")


def _seen(character: str) -> str:
    if character in _JOINERS:
        return character
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _HIDDEN else character


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"
