"""Keys of a column map: the origin of a column's values, how they are transformed, and which rows are kept."""

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
    """Return the words to compare with, in lower case."""
    return [word.strip().lower() for word in ([equals] if isinstance(equals, str) else equals)]


def listed(values: str | list[str]) -> str:
    """Return the values to compare with, for a message."""
    return repr(values) if isinstance(values, str) else " or ".join(map(repr, values))


def renamed(value: Any) -> Any:
    """Read a plain column name as a renaming."""
    return {"column": value} if isinstance(value, str) else value


class _Column(Strict):
    column: str | list[str] | None = Field(
        None,
        description="Column of the raw table; with several, `[a, b]`, the first non-empty cell of each row is used.",
    )

    @property
    def columns(self) -> list[str]:
        """Return the columns, of which the first non-empty cell is used."""
        return [self.column] if isinstance(self.column, str) else self.column or []

    @field_validator("column")
    @classmethod
    def _check_column(cls, column: str | list[str] | None) -> str | list[str] | None:
        if column is not None and not column:
            msg = "name a column"
            raise ValueError(msg)
        return column


class Extraction(_Column):
    """A column, and what to extract from its cells."""

    json_key: str | None = Field(
        None,
        alias="json",
        description="Key of the JSON object in the cell; a.b for b within a. In an array, `0` is the first element, "
        "`-1` the last, `a=b` the first object whose a is b, and `*` a list of all.",
    )
    pattern: str | None = Field(
        None, description="Regular expression with one group; in list columns, every match becomes an item."
    )

    @property
    def is_json(self) -> bool:
        """Return whether cells are parsed as JSON."""
        return self.json_key is not None

    @field_validator("json_key")
    @classmethod
    def _check_path(cls, path: str | None) -> str | None:
        if path is not None:
            check_path(path)
        return path


class Operand(Extraction):
    """The column to subtract."""

    @model_validator(mode="after")
    def _check(self) -> Operand:
        if self.column is None:
            msg = "column is missing: name the column to subtract"
            raise ValueError(msg)
        if self.pattern is not None:
            check_pattern(self.pattern)
        return self


class Condition(Extraction):
    """Condition for keeping a row: all keys must match; a column without other keys must not be empty."""

    pattern: str | None = Field(
        None,
        description="Regular expression that rows must match; with a group, the part of the text to compare.",
    )
    equals: str | list[str] | None = Field(None, description="Value or values of rows to keep, ignoring case.")
    unequal: str | list[str] | None = Field(None, alias="not", description="Value or values of rows to drop.")
    between: tuple[float | None, float | None] | None = Field(
        None, description="Smallest and largest value of rows to keep; `~` for no limit."
    )

    @model_validator(mode="after")
    def _check(self) -> Condition:
        if self.column is None:
            msg = "column is missing: name the column to test"
            raise ValueError(msg)
        is_compared = (self.equals, self.unequal, self.between) != (None, None, None)
        if self.pattern is not None:
            # On its own, the pattern selects rows; with a comparison, it extracts what is compared.
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
"""Other keys allowed with a key, besides the origin."""
_WHY = {
    "keys": "it makes a list of words and can only be combined with json and values",
    "equals": "it makes a boolean, which cannot be used in calculations",
    "scale": "it maps both ends to 0 and 1",
}
_NEEDS = {"order": "number", "separator": "join", "findall": "pattern"}


class _Origins(_Column):
    """Origin of a column's values: exactly one of these keys."""

    constant: str | None = Field(None, description="The same value for every row.")
    join: list[str] | None = Field(None, min_length=2, description="Columns whose texts are joined.")
    separator: str | None = Field(None, description="Separator of joined texts; defaults to `-`.")
    text: str | None = Field(None, description="Text with column names in braces, such as `'{subject}_{block}'`.")
    which: dict[str, str] | list[str] | None = Field(
        None,
        min_length=1,
        description="Columns by value, `{snake: snake.numClicks}`, or just columns: the value whose column is not "
        "empty, 0 or false; in list columns, all such values.",
    )
    column_named_by: str | None = Field(
        None, description="Column with the name of the column to use, or a text such as `'rating_{emotion}'`."
    )
    counts: dict[str, str] | None = Field(
        None, min_length=1, description="Columns with numbers, by class: `{cat: n_cat, dog: n_dog}`."
    )
    votes: list[str] | None = Field(
        None,
        min_length=2,
        description="Columns with one class each, `[label_1, label_2]`: counts votes by class, after `values`.",
    )
    number: list[str] | None = Field(
        None, min_length=1, description="Number rows 0, 1, 2, … within each value of these columns."
    )
    order: list[str] | None = Field(
        None,
        min_length=1,
        description="With `number`: columns to sort rows by first; defaults to the order of the files.",
    )
    row_number: bool = Field(False, description="`true` for the number of the row in its raw file, from 0.")

    @property
    def origin(self) -> str:
        """Return the key of the origin."""
        return next(key for key in _ORIGINS if getattr(self, key) not in (None, False))

    @property
    def by_column(self) -> dict[str, str]:
        """Return the value for each column of `which`."""
        which = self.which or {}
        return {name: name for name in which} if isinstance(which, list) else {name: of for of, name in which.items()}

    @property
    def numbered_by(self) -> list[str]:
        """Return the columns that rows are numbered within, and those they are sorted by."""
        return [*(self.number or []), *(self.order or [])]

    @property
    def naming(self) -> str:
        """Return the template for the names of columns in `column_named_by`."""
        return _naming(self.column_named_by or "")

    @field_validator("text", "column_named_by")
    @classmethod
    def _check_template(cls, template: str | None, info: ValidationInfo) -> str | None:
        written = _naming(template or "") if info.field_name == "column_named_by" else template or ""
        if template is not None and all(name is None for _, name in pieces(written)):
            msg = "write at least one column name in braces, {name}"
            raise ValueError(msg)
        return template


