"""Column map: how the columns of any flat table become those of a judgment file, as YAML.

Its patterns are matched by RE2: in time that grows with the text alone, whatever the pattern.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from hmix_hub.errors import ConfigurationError, SourceMissingError, Where, nearest
from hmix_hub.schema.judgment import EXTRA_PREFIX
from hmix_hub.studies.manifest import TaskName
from hmix_hub.tasks import TASKS, contributed_columns, missing_columns
from hmix_hub.yaml_file import SIZE_LIMIT, known_keys, parse_yaml

_TOKEN = re.compile(r"\\Q.*?(?:\\E|\Z)|\\.|\[:\^?\w+:\]|\[\^?\]?|.", re.DOTALL)
_MEMBERS = {"w": r"\pL\pM\p{Nd}_", "d": r"\p{Nd}"}
"""Of RE2's own `\\w` and `\\d`, which know ASCII alone, an "é" would end a word, and be cut off."""
_NUL = "\0"
_AROUND = re.compile(r"\(\?<?[=!]")
_BACK = re.compile(r"\\[1-9]|\(\?P=")
_EDGE = re.compile(r"(?<!\\)(?:\\\\)*\\[bB]")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class From(_Strict):
    """Where a column's values come from, and what is done to them, in this order.

    `column` or `constant`; `json` takes a key of the cell's JSON object; `pattern` takes the one group of a regular
    expression (RE2), anywhere in the text; `keys` makes a list of the object's own keys, of those that are not false,
    0, "" or null; `values` replaces words; `equals` makes a truth; `multiply`, `divide` and `flip` (1 minus) calculate.
    A decimal comma is read as a point where there is something to calculate. A cell that holds something must fit
    `json`, `keys` and `pattern`, unless the column is `optional`.
    """

    column: str | None = Field(None, description="Column of the raw table.")
    constant: str | None = Field(None, description="One value for every row.")
    json_key: str | None = Field(
        None, alias="json", description="Key of the JSON object in the cell; a.b for b within a."
    )
    pattern: str | None = Field(
        None, description="Regular expression with one group; in a column of lists, each match gives an item."
    )
    keys: str | None = Field(
        None, description="Regular expression with one group: a list of what it finds in the keys of the JSON object."
    )
    values: dict[str, str] | None = Field(None, description="Words to replace, by word; others stay.")
    equals: str | list[str] | None = Field(
        None, description="True where the text is this, or one of these, whatever the case."
    )
    multiply: float | None = Field(None, gt=0, description="Multiply by it: 1000 for seconds to milliseconds.")
    divide: float | None = Field(None, gt=0, description="Divide by it: 100 for a scale of 0 to 100.")
    flip: bool = Field(False, description="Take 1 minus the value, after dividing.")
    optional: bool = Field(
        False,
        description="Whether cells that json, keys or pattern do not fit, or a file without the column, give nothing.",
    )

    @field_validator("pattern", "keys")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            check_pattern(pattern)
        return pattern

    @model_validator(mode="after")
    def _check_origin(self) -> From:
        if (self.column is None) == (self.constant is None):
            msg = "give either column or constant"
            raise ValueError(msg)
        if self.keys is not None and (self.pattern, self.equals, self.multiply, self.divide) != (None,) * 4:
            msg = "keys makes a list of words and combines with json and values alone"
            raise ValueError(msg)
        return self


def words(equals: str | list[str]) -> list[str]:
    """Return the words that a text is compared with, in small letters."""
    return [word.strip().lower() for word in ([equals] if isinstance(equals, str) else equals)]


class Keep(_Strict):
    """Which rows are judgments: those whose column is one of these values, or not empty."""

    column: str
    equals: str | list[str] | None = Field(None, description="Value, or values, of rows to keep; else: not empty.")


