"""Pictures of a study: its image set, and the class of each picture in the study's vocabulary."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import StudyFileError, Where, nearest
from hmix_hub.schema import Vocabulary
from hmix_hub.sources.image_set import ImageSet, size_text
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.studies.folder import IMAGE_LIST, STIMULI
from hmix_hub.studies.manifest import OWN_PICTURES
from hmix_hub.suite.study.model import Pictures, StudyFile
from hmix_hub.suite.tasks.trial import Stimulus


@dataclass(frozen=True)
class Labels:
    """Classes of the pictures.

    Parameters
    ----------
    codes
        int64 (M,): class of each picture in the vocabulary; -1 if the vocabulary lacks it.
    vocabulary
        The study's class names.
    sizes
        int64 (M, 2): height and width of each; `None`: all have the same size.
    """

    codes: npt.NDArray[np.int64]
    vocabulary: Vocabulary
    sizes: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.codes)

    def name_of(self, index: int) -> str:
        """Return the class name of a picture."""
        return self.vocabulary.names[int(self.codes[index])]

    def fault_of_one(self, index: int) -> str | None:
        """Return why a picture cannot be shown; `None` if it can."""
        if index >= len(self):
            return f"there is no picture {index}: they are 0 to {len(self) - 1}"
        return f"picture {index} is of a class that the study does not name" if self.codes[index] < 0 else None

    def fault_of(self, first: int, second: int) -> str | None:
        """Return why two pictures cannot be a pair; `None` if they can."""
        fault = self.fault_of_one(first) or self.fault_of_one(second)
        if fault:
            return fault
        if first == second:
            return f"picture {first} with itself is not a pair"
        if self.codes[first] == self.codes[second]:
            return f"both pictures, {first} and {second}, are of the class {self.name_of(first)}"
        if self.sizes is not None and (self.sizes[first] != self.sizes[second]).any():
            both = " and ".join(f"{index} ({size_text(self.sizes[index])})" for index in (first, second))
            return f"pictures {both} have different sizes and cannot be mixed pixel by pixel"
        return None

    def in_order(self, first: int, second: int) -> bool:
        """Return whether the first picture's class precedes the second's in the alphabet, as in the release."""
        return self.name_of(first).lower() < self.name_of(second).lower()

    def stimulus(self, first: int, second: int | None, coefficient: float | None) -> Stimulus:
        """Return the stimulus of two pictures, or of a single one.

        As in the release, the picture whose class precedes in the alphabet comes first, and the coefficient, the share
        of the first picture, is adjusted; a single picture has the coefficient 1.
        """
        if second is None:
            return Stimulus(first, None, int(self.codes[first]), None, 1.0)
        if not self.in_order(first, second):
            first, second = second, first
            # Rounded to ten digits, so that one minus nine tenths is exactly a tenth.
            coefficient = None if coefficient is None else round(1 - coefficient, 10)
        return Stimulus(first, second, int(self.codes[first]), int(self.codes[second]), coefficient)


def open_pictures(
    folder: Path, study: StudyFile, cifar10: str | os.PathLike[str] | None = None
) -> tuple[ImageSet, Labels]:
    """Open the pictures of a study.

    Parameters
    ----------
    folder
        The collection folder; own pictures are in its `stimuli/`, as in a contributed study.
    cifar10
        Where CIFAR-10 is; see `hmix_hub.render`.

    Raises
    ------
    StudyFileError
        If own pictures have a class that the study file does not name.
    SourceError
        If the pictures are not available, or are not the expected ones.
    """
    image_set = _open(folder, study, cifar10)
    vocabulary = study.pictures.vocabulary
    of_class = np.array(image_set.vocabulary.codes_in(vocabulary), dtype=np.int64)
    labels = Labels(of_class[image_set.labels], vocabulary, None if image_set.has_one_size else image_set.sizes)
    unknown = np.flatnonzero(labels.codes < 0)
    if study.pictures.source == OWN_PICTURES and len(unknown):
        row = int(unknown[0])
        name = image_set.vocabulary.names[int(image_set.labels[row])]
        msg = f"the study has no class {name!r}"
        hint = f"{nearest(name, vocabulary.names, label='classes')} The classes are set in pictures.classes"
        raise StudyFileError(msg, where=Where(IMAGE_LIST, row, "label"), hint=hint)
    return image_set, labels


def too_large(pictures: Pictures, image_set: ImageSet) -> str | None:
    """Return why pictures cannot be shown in whole multiples of their pixels; `None` if they can, or need not."""
    larger = np.flatnonzero(image_set.sizes.max(axis=1) > pictures.size)
    if pictures.scaling != "whole" or not len(larger):
        return None
    index = int(larger[0])
    shown = f"picture {index} ({size_text(image_set.sizes[index])}) has more pixels than {pictures.size}"
    return f"{shown}, but must be shown in whole multiples of them: use `scaling: smooth`, or a larger size"


def _open(folder: Path, study: StudyFile, cifar10: str | os.PathLike[str] | None) -> ImageSet:
    if study.pictures.source != OWN_PICTURES:
        return open_image_set(study.pictures.source, cifar10=cifar10)
    place = folder / STIMULI
    if place.is_dir() and not place.resolve().is_relative_to(folder.resolve()):
        msg = "this link leads out of the folder"
        raise StudyFileError(msg, where=Where(STIMULI), hint="copy the pictures into the folder")
    return open_picture_folder(place, f"{study.id}/pictures")
