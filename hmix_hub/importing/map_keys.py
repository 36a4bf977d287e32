"""Keys of a column map: where a column's values come from and what is done to them, and which rows are kept."""

from __future__ import annotations

import re
from math import isfinite
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from hmix_hub.importing.json_paths import check_path
from hmix_hub.importing.patterns import check_pattern
from hmix_hub.studies.manifest_fields import Strict

_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


def words(equals: str | list[str]) -> list[str]:
    """Return the words that a text is compared with, in lower case."""
    return [word.strip().lower() for word in ([equals] if isinstance(equals, str) else equals)]


def listed(values: str | list[str]) -> str:
    """Return the values that cells are compared with, for a message."""
    return repr(values) if isinstance(values, str) else " or ".join(map(repr, values))


def renamed(value: Any) -> Any:
    """Read a column's name alone as a renaming."""
    return {"column": value} if isinstance(value, str) else value


class _Column(Strict):
    column: str | list[str] | None = Field(
        None, description="Column of the raw table; of several, `[a, b]`, the first whose cell holds something."
    )

    @property
    def columns(self) -> list[str]:
        """Columns of which the first that holds something is taken."""
        return [self.column] if isinstance(self.column, str) else self.column or []

    @field_validator("column")
    @classmethod
    def _check_column(cls, column: str | list[str] | None) -> str | list[str] | None:
        if column is not None and not column:
            msg = "name a column"
            raise ValueError(msg)
        return column


class Extraction(_Column):
    """A column, and what is extracted from its cells."""

    json_key: str | None = Field(
        None,
        alias="json",
        description="Key of the JSON object in the cell; a.b for b within a. In an array `0` is the first element, "
        "`-1` the last, `a=b` the first object whose a is b, and `*` a list of all.",
    )
    pattern: str | None = Field(
        None, description="Regular expression with one group; in a column of lists, each match gives an item."
    )

    @property
    def is_json(self) -> bool:
        """Whether cells are parsed as JSON."""
        return self.json_key is not None

    @field_validator("json_key")
    @classmethod
    def _check_path(cls, path: str | None) -> str | None:
        if path is not None:
            check_path(path)
        return path


class Operand(Extraction):
    """The column that is subtracted."""

    @model_validator(mode="after")
    def _check(self) -> Operand:
        if self.column is None:
            msg = "name its column"
            raise ValueError(msg)
        if self.pattern is not None:
            check_pattern(self.pattern)
        return self


class Condition(Extraction):
    """Condition on which a row is kept: all of its keys hold; of a column alone, that its cell is not empty."""

    pattern: str | None = Field(
        None,
        description="Regular expression that rows to keep match; with a group, which part of the text is compared.",
    )
    equals: str | list[str] | None = Field(None, description="Value, or values, of rows to keep, whatever the case.")
    unequal: str | list[str] | None = Field(None, alias="not", description="Value, or values, of rows to drop.")
    between: tuple[float | None, float | None] | None = Field(
        None, description="Smallest and largest number of rows to keep; `~` for no end."
    )

    @model_validator(mode="after")
    def _check(self) -> Condition:
        if self.column is None:
            msg = "name the column"
            raise ValueError(msg)
        is_compared = (self.equals, self.unequal, self.between) != (None, None, None)
        if self.pattern is not None:
            # Alone, it says which rows are kept; before a comparison, what is compared.
            check_pattern(self.pattern, fewest=int(is_compared))
        if self.between is not None and None not in self.between and self.between[0] > self.between[1]:  # type: ignore[operator]
            msg = "between is [smallest, largest]"
            raise ValueError(msg)
        return self


