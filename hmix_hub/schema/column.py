"""Columns as data: name, type, unit, range, null or not, meaning; Arrow and Hugging Face types follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa


class Kind(Enum):
    """Type of a column's values; the value is how the documentation calls it."""

    STRING = "string"
    BOOL = "bool"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT64 = "float64"
    LABEL = "ClassLabel"
    STRINGS = "list of string"
    FLOATS = "list of float64"
    LABELS = "list of ClassLabel"
    DISTRIBUTION = "K float64"
    DISTRIBUTIONS = "list of K float64"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name, kind, meaning
        What it is called, the type of its values, and what they mean.
    unit
        Unit of the values; empty where they have none.
    low, high
        Closed range of the values (of each item, in a list); `None` where it is open.
    nullable
        Whether a value may be null.
    choices
        Texts that a value may be; empty: any.
    since
        Version of the schema that the column came with; empty: the version that its table did.
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

    @property
    def range(self) -> str:
        """Range as text: "0 to 1", "0 or more", "left or right", or empty."""
        if self.choices:
            return " or ".join(self.choices)
        if self.low is None:
            return ""
        return f"{self.low:g} to {self.high:g}" if self.high is not None else f"{self.low:g} or more"

    def arrow_type(self, vocabulary: Vocabulary = CIFAR10) -> pa.DataType:
        """Give the Arrow type; labels are int64, as Hugging Face stores them."""
        import pyarrow as pa

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
            Kind.DISTRIBUTION: distribution,
            Kind.DISTRIBUTIONS: pa.list_(distribution),
        }
        return types[self.kind]

    def feature(self, vocabulary: Vocabulary = CIFAR10) -> object:
        """Give the Hugging Face feature."""
        from datasets import ClassLabel, List, Value

        label = ClassLabel(names=list(vocabulary.names))
        distribution = List(Value("float64"), length=len(vocabulary))
        features: dict[Kind, object] = {
            Kind.LABEL: label,
            Kind.STRINGS: List(Value("string")),
            Kind.FLOATS: List(Value("float64")),
            Kind.LABELS: List(label),
            Kind.DISTRIBUTION: distribution,
            Kind.DISTRIBUTIONS: List(distribution),
        }
        return features.get(self.kind) or Value(self.kind.value)


def arrow_schema(columns: Iterable[Column], vocabulary: Vocabulary = CIFAR10) -> pa.Schema:
    """Give the Arrow schema of a table with these columns; a field may be null where its column may."""
    import pyarrow as pa

    return pa.schema([pa.field(c.name, c.arrow_type(vocabulary), nullable=c.nullable) for c in columns])


def features(columns: Iterable[Column], vocabulary: Vocabulary = CIFAR10) -> datasets.Features:
    """Give the Hugging Face features of a table with these columns."""
    from datasets import Features

    return Features({c.name: c.feature(vocabulary) for c in columns})
