"""Image sets: the pictures that stimuli are mixed from, by index, with their labels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, SourceMissingError, SourceNameError, Where, nearest
from hmix_hub.schema.vocabulary import CIFAR10, Vocabulary
from hmix_hub.sources.arrays import cached_array

NAMES = ("cifar10/test", "cifar10/train", "sample/pictures")
"""Image sets that the package knows by name."""

PIXEL_LINEAR = "pixel-linear"
"""The mixing of mixup, lambda * image_1 + (1 - lambda) * image_2, which the package can draw."""
METHOD_MARK = "+"
"""Stands in a name between the image set and the method of mixing, where that is another."""


@dataclass(frozen=True)
class ImageSet:
    """Pictures of one size with their labels; equal to another if name, vocabulary and fingerprint are.

    Pickling carries the path and the labels, not the pixels: worker processes map the same file.

    Parameters
    ----------
    name
        Name that stimuli refer to: "cifar10/test".
    path
        An .npy file, uint8 (M, 3, H, W), red, green, blue.
    labels
        int64 (M,), positions in `vocabulary`; kept read-only.
    vocabulary
        Class names.
    fingerprint
        16 hex digits that decide the pixels and the labels.
    mixing
        How its pictures were mixed; only `PIXEL_LINEAR` mixtures can be drawn from the endpoints.
    mixtures
        Pictures of mixtures as people saw them, whose class names are stimulus ids; `None`: there are none.
    """

    name: str
    path: Path = field(compare=False)
    labels: npt.NDArray[np.int64] = field(compare=False, repr=False)
    vocabulary: Vocabulary
    fingerprint: str
    mixing: str = PIXEL_LINEAR
    mixtures: ImageSet | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        labels = np.array(self.labels, dtype=np.int64)
        labels.flags.writeable = False
        object.__setattr__(self, "labels", labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __reduce__(self) -> tuple[object, ...]:
        # Labels are small numbers; workers are started with a copy of them each.
        labels = self.labels.astype(np.min_scalar_type(max(len(self.vocabulary) - 1, 0)))
        return ImageSet, (
            self.name,
            self.path,
            labels,
            self.vocabulary,
            self.fingerprint,
            self.mixing,
            self.mixtures,
        )

    @cached_property
    def pictures(self) -> npt.NDArray[np.uint8]:
        """The pictures, uint8 (M, 3, H, W): a read-only memory map, opened on first use.

        Raises
        ------
        SourceMissingError
            If the file is gone.
        SourceError
            If it does not hold M pictures.
        """
        where = Where(str(self.path))
        hint = "open the image set again: it is then made anew"
        try:
            found = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except OSError as error:
            msg = f"the pictures of {self.name} cannot be read: {error.strerror or error}"
            raise SourceMissingError(msg, where=where, hint=hint) from None
        except (ValueError, EOFError):
            msg = f"the pictures of {self.name} are no array: the file is damaged"
            raise SourceError(msg, where=where, hint=hint) from None
        if found.dtype != np.uint8 or found.ndim != 4 or found.shape[:2] != (len(self), 3):
            msg = f"expected uint8 ({len(self)}, 3, height, width), found {found.dtype} {found.shape}"
            raise SourceError(msg, where=where, hint=hint)
        return found


Folders = Mapping[str, "ImageSet | str | os.PathLike[str]"]
Opener = Callable[["str | os.PathLike[str] | None"], ImageSet]
"""Opens an image set, given where CIFAR-10 lies."""

_REMEMBERED: dict[str, dict[str, Opener]] = {}


def remember(name: str, place: str, opener: Opener) -> None:
    """Let `open_image_set` find an image set by name in this process, as that of a study that was loaded.

    Parameters
    ----------
    name
        Its name in the study's rows.
    place
        Where the study was loaded from, its version included.
    opener
        Opens it.
    """
    _REMEMBERED.setdefault(name, {})[place] = opener


def _recall(name: str, cifar10: str | os.PathLike[str] | None) -> ImageSet:
    """Open the image set of a study that was loaded; of several that call theirs the same, if the pictures are, too."""
    opened = {place: opener(cifar10) for place, opener in _REMEMBERED[name].items()}
    if len({image_set.fingerprint for image_set in opened.values()}) > 1:
        msg = f"several studies that were loaded call different pictures {name!r}: {', '.join(opened)}"
        hint = f"say whose pictures are meant: image_sets={{{name!r}: folder}}"
        raise SourceNameError(msg, hint=hint)
    return next(iter(opened.values()))


def open_image_set(
    name: str, *, cifar10: str | os.PathLike[str] | None = None, folders: Folders | None = None
) -> ImageSet:
    """Open an image set by its name.

    Parameters
    ----------
    name
        A name in `folders`, "cifar10/test", "cifar10/train", "sample/pictures", or that of a study that was loaded in
        this process.
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
        return _contributed(name, folders[name])
    if name in {"cifar10/test", "cifar10/train"}:
        from hmix_hub.sources.cifar10 import open_cifar10

        return open_cifar10("train" if name == "cifar10/train" else "test", cifar10)
    if name == "sample/pictures":
        return _sample()
    if name in _REMEMBERED:
        return _recall(name, cifar10)
    msg = f"no image set is called {name!r}"
    hint = f"{nearest(name, [*folders, *NAMES, *_REMEMBERED], label='image sets')} Load the study that it is of, or "
    hint += "name a folder of pictures with "
    raise SourceNameError(msg, hint=hint + f"image_sets={{{name!r}: folder}}")


def _contributed(name: str, place: ImageSet | str | os.PathLike[str]) -> ImageSet:
    if isinstance(place, ImageSet):
        return place
    from hmix_hub.sources.picture_folder import open_picture_folder

    opened = open_picture_folder(place, name)
    method = name.partition(METHOD_MARK)[2]
    return replace(opened, mixing=method) if method else opened


def _sample() -> ImageSet:
    pictures, labels, fingerprint = _drawn()
    path = cached_array(f"sample-pictures-{fingerprint}.npy", lambda: pictures.transpose(0, 3, 1, 2))
    return ImageSet("sample/pictures", path, labels, CIFAR10, fingerprint)


@cache
def _drawn() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], str]:
    """Draw the sample's pictures, uint8 (200, 32, 32, 3); they are few, so that the file is named by what is drawn."""
    from hmix_hub.sources.sample import pictures

    drawn, labels = pictures()
    content = hashlib.sha256(np.ascontiguousarray(drawn).data)
    content.update(labels.astype("<i8").tobytes())
    return drawn, labels, content.hexdigest()[:16]
