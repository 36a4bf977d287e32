"""Image sets that the package knows: a new one is an entry in `IMAGE_SETS`, and nothing else."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceNameError, nearest
from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary
from hmix_hub.sources.arrays import cached_array
from hmix_hub.sources.image_set import METHOD_MARK, ImageSet
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.sample import IMAGE_SET as SAMPLE_PICTURES
from hmix_hub.sources.sample.drawing import pictures

Place = str | os.PathLike[str] | None


@dataclass(frozen=True)
class KnownImageSet:
    """An image set that stimuli can refer to by name, without bringing pictures.

    Parameters
    ----------
    sentence
        What a card says of its pictures; `{both}` says how the two indices count, and is followed by "of it".
    vocabulary
        Class names.
    labels
        Returns the labels, int64 (M,), without its pictures.
    open
        Opens it, given where the user said that CIFAR-10 lies.
    is_synthetic
        Whether a program drew the pictures, so that a new study is not offered them.
    """

    sentence: str
    vocabulary: Vocabulary
    labels: Callable[[], npt.NDArray[np.int64]]
    open: Callable[[Place], ImageSet]
    is_synthetic: bool = False


def _cifar10_labels(split: str) -> npt.NDArray[np.int64]:
    from hmix_hub.sources.cifar10 import known_labels

    return known_labels(split)


def _open_cifar10(split: str, cifar10: Place) -> ImageSet:
    from hmix_hub.sources.cifar10 import open_cifar10

    return open_cifar10(split, cifar10)


def _open_sample() -> ImageSet:
    drawn, labels, fingerprint = _drawn()
    path = cached_array(f"sample-pictures-{fingerprint}.npy", lambda: drawn.transpose(0, 3, 1, 2))
    return ImageSet(SAMPLE_PICTURES, path, labels, CIFAR10, fingerprint)


@cache
def _drawn() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], str]:
    """Draw the sample's pictures, uint8 (200, 32, 32, 3); they are few, so that the file is named by what is drawn."""
    drawn, labels = pictures()
    content = hashlib.sha256(np.ascontiguousarray(drawn).data)
    content.update(labels.astype("<i8").tobytes())
    return drawn, labels, content.hexdigest()[:16]


IMAGE_SETS: dict[str, KnownImageSet] = {
    "cifar10/test": KnownImageSet(
        "The pictures are of CIFAR-10's test set, unshuffled, and are not part of this dataset: {both} of it.",
        CIFAR10,
        labels=lambda: _cifar10_labels("test"),
        open=lambda cifar10: _open_cifar10("test", cifar10),
    ),
    "cifar10/train": KnownImageSet(
        "The pictures are of CIFAR-10's training set, unshuffled, and are not part of this dataset: {both} of it.",
        CIFAR10,
        labels=lambda: _cifar10_labels("train"),
        open=lambda cifar10: _open_cifar10("train", cifar10),
    ),
    SAMPLE_PICTURES: KnownImageSet(
        "The pictures are the synthetic ones that hmix-hub comes with: {both} of them.",
        CIFAR10,
        labels=lambda: _drawn()[1],
        open=lambda _: _open_sample(),
        is_synthetic=True,
    ),
}
"""By the name that stimuli call them by."""


def open_image_set(
    name: str, *, cifar10: Place = None, folders: Mapping[str, ImageSet | str | os.PathLike[str]] | None = None
) -> ImageSet:
    """Open an image set by its name.

    Parameters
    ----------
    name
        A name in `folders` or in `IMAGE_SETS`.
    cifar10
        Where CIFAR-10 lies; see `hmix_hub.sources.cifar10.open_cifar10`.
    folders
        Image sets of contributed studies by name: an `ImageSet`, or a folder that
        `hmix_hub.sources.picture_folder.open_picture_folder` opens. They go before the names known here.

    Raises
    ------
    SourceNameError
        If no image set has the name.
    SourceError
        If the pictures cannot be had, or are not what they should be.
    """
    folders = folders or {}
    if name in folders:
        given = folders[name]
        if isinstance(given, ImageSet):
            return given
        opened = open_picture_folder(given, name)
        method = name.partition(METHOD_MARK)[2]
        return replace(opened, mixing=method) if method else opened
    if name in IMAGE_SETS:
        return IMAGE_SETS[name].open(cifar10)
    msg = f"no image set is called {name!r}"
    hint = f"{nearest(name, [*folders, *IMAGE_SETS], label='image sets')} Load the study that it is of, or "
    raise SourceNameError(msg, hint=f"{hint}name a folder of pictures with image_sets={{{name!r}: folder}}")
