"""Check of answers, row by row, where an answer can contradict itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hmix_hub.judgments.answers import membership
from hmix_hub.schema import Vocabulary
from hmix_hub.studies.checks.place import Place
from hmix_hub.studies.rules import trials as rules
from hmix_hub.tasks import CATEGORICAL

if TYPE_CHECKING:
    from hmix_hub.studies.observed import ObservedPiece


def check_answers(piece: ObservedPiece, task: str, vocabulary: Vocabulary, place: Place) -> None:
    """Check the answers of N rows of categorical soft labels; those of other tasks cannot contradict themselves.

    Parameters
    ----------
    piece
        The rows.
    task
        Their task.
    vocabulary
        Class names of the study.
    place
        The file.
    """
    if task != CATEGORICAL or "impossible_classes" not in piece.values:
        return
    rows = np.arange(len(piece))
    top, second = piece.codes("top_class"), piece.codes("second_class")
    first, other = piece.numbers("top_probability"), piece.numbers("second_probability")
    absent = np.zeros(len(piece), dtype=bool)
    no_class = ~piece.present.get("second_class", absent) & piece.present.get("second_probability", absent)
    place.of("second_probability").tell(rules.NO_CLASS, no_class, piece.rows, piece.values.get("second_probability"))
    impossible = membership(pa.chunked_array([piece.values["impossible_classes"]]), len(vocabulary))
    has_other = (second >= 0) & ~np.isnan(other)
    # Of two probabilities of one class the second counts.
    is_nothing = (np.where(has_other & (top == second), 0, first) == 0) & ~(has_other & (other != 0))
    empty = is_nothing & impossible.all(axis=1)
    place.of("impossible_classes").tell(rules.NO_PROBABILITY, empty, piece.rows)
    faults = {
        "second_class": ((top == second) & (top >= 0), "the same class twice"),
        "impossible_classes": (
            (impossible[rows, top] & (top >= 0)) | (impossible[rows, second] & (second >= 0)),
            "a chosen class is ruled out",
        ),
        "top_probability": (
            np.round(100 * (first + np.where(second >= 0, np.nan_to_num(other), 0)), 6) > 100,
            "more than 1 together",
        ),
    }
    for column, (bad, said) in faults.items():
        place.of(column).tell(
            rules.CONTRADICTION,
            bad & ~empty,
            piece.rows,
            _named(piece, column, vocabulary),
            lambda _, said=said: said,  # type: ignore[misc]
        )


def _named(piece: ObservedPiece, column: str, vocabulary: Vocabulary) -> pa.Array | None:
    """Give a column as it is shown: labels by name."""
    values = piece.values.get(column)
    if values is None or not column.endswith(("class", "classes")):
        return values
    names = vocabulary.names
    return pa.array(
        [
            "|".join(names[code] for code in value)
            if isinstance(value, list)
            else value
            if value is None
            else names[value]
            for value in values.to_pylist()
        ],
        pa.string(),
    )
