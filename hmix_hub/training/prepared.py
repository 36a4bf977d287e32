"""Preparation: rows of a dataset as tensors from which batches are gathered."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from hmix_hub.errors import ConfigurationError
from hmix_hub.loading.pictures import mixtures_in, open_image_sets, task_of_rows
from hmix_hub.stimuli.columns import IMAGES, check_images
from hmix_hub.stimuli.sizes import Size, check_size, common_size, sizes_of
from hmix_hub.tables import unique_values, vocabulary_of
from hmix_hub.tensors import Tensors, to_tensors
from hmix_hub.training.drawn import DrawnPictures, KeptPictures, drawn_of
from hmix_hub.training.pictures import Pictures, Scaling, pictures_of, scaling_of
from hmix_hub.training.targets import RATING, Target, check_smoothing, check_targets, target_of

if TYPE_CHECKING:
    import datasets

    from hmix_hub.sources.image_set import ImageSet

Vocabularies = Tensors | Mapping[str, Sequence[str]] | None
ROW, REPEATED = "row", "repeated"
_ROWS_AT_ONCE = 4096
"""Maximum number of rows of small batches made in one piece."""
_NUMBERS_AT_ONCE = 1 << 20
"""Maximum number of their pixel values, few enough for the CPU cache: fewer rows for large pictures."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """Requested content of batches; see `hmix_hub.batches`.

    The image sets of the rows are open. Codes of ids are the same for all rows, however few are prepared at a time.
    """

    task: str
    images: str | None
    targets: tuple[str, ...]
    columns: tuple[str, ...]
    on_screen: bool
    toward: str
    smoothing: float
    scaling: Scaling
    image_sets: Mapping[str, ImageSet]
    device: torch.device
    vocabularies: Mapping[str, list[str]]
    size: Size
    """Height and width of the pictures."""

    def contents(self, dataset: datasets.Dataset, lead: tuple[int, ...] = ()) -> list[str]:
        """Return the names and shapes of a batch's tensors; `lead` is the first dimension."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.images is not None and self.image_sets:
            shapes |= dict.fromkeys(IMAGES[self.images], (3, *self.size))
        shapes |= {name: () if name == RATING else (len(vocabulary_of(dataset)),) for name in self.targets}
        return [*(f"{name} {[*lead, *shape]}" for name, shape in shapes.items()), *self.columns]

    @property
    def dtype(self) -> torch.dtype:
        """Floating type of targets and columns."""
        return self.scaling.dtype if self.scaling.dtype.is_floating_point else torch.float32

    def rows_at_once(self, batch_size: int) -> int:
        """Return the best number of rows to make in one piece: one batch, or several small ones."""
        rows = _ROWS_AT_ONCE
        if self.images is not None and self.image_sets:
            rows = min(rows, _NUMBERS_AT_ONCE // (3 * max(1, math.prod(self.size))))
        return max(1, rows // batch_size) * batch_size


def wanted_of(
    dataset: datasets.Dataset,
    *,
    images: str | None,
    targets: str | Sequence[str] | None,
    columns: str | Sequence[str],
    dtype: torch.dtype,
    normalize: object,
    toward: str,
    smoothing: float,
    on_screen: bool,
    cifar10: str | os.PathLike[str] | None,
    image_sets: Mapping[str, Any] | None,
    image_size: tuple[int, int] | None = None,
    vocabularies: Vocabularies = None,
    device: torch.device | str = "cpu",
) -> Wanted:
    """Check the options of a caller for a dataset, and open its image sets; see `hmix_hub.batches`."""
    wanted_targets = check_targets(targets, dataset)
    wanted_columns = tuple(dict.fromkeys([columns] if isinstance(columns, str) else columns))
    try:
        place = torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, TypeError) as error:
        msg = f"tensors cannot be put on the device {device!r}: {str(error).splitlines()[0]}"
        hint = 'check torch.cuda.is_available(); "cpu" always works'
        raise ConfigurationError(msg, hint=hint) from None
    counted_in = _vocabularies(dataset, wanted_columns, vocabularies)
    kind = check_images(images)
    both = sorted(set(counted_in) & {*(IMAGES[kind] if kind else ()), *wanted_targets, ROW, REPEATED})
    if both:
        msg = f"a batch cannot hold two things called {both[0]!r}: a column, and a picture, a target or the row number"
        hint = f"leave it out of columns=, or use dataset.rename_column({both[0]!r}, ...) first"
        raise ConfigurationError(msg, hint=hint)
    opened = {} if kind is None else open_image_sets(dataset, cifar10=cifar10, image_sets=image_sets)
    task, scaling = task_of_rows(dataset), scaling_of(dtype, normalize)
    own = counted_in.vocabularies
    size = check_size(image_size) or _size_of(dataset, task, kind, opened)
    votes = check_smoothing(smoothing, wanted_targets)
    return Wanted(
        task, kind, wanted_targets, wanted_columns, on_screen, toward, votes, scaling, opened, place, own, size
    )


def _size_of(dataset: datasets.Dataset, task: str, images: str | None, opened: Mapping[str, ImageSet]) -> Size:
    """Return the common size of all pictures of the rows.

    Raises
    ------
    SchemaError
        If they differ in size.
    """
    sizes = {tuple(opened[name].sizes[0].tolist()) for name in opened if opened[name].has_one_size}
    if images is None or (len(sizes) == 1 and all(image_set.has_one_size for image_set in opened.values())):
        height, width = next(iter(sizes), (0, 0))
        return height, width
    mixtures = mixtures_in(dataset, task, images)
    every = np.arange(len(mixtures))
    which = (None,) if images == "mixed" else (0, 1)
    several = np.concatenate([sizes_of(mixtures, opened, every, one) for one in which])
    return common_size(mixtures, opened, np.tile(every, len(which)), several)


def _vocabularies(dataset: datasets.Dataset, columns: Sequence[str], given: Vocabularies) -> Tensors:
    """Return empty tensors with the vocabularies of all rows: ids are coded in the order of the table."""
    known = dict(given.vocabularies if isinstance(given, Tensors) else given or {})
    for name in columns:
        if name in dataset.features and getattr(dataset.features[name], "dtype", None) == "string":
            known.setdefault(name, [value for value in unique_values(dataset, name) if value is not None])
    return to_tensors(dataset.select([]), columns, vocabularies=known)


@dataclass(frozen=True, eq=False)
class Prepared:
    """N rows, ready to gather: pictures, targets and other columns by name, and the request they were made for."""

    pictures: Mapping[str, Pictures | DrawnPictures]
    targets: Mapping[str, Target]
    columns: Mapping[str, torch.Tensor]
    wanted: Wanted

    def take(self, rows: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the batch of rows, int64 (B,), on the tensors' device."""
        return self._take(rows, {name: pictures.number(rows) for name, pictures in self.pictures.items()})

    def batches(self, rows: torch.Tensor, batch_size: int) -> Iterator[dict[str, torch.Tensor]]:
        """Return batches of consecutive rows, int64 (R,); small ones share memory with others."""
        numbers = {name: pictures.number(rows) for name, pictures in self.pictures.items()}
        at_once = self.wanted.rows_at_once(batch_size)
        for first in range(0, len(rows), at_once):
            part = slice(first, first + at_once)
            several = self._take(rows[part], {name: each[part] for name, each in numbers.items()})
            if at_once == batch_size:
                yield several
                continue
            # Not views: for autograd, writing to one batch must not affect another.
            parts = {name: torch.unsafe_split(tensor, batch_size) for name, tensor in several.items()}
            for number in range(-(-len(rows[part]) // batch_size)):
                yield {name: split[number] for name, split in parts.items()}

    def _take(self, rows: torch.Tensor, numbers: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        batch = {name: self.pictures[name].take(some) for name, some in numbers.items()}
        for name, target in self.targets.items():
            batch[name] = target.take(rows)
        for name, column in self.columns.items():
            batch[name] = column.index_select(0, rows)
        return batch


def prepare(dataset: datasets.Dataset, wanted: Wanted, kept: KeptPictures | None = None) -> Prepared:
    """Return a dataset's N rows as tensors; each distinct picture is drawn once.

    All pictures are drawn now, or when first needed and then kept.
    """
    pictures: Mapping[str, Pictures | DrawnPictures] = {}
    if wanted.images is not None:
        mixtures = mixtures_in(dataset, wanted.task, wanted.images, on_screen=wanted.on_screen)
        if kept is not None:
            pictures = drawn_of(mixtures, wanted.image_sets, wanted.images, kept)
        else:
            pictures = pictures_of(
                mixtures, wanted.image_sets, wanted.images, wanted.scaling, wanted.device, size=wanted.size
            )
    targets = {
        name: target_of(
            dataset,
            name,
            wanted.task,
            toward=wanted.toward,
            smoothing=wanted.smoothing,
            on_screen=wanted.on_screen,
            dtype=wanted.dtype,
        ).to(wanted.device)
        for name in wanted.targets
    }
    columns: dict[str, torch.Tensor] = {}
    if wanted.columns:
        made = to_tensors(dataset, wanted.columns, wanted.dtype, vocabularies=wanted.vocabularies)
        columns = {name: column.to(wanted.device) for name, column in made.items()}
    return Prepared(pictures, targets, columns, wanted)