def _naming(template: str) -> str:
    """Return a template for column names; a plain name refers to the column that contains them."""
    return template if "{" in template or not template else f"{{{template}}}"


class From(Extraction, _Origins):
    """Origin of a column's values, and how they are transformed, in this order.

    `column`, `constant` or another origin; `json` extracts a value from the cell's JSON; `pattern` extracts the one
    group of a regular expression (RE2) anywhere in the text; `keys` makes a list of the object's own keys whose values
    are not false, 0, "" or null; `values` replaces words; `equals` makes a boolean; `minus`, `add`, `multiply`,
    `divide` or `scale`, and `flip` (1 minus) calculate. In calculations, a decimal comma is read as a point. A
    non-empty cell must match `json`, `keys` and `pattern`, unless the column is `optional`.
    """

    findall: bool | None = Field(
        None, description="Whether `pattern` makes a list of all matches; defaults to true for list columns."
    )
    keys: str | None = Field(
        None, description="Regular expression with one group: makes a list of its matches in the JSON object's keys."
    )
    values: dict[str, str] | None = Field(None, description="Replacements by word; other words are kept.")
    equals: str | list[str] | None = Field(
        None, description="True if the text is this value, or one of these, ignoring case."
    )
    minus: Annotated[Operand, BeforeValidator(renamed, json_schema_input_type=str | Operand)] | None = Field(
        None,
        description="Column to subtract, or `{column, json, pattern}`; the difference of two times is in seconds.",
    )
    add: float | None = Field(None, description="Number to add: -1 if raw numbers count from 1.")
    multiply: float | None = Field(None, gt=0, description="Factor: 1000 to convert seconds to milliseconds.")
    divide: float | None = Field(None, gt=0, description="Divisor: 100 for a scale from 0 to 100.")
    scale: tuple[float, float] | None = Field(
        None, description="Both ends of the raw scale, `[1, 7]`, which become 0 and 1; values outside are errors."
    )
    flip: bool = Field(False, description="Whether to take 1 minus the value, after the other calculations.")
    optional: bool = Field(
        False,
        description="Whether cells that do not match json, keys or pattern, or files without the column, may be empty.",
    )

    @property
    def is_json(self) -> bool:
        """Return whether cells are parsed as JSON."""
        return self.json_key is not None or self.keys is not None

    @property
    def named(self) -> list[tuple[str, ...]]:
        """Return the columns it needs; of each tuple, at least one."""
        parts = [*(self.join or []), *(self.counts or {}).values(), *(self.votes or []), *self.numbered_by]
        parts += [name for _, name in pieces(self.text or "") + pieces(self.naming) if name is not None]
        alternatives = [self.columns, list(self.by_column), self.minus.columns if self.minus else []]
        return [(part,) for part in parts] + [tuple(names) for names in alternatives if names]

    @property
    def in_words(self) -> str:
        """Return its columns, for messages."""
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
            msg = "the two ends of a scale must be different numbers"
            raise ValueError(msg)
        return scale

    @model_validator(mode="after")
    def _check_together(self) -> From:
        given = {type(self).model_fields[name].alias or name for name in self.model_fields_set}
        origins = [key for key in _ORIGINS if getattr(self, key) not in (None, False)]
        if len(origins) != 1:
            others = ", ".join(_ORIGINS[2:-1])
            msg = f"give exactly one of column, constant, {others} or {_ORIGINS[-1]}"
            raise ValueError(msg + (f"; not {' and '.join(origins)}" if origins else ""))
        for key, allowed in _GOES_WITH.items():
            beside = sorted(given - {key} - allowed - set(_ORIGINS))
            if key in given and beside:
                msg = f"{key} cannot be combined with {', '.join(beside)}" + (f"; {_WHY[key]}" if key in _WHY else "")
                raise ValueError(msg)
        for key, needed in _NEEDS.items():
            if key in given and needed not in given:
                msg = f"{key} requires {needed}"
                raise ValueError(msg)
        return self


def pieces(template: str) -> list[tuple[str, str | None]]:
    """Return the parts of a template: texts, each with the column after it (`None` at the end).

    Raises
    ------
    ValueError
        If a brace is unmatched.
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
            msg = f"unmatched brace in {template!r}; write {{{{ or }}}} for a literal brace"
            raise ValueError(msg)
        else:
            text += place[0][0]
    text += template[at:]
    return [*found, (text, None)] if text else found