_ORIGINS = ("column", "constant", "join", "text", "which", "column_named_by", "counts", "votes", "number", "row_number")
_STEPS = {"add", "multiply", "divide"}
_GOES_WITH = {
    "constant": set(),
    "number": {"order"},
    "row_number": _STEPS,
    "counts": {"multiply", "divide", "optional"},
    "votes": {"values", "optional"},
    "keys": {"json", "values", "optional"},
    "equals": {"json", "pattern", "findall", "values", "separator", "optional"},
    "scale": {"json", "pattern", "findall", "values", "separator", "minus", "flip", "optional"},
}
"""What may stand beside a key, besides the origin."""
_WHY = {
    "keys": "it makes a list of words and combines with json and values alone",
    "equals": "it makes a truth, which nothing is calculated with",
    "scale": "its ends become 0 and 1",
}
_NEEDS = {"order": "number", "separator": "join", "findall": "pattern"}


class _Origins(_Column):
    """Where a column's values come from: exactly one of these keys."""

    constant: str | None = Field(None, description="One value for every row.")
    join: list[str] | None = Field(None, min_length=2, description="Columns whose texts are joined.")
    separator: str | None = Field(None, description="What stands between joined texts; `-` unless given.")
    text: str | None = Field(None, description="Text with columns in braces, such as `'{subject}_{block}'`.")
    which: dict[str, str] | list[str] | None = Field(
        None,
        min_length=1,
        description="Values by column, `{snake: snake.numClicks}`, or columns alone: the one whose column holds "
        "something other than 0 or false; of lists, all of them.",
    )
    column_named_by: str | None = Field(
        None, description="Column that holds the name of the column to take, or a text such as `'rating_{emotion}'`."
    )
    counts: dict[str, str] | None = Field(
        None, min_length=1, description="Columns of numbers by class, `{cat: n_cat, dog: n_dog}`: a list over classes."
    )
    votes: list[str] | None = Field(
        None,
        min_length=2,
        description="Columns that hold a class each, `[label_1, label_2]`, after `values`: how many hold each class.",
    )
    number: list[str] | None = Field(
        None, min_length=1, description="Rows are numbered 0, 1, 2, … within each value of these columns."
    )
    order: list[str] | None = Field(
        None, min_length=1, description="With `number`: columns by which rows are sorted first; else as in the files."
    )
    row_number: bool = Field(False, description="`true`: the number of the row in its raw file, from 0.")

    @property
    def origin(self) -> str:
        """The key that says where values come from."""
        return next(key for key in _ORIGINS if getattr(self, key) not in (None, False))

    @property
    def by_column(self) -> dict[str, str]:
        """The value that each column of `which` stands for."""
        which = self.which or {}
        return {name: name for name in which} if isinstance(which, list) else {name: of for of, name in which.items()}

    @property
    def numbered_by(self) -> list[str]:
        """Columns that rows are numbered within, and those that they are sorted by."""
        return [*(self.number or []), *(self.order or [])]

    @property
    def naming(self) -> str:
        """The template by which `column_named_by` names columns."""
        return _naming(self.column_named_by or "")

    @field_validator("text", "column_named_by")
    @classmethod
    def _check_template(cls, template: str | None, info: ValidationInfo) -> str | None:
        written = _naming(template or "") if info.field_name == "column_named_by" else template or ""
        if template is not None and all(name is None for _, name in pieces(written)):
            msg = "name a column in braces, {name}"
            raise ValueError(msg)
        return template


def _naming(template: str) -> str:
    """Return a template of names of columns; a name alone is that of the column which holds them."""
    return template if "{" in template or not template else f"{{{template}}}"


