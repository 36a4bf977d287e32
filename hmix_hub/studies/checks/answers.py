"""Check of answers, row by row, where an answer can contradict itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.judgments.answers import membership
from hmix_hub.schema import CATEGORICAL
from hmix_hub.studies.checks.place import Place
from hmix_hub.studies.rules import trials as rules

if TYPE_CHECKING:
    from hmix_hub.studies.observed import ObservedPiece


def check_answers(piece: ObservedPiece, task: str, n_classes: int, place: Place) -> None:
    """Check the answers of N rows of categorical soft labels; those of other tasks cannot contradict themselves.

    Parameters
    ----------
    piece
        The rows.
    task
        Their task.
    n_classes
        K.
    place
        The file.
    """
    if task != CATEGORICAL or "impossible_classes" not in piece.values:
        return
    import pyarrow as pa

    rows = np.arange(len(piece))
    top, second = piece.codes("top_class"), piece.codes("second_class")
    first, other = piece.numbers("top_probability"), piece.numbers("second_probability")
    absent = np.zeros(len(piece), dtype=bool)
    no_class = ~piece.present.get("second_class", absent) & piece.present.get("second_probability", absent)
    place.of("second_probability").tell(rules.NO_CLASS, no_class, piece.rows, piece.values.get("second_probability"))
    impossible = membership(pa.chunked_array([piece.values["impossible_classes"]]), n_classes)
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
            bad,
            piece.rows,
            piece.values.get(column),
            lambda _, said=said: said,  # type: ignore[misc]
        )
