"""Lines of a TOML file: where each key stands, which the parser of the standard library does not tell."""

from __future__ import annotations

import re
import tomllib
from contextlib import suppress
from typing import Any

Path = tuple[str | int, ...]
"""Keys, and places in lists from 0, from the top of the file."""

_BLANK = re.compile(r"[ \t]*")
_GAP = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_REST = re.compile(r"[^\n]*")
_PART = re.compile(r"""\s*(?:"(?:\\.|[^"\\\n])*"|'[^'\n]*'|[A-Za-z0-9_-]+)\s*""")
_LONG = re.compile(r'"""(?:\\.|[^\\])*?"""(?:"{0,2})' + r"|'''.*?'''(?:'{0,2})", re.DOTALL)
_SHORT = re.compile(r'"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'")
_BARE = re.compile(r"[^,\]}#\r\n]*")


def lines_of_toml(text: str) -> dict[Path, int]:
    """Find the line of every key and list element of a TOML text.

    Parameters
    ----------
    text
        What `tomllib.loads` takes without an error.

    Returns
    -------
    dict
        The line, from 1, by the path of the key; a table has that of its heading, or of the first key that makes it.
        Of a text that is no TOML, what was found before the place where it stops being so.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    with suppress(_LostError, RecursionError):
        scanner.scan()
    return scanner.lines


class _LostError(Exception):
    """The text is not what the scanner takes TOML to be."""


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}
        self._counted = (0, 1)

    def scan(self) -> None:
        """Go through the whole text."""
        table: Path = ()
        self._skip(_GAP)
        while self.at < len(self.text):
            if self._peek("["):
                table = self._heading()
            else:
                self._pair(table)
            self._skip(_REST)
            self._skip(_GAP)

    def _heading(self) -> Path:
        line = self._line()
        is_list = self._peek("[[")
        self.at += 2 if is_list else 1
        keys = self._key()
        path: Path = ()
        for key in keys[:-1]:
            path = self._inside((*path, key), line)
        path = (*path, keys[-1])
        if is_list:
            self.lines.setdefault(path, line)
            number = self._lengths.get(path, 0)
            self._lengths[path] = number + 1
            path = (*path, number)
        self.lines[path] = line
        return path

    def _inside(self, path: Path, line: int) -> Path:
        """Go into a table that is named on the way: of a list of tables, the last one."""
        self.lines.setdefault(path, line)
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _pair(self, table: Path) -> None:
        line = self._line()
        path = table
        for key in self._key():
            path = (*path, key)
            self.lines.setdefault(path, line)
        self._expect("=")
        self._skip(_BLANK)
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._peek("["):
            self._list(path)
        elif self._peek("{"):
            self._inline_table(path)
        elif not (self._skip(_LONG) or self._skip(_SHORT) or self._skip(_BARE)):
            raise _LostError

    def _list(self, path: Path) -> None:
        self._expect("[")
        self._skip(_GAP)
        number = 0
        while not self._peek("]"):
            self.lines[*path, number] = self._line()
            self._value((*path, number))
            number += 1
            self._comma("]")
        self._expect("]")

    def _inline_table(self, path: Path) -> None:
        self._expect("{")
        self._skip(_GAP)
        while not self._peek("}"):
            self._pair(path)
            self._comma("}")
        self._expect("}")

    def _comma(self, end: str) -> None:
        self._skip(_GAP)
        if not self._peek(end):
            self._expect(",")
            self._skip(_GAP)

    def _key(self) -> list[str]:
        start = self.at
        self._skip(_PART)
        while self._peek("."):
            self.at += 1
            self._skip(_PART)
        # The parser itself says what a quoted key is.
        try:
            content: Any = tomllib.loads(f"{self.text[start : self.at].strip()} = 0")
        except tomllib.TOMLDecodeError:
            raise _LostError from None
        keys = []
        while isinstance(content, dict):
            [(key, content)] = content.items()
            keys.append(key)
        return keys

    def _peek(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def _expect(self, mark: str) -> None:
        if not self._peek(mark):
            raise _LostError
        self.at += len(mark)

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self.text, self.at)
        if found is None:
            return False
        self.at = found.end()
        return bool(found.group())

    def _line(self) -> int:
        """Give the line of the place that is read, counted on from where it was last asked for."""
        before, line = self._counted
        line += self.text.count("\n", before, self.at)
        self._counted = (self.at, line)
        return line
