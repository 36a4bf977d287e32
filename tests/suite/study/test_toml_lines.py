"""The line of every key of a TOML file, for documents written in every way that TOML knows."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmix_hub.suite.study.toml_lines import lines_of_toml

_TRICKY = ["a = 1", "[a]", "[[a]]", "# no comment", "'", '"', "x = '''", "}", "]", ",", "=", "", "ü"]
_SCALARS = ["1", "-2.5e3", "true", "inf", "1979-05-27 07:32:00", "1979-05-27", "0xDEAD", "'#'", '"]"', "'a\\'", '"\\""']


@dataclass
class _Document:
    """A document while it is written, and the line of each path that was."""

    draw: Any
    text: str = ""
    expected: dict[tuple[Any, ...], int] = field(default_factory=dict)
    keys: int = 0

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def one_of(self, *choices: Any) -> Any:
        return self.draw(st.sampled_from(choices))

    def key(self) -> tuple[str, str]:
        """Give a new key, as it is and as it is written."""
        self.keys += 1
        name = self.one_of("k{}", "k {}", "k.{}", "k#{}", "[k{}", "k={}", "ü{}", "k\\{}").format(self.keys)
        if name == f"k{self.keys}":
            return name, self.one_of(name, f'"{name}"', f"'{name}'")
        quoted = name.replace("\\", "\\\\")
        return name, self.one_of(f'"{quoted}"', f"'{name}'")

    def gap(self) -> None:
        self.text += self.one_of("", "", "\n", "# a = 1\n", "  \t\n", "# [x]\n\n")

    def pair(self, table: tuple[Any, ...], depth: int) -> None:
        """Write a key, perhaps a dotted one, and its value; the line goes on behind it."""
        written, path = [], table
        for _ in range(self.one_of(1, 1, 2, 3)):
            name, quoted = self.key()
            path = (*path, name)
            written.append(quoted)
            self.expected[path] = self.line
        self.text += self.one_of(".", " . ").join(written) + self.one_of("=", " = ", "\t=")
        self.value(path, depth)

    def value(self, path: tuple[Any, ...], depth: int) -> None:
        kind = self.one_of("scalar", "text", *(("list", "table") if depth else ()))
        if kind == "scalar":
            self.text += self.one_of(*_SCALARS)
        elif kind == "text":
            self.long_text()
        elif kind == "list":
            self.list(path, depth - 1)
        else:
            self.text += "{"
            for number in range(self.one_of(0, 1, 2)):
                self.text += ", " if number else " "
                # An inline table stands in one line, as far as its texts and lists allow.
                self.pair(path, depth - 1)
            self.text += " }"

    def long_text(self) -> None:
        lines = self.draw(st.lists(st.sampled_from(_TRICKY), max_size=4))
        if self.draw(st.booleans()):
            inside = "\n".join(lines).replace("'''", "''")
            self.text += f"'''{inside}\n'''" + self.one_of("", "'", "''")
        else:
            inside = "\n".join(lines).replace('"""', '""') + self.one_of("", "\\\\", '\\"""', "\\\n  ")
            self.text += f'"""{inside}\n"""' + self.one_of("", '"', '""')

    def list(self, path: tuple[Any, ...], depth: int) -> None:
        self.text += "["
        for number in range(self.one_of(0, 1, 3)):
            self.text += "," if number else ""
            self.text += self.one_of("", " ", "\n", " # , ]\n ")
            self.expected[*path, number] = self.line
            self.value((*path, number), depth)
            self.text += self.one_of("", "\n", " # x\n")
        self.text += "]"

    def pairs(self, table: tuple[Any, ...]) -> None:
        for _ in range(self.one_of(0, 1, 2)):
            self.gap()
            self.pair(table, 2)
            self.text += self.one_of("\n", "  # a = 1\n")

    def heading(self, path: tuple[Any, ...], written: str, *, is_list: bool) -> None:
        self.expected[path] = self.line
        self.text += (f"[[{written}]]" if is_list else f"[ {written} ]") + self.one_of("\n", " # [y]\n")
        self.pairs(path)

    def tables(self) -> None:
        for _ in range(self.one_of(0, 1, 3)):
            name, written = self.key()
            inner, inner_written = self.key()
            self.gap()
            if self.draw(st.booleans()):
                for number in range(self.one_of(1, 2, 3)):
                    self.expected.setdefault((name,), self.line)
                    self.heading((name, number), written, is_list=True)
                    if self.draw(st.booleans()):
                        self.heading((name, number, inner), f"{written}.{inner_written}", is_list=False)
            else:
                self.expected[name,] = self.line
                self.heading((name, inner), f"{written} . {inner_written}", is_list=False)
                if self.draw(st.booleans()):
                    # The table around it may be named later; then that is its line.
                    self.heading((name,), written, is_list=False)


@st.composite
def documents(draw: Any) -> _Document:
    document = _Document(draw)
    document.pairs(())
    document.tables()
    return document


def _paths(content: Any, path: tuple[Any, ...] = ()) -> set[tuple[Any, ...]]:
    inside = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    return {path} | {found for key, value in inside for found in _paths(value, (*path, key))}


@given(documents())
def test_every_key_of_a_document_has_the_line_it_was_written_in(document: _Document) -> None:
    paths = _paths(tomllib.loads(document.text)) - {()}

    lines = lines_of_toml(document.text)

    assert set(lines) == paths
    assert lines == document.expected


@given(documents())
def test_windows_line_ends_change_no_line(document: _Document) -> None:
    assert lines_of_toml(document.text.replace("\n", "\r\n")) == document.expected


@given(documents(), st.integers(0, 400), st.sampled_from(["", '"', "[", "=", "'''", "\\", "\n", "{", "}"]))
def test_a_damaged_document_gives_lines_of_its_own_or_none(document: _Document, at: int, put: str) -> None:
    damaged = document.text[:at] + put + document.text[at + 1 :]
    last = damaged.count("\n") + 1

    assert all(1 <= line <= last for line in lines_of_toml(damaged).values())


def test_a_document_that_is_nested_too_deeply_is_given_up() -> None:
    assert lines_of_toml("a = 1\nb = " + "[" * 5000 + "]" * 5000)[("a",)] == 1


@pytest.mark.parametrize("text", ["a = 1", "a = 1\n", "a=1#", "a = 1 "])
def test_the_last_line_needs_no_end(text: str) -> None:
    assert lines_of_toml(text) == {("a",): 1}
