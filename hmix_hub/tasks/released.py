"""Answers in the released layout, schema 1.0.0: how a task reads and writes them, and shared helpers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import SchemaError, Where
from hmix_hub.schema.arrays import Mask, encode
from hmix_hub.schema.column import Column
from hmix_hub.schema.released import FULL_SCALE, PICTURE_SUFFIX
from hmix_hub.schema.vocabulary import Vocabulary

LAYOUT_HINT = "the table is not in the released layout, schema 1.0.0"
NO_ALTERNATIVE = "No"
"""The released answer for "no second class"; no class can have this name."""
_MOST_SHOWN = 80


@dataclass(frozen=True)
class ReleasedAnswers:
    """Answers read from a table of schema 1.0.0.

    Parameters
    ----------
    columns
        N values by answer column.
    flags
        Masks, bool (N,), of flags that no column shows.
    dropped
        By answer column, values that the judgment table drops but a contributed file may have; `None`: none.
    """

    columns: Mapping[str, pa.Array | pa.ChunkedArray]
    flags: Mapping[str, Mask] = field(default_factory=dict)
    dropped: Mapping[str, Sequence[object]] = field(default_factory=dict)


@dataclass(frozen=True)
class Released:
    """A task in schema 1.0.0.

    Parameters
    ----------
    trial_type
        jsPsych plugin; only its rows are judgments.
    name
        Name in the column `task`; for repeats, preceded by `REPEAT_PREFIX`.
    columns
        Columns of the released file, in order.
    read
        Function from a table of schema 1.0.0, and the class names that it uses, to its answers.
    write
        Function from a judgment table, and the class names of its labels, to the values of released columns.
    """

    trial_type: str
    name: str
    columns: tuple[Column, ...]
    read: Callable[[pa.Table, Vocabulary], ReleasedAnswers]
    write: Callable[[pa.Table, Vocabulary], Mapping[str, Any]]


def refuse_first(bad: Mask | pa.ChunkedArray, values: pa.ChunkedArray, column: str, complaint: str) -> None:
    """Raise an error for the first of N values that is true in `bad`.

    Raises
    ------
    SchemaError
        If any is.
    """
    rows = np.flatnonzero(bad if isinstance(bad, np.ndarray) else bad.to_numpy())
    if len(rows):
        row = int(rows[0])
        msg = f"{values[row].as_py()!r} {complaint}"
        raise SchemaError(msg, where=Where(row=row, column=column), hint=LAYOUT_HINT)


def parsed_answers(released: pa.Table, name: str, parse: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """Parse each JSON answer of a column; each distinct text is parsed once.

    Raises
    ------
    SchemaError
        For the first answer that is missing or cannot be read.
    """
    column = released[name]
    codes, texts = encode(column)
    values = []
    for position, text in enumerate(texts.to_pylist()):
        try:
            values.append(parse(json.loads(text)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            row = int(np.flatnonzero(codes == position)[0])
            shown = repr(text) if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]!r}..."
            msg = f"the answer {shown} cannot be read: {type(error).__name__}: {error}"
            raise SchemaError(msg, where=Where(row=row, column=name), hint=LAYOUT_HINT) from None
    if column.null_count:
        msg = "the answer is missing"
        raise SchemaError(msg, where=Where(row=int(np.flatnonzero(codes < 0)[0]), column=name), hint=LAYOUT_HINT)
    return [values[code] for code in codes.tolist()]


def percentage(value: object) -> float:
    """Check that a value is a number from 0 to 100, and return it.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= FULL_SCALE:
        msg = f"{value!r} is not a number from 0 to {FULL_SCALE}"
        raise ValueError(msg)
    return value


def json_texts(answers: Iterable[Mapping[str, object]]) -> pa.Array:
    """Return answers as a column of JSON texts."""
    return pa.array([json.dumps(answer, separators=(",", ":")) for answer in answers], pa.string())


def with_suffix(names: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return names as the released layout writes them, with the extension of a picture file."""
    return pc.binary_join_element_wise(names, PICTURE_SUFFIX, "")


def percent_of(share: float | None) -> float | int | None:
    """Return a share as a percentage: an integer, if reading it back gives exactly the same share."""
    if share is None:
        return None
    percent = share * FULL_SCALE
    return round(percent) if round(percent) / FULL_SCALE == share else percent
