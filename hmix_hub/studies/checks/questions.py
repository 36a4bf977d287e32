"""Check of the categorical task's questions: study.yaml says which were asked, and the file answers no other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.judgments.answers import asked_questions
from hmix_hub.schema.questions import QUESTIONS, Question, usual_procedure
from hmix_hub.studies.checks.place import Ints, Mask, Place
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.rules import manifest as manifest_rules
from hmix_hub.studies.rules import trials as rules
from hmix_hub.tasks import CATEGORICAL, unasked_columns

if TYPE_CHECKING:
    from hmix_hub.studies.observed import ObservedPiece


def check_unasked(values: Mapping[str, pa.Array], asked: Collection[Question], rows: Ints, place: Place) -> None:
    """Report answers to questions that, by study.yaml, were not asked.

    Parameters
    ----------
    values
        Arrays of N values by column, typed.
    asked
        The questions that were.
    rows
        int64 (N,).
    place
        The file.
    """
    for name in unasked_columns(asked):
        if name in values:
            said = "it was not asked: leave the cell empty, or write 1" if name == "top_probability" else ""
            place.of(name).tell(
                rules.NOT_ASKED,
                _is_answered(name, values[name]),
                rows,
                None if name.endswith(("class", "classes")) else values[name],
                lambda _, said=said: said,  # type: ignore[misc]
            )


def _is_answered(name: str, values: pa.Array) -> Mask:
    if pa.types.is_list(values.type):
        found = pc.greater(pc.list_value_length(values), 0)
    else:
        found = pc.not_equal(values, 1.0) if name == "top_probability" else values.is_valid()
    return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False), dtype=bool)


class StatedCheck:
    """Whether a study with categorical judgments states what was asked; what the answers show is suggested if not.

    Parameters
    ----------
    task, manifest
        Task of the file, and what the study says of itself.
    """

    def __init__(self, task: str, manifest: Manifest) -> None:
        # A file whose task study.yaml does not name is reported as that.
        is_named = task == CATEGORICAL and task in manifest.tasks
        self._is_unstated = is_named and manifest.soft_labels is None
        self._seen: set[Question] = set()

    def add(self, piece: ObservedPiece) -> None:
        """Look at rows."""
        if self._is_unstated and set(unasked_columns(())) <= set(piece.values):
            import pyarrow as pa

            columns = {name: piece.values[name] for name in unasked_columns(())}
            self._seen.update(asked_questions(pa.table(columns)))

    def finish(self, place: Place) -> None:
        """Report a study that says nothing."""
        if not self._is_unstated:
            return
        asked = [question for question in QUESTIONS if question in self._seen]
        suggested = f"soft_labels: {{asked: [{', '.join(asked)}], procedure: {usual_procedure(asked)}}}"
        place.report.add(
            manifest_rules.UNSTATED_QUESTIONS,
            file=MANIFEST,
            column="soft_labels",
            note=f"if the rows show all that was asked, write `{suggested}`",
        )
