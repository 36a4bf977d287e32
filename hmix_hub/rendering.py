"""Pictures as tensors: those that people saw, `hmix_hub.render`, and mixtures for training, `hmix_hub.mix`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import torch

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, SchemaError, nearest
from hmix_hub.loading.pictures import ImageSets, mixtures_in, open_image_sets, task_of_rows
from hmix_hub.loading.road import load_dataset
from hmix_hub.schema import Vocabulary, arrow_schema
from hmix_hub.schema.judgment import IMAGE_SET, IMAGES, MIXING_COEFFICIENT
from hmix_hub.sources import resolve_source
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.stimuli.drawing import draw
from hmix_hub.stimuli.identifiers import is_stimulus_id, parse_stimulus_id
from hmix_hub.stimuli.mixtures import Mixtures, check_endpoints, mixtures_of
from hmix_hub.stimuli.sizes import Size, check_size
from hmix_hub.tables import arrow_columns, check_dataset_type, unique_values
from hmix_hub.tasks import TASKS, task_that_shows


def render(
    judgments: datasets.Dataset | str | Sequence[str],
    *,
    on_screen: bool = False,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: ImageSets | None = None,
    image_set: str | None = None,
    image_size: tuple[int, int] | None = None,
    source: str | os.PathLike[str] | None = None,
) -> torch.Tensor:
    """Return the pictures that people saw, exact to the bit.

    Parameters
    ----------
    judgments
        A `datasets.Dataset` of judgments or stimuli, N rows; or an id or N ids of stimuli
        ("mixed_0.5_Dog_2205_Frog_6908") or of judgments of "h-mix".
    on_screen
        For judgments with the flag endpoint_not_shown (36 in H-Mix), whether to return the picture actually on the
        screen, drawn with .1 or .9, rather than that of the stored answer, 0 or 1.
    cifar10
        Where CIFAR-10 comes from: its Parquet file or folder, `cifar-10-python.tar.gz`, or `test_batch`; `None`:
        HMIX_CIFAR10 if set, otherwise the Hub.
    image_sets
        Other image sets by name, each a folder of pictures with its `images.csv`; for a study that does not publish its
        pictures, your own folder of them, `{"<study id>/pictures": folder}`, whose files are compared with the study's
        list.
    image_set
        Image set that stimulus ids refer to; `None`: that of the source, "cifar10/test" for H-Mix.
    image_size
        Height and width to resize pictures to after mixing, bilinear with antialiasing, like Pillow; their proportions
        may change. `None`: as people saw them; they must have one size.
    source
        Source of judgments given by id, and study of stimulus ids; see `load_dataset`.

    Returns
    -------
    torch.Tensor
        uint8 (N, 3, H, W), red, green, blue; 32 by 32 for CIFAR-10. In the midpoint tasks, the picture that the
        participant selected. Each distinct picture is drawn once.

    Raises
    ------
    ConfigurationError
        If rows are about pairs, not about one mixture each.
    SchemaError
        If an id is invalid, an index is outside its image set, a label is not that picture's, or a coefficient is
        outside 0 to 1; the row is named. If pictures differ in size and no `image_size` is given.
    SourceError
        If the endpoint pictures are unavailable or not as expected.

    Notes
    -----
    Source: released pictures. `((c * A + (1 - c) * B) / 255 * 255)` in float64, truncated to uint8; `c` is the literal
    of the stimulus, or in the midpoint tasks the value of `numpy.arange(0, 1.1, 0.1)`.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> hmix_hub.render(ds.select(range(3))).shape
    torch.Size([3, 3, 32, 32])
    """
    if isinstance(judgments, str | list | tuple):
        ids = [judgments] if isinstance(judgments, str) else list(judgments)
        options = {"on_screen": on_screen, "cifar10": cifar10, "image_sets": image_sets, "image_size": image_size}
        return _render_ids(ids, image_set, source, options)
    judgments = in_one_order(check_dataset_type(judgments))
    mixtures = mixtures_in(judgments, task_of_rows(judgments), on_screen=on_screen)
    opened = open_image_sets(judgments, cifar10=cifar10, image_sets=image_sets)
    return _of_rows(mixtures, opened, check_size(image_size))


def _of_rows(mixtures: Mixtures, image_sets: Mapping[str, ImageSet], size: Size | None) -> torch.Tensor:
    return torch.from_numpy(draw(mixtures, image_sets, size=size))[torch.from_numpy(mixtures.of_row)]


def _render_ids(
    ids: Sequence[str], image_set: str | None, source: str | os.PathLike[str] | None, options: dict[str, Any]
) -> torch.Tensor:
    are_stimuli = [is_stimulus_id(name) for name in ids]
    if all(are_stimuli):
        image_set = image_set or resolve_source(source).study.image_set
        opened = {image_set: open_image_set(image_set, cifar10=options["cifar10"], folders=options["image_sets"])}
        table = table_of_ids(ids, image_set, opened[image_set].vocabulary)
        check_endpoints(table, opened[image_set].vocabulary, opened)
        return _of_rows(mixtures_of(table, task_that_shows("mixture")), opened, check_size(options["image_size"]))
    if any(are_stimuli):
        msg = "the list mixes ids of stimuli and of judgments"
        raise SchemaError(msg, hint="render them one kind at a time")
    return torch.cat([render(find_judgment(name, source), **options) for name in ids])


def find_judgment(judgment_id: str, source: str | os.PathLike[str] | None = None) -> datasets.Dataset:
    """Return the row of "h-mix" with a judgment id.

    Raises
    ------
    SchemaError
        If it is not a judgment id, or there is no such judgment; the nearest ids are suggested.
    """
    parts = judgment_id.split("/")
    if len(parts) != 4 or parts[1] not in TASKS:
        msg = f"{judgment_id!r} is neither a stimulus nor a judgment id"
        hint = "examples are mixed_0.5_Dog_2205_Frog_6908 and collins2023/infer_mixing_factor/<participant>/12"
        raise SchemaError(msg, hint=hint)
    dataset = load_dataset("h-mix", parts[1], split="train", source=source_of_judgment(judgment_id, source))
    return judgment_in(dataset, judgment_id)


def judgment_in(dataset: datasets.Dataset, judgment_id: str) -> datasets.Dataset:
    """Return the row of judgments with an id.

    Raises
    ------
    SchemaError
        If there is none; the nearest ids are suggested.
    """
    known = arrow_columns(dataset, ["judgment_id"])["judgment_id"].to_numpy()
    rows = np.flatnonzero(known == judgment_id)
    if not len(rows):
        msg = f"there is no judgment {judgment_id!r}"
        raise SchemaError(msg, hint=nearest(judgment_id, unique_values(dataset, "judgment_id"), label="judgments"))
    return dataset.select(rows)


def source_of_judgment(judgment_id: str, source: str | os.PathLike[str] | None) -> str | os.PathLike[str] | None:
    """Return the source in which to look for a judgment: the given one, or the sample study for its own ids."""
    return "sample" if source is None and judgment_id.startswith("sample/") else source


def table_of_ids(ids: Sequence[str], image_set: str, vocabulary: Vocabulary) -> pa.Table:
    """Return the parts of stimulus ids as columns of a judgment table."""
    names = [parse_stimulus_id(name) for name in ids]
    columns: dict[str, list[Any]] = {"image_set": [image_set] * len(names)}
    for i in (0, 1):
        columns[f"image_{i + 1}_label"] = [vocabulary.code(n.labels[i]) if i < len(n.labels) else None for n in names]
        columns[f"image_{i + 1}_index"] = [n.indices[i] if i < len(n.indices) else None for n in names]
    columns["mixing_coefficient"] = [name.coefficient for name in names]
    schema = arrow_schema([c for c in (IMAGE_SET, *IMAGES, MIXING_COEFFICIENT) if c.name in columns], vocabulary)
    return pa.table({name: columns[name] for name in schema.names}, schema=schema)


def mix(first: torch.Tensor, second: torch.Tensor, coefficient: float | torch.Tensor) -> torch.Tensor:
    """Mix pictures, labels or anything else: `coefficient * first + (1 - coefficient) * second`.

    This is mixup as used in training. People saw integer pixels, truncated rather than rounded: for those, use
    `render`.

    Parameters
    ----------
    first, second
        (B, ...) of the same shape and dtype. uint8 is interpreted as pictures and scaled to 0 to 1, other integers
        (one-hot labels) are converted without scaling; both to float32.
    coefficient
        Share of the first, 0 to 1: a number, or one per item, (B,). On an accelerator, its range is not checked, since
        the host would have to wait.

    Returns
    -------
    torch.Tensor
        Floating (B, ...), differentiable in all three.

    Raises
    ------
    ConfigurationError
        If shapes or dtypes differ, or a coefficient is outside 0 to 1.

    Examples
    --------
    >>> import hmix_hub, torch
    >>> hmix_hub.mix(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), 0.25)
    tensor([0.2500, 0.7500])
    """
    if first.shape != second.shape or first.dtype != second.dtype:
        both = " and ".join(f"{str(part.dtype).removeprefix('torch.')} {tuple(part.shape)}" for part in (first, second))
        msg = f"inputs must have the same shape and dtype, not {both}"
        raise ConfigurationError(msg, hint="convert class labels with torch.nn.functional.one_hot first")
    share = torch.as_tensor(coefficient, device=first.device)
    if share.ndim > 1 or (share.ndim and len(share) != len(first)):
        msg = f"the coefficient must be one number or one for each of {len(first)}, not of shape {tuple(share.shape)}"
        raise ConfigurationError(msg)
    if share.device.type == "cpu" and not bool(((share >= 0) & (share <= 1)).all()):
        msg = "a coefficient is outside 0 to 1"
        raise ConfigurationError(msg, hint="it is the share of the first")
    one, two = (to_floating(part) for part in (first, second))
    share = share.to(one.dtype)
    return torch.lerp(two, one, share.reshape(-1, *[1] * (one.ndim - 1)) if share.ndim else share)


def to_floating(part: torch.Tensor) -> torch.Tensor:
    """Return uint8 pictures as float32, 0 to 1, other integers as float32, and floating tensors as they are."""
    if part.dtype == torch.uint8:
        return part.float() / 255
    return part if part.dtype.is_floating_point else part.float()
