"""Training targets: distributions over the classes of a picture, or its rating."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch

from hmix_hub.errors import ConfigurationError, SchemaError, Where, nearest
from hmix_hub.schema import TOLERANCE
from hmix_hub.schema.arrays import codes, numbers, one_piece
from hmix_hub.stimuli.mixtures import drawn_coefficients
from hmix_hub.summaries import check_votes, soft_labels
from hmix_hub.tables import arrow_columns, unique_values, vocabulary_of
from hmix_hub.tasks import DEFAULT_TASK, TASKS, soft_label_column, task_judged_in
from hmix_hub.tasks.scale_rating import SCALE

if TYPE_CHECKING:
    import datasets

Floats = npt.NDArray[np.float64]
_FILLED_AT_MOST = 1 << 26
"""Maximum number of values for storing the shares of all classes: 256 MB of float32."""
SOFT_LABEL, RATING = "soft_label", "rating"
TARGETS = ("shown", "human", "human_weighted", SOFT_LABEL, RATING)
AUTO = "auto"
_MOST_NAMED = 5


@dataclass(frozen=True)
class PairTarget:
    """Targets with shares of each row's two classes, and equal parts of the rest for all classes.

    Classes are int64 (N, 2), twice the same for a single picture, and shares floating (N, 2).
    """

    labels: torch.Tensor
    shares: torch.Tensor
    n_classes: int

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the targets (B, K) of rows (B,)."""
        labels, shares = self.labels.index_select(0, rows), self.shares.index_select(0, rows)
        rest = (1 - shares.sum(1, keepdim=True)).clamp_(min=0) / self.n_classes
        return rest.repeat(1, self.n_classes).scatter_add_(1, labels, shares)

    def to(self, device: torch.device) -> PairTarget:
        """Return the same on a device."""
        return PairTarget(self.labels.to(device), self.shares.to(device), self.n_classes)


@dataclass(frozen=True)
class FullTarget:
    """Targets with the share of every class, floating (N, K); or ratings, (N,)."""

    shares: torch.Tensor

    def take(self, rows: torch.Tensor) -> torch.Tensor:
        """Return the targets (B, K), or (B,), of rows (B,)."""
        return self.shares.index_select(0, rows)

    def to(self, device: torch.device) -> FullTarget:
        """Return the same on a device."""
        return FullTarget(self.shares.to(device))


Target = PairTarget | FullTarget


def target_of(
    dataset: datasets.Dataset,
    name: str,
    task: str,
    *,
    toward: str = "shown",
    smoothing: float = 0.0,
    on_screen: bool = False,
    dtype: torch.dtype = torch.float32,
) -> Target:
    """Return the target of each row: one of `TARGETS`, checked; see `hmix_hub.batches` for the options."""
    if name not in TARGETS:
        msg = f"there is no target {name!r}"
        raise ConfigurationError(msg, hint=nearest(name, TARGETS, label="targets"))
    if toward not in {"shown", "uniform"}:
        msg = f"toward must be 'shown' or 'uniform', not {toward!r}"
        raise ConfigurationError(msg)
    if name == SOFT_LABEL:
        _column(dataset, name, soft_label_column(dataset.column_names) or SOFT_LABEL)
        # A copy, since torch does not support read-only memory.
        labels = soft_labels(dataset, smoothing=smoothing).astype(np.float64)
        return FullTarget(torch.from_numpy(labels).to(dtype))
    if name == RATING:
        return FullTarget(torch.from_numpy(_ratings(dataset)).to(dtype))
    if name == "shown" and on_screen:
        names = [name for name in (TASKS[task].coefficient_column, "flags") if name in dataset.column_names]
        table = arrow_columns(dataset, names)
        first = drawn_coefficients(table, task, on_screen=True)
        return _pair_target(dataset, first, np.zeros_like(first), dtype)
    first, rest = _SHARES[name](dataset, task, toward)
    return _pair_target(dataset, first, rest, dtype)


def _column(dataset: datasets.Dataset, target: str, name: str) -> Any:
    if name not in dataset.column_names:
        msg = f"the target {target!r} requires the column {name!r}, which the dataset does not have"
        (own,) = check_targets(AUTO, dataset)
        hint = f"this dataset has the target {own!r}" if own in {SOFT_LABEL, RATING} - {target} else _HINTS.get(target)
        raise ConfigurationError(msg, hint=hint)
    return arrow_columns(dataset, [name])[name]


_HINTS = {
    "human": 'load "infer_mixing_factor", or use the target "soft_label" of "categorical_soft_labels"',
    "human_weighted": 'load "infer_mixing_factor", where participants rated their confidence',
    SOFT_LABEL: f"load one of {', '.join(name for name, task in TASKS.items() if task.is_over_classes)}",
    RATING: 'load "scale_rating"',
}


