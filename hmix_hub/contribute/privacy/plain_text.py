"""Plain text, searched line by line for what gives people away: prose, and tables that cannot be read as such."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.privacy.masking import masked, masked_name
from hmix_hub.contribute.privacy.patterns import Pattern
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.chunks import UnreadableError
from hmix_hub.studies.reading.text import open_bytes

_BLOCK = 2**22
"""Characters that are read at a time."""
_LONGEST_LINE = 2**16
_OVERLAP = 512
"""Characters that parts of a long line share, so that nothing is cut where it would be found."""
_LINE = re.compile(r"\r\n|\n|\r")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_Lines = tuple[list[str], list[int]]


def search_file(path: Path, name: str, report: Report, patterns: Sequence[Pattern]) -> None:
    """Search a text file as far as it can be read, whatever its bytes.

    Parameters
    ----------
    path, name
        The file, compressed or not, and its path within the study.
    report
        Gets the findings of rules that it has none of in this file yet.
    patterns
        What is looked for.
    """
    file = masked_name(name)
    new = [pattern for pattern in patterns if not report.has(pattern.rule, file=file)]
    try:
        for lines in _read(path):
            search_lines(lines, file, report, new)
    except (UnreadableError, OSError, EOFError):
        # Where it ends is told by whoever reads it as a table; what came before has been searched.
        return


def search_text(text: str, name: str, report: Report, patterns: Sequence[Pattern], *, column: str) -> None:
    """Search a text that stands in a field of a file."""
    search_lines(_cut([text], 0), name, report, patterns, column=column)


def found_in(texts: Sequence[str], patterns: Sequence[Pattern]) -> list[list[Pattern]]:
    """Return the patterns that each of N texts holds; to prepare a pattern takes longer than to search many texts."""
    parts = [(part, owner) for owner, text in enumerate(texts) for part in _cut([text], 0)[0]]
    column = pa.array([part for part, _ in parts], pa.large_string())
    found: list[list[Pattern]] = [[] for _ in texts]
    for pattern in patterns:
        where = np.flatnonzero(pattern.hits(column).to_numpy(zero_copy_only=False))
        for owner in sorted({parts[i][1] for i in where.tolist()}):
            found[owner].append(pattern)
    return found


def first_line(path: Path) -> str:
    """Give the first line of a text file, or as much of it as can be read; empty where nothing can."""
    try:
        for texts, _ in _read(path):
            return texts[0] if texts else ""
    except (UnreadableError, OSError, EOFError):
        pass
    return ""


def search_lines(lines: _Lines, file: str, report: Report, patterns: Sequence[Pattern], *, column: str = "") -> None:
    """Search lines of text, N of them with their N numbers, counted from 0."""
    texts = pa.array(lines[0], pa.large_string())
    for pattern in patterns:
        where = np.flatnonzero(pattern.hits(texts).to_numpy(zero_copy_only=False))
        if len(where):
            first = where[:MOST_PLACES].tolist()
            finds = [None if found is None else masked(found) for found in pattern.finds(texts.take(first))]
            notes = [f"line {lines[1][i] + 1} holds what looks like {pattern.what}" for i in first]
            rows: list[int | None] = [None] * len(first)
            report.add_rows(pattern.rule, rows, finds, file=file, column=column, notes=notes, count=len(where))


def _read(path: Path) -> Iterator[_Lines]:
    with open_bytes(path) as stream:
        start = stream.read(2)
    encoding = "utf-16" if start in _UTF16 else "utf-8-sig"
    number, rest = 0, ""
    with io.TextIOWrapper(open_bytes(path), encoding=encoding, errors="replace", newline="") as text:
        while block := text.read(_BLOCK):
            lines = _LINE.split(rest + block)
            rest = lines.pop()
            if len(rest) > _BLOCK:
                lines, rest = [*lines, rest], rest[-_OVERLAP:]
            yield _cut(lines, number)
            number += len(lines)
        yield _cut([rest], number)


def _cut(lines: list[str], number: int) -> _Lines:
    """Cut lines into parts that are not too long, each with the number of its line."""
    parts: _Lines = ([], [])
    for line in lines:
        for start in range(0, max(len(line), 1), _LONGEST_LINE):
            parts[0].append(line[max(start - _OVERLAP, 0) : start + _LONGEST_LINE])
            parts[1].append(number)
        number += 1
    return parts
