"""Conditions on classes: of the pictures shown, and of the class answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hmix_hub.errors import FilterError, SchemaError, Where
from hmix_hub.judgments.conditions import FEATURES_HINT, MOST_SEEN, Condition, OfColumn, Vocabularies
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import Ints, Mask, codes


def _vocabulary(name: str, column: str, vocabularies: Vocabularies) -> Vocabulary:
    if column not in vocabularies:
        msg = f"{name}: the labels of this dataset have no class names"
        raise FilterError(msg, where=Where(column=column), hint=FEATURES_HINT)
    return vocabularies[column]


def _codes(
    name: str, classes: Sequence[str | int], vocabularies: Vocabularies, columns: Sequence[str]
) -> list[list[int]]:
    """Return the codes of classes in label columns, each of which may have its own class order.

    A class is given as a name or as a code of the first column.
    """
    vocabulary, *others = (_vocabulary(name, column, vocabularies) for column in columns)
    for label in classes:
        if isinstance(label, int) and not 0 <= label < len(vocabulary):
            msg = f"{name}: {label} is not the code of a class; there are {len(vocabulary)} classes, counted from 0"
            raise FilterError(msg, hint=f"the classes are {', '.join(vocabulary.names[:MOST_SEEN])}")
    try:
        first = [label if isinstance(label, int) else vocabulary.code(label) for label in classes]
        return [first, *([other.code(vocabulary.names[code]) for code in first] for other in others)]
    except SchemaError as error:
        msg = f"{name}: {error.message}"
        raise FilterError(msg, hint=error.hint) from None


_LABEL_COLUMNS = ("image_1_label", "image_2_label")


def _labels(table: pa.Table) -> list[Ints]:
    return [codes(table[column]) for column in _LABEL_COLUMNS]


class _OfLabels(Condition):
    """A condition on the classes of both pictures."""

    def columns(self, available: Sequence[str]) -> list[str]:
        """Return both label columns."""
        return list(_LABEL_COLUMNS)


@dataclass(frozen=True)
class ShowsClass(_OfLabels):
    """Condition that either picture is of one of several classes, given as names or codes."""

    classes: tuple[str | int, ...]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows with a picture of any of the classes."""
        wanted = _codes(self.name, self.classes, vocabularies, _LABEL_COLUMNS)
        first, second = (np.isin(labels, own) for labels, own in zip(_labels(table), wanted, strict=True))
        return first | second


@dataclass(frozen=True)
class MixesClasses(_OfLabels):
    """Condition that the two pictures are of two given classes, in any order."""

    pairs: tuple[tuple[str | int, str | int], ...]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows that mix any of the pairs of classes."""
        first, second = _labels(table)
        mask = np.zeros(table.num_rows, dtype=bool)
        for pair in self.pairs:
            (a, b), (other_a, other_b) = _codes(self.name, pair, vocabularies, _LABEL_COLUMNS)
            mask |= ((first == a) & (second == other_b)) | ((first == b) & (second == other_a))
        return mask


@dataclass(frozen=True)
class IsClass(OfColumn):
    """Condition that a label is one of several classes, given as names or codes."""

    classes: tuple[str | int, ...]

    def mask(self, table: pa.Table, vocabularies: Vocabularies) -> Mask:
        """Find the rows with any of the classes."""
        wanted = _codes(self.name, self.classes, vocabularies, [self.column])[0]
        return np.isin(codes(table[self.column]), wanted)
