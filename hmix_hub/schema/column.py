"""Columns as data: name, type, unit, range, nullability and meaning, from which Arrow and Hugging Face types follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import pyarrow as pa

from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary

if TYPE_CHECKING:
    import datasets

TOLERANCE = 1e-9
"""Numbers that differ by at most this are equal: 1 - 0.7 is 0.30000000000000004, but means 0.3."""


class Kind(Enum):
    """Type of a column's values; the value is its name in the documentation."""

    STRING = "string"
    BOOL = "bool"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT64 = "float64"
    LABEL = "ClassLabel"
    STRINGS = "list of string"
    FLOATS = "list of float64"
    LABELS = "list of ClassLabel"
    COUNTS = "K int64"
    DISTRIBUTION = "K float64"
    DISTRIBUTIONS = "list of K float64"


LABEL_KINDS = {Kind.LABEL, Kind.LABELS}
"""Kinds whose values are class codes."""
BY_CLASS_KINDS = {Kind.DISTRIBUTION, Kind.COUNTS}
"""Kinds whose values have one number per class."""
DISTRIBUTION_KINDS = {*BY_CLASS_KINDS, Kind.DISTRIBUTIONS}
"""Kinds with a number per class, and lists of these."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name, kind, meaning
        Name, type of its values, and their meaning.
    unit
        Unit of the values; empty if they have none.
    low, high
        Closed range of the values (of each item, in a list); `None`: unbounded.
    nullable
        Whether a value may be null.
    choices
        Allowed texts; empty: any.
    since
        Version of the schema that introduced the column; empty: the version that introduced its table.
    of_image_1
        Whether the values refer to image 1, so that they are reversed when the pictures of a pair swap places: a share
        becomes 1 minus it, a side the other one.
    has_nullable_items
        For lists of numbers, whether an item may be null.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    nullable: bool = False
    choices: tuple[str, ...] = ()
    since: str = ""
    of_image_1: bool = False
    has_nullable_items: bool = False

    @property
    def range(self) -> str:
        """Range as text: "0 to 1", "0 or more", "left or right", or empty."""
        if self.choices:
            return " or ".join(self.choices)
        if self.low is None:
            return ""
        return f"{self.low:g} to {self.high:g}" if self.high is not None else f"{self.low:g} or more"

    def arrow_type(self, vocabulary: Vocabulary = CIFAR10) -> pa.DataType:
        """Return the Arrow type; labels are int64, as Hugging Face stores them."""
        distribution = pa.list_(pa.float64(), len(vocabulary))
        types = {
            Kind.STRING: pa.string(),
            Kind.BOOL: pa.bool_(),
            Kind.INT32: pa.int32(),
            Kind.INT64: pa.int64(),
            Kind.FLOAT64: pa.float64(),
            Kind.LABEL: pa.int64(),
            Kind.STRINGS: pa.list_(pa.string()),
            Kind.FLOATS: pa.list_(pa.float64()),
            Kind.LABELS: pa.list_(pa.int64()),
            Kind.COUNTS: pa.list_(pa.int64(), len(vocabulary)),
            Kind.DISTRIBUTION: distribution,
            Kind.DISTRIBUTIONS: pa.list_(distribution),
        }
        return types[self.kind]

    def feature(self, vocabulary: Vocabulary = CIFAR10) -> object:
        """Return the Hugging Face feature."""
        from datasets import ClassLabel, List, Value

        label = ClassLabel(names=list(vocabulary.names))
        distribution = List(Value("float64"), length=len(vocabulary))
        features: dict[Kind, object] = {
            Kind.LABEL: label,
            Kind.STRINGS: List(Value("string")),
            Kind.FLOATS: List(Value("float64")),
            Kind.LABELS: List(label),
            Kind.COUNTS: List(Value("int64"), length=len(vocabulary)),
            Kind.DISTRIBUTION: distribution,
            Kind.DISTRIBUTIONS: List(distribution),
        }
        return features.get(self.kind) or Value(self.kind.value)


def arrow_schema(columns: Iterable[Column], vocabulary: Vocabulary = CIFAR10) -> pa.Schema:
    """Return the Arrow schema of a table with these columns; fields are nullable where the columns are."""
    return pa.schema([pa.field(c.name, c.arrow_type(vocabulary), nullable=c.nullable) for c in columns])


def features(columns: Iterable[Column], vocabulary: Vocabulary = CIFAR10) -> datasets.Features:
    """Return the Hugging Face features of a table with these columns."""
    from datasets import Features

    return Features({c.name: c.feature(vocabulary) for c in columns})


def describe_column(column: Column) -> dict[str, str]:
    """Return a column's name, type, unit, range, whether null is allowed, and meaning, as text."""
    return {
        "column": column.name,
        "type": column.kind.value + (", null" if column.nullable else ""),
        "unit": column.unit,
        "range": column.range,
        "meaning": column.meaning + (f" (since {column.since})" if column.since else ""),
    }


def markdown_table(rows: Iterable[dict[str, str]]) -> str:
    """Return rows as a Markdown table; the first row's keys are the headings."""
    rows = list(rows)
    headings = list(rows[0])
    cells = [[row[heading].replace("|", "\\|") for heading in headings] for row in rows]
    lines = [headings, ["---"] * len(headings), *cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def column_table(columns: Iterable[Column]) -> str:
    """Return columns as a Markdown table."""
    described = map(describe_column, columns)
    return markdown_table(
        {**column, "column": f"`{column['column']}`", "meaning": as_markdown(column["meaning"])} for column in described
    )


def as_markdown(text: str) -> str:
    """Return plain text escaped for Markdown: no tags, no emphasis."""
    return text.replace("<", "&lt;").replace("*", "\\*")