class From(Extraction, _Origins):
    """Where a column's values come from, and what is done to them, in this order.

    `column`, `constant` or another origin; `json` takes a value of the cell's JSON; `pattern` takes the one group of a
    regular expression (RE2), anywhere in the text; `keys` makes a list of the object's own keys, of those that are not
    false, 0, "" or null; `values` replaces words; `equals` makes a truth; `minus`, `add`, `multiply`, `divide` or
    `scale`, and `flip` (1 minus) calculate. A decimal comma is read as a point where there is something to calculate. A
    cell that holds something must fit `json`, `keys` and `pattern`, unless the column is `optional`.
    """

    findall: bool | None = Field(
        None, description="Whether `pattern` makes a list of all matches; unless given, in columns of lists."
    )
    keys: str | None = Field(
        None, description="Regular expression with one group: a list of what it finds in the keys of the JSON object."
    )
    values: dict[str, str] | None = Field(None, description="Words to replace, by word; others stay.")
    equals: str | list[str] | None = Field(
        None, description="True where the text is this, or one of these, whatever the case."
    )
    minus: Annotated[Operand, BeforeValidator(renamed, json_schema_input_type=str | Operand)] | None = Field(
        None,
        description="Column to subtract, or `{column, json, pattern}`; between points in time, seconds are left.",
    )
    add: float | None = Field(None, description="Add it: -1 where raw numbers count from 1.")
    multiply: float | None = Field(None, gt=0, description="Multiply by it: 1000 for seconds to milliseconds.")
    divide: float | None = Field(None, gt=0, description="Divide by it: 100 for a scale of 0 to 100.")
    scale: tuple[float, float] | None = Field(
        None, description="The raw scale's two ends, `[1, 7]`, which become 0 and 1; a value outside is an error."
    )
    flip: bool = Field(False, description="Take 1 minus the value, after dividing.")
    optional: bool = Field(
        False,
        description="Whether cells that json, keys or pattern do not fit, or a file without the column, give nothing.",
    )

    @property
    def is_json(self) -> bool:
        """Whether cells are parsed as JSON."""
        return self.json_key is not None or self.keys is not None

    @property
    def named(self) -> list[tuple[str, ...]]:
        """Columns that it needs; of each tuple, at least one."""
        parts = [*(self.join or []), *(self.counts or {}).values(), *(self.votes or []), *self.numbered_by]
        parts += [name for _, name in pieces(self.text or "") + pieces(self.naming) if name is not None]
        alternatives = [self.columns, list(self.by_column), self.minus.columns if self.minus else []]
        return [(part,) for part in parts] + [tuple(names) for names in alternatives if names]

    @property
    def in_words(self) -> str:
        """Its columns, for messages."""
        return ", ".join(" or ".join(names) for names in self.named)

    @field_validator("pattern", "keys")
    @classmethod
    def _check_pattern(cls, pattern: str | None) -> str | None:
        if pattern is not None:
            check_pattern(pattern)
        return pattern

    @field_validator("scale")
    @classmethod
    def _check_scale(cls, scale: tuple[float, float] | None) -> tuple[float, float] | None:
        if scale is not None and (scale[0] == scale[1] or not all(map(isfinite, scale))):
            msg = "the two ends of a scale are two different numbers"
            raise ValueError(msg)
        return scale

    @model_validator(mode="after")
    def _check_together(self) -> From:
        given = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        origins = [key for key in _ORIGINS if getattr(self, key) not in (None, False)]
        if len(origins) != 1:
            others = ", ".join(_ORIGINS[2:-1])
            msg = f"give either column or constant, or one of {others} or {_ORIGINS[-1]}"
            raise ValueError(msg + (f"; not {' and '.join(origins)}" if origins else ""))
        for key, allowed in _GOES_WITH.items():
            beside = sorted(given - {key} - allowed - set(_ORIGINS))
            if key in given and beside:
                msg = f"{key} does not go with {', '.join(beside)}" + (f"; {_WHY[key]}" if key in _WHY else "")
                raise ValueError(msg)
        for key, needed in _NEEDS.items():
            if key in given and needed not in given:
                msg = f"{key} goes with {needed} alone"
                raise ValueError(msg)
        return self


def pieces(template: str) -> list[tuple[str, str | None]]:
    """Return the parts of a template: a text, and the column that follows it, `None` at the end.

    Raises
    ------
    ValueError
        If a brace is opened or closed alone.
    """
    found: list[tuple[str, str | None]] = []
    text, at = "", 0
    for place in _PLACE.finditer(template):
        text += template[at : place.start()]
        at = place.end()
        if place[1] is not None:
            found.append((text, place[1].strip()))
            text = ""
        elif len(place[0]) == 1:
            msg = f"a brace stands alone in {template!r}; write {{{{ or }}}} for a brace itself"
            raise ValueError(msg)
        else:
            text += place[0][0]
    text += template[at:]
    return [*found, (text, None)] if text else found
