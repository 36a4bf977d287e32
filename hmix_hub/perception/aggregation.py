"""Aggregation of all judgments of a stimulus into one label: `hmix_hub.aggregate`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.judgments.checks import check_values
from hmix_hub.perception.dawid_skene import dawid_skene
from hmix_hub.perception.model import PerceptualModel
from hmix_hub.perception.people_answers import labels_of_shares
from hmix_hub.perception.stimulus_means import stimulus_means
from hmix_hub.scales import scales_of, set_scales
from hmix_hub.schema import N_SYNTHETIC, TOLERANCE, Column, Kind, Vocabulary
from hmix_hub.schema.arrays import Floats, Ints, codes, distributions, matrix, numbers
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.schema.judgment import coefficient, text
from hmix_hub.summaries import by_stimulus
from hmix_hub.tables import (
    add_picture_places,
    arrow_columns,
    check_dataset_type,
    dataset_of,
    named_columns,
    picture_places,
    task_of,
    vocabulary_of,
)
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.task import Task

if TYPE_CHECKING:
    import datasets

METHOD = text("method", meaning="aggregation method, see `hmix_hub.aggregate`")
VALUE = Column("aggregated_value", Kind.FLOAT64, "aggregate of the stimulus' judgments", "of the answers", 0, 1)
COEFFICIENT = coefficient("aggregated_coefficient", meaning="aggregate of the stimulus' judgments")
SOFT_LABEL = Column("soft_label", Kind.DISTRIBUTION, "aggregate of the judgments, by class", "probability", 0, 1)
TOP_CLASS = Column("top_class", Kind.LABEL, "class with the largest share; null for ties", nullable=True)
MODEL = "model"
SHARE, MIDPOINT, CLASS, NUMBER = "share", "midpoint", "class", "number"
"""Kinds of answers: a share of image 1, the mixture of a pair that looks like half of each, a class, or another
number, such as a rating."""


def aggregate(
    dataset: datasets.Dataset,
    method: str = "mean",
    *,
    model: PerceptualModel | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> datasets.Dataset:
    r"""Compute one label per stimulus from all of its judgments.

    The methods available for a task depend on its answers: "share" is the share of image 1 in a mixture
    (`infer_mixing_factor`), "midpoint" the mixture of a pair that looks like half of each (the midpoint tasks), "class"
    a class, with its soft label (`categorical_soft_labels`) or without (`class_choice`), "number" any other number,
    such as a rating (`scale_rating`: one row for each scale of a stimulus).

    ====================== ===================== ===================================================================
    method                 answers               label
    ====================== ===================== ===================================================================
    "mean"                 share, midpoint,      the mean; for classes, the mean soft label
                           class, number         (of chosen classes, the share of each)
    "median"               share, midpoint,      the median
                           number
    "majority"             share, class          vote shares: a vote goes to the most probable class, or to the image
                                                 with the larger share (exactly one half casts no vote; without votes
                                                 each image has one half)
    "confidence_weighted"  share                 the mean weighted by confidence; a missing confidence has no weight,
                                                 and if all weights are 0 it is the plain mean
    "model"                share                 the answer expected of a new participant, given a
                                                 `hmix_hub.PerceptualModel` and the answers: few answers are shrunk
                                                 towards the model's prediction for such a mixture, and the effects of
                                                 the participants who answered are removed
    "dawid_skene"          share, class          the probability of each class under the model of Dawid and Skene, from
                                                 the same votes; see `hmix_hub.perception.dawid_skene`
    ====================== ===================== ===================================================================

    With two or three judgments per stimulus, as in H-Mix, "model" predicts people best: the root mean squared error for
    the answer of a held-out participant, without whom the model was fitted, is .207, compared with .247 for the mean of
    the others' answers.

    Dawid-Skene weights participants by their errors, which takes many votes per participant and stimulus to learn. It
    is not the default, because with few votes it is worse than a majority: on the 1000 pictures of CIFAR-10S, with 6.7
    votes each, it finds the picture's class in 88.6 % of cases, the majority in 92.9 % (ties count by share) and the
    mean soft label in 93.8 %.

    Parameters
    ----------
    dataset
        Judgments of one task, schema 2: any selection from one or several (joined) studies; N rows. Repeats count like
        other judgments; exclude them with `hmix_hub.filter(dataset, repeats=False)`.
    method
        One of the methods.
    model
        For "model": a fitted model; defaults to one fitted to the dataset.
    cifar10, image_sets
        For "model": where the pictures come from, if the model has pixel features; see `hmix_hub.render`.

    Returns
    -------
    datasets.Dataset
        One row per stimulus, in the order of first appearance as in `hmix_hub.by_stimulus`, in memory: ids, picture
        columns, n_judgments, n_participants (and n_synthetic, if some judgments are synthetic); then

        * `method`: the method;
        * `aggregated_coefficient`, float64, 0 to 1, share of image 1, if shares or midpoints were answered. For
          "majority" and "dawid_skene" it is the probability that image 1 prevails, not an expected answer;
        * `aggregated_value`, float64, 0 to 1, if other numbers were answered;
        * `soft_label`, K float64, sums to 1, if shares or classes were answered: what `hmix_hub.batches(…,
          targets="soft_label")` trains on;
        * `top_class`, label, likewise: the class with the largest share; null for ties.

    Raises
    ------
    ConfigurationError
        If the method does not exist or does not apply to the task, a column that it needs is missing, or a model is
        passed to another method.
    SchemaError
        If the dataset is not a judgment table, holds several tasks, or an answer is missing or out of range.
    PerceptionError
        If "dawid_skene" does not converge; for "model", if no model can be fitted, or no stimulus was judged by two
        participants.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample", repeats=False)
    >>> labels = hmix_hub.aggregate(ds, "median")
    >>> labels.column_names[-4:]
    ['method', 'aggregated_coefficient', 'soft_label', 'top_class']
    >>> len(labels) == len(hmix_hub.by_stimulus(ds))
    True
    """
    dataset = in_one_order(check_dataset_type(dataset))
    task = TASKS[task_of(dataset)]
    pooled, vocabulary = by_stimulus(dataset), vocabulary_of(dataset)
    answers = [column for column in task.own_columns if column.name in dataset.column_names]
    check_values(arrow_columns(dataset, [column.name for column in answers]), answers, vocabulary)
    judged = Judged(dataset, task, vocabulary, pooled, model, {"cifar10": cifar10, "image_sets": image_sets})
    compute = _chosen(method, judged)
    keys = [name for name in pooled.column_names if name not in {column.name for column in task.by_stimulus.columns}]
    values: dict[str, object] = {name: pooled.data.table[name] for name in keys}
    values[METHOD.name] = pa.repeat(pa.scalar(method), len(pooled))
    label = compute(judged)
    own = [METHOD]
    if judged.answers == NUMBER:
        own.append(VALUE)
        values[VALUE.name] = label
    if judged.answers in {SHARE, MIDPOINT}:
        own.append(COEFFICIENT)
        values[COEFFICIENT.name] = label
        one, two = (codes(pooled.data.table[f"image_{i}_label"]) for i in (1, 2))
        label = labels_of_shares(label, one, two, len(judged.vocabulary))
    if judged.answers in {SHARE, CLASS}:
        own += [SOFT_LABEL, TOP_CLASS]
        values |= {SOFT_LABEL.name: distributions(label), TOP_CLASS.name: _top_class(label)}
    of_keys = {column.name: column for column in (*task.by_stimulus_columns, N_SYNTHETIC)}
    columns = [*(of_keys[name] for name in keys), *own]
    aggregated = dataset_of(pa.table(values), columns, judged.vocabulary)
    add_picture_places(aggregated.info, picture_places(dataset.info))
    set_scales(aggregated.info, scales_of(dataset).values())
    return aggregated


@dataclass(frozen=True)
class Judged:
    """Judgments of one task with one vocabulary, grouped by stimulus.

    Parameters
    ----------
    dataset
        N judgments.
    task, vocabulary
        Their task and class names.
    pooled
        Their by-stimulus table, G rows.
    model
        The user's model.
    places
        Where its pictures come from.
    """

    dataset: datasets.Dataset
    task: Task
    vocabulary: Vocabulary
    pooled: datasets.Dataset
    model: PerceptualModel | None = None
    places: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def groups(self) -> Groups:
        """Return the rows grouped by stimulus, in the order of the by-stimulus table."""
        return Groups(encode_key(self.columns(*self.task.key_columns).columns))

    @cached_property
    def participants(self) -> Ints:
        """Return the number of each row's participant; int64 (N,)."""
        return encode_key(self.columns("study_id", "participant_id").columns)

    @property
    def answers(self) -> str:
        """Return the kind of answers."""
        if not self.task.is_share_answered:
            return CLASS if self.task.is_over_classes else NUMBER
        return SHARE if self.task.shows == "mixture" else MIDPOINT

    def columns(self, *names: str) -> pa.Table:
        """Return columns of the judgments, which must exist."""
        return arrow_columns(self.dataset, named_columns(self.dataset, names))

    def answered(self) -> Floats:
        """Return the numeric answers, such as shares of image 1; float64 (N,)."""
        return numbers(self.columns(self.task.answered)[self.task.answered])


