"""People's answers as numbers to compare labels with, from judgments or a by-stimulus table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.schema.arrays import Floats, Ints, codes, numbers, one_piece, shares_by_class
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.tables import arrow_columns, check_dataset_type, task_of, vocabulary_of
from hmix_hub.tasks import CATEGORICAL, CHOICE, INFER, TASKS, task_judged_in, why_no_participants

if TYPE_CHECKING:
    import datasets

_LABELLED = ("image_set", "stimulus_id", "mixing_coefficient", "image_1_label", "image_2_label")
_SUM_WITHIN = 1e-4
"""Maximum deviation of a soft label's sum from 1, which a softmax in half precision satisfies."""


@dataclass(frozen=True, eq=False)
class PeopleAnswers:
    """N answers of participants to the mixtures in R rows.

    Parameters
    ----------
    task
        `infer_mixing_factor`, in which an answer is the share of image 1; `categorical_soft_labels`, in which it is a
        distribution over K classes; or `class_choice`, in which it is one of them.
    classes
        Names of the K classes.
    answers
        float64 (N, 1) shares of image 1, or (N, K) distributions.
    rows
        int64 (N,): row of the dataset for each answer; a row of a by-stimulus table has several answers.
    stimuli
        int64 (N,): stimulus of each answer, 0 to S - 1.
    people
        int64 (N,): participant of each answer, 0 to P - 1; `None` for a by-stimulus table, which pools them.
    shown, class_1, class_2
        float64 and int64 (R,): the shown share of image 1, and the codes of both classes; -1 if there is no second.
    """

    task: str
    classes: tuple[str, ...]
    answers: Floats
    rows: Ints
    stimuli: Ints
    people: Ints | None
    shown: Floats
    class_1: Ints
    class_2: Ints

    @property
    def are_shares(self) -> bool:
        """Return whether answers are shares of image 1."""
        return self.task == INFER

    @property
    def share_of_image_1(self) -> Floats:
        """Return the answered share of the class of image 1, float64 (N,)."""
        return self.answers[:, 0] if self.are_shares else self._of_class_1(self.answers, self.rows)

    def first_presentations(self) -> Ints:
        """Return each participant's first answers to each stimulus; all answers if participants are pooled."""
        if self.people is None:
            return np.arange(len(self.rows))
        return Groups(encode_key([self.people, self.stimuli])).first

    def compared(self, labels: object) -> Floats:
        """Return labels of the R rows in the form of the answers, float64 (N, 1) or (N, K).

        Parameters
        ----------
        labels
            (R,) shares of image 1, 0 to 1, or (R, K) distributions over the classes: an array, tensor or list. A
            distribution becomes a share by dividing its mass on image 1's class by its mass on both classes (0.5 if
            both are 0). A share becomes a distribution with the rest on image 2's class.

        Raises
        ------
        SchemaError
            If the labels have another shape, are not finite, out of range or do not sum to 1, or a distribution cannot
            become a share since both pictures have the same class.
        """
        given = self._check(labels)
        if self.are_shares:
            return (given if given.ndim == 1 else self._shares(given))[self.rows, None]
        if given.ndim == 1:
            given = labels_of_shares(given, self.class_1, self.class_2, len(self.classes))
        return given[self.rows]

    def shown_labels(self) -> Floats:
        """Return the synthetic labels of mixup in the form of the answers, float64 (N, 1) or (N, K)."""
        return self.compared(self.shown)

    def label_shares(self, compared: Floats) -> Floats:
        """Return the share of the class of image 1 in labels in the form of the answers; float64 (N,)."""
        return compared[:, 0] if self.are_shares else self._of_class_1(compared, self.rows)

    def _of_class_1(self, distributions: Floats, rows: Ints) -> Floats:
        return distributions[np.arange(len(rows)), self.class_1[rows]]

    def _check(self, labels: object) -> Floats:
        n, k = len(self.shown), len(self.classes)
        expected = f"labels must be ({n},) shares of image 1 or ({n}, {k}) distributions, one per row of the dataset"
        try:
            found = np.asarray(labels.detach().cpu() if hasattr(labels, "detach") else labels)
        except (TypeError, ValueError, RuntimeError):
            msg = f"{expected}, not {type(labels).__name__}"
            raise SchemaError(msg) from None
        if found.dtype.kind not in "fiub" or found.shape not in {(n,), (n, k)}:
            msg = f"{expected}, not {found.dtype} {found.shape}"
            raise SchemaError(msg, hint=f"the classes are {', '.join(self.classes)}" if found.ndim == 2 else None)
        given = found.astype(np.float64)
        by_row = given.reshape(n, -1)
        bad = ~((by_row >= 0) & (by_row <= 1)).all(axis=1)
        if given.ndim == 2:
            bad |= ~(np.abs(by_row.sum(axis=1) - 1) <= _SUM_WITHIN)
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            msg = f"label {by_row[row].tolist()} is not a {'distribution' if given.ndim == 2 else 'share, 0 to 1'}"
            hint = "take the softmax of logits first" if given.ndim == 2 and np.isfinite(by_row[row]).all() else None
            raise SchemaError(msg, where=Where(row=row), hint=hint)
        return given

    def _shares(self, distributions: Floats) -> Floats:
        unclear = np.flatnonzero((self.class_2 < 0) | (self.class_2 == self.class_1))
        if len(unclear):
            msg = "a single picture, or two pictures of one class, has no shares of two classes"
            raise SchemaError(msg, where=Where(row=int(unclear[0])), hint="remove such rows and their labels")
        each = np.arange(len(distributions))
        first, second = distributions[each, self.class_1], distributions[each, self.class_2]
        both = first + second
        return np.where(both > 0, first / np.where(both > 0, both, 1), 0.5)


