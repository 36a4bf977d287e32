"""Judgments as a model of perception takes them: coefficient, classes, answer and participant of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import PerceptionError, Where
from hmix_hub.perception.clusters import cluster
from hmix_hub.schema.arrays import Floats, Ints, codes, numbers
from hmix_hub.schema.groups import encode_key
from hmix_hub.tables import arrow_columns, check_dataset_type, task_of, vocabulary_of

if TYPE_CHECKING:
    import datasets

TASK = "infer_mixing_factor"
_COLUMNS = (
    "study_id",
    "participant_id",
    "image_1_label",
    "image_2_label",
    "mixing_coefficient",
    "inferred_coefficient",
)
_STIMULUS = ("image_set", "stimulus_id")


@dataclass(frozen=True, eq=False)
class Observations:
    """Judgments of mixtures of two pictures.

    Parameters
    ----------
    classes
        Names of the K classes.
    coefficient, inferred
        float64 (N,): share of image 1, shown and inferred; 0 to 1.
    class_1, class_2
        int64 (N,): classes of both pictures.
    participant
        int64 (N,): number of the participant, 0 to J - 1.
    participants
        The J participants: their ids; with the study before them, "study/participant", where two studies share one.
    cluster
        int64 (N,): judgments whose answers depend on each other; see `hmix_hub.perception.clusters`.
    rows
        int64 (N,): row of each judgment in the dataset.
    notes
        What was left out, in sentences.
    """

    classes: tuple[str, ...]
    coefficient: Floats
    inferred: Floats
    class_1: Ints
    class_2: Ints
    participant: Ints
    participants: tuple[str, ...]
    cluster: Ints
    rows: Ints
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


def observe(dataset: datasets.Dataset) -> Observations:
    """Return the judgments of a dataset that a model can be fitted to or scored on.

    Parameters
    ----------
    dataset
        Judgments of infer_mixing_factor, of one or several studies. Rows of single pictures are left out, with a note.

    Raises
    ------
    PerceptionError
        If it holds another task, no row of two pictures, or a value that no judgment has; the row is named.
    """
    dataset = in_one_order(check_dataset_type(dataset))
    task = task_of(dataset)
    if task != TASK:
        msg = f"a model of perception is fitted to judgments of {TASK}, not of {task}"
        raise PerceptionError(msg, hint=f'load the configuration "{TASK}"')
    missing = [name for name in _COLUMNS if name not in dataset.column_names]
    if missing:
        msg = f"the dataset lacks the columns {', '.join(missing)}"
        raise PerceptionError(msg, hint="fit first, then choose columns")
    table = arrow_columns(dataset, list(_COLUMNS))
    class_1, class_2 = codes(table["image_1_label"]), codes(table["image_2_label"])
    rows = np.flatnonzero(class_2 >= 0)
    if not len(rows):
        what = "all judgments are of single pictures" if len(class_2) else "the dataset has no rows"
        msg = f"{what}: there is no mixture to model"
        raise PerceptionError(msg, hint="a model of perception needs judgments of mixtures of two pictures")
    notes = []
    if len(rows) < len(class_2):
        left_out = len(class_2) - len(rows)
        notes.append(f"{left_out:,} of {len(class_2):,} judgments are of single pictures, and are left out")
    classes = vocabulary_of(dataset).names
    coefficient = _checked(table, "mixing_coefficient", rows)
    inferred = _checked(table, "inferred_coefficient", rows)
    unknown = np.flatnonzero((class_1[rows] < 0) | (class_1[rows] >= len(classes)) | (class_2[rows] >= len(classes)))
    if len(unknown):
        msg = "a label is none of the dataset's classes"
        raise PerceptionError(msg, where=Where(row=int(rows[unknown[0]]), column="image_1_label"))
    participant, participants = _people(table, rows)
    return Observations(
        classes=classes,
        coefficient=coefficient,
        inferred=inferred,
        class_1=class_1[rows],
        class_2=class_2[rows],
        participant=participant,
        participants=participants,
        cluster=cluster(participant, _stimuli(dataset, rows, participant)),
        rows=rows,
        notes=tuple(notes),
    )


def _checked(table: pa.Table, name: str, rows: Ints) -> Floats:
    values = numbers(table[name])[rows]
    # Written so that NaN is outside, too.
    outside = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(outside):
        msg = f"{name} is {values[outside[0]]:g}, and not a number from 0 to 1"
        raise PerceptionError(msg, where=Where(row=int(rows[outside[0]]), column=name), hint="filter such rows out")
    return values


def _people(table: pa.Table, rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Return the participant of each judgment, and their names in order: the order of rows does not matter."""
    studies, people = (_texts(table[name])[rows] for name in ("study_id", "participant_id"))
    both, participant = np.unique(np.char.add(np.char.add(studies, "/"), people), return_inverse=True)
    _, first = np.unique(participant, return_index=True)
    if len(np.unique(people)) == len(both):
        return participant, tuple(people[first].tolist())
    return participant, tuple(both.tolist())


def _stimuli(dataset: datasets.Dataset, rows: Ints, participant: Ints) -> Ints:
    """Return the stimulus of each judgment; where the dataset does not tell, each participant has one of their own."""
    names = [name for name in _STIMULUS if name in dataset.column_names]
    if len(names) < len(_STIMULUS):
        return participant
    return encode_key(arrow_columns(dataset, names).columns)[rows]


def _texts(column: pa.ChunkedArray) -> npt.NDArray[np.str_]:
    return np.asarray(column.to_pylist(), dtype=np.str_)
