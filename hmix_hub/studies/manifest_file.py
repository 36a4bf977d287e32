"""Reading of `study.yaml`: plain YAML, where every value is text, every key stands once, and findings name the line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hmix_hub.errors import SchemaVersionError
from hmix_hub.files import is_plain_inside
from hmix_hub.model_keys import known_keys
from hmix_hub.schema import CURRENT, JUDGMENT_TABLE, RELEASED, check_version
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import MANIFEST, WITH_PLACEHOLDERS, Manifest, is_placeholder
from hmix_hub.studies.rules import manifest as rules

SIZE_LIMIT = 2**20
_DEPTH_LIMIT = 20
_LONGEST_NAME = 60
_LONGEST_NOTE = 400


class _BadYamlError(ValueError):
    """The text is no YAML that a manifest may be written in."""


@dataclass(frozen=True)
class _Tree:
    """Content of a YAML file, and the line of each of its parts by path."""

    content: Any
    lines: dict[tuple[str | int, ...], int]


def read_manifest(folder: Path, report: Report, *, is_draft: bool = False, is_lenient: bool = False) -> Manifest | None:
    """Read the manifest of a study folder.

    Parameters
    ----------
    folder
        The study folder.
    report
        Gets what is wrong with it, all at once.
    is_draft
        Whether what the starter left to be written may still be there.
    is_lenient
        Whether fields that are not known are passed over, as a newer package may have written them.

    Returns
    -------
    Manifest or None
        `None` where it cannot be understood.
    """
    path = folder / MANIFEST
    # A link that leads elsewhere is told as such; nothing outside the folder is opened.
    if not is_plain_inside(path, folder):
        report.add(rules.MISSING, file=MANIFEST)
        return None
    try:
        tree = _parse(path)
    except _BadYamlError as error:
        report.add(rules.UNREADABLE, file=MANIFEST, note=str(error))
        return None
    _check_placeholders(tree, report, is_draft=is_draft)
    if not _check_version(tree, report):
        return None
    return _model(tree, report, is_lenient=is_lenient)


def parse_manifest(text: str) -> Any:
    """Parse the text of a manifest to plain values; see `Manifest.model_validate`.

    Raises
    ------
    ValueError
        If it is no YAML that a manifest may be written in.
    """
    return _compose(text).content


def read_plain_yaml(path: Path) -> tuple[dict[str, Any], dict[tuple[str | int, ...], int]]:
    """Read a file of plain YAML: its fields, every value text or nothing, and the line of each part by its path.

    Raises
    ------
    ValueError
        If it is no YAML that a person would write by hand; the message names the line, where it has one.
    """
    tree = _parse(path)
    return tree.content, tree.lines


def _parse(path: Path) -> _Tree:
    try:
        content = path.read_bytes()[: SIZE_LIMIT + 1]
        if len(content) > SIZE_LIMIT:
            msg = f"larger than {SIZE_LIMIT} bytes"
            raise _BadYamlError(msg)
        return _compose(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        msg = f"not UTF-8 at byte {error.start}"
        raise _BadYamlError(msg) from None
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise _BadYamlError(msg) from None


def _compose(text: str) -> _Tree:
    try:
        # libyaml reads the same ten times as fast; neither makes anything but nodes of text.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        _check_events(yaml.parse(text, Loader=loader))
        node = yaml.compose(text, Loader=loader)
        lines: dict[tuple[str | int, ...], int] = {}
        content = _plain(node, (), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        msg = f"line {line}: {error.problem or 'not YAML'}"
        raise _BadYamlError(msg) from None
    except yaml.YAMLError as error:
        msg = f"not YAML: {str(error).splitlines()[0]}"
        raise _BadYamlError(msg) from None
    except RecursionError:
        msg = "nested too deeply"
        raise _BadYamlError(msg) from None
    if not isinstance(content, dict):
        msg = "not a list of fields, `name: value`, one a line"
        raise _BadYamlError(msg)
    return _Tree(content, lines)


def _check_events(events: Iterator[Any]) -> None:
    """Refuse what a manifest has no use for, before any of it is built.

    Aliases are how a few lines become gigabytes, tags how other programs are made to build objects, and what is nested
    beyond measure exhausts those who follow it.
    """
    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            msg = f"line {line}: an alias, *{event.anchor}; write the value out"
            raise _BadYamlError(msg)
        if getattr(event, "tag", None) is not None:
            msg = f"line {line}: a tag, {event.tag[:_LONGEST_NAME]}; write plain text"
            raise _BadYamlError(msg)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            msg = f"line {line}: nested more than {_DEPTH_LIMIT} deep"
            raise _BadYamlError(msg)


def _plain(node: Any, path: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int]) -> Any:
    """Give a YAML node as dict, list and text: no value is guessed to be a date, a number or a truth."""
    if node is None:
        return None
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key, value in node.value:
            name = _text_of(key)
            if name in content:
                msg = f"line {key.start_mark.line + 1}: {name} stands twice"
                raise _BadYamlError(msg)
            content[name] = _plain(value, (*path, name), lines)
            lines[(*path, name)] = key.start_mark.line + 1
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, (*path, number), lines) for number, value in enumerate(node.value)]
    # A class may be called null: only what is left empty is nothing.
    is_empty = node.tag == "tag:yaml.org,2002:null" and node.value in {"", "~"}
    return None if is_empty else _text_of(node)


def _text_of(node: Any) -> str:
    line = node.start_mark.line + 1
    if not isinstance(node.value, str):
        msg = f"line {line}: a name of a field that is no text"
        raise _BadYamlError(msg)
    try:
        node.value.encode()
    except UnicodeEncodeError:
        msg = f"line {line}: half of a character, \\ud800 to \\udfff"
        raise _BadYamlError(msg) from None
    return node.value


def _check_version(tree: _Tree, report: Report) -> bool:
    version = tree.content.get("schema_version", CURRENT)
    try:
        known = check_version(version) != RELEASED
        note = "" if known else f"contributed studies are written in schema {CURRENT}, or {JUDGMENT_TABLE}"
    except SchemaVersionError as error:
        known, note = False, f"{error.message}; {error.hint}"
    if not known:
        report.add(rules.SCHEMA_VERSION, file=MANIFEST, column="schema_version", value=version, note=note)
    return known


def _check_placeholders(tree: _Tree, report: Report, *, is_draft: bool) -> None:
    for path, value in texts_in(tree.content):
        if is_placeholder(value):
            report.add(
                rules.UNFINISHED_DRAFT if is_draft else rules.UNFINISHED,
                file=MANIFEST,
                value=value,
                note=f"{_dotted(path)}, line {tree.lines[path]}",
            )


def texts_in(content: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Give every text of nested values with its path."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from texts_in(value, (*path, key))
    elif isinstance(content, list):
        for number, value in enumerate(content):
            yield from texts_in(value, (*path, number))
    elif isinstance(content, str):
        yield path, content


def _model(tree: _Tree, report: Report, *, is_lenient: bool) -> Manifest | None:
    from pydantic import ValidationError

    try:
        # A field that is left empty is one that is left out.
        given = {name: value for name, value in tree.content.items() if value is not None}
        # What is still to be written is a finding of its own; the rest is checked meanwhile.
        return Manifest.model_validate(given, extra="ignore" if is_lenient else None, context=WITH_PLACEHOLDERS)
    except ValidationError as error:
        for problem in error.errors():
            path = tuple(part for part in problem["loc"] if _is_in(tree, part))
            line = next((tree.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in tree.lines), 1)
            report.add(
                rules.INVALID,
                file=MANIFEST,
                column=_dotted(path),
                value=problem["input"] if isinstance(problem["input"], str) else None,
                note=f"line {line}: {_said(problem)}",
            )
        return None


def _is_in(tree: _Tree, part: str | int) -> bool:
    """Say whether a part of a location is of the file, rather than of the model's own alternatives."""
    return isinstance(part, int) or any(part in path for path in tree.lines) or part in Manifest.model_fields


def _said(problem: Any) -> str:
    kinds = {
        "missing": "this field is missing",
    }
    if problem["type"] == "extra_forbidden":
        fields = ", ".join(known_keys(Manifest, problem["loc"][:-1]))
        return f"there is no such field; the fields here are {fields}"
    said = kinds.get(problem["type"]) or str(problem["msg"]).removeprefix("Value error, ")
    pattern = problem.get("ctx", {}).get("pattern")
    return f"it does not have the form {pattern}" if pattern else said[:_LONGEST_NOTE]


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