def _ratings(dataset: datasets.Dataset) -> Floats:
    """Return the rating of each row, or the mean rating by stimulus; float64 (N,), all on one scale."""
    column = _column(dataset, RATING, "mean_rating" if "mean_rating" in dataset.column_names else "rating")
    scales = unique_values(dataset, SCALE) if SCALE in dataset.column_names else []
    if len(scales) > 1:
        msg = (
            f"the target {RATING!r} requires one scale, but the dataset has {', '.join(map(str, scales[:_MOST_NAMED]))}"
        )
        hint = 'choose one: hmix_hub.filter(dataset, scale=...); or use columns=["scale", "rating"] for all'
        raise ConfigurationError(msg, hint=hint)
    return numbers(column).copy()


def _shown(dataset: datasets.Dataset, task: str, toward: str) -> tuple[Floats, Floats]:
    share = numbers(_column(dataset, "shown", TASKS[task].coefficient_column))
    return share, np.zeros_like(share)


def _human(dataset: datasets.Dataset, task: str, toward: str) -> tuple[Floats, Floats]:
    if TASKS[task].shows == "pair":
        # By the question, the participant selected what looks like half of each.
        return np.full(len(dataset), 0.5), np.zeros(len(dataset))
    judged = task_judged_in(dataset.column_names)
    own, pooled = (judged if judged and judged.is_share_answered else TASKS[DEFAULT_TASK]).judged_columns
    name = pooled if pooled in dataset.column_names else own
    share = numbers(_column(dataset, "human", name))
    return share, np.zeros_like(share)


def _human_weighted(dataset: datasets.Dataset, task: str, toward: str) -> tuple[Floats, Floats]:
    """Return confidence * inferred + (1 - confidence) * other per judgment; per stimulus, its mean over judgments."""
    column = partial(_column, dataset, "human_weighted")
    shown = numbers(column("mixing_coefficient"))
    if "inferred_coefficients" not in dataset.column_names:
        return _pulled(numbers(column("inferred_coefficient")), numbers(column("confidence")), shown, toward)
    lists, confidences = one_piece(column("inferred_coefficients")), one_piece(column("confidences"))
    lengths = np.asarray(lists.value_lengths())
    rows = np.repeat(np.arange(len(lengths)), lengths)
    parts = _pulled(numbers(lists.flatten()), numbers(confidences.flatten()), shown[rows], toward)
    first, rest = (np.bincount(rows, weights=part, minlength=len(lengths)) / lengths for part in parts)
    return first, rest


def _pulled(inferred: Floats, confidence: Floats, shown: Floats, toward: str) -> tuple[Floats, Floats]:
    confidence = np.where(np.isnan(confidence), 1, confidence)
    if toward == "uniform":
        return confidence * inferred, 1 - confidence
    return confidence * inferred + (1 - confidence) * shown, np.zeros_like(inferred)


_SHARES = {"shown": _shown, "human": _human, "human_weighted": _human_weighted}


def _pair_target(dataset: datasets.Dataset, first: Floats, rest: Floats, dtype: torch.dtype) -> Target:
    one, two = (codes(_column(dataset, "shown", f"image_{i}_label")) for i in (1, 2))
    shares = np.stack([first, 1 - rest - first], axis=1)
    bad = np.flatnonzero(~((shares >= -TOLERANCE) & (shares <= 1 + TOLERANCE)).all(axis=1))
    if len(bad):
        msg = f"a target cannot have the share {first[bad[0]]:g} of image 1"
        raise SchemaError(msg, where=Where(row=int(bad[0])), hint="coefficients and confidences are from 0 to 1")
    is_single = two < 0
    shares[is_single] = np.stack([1 - rest[is_single], np.zeros(int(is_single.sum()))], axis=1)
    labels = np.stack([one, np.where(is_single, one, two)], axis=1)
    n_classes = len(vocabulary_of(dataset))
    target = PairTarget(torch.from_numpy(labels), torch.from_numpy(shares.clip(0, 1)).to(dtype), n_classes)
    if len(labels) * n_classes > _FILLED_AT_MOST:
        return target
    return FullTarget(target.take(torch.arange(len(labels))))


def check_smoothing(smoothing: object, targets: Sequence[str]) -> float:
    """Check the number of votes added to each class, 0 or more, which is only for soft labels."""
    votes = check_votes(smoothing)
    if votes and SOFT_LABEL not in targets:
        msg = f"smoothing is for the target {SOFT_LABEL!r}, which is not requested"
        raise ConfigurationError(msg, hint=f"use targets={SOFT_LABEL!r}, or leave smoothing out")
    return votes


def check_targets(names: str | Sequence[str] | None, dataset: datasets.Dataset) -> tuple[str, ...]:
    """Return target names as a tuple, each once; "auto" is the one that fits the dataset's answers."""
    if names == AUTO:
        judged = task_judged_in(dataset.column_names) or TASKS[DEFAULT_TASK]
        return (judged.target,)
    return (names,) if isinstance(names, str) else tuple(dict.fromkeys(names or ()))
