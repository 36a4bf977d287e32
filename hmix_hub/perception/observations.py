"""Judgments as arrays for a perceptual model: coefficient, classes, answer and participant of each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import PerceptionError, Where
from hmix_hub.schema.arrays import Floats, Ints, codes, numbers
from hmix_hub.schema.groups import encode_key
from hmix_hub.tables import arrow_columns, check_dataset_type, task_of, vocabulary_of
from hmix_hub.tasks import INFER

if TYPE_CHECKING:
    import datasets

_PERSON = ("study_id", "participant_id")
_COLUMNS = (
    *_PERSON,
    "image_1_label",
    "image_2_label",
    "mixing_coefficient",
    "inferred_coefficient",
)
_STIMULUS = ("image_set", "stimulus_id")
_FEWEST_CLUSTERS = 10
"""Minimum number of connected components for estimating standard errors from their differences."""


@dataclass(frozen=True, eq=False)
class Observations:
    """Judgments of mixtures of two pictures.

    Parameters
    ----------
    classes
        Names of the K classes.
    coefficient, inferred
        float64 (N,): share of image 1, as shown and as inferred; 0 to 1.
    class_1, class_2
        int64 (N,): classes of both pictures.
    participant
        int64 (N,): index of the participant, 0 to J - 1.
    participants
        Ids of the J participants; if two studies share an id, all ids are "study/participant".
    cluster
        int64 (N,): cluster of judgments that depend on each other; see `find_clusters`.
    rows
        int64 (N,): row of each judgment in the dataset.
    notes
        Warnings about rows that were dropped.
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
    """Return the judgments of mixtures in a dataset.

    Parameters
    ----------
    dataset
        Judgments of infer_mixing_factor, from one or several studies. Rows of single pictures are dropped, with a note.

    Raises
    ------
    PerceptionError
        If the dataset holds another task, no mixtures of two pictures, or a value out of range (the row is named).
    """
    dataset = in_one_order(check_dataset_type(dataset))
    task = task_of(dataset)
    if task != INFER:
        msg = f"a perceptual model is fitted to judgments of {INFER}, not of {task}"
        raise PerceptionError(msg, hint=f'load the configuration "{INFER}"')
    missing = [name for name in _COLUMNS if name not in dataset.column_names]
    if missing:
        msg = f"the dataset lacks the columns {', '.join(missing)}"
        raise PerceptionError(msg, hint="fit first, then choose columns")
    table = arrow_columns(dataset, _COLUMNS)
    class_1, class_2 = codes(table["image_1_label"]), codes(table["image_2_label"])
    rows = np.flatnonzero(class_2 >= 0)
    if not len(rows):
        msg = "all judgments are of single pictures" if len(class_2) else "the dataset has no rows"
        raise PerceptionError(msg, hint="a perceptual model needs judgments of mixtures of two pictures")
    notes = []
    if len(rows) < len(class_2):
        left_out = len(class_2) - len(rows)
        notes.append(f"{left_out:,} of {len(class_2):,} judgments are of single pictures and were dropped")
    classes = vocabulary_of(dataset).names
    coefficient = _checked(table, "mixing_coefficient", rows)
    inferred = _checked(table, "inferred_coefficient", rows)
    unknown = np.flatnonzero((class_1[rows] < 0) | (class_1[rows] >= len(classes)) | (class_2[rows] >= len(classes)))
    if len(unknown):
        msg = "a label is not one of the dataset's classes"
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
        cluster=find_clusters(participant, _stimuli(dataset, rows, participant)),
        rows=rows,
        notes=tuple(notes),
    )


def find_clusters(participant: Ints, stimulus: Ints) -> Ints:
    """Return the cluster of each judgment; int64 (N,), 0 to C - 1.

    Answers of one participant depend on each other, and so do answers to one stimulus. Clusters are therefore the
    connected components of the graph of participants and stimuli; in H-Mix these are the batches. With fewer than 10
    components, each participant is a cluster.

    Parameters
    ----------
    participant, stimulus
        int64 (N,), indices from 0.
    """
    n_people = int(participant.max()) + 1
    size = n_people + int(stimulus.max()) + 1
    graph = coo_array((np.ones(len(participant)), (participant, n_people + stimulus)), shape=(size, size))
    component = connected_components(graph, directed=False)[1][participant]
    numbers, of_row = np.unique(component, return_inverse=True)
    return of_row.astype(np.int64) if len(numbers) >= _FEWEST_CLUSTERS else participant


def _checked(table: pa.Table, name: str, rows: Ints) -> Floats:
    values = numbers(table[name])[rows]
    # Written so that NaN counts as outside.
    outside = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(outside):
        msg = f"{name} is {values[outside[0]]:g}, not a number from 0 to 1"
        raise PerceptionError(msg, where=Where(row=int(rows[outside[0]]), column=name), hint="filter such rows out")
    return values


def _people(table: pa.Table, rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Return the participant of each judgment, and the sorted ids, whatever the order of the rows."""
    studies, people = (np.asarray(table[name].to_pylist(), dtype=np.str_)[rows] for name in _PERSON)
    both, first, participant = np.unique(
        np.char.add(np.char.add(studies, "/"), people), return_index=True, return_inverse=True
    )
    names = people[first] if len(np.unique(people)) == len(both) else both
    return participant, tuple(names.tolist())


def _stimuli(dataset: datasets.Dataset, rows: Ints, participant: Ints) -> Ints:
    """Return the stimulus of each judgment; without stimulus ids, one per participant."""
    if not set(_STIMULUS) <= set(dataset.column_names):
        return participant
    return encode_key(arrow_columns(dataset, _STIMULUS).columns)[rows]
