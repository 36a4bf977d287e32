"""Preparation: rows of a dataset as tensors that batches are gathered from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from hmix_hub.stimuli.coefficients import coefficient_column
from hmix_hub.stimuli.columns import check_images
from hmix_hub.stimuli.mixtures import ENDPOINT_COLUMNS, Mixtures, mixtures_of, pairs_of
from hmix_hub.stimuli.rendering import open_image_sets, task_of_rows
from hmix_hub.tables import arrow_columns, check_dataset_type, vocabulary_of
from hmix_hub.tensors import to_tensors
from hmix_hub.training.pictures import Gathered, Scaling, gathered, scaling_of
from hmix_hub.training.targets import Target, check_targets, target_of

if TYPE_CHECKING:
    import datasets

    from hmix_hub.sources.image_set import ImageSet

ROW = "row"


@dataclass(frozen=True, eq=False)
class Wanted:
    """What batches shall hold.

    Parameters
    ----------
    task
        Task of the rows.
    images, targets, columns, on_screen, toward
        See `hmix_hub.batches`.
    scaling
        How pictures become numbers.
    image_sets
        The image sets that the rows name, opened.
    device
        Where tensors shall lie.
    """

    task: str
    images: str | None
    targets: tuple[str, ...]
    columns: tuple[str, ...]
    on_screen: bool
    toward: str
    scaling: Scaling
    image_sets: Mapping[str, ImageSet]
    device: torch.device

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of targets and columns."""
        return self.scaling.dtype if self.scaling.dtype.is_floating_point else torch.float32


def wanted_of(
    dataset: datasets.Dataset,
    *,
    images: str | None,
    targets: str | Sequence[str],
    columns: Sequence[str],
    dtype: torch.dtype,
    normalize: object,
    toward: str,
    on_screen: bool,
    cifar10: str | os.PathLike[str] | None,
    image_sets: Mapping[str, Any] | None,
    device: torch.device | str = "cpu",
) -> Wanted:
    """Check what a caller wants of a dataset, and open its image sets.

    Raises
    ------
    ConfigurationError
        If the dataset does not have it.
    SchemaError, SourceError
        If a row's pictures do not exist, or cannot be had.
    """
    check_dataset_type(dataset)
    opened = {}
    if check_images(images) is not None:
        task_of_rows(dataset)
        table = arrow_columns(dataset, ENDPOINT_COLUMNS)
        opened = open_image_sets(table, vocabulary_of(dataset), cifar10=cifar10, image_sets=image_sets)
    return Wanted(
        task_of_rows(dataset),
        check_images(images),
        check_targets(targets),
        (columns,) if isinstance(columns, str) else tuple(columns),
        on_screen,
        toward,
        scaling_of(dtype, normalize),
        opened,
        torch.device(device),
    )


@dataclass(frozen=True, eq=False)
class Prepared:
    """N rows, ready to be gathered.

    Parameters
    ----------
    pictures
        By name; none where none are wanted.
    targets
        By name.
    columns
        Other columns, (N, ...) each.
    scaling
        How pictures become numbers.
    """

    pictures: Mapping[str, Gathered]
    targets: Mapping[str, Target]
    columns: Mapping[str, torch.Tensor]
    scaling: Scaling

    def take(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Give a batch.

        Parameters
        ----------
        rows
            int64 (B,), on the tensors' device.
        """
        batch = {name: self.scaling.take(source, rows) for name, source in self.pictures.items()}
        batch |= {name: target.take(rows) for name, target in self.targets.items()}
        return batch | {name: column.index_select(0, rows) for name, column in self.columns.items()}


def prepare(dataset: datasets.Dataset, wanted: Wanted) -> Prepared:
    """Make tensors of a dataset's N rows: each distinct picture is drawn once."""
    pictures: Mapping[str, Gathered] = {}
    if wanted.images is not None:
        pictures = gathered(_mixtures(dataset, wanted), wanted.image_sets, wanted.images, wanted.device)
    targets = {
        name: target_of(dataset, name, wanted.task, toward=wanted.toward, dtype=wanted.dtype).filled().to(wanted.device)
        for name in wanted.targets
    }
    columns: dict[str, torch.Tensor] = {}
    if wanted.columns:
        columns = {k: v.to(wanted.device) for k, v in to_tensors(dataset, wanted.columns, wanted.dtype).items()}
    return Prepared(pictures, targets, columns, wanted.scaling)


def _mixtures(dataset: datasets.Dataset, wanted: Wanted) -> Mixtures:
    if wanted.images == "endpoints":
        return pairs_of(arrow_columns(dataset, ENDPOINT_COLUMNS))
    names = [*ENDPOINT_COLUMNS, coefficient_column(wanted.task), *(["flags"] if wanted.on_screen else [])]
    table = arrow_columns(dataset, [name for name in names if name in dataset.column_names])
    return mixtures_of(table, wanted.task, on_screen=wanted.on_screen)
