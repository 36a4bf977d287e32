"""Built-in image sets: to add one, add an entry to `IMAGE_SETS`."""

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
    """An image set that stimuli can refer to by name, without providing pictures.

    Parameters
    ----------
    sentence
        Sentence about its pictures in a dataset card; `{both}` describes the two indices, and is followed by "of it".
    vocabulary
        Class names.
    labels
        Returns the labels, int64 (M,), without the pictures.
    open
        Opens it, given the location of CIFAR-10.
    is_synthetic
        Whether a program drew the pictures, so that they are not suggested for new studies.
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
    """Draw the sample's pictures, uint8 (200, 32, 32, 3); being few, they are drawn to name their file."""
    drawn, labels = pictures()
    content = hashlib.sha256(np.ascontiguousarray(drawn).data)
    content.update(labels.astype("<i8").tobytes())
    return drawn, labels, content.hexdigest()[:16]


IMAGE_SETS: dict[str, KnownImageSet] = {
    "cifar10/test": KnownImageSet(
        "The pictures are from CIFAR-10's test set, unshuffled, and are not part of this dataset: {both} of it.",
        CIFAR10,
        labels=lambda: _cifar10_labels("test"),
        open=lambda cifar10: _open_cifar10("test", cifar10),
    ),
    "cifar10/train": KnownImageSet(
        "The pictures are from CIFAR-10's training set, unshuffled, and are not part of this dataset: {both} of it.",
        CIFAR10,
        labels=lambda: _cifar10_labels("train"),
        open=lambda cifar10: _open_cifar10("train", cifar10),
    ),
    SAMPLE_PICTURES: KnownImageSet(
        "The pictures are the synthetic ones included in hmix-hub: {both} of them.",
        CIFAR10,
        labels=lambda: _drawn()[1],
        open=lambda _: _open_sample(),
        is_synthetic=True,
    ),
}
"""Built-in image sets by the name that stimuli use."""


def open_image_set(
    name: str, *, cifar10: Place = None, folders: Mapping[str, ImageSet | str | os.PathLike[str]] | None = None
) -> ImageSet:
    """Open an image set by its name.

    Parameters
    ----------
    name
        A name in `folders` or in `IMAGE_SETS`.
    cifar10
        Location of CIFAR-10; see `hmix_hub.sources.cifar10.open_cifar10`.
    folders
        Image sets of contributed studies by name: an `ImageSet`, or a folder for
        `hmix_hub.sources.picture_folder.open_picture_folder`. They take precedence over built-in names.

    Raises
    ------
    SourceNameError
        If no image set has the name.
    SourceError
        If the pictures are unavailable or not as expected.
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
    msg = f"there is no image set {name!r}"
    hint = f"{nearest(name, [*folders, *IMAGE_SETS], label='image sets')} Load its study, or "
    raise SourceNameError(msg, hint=f"{hint}give a folder of pictures with image_sets={{{name!r}: folder}}")
