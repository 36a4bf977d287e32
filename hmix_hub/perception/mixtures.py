"""Mixtures of two pictures: for predictions, and in judgments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import PerceptionError, Where, nearest
from hmix_hub.schema.arrays import Floats, Ints, codes, numbers
from hmix_hub.schema.groups import encode_key
from hmix_hub.tables import arrow_columns, check_dataset_type, task_of, vocabulary_of
from hmix_hub.tasks import INFER

if TYPE_CHECKING:
    import datasets

Numbers = float | npt.ArrayLike | torch.Tensor
Classes = str | int | Sequence[str] | Sequence[int] | npt.NDArray[Any] | torch.Tensor
"""Names (case-insensitive) or codes of classes."""
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


@dataclass(frozen=True, eq=False, kw_only=True)
class Mixtures:
    """Mixtures of two pictures.

    Parameters
    ----------
    coefficient
        float64 (N,): share of image 1, 0 to 1.
    class_1, class_2
        int64 (N,): codes of the classes of both pictures.
    """

    coefficient: Floats
    class_1: Ints
    class_2: Ints

    def __len__(self) -> int:
        return len(self.coefficient)


@dataclass(frozen=True, eq=False, kw_only=True)
class Questions(Mixtures):
    """Mixtures to predict, and the broadcast shape of their coefficients and classes."""

    shape: tuple[int, ...]


def ask(coefficient: Numbers, class_1: Classes, class_2: Classes, classes: Sequence[str]) -> Questions:
    """Check and broadcast the arguments of a prediction.

    Raises
    ------
    PerceptionError
        If a coefficient is outside 0 to 1, a class is unknown, or the shapes cannot be broadcast.
    """
    shown = coefficients_of(coefficient)
    one, two = codes_of(class_1, classes), codes_of(class_2, classes)
    try:
        shown, one, two = np.broadcast_arrays(shown, one, two)
    except ValueError:
        shapes = ", ".join(str(part.shape) for part in (shown, one, two))
        msg = f"coefficient, class_1 and class_2 cannot be broadcast: their shapes are {shapes}"
        raise PerceptionError(msg, hint="pass scalars or arrays of the same length") from None
    return Questions(shape=shown.shape, coefficient=shown.ravel(), class_1=one.ravel(), class_2=two.ravel())


def coefficients_of(given: Numbers) -> Floats:
    """Return mixing coefficients as float64.

    Raises
    ------
    PerceptionError
        If one is not a number from 0 to 1.
    """
    try:
        shown = np.asarray(_on_cpu(given), dtype=np.float64)
    except (TypeError, ValueError):
        msg = f"mixing coefficients must be numbers from 0 to 1, not {type(given).__name__}"
        raise PerceptionError(msg) from None
    # Negated, so that NaN counts as outside.
    outside = ~((shown >= 0) & (shown <= 1))
    if outside.any():
        msg = f"{shown[outside][0]:g} is not a mixing coefficient"
        raise PerceptionError(msg, hint="a mixing coefficient is the share of image 1, from 0 to 1")
    return shown


def codes_of(given: Classes, classes: Sequence[str]) -> Ints:
    """Return the codes of classes as int64.

    Raises
    ------
    PerceptionError
        If a class is unknown to the model; similar names are suggested.
    """
    try:
        values = np.asarray(_on_cpu(given))
    except ValueError:
        msg = "classes must be names or codes, or an array of them, not lists of different lengths"
        raise PerceptionError(msg) from None
    if values.dtype.kind in "iu":
        outside = (values < 0) | (values >= len(classes))
        if outside.any():
            msg = f"the model has no class {int(values[outside][0])}: codes are 0 to {len(classes) - 1}"
            raise PerceptionError(msg, hint=nearest("", classes, label="classes"))
        return values.astype(np.int64)
    by_name = {name.lower(): code for code, name in enumerate(classes)}
    codes = np.empty(values.shape, dtype=np.int64)
    for place, name in enumerate(values.ravel().tolist()):
        if not isinstance(name, str) or name.lower() not in by_name:
            msg = f"the model has no class {name!r}"
            raise PerceptionError(msg, hint=nearest(name, classes, label="classes"))
        codes.ravel()[place] = by_name[name.lower()]
    return codes


def _on_cpu(given: Any) -> Any:
    return given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else given


@dataclass(frozen=True, eq=False, kw_only=True)
class Observations(Mixtures):
    """Judgments of mixtures.

    Parameters
    ----------
    classes
        Names of the K classes.
    inferred
        float64 (N,): inferred share of image 1, 0 to 1.
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
    inferred: Floats
    participant: Ints
    participants: tuple[str, ...]
    cluster: Ints
    rows: Ints
    notes: tuple[str, ...] = ()

    def coded_as(self, classes: tuple[str, ...]) -> Observations:
        """Return the judgments with their classes recoded to those of a model.

        Raises
        ------
        PerceptionError
            If the judgments show a class that is unknown to the model.
        """
        codes = np.full(len(self.classes), -1)
        shown = np.union1d(self.class_1, self.class_2)
        codes[shown] = codes_of(np.array(self.classes)[shown], classes)
        return replace(self, classes=classes, class_1=codes[self.class_1], class_2=codes[self.class_2])


def observe(dataset: datasets.Dataset) -> Observations:
    """Return the judgments of mixtures in a dataset.

    Parameters
    ----------
    dataset
        Judgments of infer_mixing_factor, from one or several studies. Rows of single pictures are dropped, with a note.

    Raises
    ------
    PerceptionError
        If the dataset has another task, no mixtures of two pictures, or a value out of range (with its row).
    """
    dataset = in_one_order(check_dataset_type(dataset))
    task = task_of(dataset)
    if task != INFER:
        msg = f"a perceptual model is fitted to judgments of {INFER}, not of {task}"
        raise PerceptionError(msg, hint=f'load the configuration "{INFER}"')
    missing = [name for name in _COLUMNS if name not in dataset.column_names]
    if missing:
        msg = f"columns are missing from the dataset: {', '.join(missing)}"
        raise PerceptionError(msg, hint="fit the model before selecting columns")
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
    # Negated, so that NaN counts as outside.
    outside = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if len(outside):
        msg = f"{name} is {values[outside[0]]:g}, not a number from 0 to 1"
        raise PerceptionError(msg, where=Where(row=int(rows[outside[0]]), column=name), hint="filter such rows out")
    return values


def _people(table: pa.Table, rows: Ints) -> tuple[Ints, tuple[str, ...]]:
    """Return the participant of each judgment, and the sorted ids, independent of the order of rows."""
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