def labels_of_shares(shares: Floats, class_1: Ints, class_2: Ints, n_classes: int) -> Floats:
    """Return shares of image 1, float64 (N,), as soft labels, float64 (N, K); `class_2` is -1 for single pictures."""
    labels, each = np.zeros((len(shares), n_classes)), np.arange(len(shares))
    labels[each, class_1] = shares
    # A single picture has only its own class, as do two pictures of one class.
    labels[each, np.where(class_2 < 0, class_1, class_2)] += 1 - shares
    return labels


_COMPARED = {
    INFER: ("inferred_coefficient", "inferred_coefficients"),
    CATEGORICAL: ("soft_label", "soft_labels"),
    CHOICE: ("chosen_class", "chosen_classes"),
}
"""Columns of answers by task: in judgments, and as lists in by-stimulus tables."""


def people_answers(dataset: datasets.Dataset) -> PeopleAnswers:
    """Return people's answers in a dataset of judgments or a by-stimulus table.

    Raises
    ------
    ConfigurationError
        If the answers are not about one mixture each, there are none, or columns are missing.
    SchemaError
        If the dataset is not a table of judgments or stimuli.
    """
    dataset = in_one_order(check_dataset_type(dataset))
    is_pooled = "participant_id" not in dataset.column_names
    if why := why_no_participants(dataset.column_names):
        msg = "labels can only be compared with single judgments, or by-stimulus rows that list them"
        raise ConfigurationError(msg, hint=why)
    judged = task_judged_in(dataset.column_names) if is_pooled else TASKS[task_of(dataset)]
    name = judged.name if judged else "none"
    if judged is None or name not in _COMPARED:
        msg = f"labels of mixtures can only be compared with answers of {' or '.join(_COMPARED)}, not of {name}"
        raise ConfigurationError(msg, hint=f"load {INFER!r}, or its by-stimulus rows")
    own, pooled = _COMPARED[name]
    answered = pooled if is_pooled else own
    needed = [*_LABELLED, answered, *([] if is_pooled else ["study_id", "participant_id"])]
    missing = [column for column in needed if column not in dataset.column_names]
    if missing:
        msg = f"columns are missing from the dataset: {', '.join(missing)}"
        raise ConfigurationError(msg, hint="compare before selecting columns")
    if not len(dataset):
        msg = "there is nothing to compare with: the dataset has no rows"
        raise ConfigurationError(msg, hint="relax the filters")
    table = arrow_columns(dataset, needed)
    rows = _rows_of_lists(table[answered]) if is_pooled else np.arange(len(dataset))
    flat = pa.chunked_array([one_piece(table[answered]).flatten()]) if is_pooled else table[answered]
    n_classes = len(vocabulary_of(dataset))
    answers = numbers(flat)[:, None] if name == INFER else shares_by_class(flat, n_classes)
    missing_rows = np.flatnonzero(~np.isfinite(answers).all(axis=1))
    if len(missing_rows):
        msg = f"the answer in {answered} is missing"
        raise SchemaError(msg, where=Where(row=int(rows[missing_rows[0]]), column=answered))
    return PeopleAnswers(
        task=name,
        classes=vocabulary_of(dataset).names,
        answers=answers,
        rows=rows,
        stimuli=encode_key([table["image_set"], table["stimulus_id"]])[rows],
        people=None if is_pooled else encode_key([table["study_id"], table["participant_id"]]),
        shown=numbers(table["mixing_coefficient"]),
        class_1=codes(table["image_1_label"]),
        class_2=codes(table["image_2_label"]),
    )


def _rows_of_lists(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    lengths = np.asarray(one_piece(column).value_lengths().fill_null(0))
    return np.repeat(np.arange(len(lengths)), lengths)
