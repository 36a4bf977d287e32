"""YAML files written by people: plain texts, lists and tables, with unique keys and the line of every part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

SIZE_LIMIT = 2**20
"""Maximum size of a file in bytes."""
_DEPTH_LIMIT = 20
_LONGEST_NAME = 60

KeyPath = tuple[str | int, ...]
"""Names of fields and positions in lists, from 0, from the top of the file."""


class BadFileError(ValueError):
    """A file that is not text, or not YAML as written by hand.

    Parameters
    ----------
    said
        What is wrong.
    line
        Line, from 1; `None`: the file as a whole.
    """

    def __init__(self, said: str, line: int | None = None) -> None:
        super().__init__(said if line is None else f"line {line}: {said}")
        self.said, self.line = said, line


@dataclass(frozen=True)
class YamlFile:
    """Content of a YAML file.

    Parameters
    ----------
    content
        Its fields; every value is text, a list or a table, or `None` if left empty.
    lines
        Line of each part, from 1, by its path.
    text
        The whole file, with Unix line ends.
    """

    content: dict[str, Any]
    lines: dict[KeyPath, int]
    text: str

    def line_of(self, path: KeyPath) -> int:
        """Return the line of a part; for a missing one, that of the table around it."""
        return next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1)

    def line_of_text(self, path: KeyPath, part: str, number: int = 0) -> int:
        """Return the line of a piece of a text value, which may have several lines.

        Parameters
        ----------
        path
            The value.
        part
            The piece.
        number
            Number of its occurrence, from 0.
        """
        first = self.line_of(path)
        last = min((line for line in self.lines.values() if line > first), default=len(self.text) + 1)
        rows = self.text.split("\n")[first - 1 : max(last - 1, first)]
        places = [first + row for row, content in enumerate(rows) for _ in range(content.count(part))]
        return places[number] if number < len(places) else first


def read_text(path: Path, limit: int) -> str:
    """Read an untrusted text file, without its byte order mark.

    Raises
    ------
    BadFileError
        If it cannot be read, has more bytes than `limit`, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        msg = f"cannot be read: {error.strerror or error}"
        raise BadFileError(msg) from None
    if len(content) > limit:
        msg = f"larger than {limit} bytes"
        raise BadFileError(msg)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"not UTF-8 at byte {error.start}"
        raise BadFileError(msg, content[: error.start].count(b"\n") + 1) from None


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML file; see `parse_yaml`.

    Raises
    ------
    BadFileError
        If it cannot be read, is too large, or is not YAML as written by hand.
    """
    return parse_yaml(read_text(path, SIZE_LIMIT))


def parse_yaml(text: str) -> YamlFile:
    """Parse plain YAML: a table of fields, without guessing dates, numbers or booleans.

    Raises
    ------
    BadFileError
        If it is not such YAML: a key occurs twice, or there are aliases, tags, or excessive nesting.
    """
    text = text.replace("\r\n", "\n")
    lines: dict[KeyPath, int] = {}
    try:
        # libyaml reads the same ten times as fast; neither creates anything but text nodes.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        _check_events(yaml.parse(text, Loader=loader))
        content = _plain(yaml.compose(text, Loader=loader), (), lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        said = f"{error.problem or 'not YAML'}" + (f" (column {mark.column + 1})" if mark else "")
        raise BadFileError(said, mark.line + 1 if mark else 1) from None
    except yaml.YAMLError as error:
        msg = f"not YAML: {str(error).splitlines()[0]}"
        raise BadFileError(msg) from None
    except RecursionError:
        msg = "nested too deeply"
        raise BadFileError(msg) from None
    if not isinstance(content, dict):
        msg = "not a list of fields, `name: value`, one per line"
        raise BadFileError(msg)
    return YamlFile(content, lines, text)


def _check_events(events: Iterator[Any]) -> None:
    """Reject unnecessary YAML features before building anything.

    Aliases can expand a few lines to gigabytes, tags can make programs build objects, and excessive nesting exhausts
    recursive readers.
    """
    depth = 0
    for event in events:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            msg = f"an alias, *{event.anchor}; write the value out"
            raise BadFileError(msg, line)
        if getattr(event, "tag", None) is not None:
            msg = f"a tag, {event.tag[:_LONGEST_NAME]}; write plain text"
            raise BadFileError(msg, line)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_LIMIT:
            msg = f"nested more than {_DEPTH_LIMIT} levels deep"
            raise BadFileError(msg, line)


def _plain(node: Any, path: KeyPath, lines: dict[KeyPath, int]) -> Any:
    if node is None:
        return None
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        content: dict[str, Any] = {}
        for key, value in node.value:
            name, line = _text_of(key), key.start_mark.line + 1
            if name in content:
                msg = f"{name} occurs twice"
                raise BadFileError(msg, line)
            content[name] = _plain(value, (*path, name), lines)
            lines[(*path, name)] = line
        return content
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value, (*path, number), lines) for number, value in enumerate(node.value)]
    # A class may be called null: only empty values are None.
    is_empty = node.tag == "tag:yaml.org,2002:null" and node.value in {"", "~"}
    return None if is_empty else _text_of(node)


def _text_of(node: Any) -> str:
    line = node.start_mark.line + 1
    if not isinstance(node.value, str):
        msg = "a field name that is not text"
        raise BadFileError(msg, line)
    try:
        node.value.encode()
    except UnicodeEncodeError:
        msg = "half of a character, \\ud800 to \\udfff"
        raise BadFileError(msg, line) from None
    return node.value


def texts_in(content: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Return every text in nested values, with its path."""
    if isinstance(content, str):
        yield path, content
    elif isinstance(content, dict | list):
        for name, value in content.items() if isinstance(content, dict) else enumerate(content):
            yield from texts_in(value, (*path, name))