def _mean(judged: Judged) -> Floats:
    column = judged.pooled.data.table[judged.task.judged_columns[1]]
    return matrix(column) if judged.answers == CLASS else numbers(column)


def _median(judged: Judged) -> Floats:
    return judged.groups.median(judged.answered())


def _confidence_weighted(judged: Judged) -> Floats:
    weighted = numbers(judged.pooled.data.table["confidence_weighted_coefficient"])
    return np.where(np.isnan(weighted), _mean(judged), weighted)


def _by_model(judged: Judged) -> Floats:
    if not len(judged.dataset):
        return np.zeros(0)
    model = PerceptualModel.fit(judged.dataset) if judged.model is None else judged.model
    return stimulus_means(model, judged.dataset, **judged.places).share


@dataclass(frozen=True)
class _Votes:
    """Votes for one of C sides: the classes, or image 1 (0) and image 2 (1)."""

    rows: Ints
    sides: Ints
    n_sides: int


def _votes(judged: Judged) -> _Votes:
    """Return the votes and their rows."""
    if judged.answers == CLASS:
        name = judged.task.class_column
        top = codes(judged.columns(name)[name])
        return _Votes(np.arange(len(top)), top, len(judged.vocabulary))
    share = judged.answered()
    rows = np.flatnonzero(np.abs(share - 0.5) > TOLERANCE)
    return _Votes(rows, (share[rows] < 0.5).astype(np.int64), 2)