class ColumnMap(_Strict):
    """A column map."""

    task: TaskName
    sheet: str | None = Field(
        None, description="Sheet of a workbook, or table of a database; else the only one with rows."
    )
    rows: list[Keep] = Field(default_factory=list, description="Rows that meet all of these are kept.")
    # A column's name alone is a renaming.
    columns: dict[str, Annotated[From, BeforeValidator(lambda it: {"column": it} if isinstance(it, str) else it)]] = (
        Field(description="By column of the judgment file: a raw column's name, or more of where it comes from.")
    )

    @model_validator(mode="after")
    def _check_columns(self) -> ColumnMap:
        known = [column.name for column in contributed_columns(self.task)]
        for name in self.columns:
            if name not in known and not name.startswith(EXTRA_PREFIX):
                if name in {column.name for column in TASKS[self.task].columns}:
                    msg = f"{name} is computed; leave it out"
                else:
                    near = nearest(name, known, label="columns")
                    msg = f"{name} is no column of the task; {near}; columns of your own begin with {EXTRA_PREFIX}"
                raise ValueError(msg)
        is_single = TASKS[self.task].shows != "pair"
        missing = [column.name for column in missing_columns(self.columns, self.task, (), is_single=is_single)]
        if missing:
            columns = "columns" if len(missing) > 1 else "column"
            msg = f'no source given for required {columns} {", ".join(missing)}; `constant: ""` leaves a column empty'
            raise ValueError(msg)
        return self


def read_column_map(path: Path) -> ColumnMap:
    """Read a column map.

    Raises
    ------
    SourceMissingError
        If there is no such file.
    ConfigurationError
        If it is no column map; every field that is wrong is named.
    """
    where = Where(str(path))
    try:
        text = path.read_bytes()[:SIZE_LIMIT].decode("utf-8-sig")
    except OSError as error:
        msg = f"the column map cannot be read: {error.strerror or error}"
        raise SourceMissingError(msg, where=where, hint="name a YAML file with --map") from None
    except UnicodeDecodeError:
        msg = "the column map is not UTF-8"
        raise ConfigurationError(msg, where=where, hint="save it as UTF-8") from None
    try:
        return ColumnMap.model_validate(parse_yaml(text).content)
    except ValidationError as error:
        told = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'map'}: {_said(problem)}" for problem in error.errors()
        )
        hint = "`hmix contribute schema --map` describes every key, and CONTRIBUTING.md shows a column map"
        raise ConfigurationError(told, where=where, hint=hint) from None
    except ValueError as error:
        msg = f"the column map is no plain YAML: {error}"
        hint = "quote patterns with single quotes, and indent with spaces"
        raise ConfigurationError(msg, where=where, hint=hint) from None


def _said(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        names = known_keys(ColumnMap, problem["loc"][:-1])
        return f"there is no such key; the keys are {', '.join(names)}"
    return str(problem["msg"]).removeprefix("Value error, ")


def map_schema() -> str:
    """Return the JSON Schema of a column map."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **ColumnMap.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def check_pattern(pattern: str) -> None:
    """Check that a pattern is a regular expression with one group, which can be matched in bounded time."""
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

    Null where the pattern, which `check_pattern` accepts, does not match, or the text is null. Where it uses `\b`,
    texts that are not ASCII do not match, since RE2 would take "é" for the end of a word.
    """
    expression = _in_unicode(pattern)
    matches = pc.match_substring_regex(texts, expression)
    if _EDGE.search(pattern):
        matches = pc.and_(matches, pc.string_is_ascii(texts))
    found = pc.replace_substring_regex(texts, rf"\A(?s:.*?)(?:{expression})(?s:.*)\z", r"\1")
    return pc.if_else(matches, found, pa.scalar(None, pa.string()))


def groups_of(pattern: str, texts: pa.Array) -> list[list[str]]:
    """Return the group of every match of a pattern, for each text, as `group_of`; none in a text that holds a NUL."""
    is_plain = pc.invert(pc.match_substring(texts, _NUL))
    if _EDGE.search(pattern):
        is_plain = pc.and_(is_plain, pc.string_is_ascii(texts))
    # All at once, so that ^ stands for the beginning of the text alone.
    marked = pc.replace_substring_regex(texts, f"(?:{_in_unicode(pattern)})", rf"{_NUL}\1{_NUL}")
    split = pc.if_else(is_plain, marked, pa.scalar("")).to_pylist()
    return [[group for group in (text or "").split(_NUL)[1::2] if group] for text in split]


def _in_unicode(pattern: str) -> str:
    r"""Write \w and \d, and their opposites, for all scripts; \W in brackets cannot be written so."""
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
        in_brackets = part[0] == "[" or (in_brackets and part != "]")
    return "".join(written)
