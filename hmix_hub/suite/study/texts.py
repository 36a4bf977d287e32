"""Texts that participants read: forbidden markup and control characters, and unsupported Markdown."""

from __future__ import annotations

import re
from html.entities import html5

_ELEMENT_NAMES = """
    a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body
    br button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir
    div dl dt em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup
    hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark marquee math menu
    menuitem meta meter nav nobr noembed noframes noscript object ol optgroup option output p param picture plaintext
    portal pre progress q rb rp rt rtc ruby s samp script search section select shadow slot small source spacer span
    strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title tr track tt u ul
    var video wbr xmp
"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_SWITCH_NAMES = """
    allowfullscreen async autofocus autoplay checked controls default defer disabled formnovalidate hidden inert ismap
    itemscope loop multiple muted nomodule novalidate open playsinline readonly required reversed selected
"""
_NAME = "[A-Za-z][A-Za-z0-9:-]*"
_SWITCHES = rf"(?:\s+(?i:{'|'.join(_SWITCH_NAMES.split())}))*"
"""Attributes without a value; a name followed by any other word, as in `a<b and b>a`, is not a tag."""
_TAG = re.compile(rf"<({_NAME}){_SWITCHES}(\s*)>")
_CLOSING = re.compile(rf"</{_NAME}\s*>|<{_NAME}\s*/>")
_ATTRIBUTE = re.compile(rf"<{_NAME}{_SWITCHES}\s+[A-Za-z_:@][\w:.@-]*\s*=\s*[\"'\w](?:[^<>]*>)?")
_OTHER = re.compile(r"<!--|-->|<!(?i:doctype|\[cdata)|<\?(?i:xml|php)")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,40});")
_UNREAD = (
    r"!\[[^\]\n]*\]\([^)\s]*\)|\[[^\]\n]+\]\((?!https?://|mailto:)[^)\s]+\)|~~\S[^~\n]*~~|(?<!\w)__\S[^_\n]*__|"
    r"^```|^> |^#{4,} |^\|.*\|[ \t]*$|^(?:[-*] +)?\[[xX]\] "
)
_UNREAD_MARKDOWN = re.compile(rf"{_UNREAD}|^[ \t]+(?:[-*]|\d{{1,3}}[.)]) +\S[^\n]*", re.MULTILINE)
_ANY_MARKDOWN = re.compile(
    rf"{_UNREAD}|\*\*\S[^*\n]*\*\*|\[[^\]\n]+\]\(https?://[^)\s]+\)|^#{{1,3}} |^(?:[-*] +)?\[ \] ", re.MULTILINE
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def markup_in(text: str) -> list[str]:
    """Return the markup in a text that should be plain.

    Returns
    -------
    list of str
        HTML tags, comments and entities, as written, in order. Lookalikes are ignored: `<Please click`, `a<b and b>a`,
        `AT&T`.
    """
    found: list[tuple[int, int]] = []
    for tag in _TAG.finditer(text):
        name, space = tag.groups()
        # `a <b > c` is a comparison.
        if name.lower() in _ELEMENTS and not (space and len(name) == 1):
            found.append(tag.span())
    found += [match.span() for pattern in (_CLOSING, _ATTRIBUTE, _OTHER) for match in pattern.finditer(text)]
    entities = _ENTITY.finditer(text)
    found += [match.span() for match in entities if match[0].startswith("&#") or match[0][1:] in html5]
    apart: list[str] = []
    reached = 0
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if start >= reached:
            apart.append(text[start:end])
            reached = end
    return apart


def markdown_in(text: str, *, is_rich: bool) -> str | None:
    """Return the first Markdown in a text that pages would show as written; `None`: there is none.

    Parameters
    ----------
    is_rich
        Whether pages support headings, lists, bold words and links in it, as in the consent form and instructions.
    """
    found = (_UNREAD_MARKDOWN if is_rich else _ANY_MARKDOWN).search(text)
    return None if found is None else found.group().strip()


def control_in(text: str) -> str | None:
    """Return the first control character in a text except tabs and line ends, as in U+0007; `None`: there is none."""
    found = _CONTROL.search(text)
    return None if found is None else f"U+{ord(found.group()):04X}"
