"""Image sets: the pictures that stimuli are mixed from, by index, with their labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SourceError, SourceMissingError, Where
from hmix_hub.schema.vocabulary import Vocabulary

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
        return ImageSet, (self.name, self.path, labels, self.vocabulary, self.fingerprint, self.mixing, self.mixtures)

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