def without_empty(content: Any) -> Any:
    """Remove empty values."""
    if isinstance(content, dict):
        return {key: without_empty(value) for key, value in content.items() if value is not None}
    return [without_empty(value) for value in content] if isinstance(content, list) else content


def known_keys(model: type[BaseModel], path: Sequence[str | int]) -> list[str]:
    """Return the keys that a pydantic model of a file allows at a position, as written in the file.

    Parameters
    ----------
    model
        The model of the file.
    path
        Position of the keys: names of fields, keys of tables and numbers of list items, from the outside in.
    """
    at: type[BaseModel] = model
    for part in path:
        annotation = next(
            (field.annotation for name, field in at.model_fields.items() if part in {name, field.alias}), None
        )
        at = at if annotation is None else _model_in(annotation) or at
    return [field.alias or name for name, field in at.model_fields.items()]


def fault_text(problem: Mapping[str, Any], model: type[BaseModel]) -> str:
    """Return a message about a field, for one of the `errors()` of a pydantic model of a file."""
    if problem["type"] == "missing":
        return "this key is missing"
    if problem["type"] == "extra_forbidden":
        return f"there is no such key; the keys are {', '.join(known_keys(model, problem['loc'][:-1]))}"
    pattern = problem.get("ctx", {}).get("pattern")
    return f"it does not have the form {pattern}" if pattern else str(problem["msg"]).removeprefix("Value error, ")


def faults_text(error: ValidationError, model: type[BaseModel]) -> str:
    """Return the messages about all fields, by path."""
    problems = error.errors()
    return "; ".join(
        ": ".join(filter(None, (".".join(map(str, problem["loc"])), fault_text(problem, model))))
        for problem in problems
    )


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Find the model in an annotation, which may be a list or table of it, or optional."""
    inside = get_args(annotation)
    if inside:
        return next((model for one in inside if (model := _model_in(one))), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


class _Plain(yaml.SafeDumper):
    """Dumper that writes equal lists in full: many readers do not support anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def plain_yaml(values: dict[str, Any], *, width: int) -> str:
    """Return values as YAML without anchors, with keys in order and lines of about a given width."""
    return yaml.dump(values, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=width)
