"""Search of texts, line by line: study.yaml, prose, and tables that cannot be read as such."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from hmix_hub.contribute.privacy.patterns import IDENTITIES, IN_MANIFEST, Pattern, masked, masked_name
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.reading.chunks import UnreadableError
from hmix_hub.studies.reading.text import open_bytes
from hmix_hub.yaml_file import SIZE_LIMIT, parse_yaml, texts_in

_BLOCK = 2**22
"""Characters read at a time."""
_LONGEST_LINE = 2**16
_OVERLAP = 512
"""Overlap of the parts of a long line, so that no match is cut."""
_LINE = re.compile(r"\r\n|\n|\r")
# Versions with four numbers, which are not valid, look like IP addresses.
_VERSIONS = ("version", "schema_version")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_Lines = tuple[list[str], list[int]]


def search_file(path: Path, name: str, report: Report, patterns: Sequence[Pattern]) -> None:
    """Search a text file as far as it can be read, whatever its bytes.

    Parameters
    ----------
    path, name
        The file, compressed or not, and its path within the study.
    report
        Receives findings of rules that have none in this file yet.
    patterns
        The patterns to search for.
    """
    file = masked_name(name)
    new = [pattern for pattern in patterns if not report.has(pattern.rule, file=file)]
    try:
        for lines in _read(path):
            _search_lines(lines, file, report, new)
    except (UnreadableError, OSError, EOFError):
        # The error is reported when it is read as a table; everything before it has been searched.
        return


def first_line(path: Path) -> str:
    """Return the first line of a text file, as far as it can be read."""
    try:
        for texts, _ in _read(path):
            return texts[0] if texts else ""
    except (UnreadableError, OSError, EOFError):
        pass
    return ""


def search_manifest(path: Path, report: Report) -> None:
    """Search the manifest of a study.

    Fields may contain e-mail addresses, because those of authors and contacts are meant to be public; comments may not.
    """
    if path.stat().st_size > SIZE_LIMIT:
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = parse_yaml(text).content
    except (ValueError, OSError):
        # Invalid YAML may still be a text that contains ids.
        search_file(path, MANIFEST, report, IN_MANIFEST)
        return
    named = ((".".join(map(str, path)), value) for path, value in texts_in(content))
    fields = [(text, place) for place, value in named if place not in _VERSIONS for text in _cut([value], 0)[0]]
    texts, places = [text for text, _ in fields], [place for _, place in fields]
    _search_lines((texts, [0] * len(texts)), MANIFEST, report, IN_MANIFEST, columns=places)
    comments = list(_comments(text))
    _search_lines(([line for _, line in comments], [number for number, _ in comments]), MANIFEST, report, IDENTITIES)
    # Names of fields, and everything else.
    lines = ["" if line.partition(":")[0].strip("\"' ") in _VERSIONS else line for line in text.split("\n")]
    new = [pattern for pattern in IN_MANIFEST if not report.has(pattern.rule, file=MANIFEST)]
    _search_lines((lines, list(range(len(lines)))), MANIFEST, report, new)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a YAML text, each with its line number; a # within a value is not a comment."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    end, number = 0, 0
    for token in yaml.scan(text, Loader=loader):
        yield from _between(text[end : token.start_mark.index], number)
        end, number = token.end_mark.index, token.end_mark.line
        # The line that starts a block of text may end in a comment.
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            head = text[token.start_mark.index : end].split("\n", 1)[0]
            yield from _between(head, token.start_mark.line)
    yield from _between(text[end:], number)


def _between(gap: str, number: int) -> Iterator[tuple[int, str]]:
    for offset, line in enumerate(gap.splitlines()):
        if found := _COMMENT.search(line):
            yield number + offset, found.group()


def _search_lines(
    lines: _Lines, file: str, report: Report, patterns: Sequence[Pattern], *, columns: Sequence[str] = ()
) -> None:
    """Search N lines of text with their numbers, counted from 0; `columns` optionally names the column of each."""
    texts, owners = pa.array(lines[0], pa.large_string()), columns or [""] * len(lines[0])
    for pattern in patterns:
        where = np.flatnonzero(pattern.hits(texts).to_numpy(zero_copy_only=False)).tolist()
        for column in dict.fromkeys(owners[i] for i in where):
            found = [i for i in where if owners[i] == column]
            first = found[:MOST_PLACES]
            finds = [None if find is None else masked(find) for find in pattern.finds(texts.take(first))]
            notes = [f"line {lines[1][i] + 1} contains what looks like {pattern.what}" for i in first]
            rows: list[int | None] = [None] * len(first)
            called = masked_name(column) if column else ""
            report.add_rows(pattern.rule, rows, finds, file=file, column=called, notes=notes, count=len(found))


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
    """Split lines into parts of limited length, each with its line number."""
    parts: _Lines = ([], [])
    for line in lines:
        for start in range(0, max(len(line), 1), _LONGEST_LINE):
            parts[0].append(line[max(start - _OVERLAP, 0) : start + _LONGEST_LINE])
            parts[1].append(number)
        number += 1
    return parts