def _label_of_votes(judged: Judged, sides: Floats) -> Floats:
    """Return the label to store for shares of the sides, float64 (G, C)."""
    return sides if judged.answers == CLASS else sides[:, 0]


def _majority(judged: Judged) -> Floats:
    if not judged.task.has_participants:
        # Rows that pool participants already have shares of votes.
        return _mean(judged)
    votes = _votes(judged)
    cells = judged.groups.codes[votes.rows] * votes.n_sides + votes.sides
    counts = np.bincount(cells, minlength=len(judged.pooled) * votes.n_sides).reshape(-1, votes.n_sides)
    total = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, total, out=np.full(counts.shape, 1 / votes.n_sides), where=total > 0)
    return _label_of_votes(judged, shares)


def _dawid_skene(judged: Judged) -> Floats:
    votes = _votes(judged)
    shares = np.full((len(judged.pooled), votes.n_sides), 1 / votes.n_sides)
    if len(votes.rows):
        items, participants = (
            np.unique(of_row[votes.rows], return_inverse=True) for of_row in (judged.groups.codes, judged.participants)
        )
        shares[items[0]] = dawid_skene(items[1], participants[1], votes.sides, votes.n_sides).posterior
    return _label_of_votes(judged, shares)


_Compute = Callable[[Judged], Floats]
_COMPUTE: Mapping[str, tuple[frozenset[str], _Compute]] = {
    "mean": (frozenset({SHARE, MIDPOINT, CLASS, NUMBER}), _mean),
    "median": (frozenset({SHARE, MIDPOINT, NUMBER}), _median),
    "majority": (frozenset({SHARE, CLASS}), _majority),
    "confidence_weighted": (frozenset({SHARE}), _confidence_weighted),
    MODEL: (frozenset({SHARE}), _by_model),
    "dawid_skene": (frozenset({SHARE, CLASS}), _dawid_skene),
}
_OF_PARTICIPANTS = frozenset({"dawid_skene", MODEL, "confidence_weighted"})
METHODS = tuple(_COMPUTE)
"""Names of the methods."""


def _chosen(method: str, judged: Judged) -> _Compute:
    """Return the function for a method, if it applies to the task."""
    if not isinstance(method, str) or method not in METHODS:
        msg = f"there is no method {method!r}"
        raise ConfigurationError(msg, hint=nearest(method, METHODS, label="methods"))
    answers, compute = _COMPUTE[method]
    if not judged.task.has_participants and method in _OF_PARTICIPANTS:
        msg = f"{method!r} needs the judgments of each participant"
        raise ConfigurationError(msg, hint=judged.task.without_participants)
    if judged.answers not in answers:
        msg = f"{method!r} does not apply to the answers of {judged.task.name}"
        possible = ", ".join(name for name in METHODS if judged.answers in _COMPUTE[name][0])
        raise ConfigurationError(msg, hint=f"methods for this task: {possible}")
    given: object = judged.model
    if given is not None and not isinstance(given, PerceptualModel):
        msg = f"model must be an hmix_hub.PerceptualModel, not {type(given).__name__}"
        raise ConfigurationError(msg, hint="PerceptualModel.fit(dataset) returns one")
    if judged.model is not None and method != MODEL:
        msg = f"{method!r} does not use a model, but one was passed"
        raise ConfigurationError(msg, hint=f'use aggregate(dataset, "{MODEL}", model=model)')
    return compute


def _top_class(label: Floats) -> pa.Array:
    """Return the class with the largest share of each label; null for ties."""
    if not len(label):
        return pa.array([], pa.int64())
    is_largest = label >= label.max(axis=1, keepdims=True) - TOLERANCE
    return pa.array(label.argmax(axis=1), mask=is_largest.sum(axis=1) > 1)
