"""The text of study.yaml, which is published as it stands: all fields, their names, and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from hmix_hub.contribute.privacy.masking import masked_name
from hmix_hub.contribute.privacy.patterns import IDENTITIES, IN_MANIFEST
from hmix_hub.contribute.privacy.plain_text import found_in, search_file, search_lines, search_text
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.yaml_file import SIZE_LIMIT, parse_yaml, texts_in

# Those of four numbers, which no valid study has, look like IP addresses.
_VERSIONS = ("version", "schema_version")
_COMMENT = re.compile(r"(?:^|(?<=\s))#.*")


def search_manifest(path: Path, report: Report) -> None:
    """Search the manifest of a study.

    Fields may hold e-mail addresses, as those of authors and contacts are meant to be public; comments may not.

    Parameters
    ----------
    path
        The file.
    report
        Gets the findings.
    """
    if path.stat().st_size > SIZE_LIMIT:
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
        content = parse_yaml(text).content
    except (ValueError, OSError):
        # What is no YAML may still be a text with ids in it.
        search_file(path, MANIFEST, report, IN_MANIFEST)
        return
    named = ((".".join(map(str, path)), value) for path, value in texts_in(content))
    fields = [(place, value) for place, value in named if place not in _VERSIONS]
    found = found_in([value for _, value in fields], IN_MANIFEST)
    for (place, value), patterns in zip(fields, found, strict=True):
        if patterns:
            search_text(value, MANIFEST, report, patterns, column=masked_name(place))
    comments = [(line, number) for number, line in _comments(text)]
    search_lines(([line for line, _ in comments], [number for _, number in comments]), MANIFEST, report, IDENTITIES)
    # Names of fields, and whatever else there is.
    lines = ["" if line.partition(":")[0].strip("\"' ") in _VERSIONS else line for line in text.split("\n")]
    new = [pattern for pattern in IN_MANIFEST if not report.has(pattern.rule, file=MANIFEST)]
    search_lines((lines, list(range(len(lines)))), MANIFEST, report, new)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Give the comments of a text in YAML, each with the number of its line; a # within a value begins none."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    end, number = 0, 0
    for token in yaml.scan(text, Loader=loader):
        yield from _between(text[end : token.start_mark.index], number)
        end, number = token.end_mark.index, token.end_mark.line
        # The line that begins a block of text may end in a comment.
        if isinstance(token, yaml.ScalarToken) and token.style in {"|", ">"}:
            head = text[token.start_mark.index : end].split("\n", 1)[0]
            yield from _between(head, token.start_mark.line)
    yield from _between(text[end:], number)


def _between(gap: str, number: int) -> Iterator[tuple[int, str]]:
    for offset, line in enumerate(gap.splitlines()):
        if found := _COMMENT.search(line):
            yield number + offset, found.group()
