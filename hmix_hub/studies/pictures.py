"""Pictures of a study: its image set, its own mixtures, and what checks need to know about both."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import HMixError, SourceMissingError, Where
from hmix_hub.schema import Vocabulary
from hmix_hub.sources.image_set import METHOD_MARK, ImageSet
from hmix_hub.sources.image_sets import IMAGE_SETS, open_image_set
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.picture_list import IMAGES, MIXTURES, files_of, read_picture_list
from hmix_hub.stimuli.mixtures import DECIMALS, listed_mixtures
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import IMAGE_LIST, MIXTURE_LIST, STIMULI, StudyFolder
from hmix_hub.studies.manifest import ELSEWHERE, MANIFEST, OWN_PICTURES, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.picture_names import PictureNames
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import stimuli as rules


@dataclass(frozen=True)
class KnownPictures:
    """An image set without its pixels.

    Parameters
    ----------
    name
        Name in the judgment table.
    size
        Number of pictures, M.
    labels
        int64 (M,): labels in the study's vocabulary, -1 for classes that are not in it.
    names
        File names, in the order of the indices; `None` if the pictures have none.
    sizes
        int64 (M, 2): height and width; `None` if all sizes are equal or unknown.
    mixtures
        Keys of the study's own mixtures; `None` if it has none.
    """

    name: str
    size: int
    labels: npt.NDArray[np.int64]
    names: PictureNames | None = None
    sizes: npt.NDArray[np.int64] | None = None
    mixtures: Keys | None = None


def known_pictures(manifest: Manifest, folder: StudyFolder, report: Report) -> KnownPictures | None:
    """Find the pictures of a study, opening each of its own.

    Returns
    -------
    KnownPictures or None
        `None` if the pictures cannot be read, or a draft does not state them; both are reported.
    """
    endpoints = listed_pictures(manifest, folder, report)
    if endpoints is not None and manifest.stimuli.source == OWN_PICTURES:
        opened = _open_own(manifest, folder, report)
        if opened is not None and not opened.has_one_size:
            endpoints = replace(endpoints, sizes=opened.sizes)
    if manifest.stimuli.source in IMAGE_SETS and folder.has_pictures:
        report.add(rules.PICTURES_UNUSED, file=IMAGE_LIST)
    mixtures = known_mixtures(manifest, folder, report)
    return None if endpoints is None else replace(endpoints, mixtures=mixtures)


def listed_pictures(manifest: Manifest, folder: StudyFolder, report: Report) -> KnownPictures | None:
    """Find the pictures of a study like `known_pictures`, from the list only: no picture is opened."""
    source, name = manifest.stimuli.source, manifest.image_set
    if source in IMAGE_SETS:
        known = IMAGE_SETS[source]
        labels = known.labels()
        return KnownPictures(name, len(labels), _recoded(labels, known.vocabulary, manifest.vocabulary))
    if is_placeholder(source) and not folder.has_pictures:
        return None
    return _listed(manifest, folder, report)


def _listed(manifest: Manifest, folder: StudyFolder, report: Report) -> KnownPictures | None:
    if not folder.has_pictures and folder.file(IMAGE_LIST).exists():
        # A link that points elsewhere: nothing outside the folder is opened.
        report.add(file_rules.OUTSIDE, file=IMAGE_LIST)
        return None
    try:
        listed = read_picture_list(folder.file(STIMULI))
        listed_labels, vocabulary = listed.labels, listed.vocabulary
    except HMixError as error:
        _tell_fault(error, report)
        return None
    if manifest.stimuli.source == ELSEWHERE and listed.sizes is None:
        row = next(row for row, entry in enumerate(listed.entries) if entry.size is None)
        note = "with `source: elsewhere`, the list must have the width and height of every picture"
        report.add(rules.PICTURES, file=IMAGE_LIST, row=row, column="width", note=note)
    labels = _recoded(listed_labels, vocabulary, manifest.vocabulary)
    unknown = np.flatnonzero(labels < 0)
    if len(unknown) and not is_placeholder(manifest.stimuli.classes):
        row = int(unknown[0])
        label = vocabulary.names[listed_labels[row]]
        report.add(rules.CLASS, file=IMAGE_LIST, column="label", row=row, value=label)
    return KnownPictures(manifest.image_set, len(labels), labels, PictureNames(listed.names), listed.sizes)


def _open_own(manifest: Manifest, folder: StudyFolder, report: Report) -> ImageSet | None:
    try:
        return open_picture_folder(folder.file(STIMULI), manifest.image_set)
    except HMixError as error:
        _tell_fault(error, report)
        return None


def _tell_fault(error: HMixError, report: Report) -> None:
    """Report a fault of the list of pictures, or of a picture."""
    file = error.where.file or IMAGE_LIST
    report.add(
        rules.PICTURES,
        file=IMAGE_LIST,
        row=error.where.row,
        column=error.where.column or "",
        value=file.rsplit("/", 1)[-1],
        note=error.message,
    )


def _recoded(labels: npt.NDArray[np.int64], own: Vocabulary, target: Vocabulary) -> npt.NDArray[np.int64]:
    return np.array(own.codes_in(target), dtype=np.int64)[labels]


Keys = npt.NDArray[np.complex128]
_MOST_NAMED = 3
_MOST_LISTED = 2**26


def known_mixtures(manifest: Manifest, folder: StudyFolder, report: Report) -> Keys | None:
    """Find the own mixtures of a study that was not mixed pixel by pixel, opening every picture.

    Returns
    -------
    numpy.ndarray or None
        complex128: keys, see `mixture_keys`. `None` if there are none, or they cannot be read, which is reported.
    """
    path = folder.file(MIXTURE_LIST)
    if METHOD_MARK not in manifest.image_set or is_placeholder(manifest.stimuli.mixing):
        return None
    if not path.is_file():
        report.add(rules.NO_MIXTURES, file=MANIFEST, column="stimuli.mixing", value=manifest.stimuli.mixing)
        return None
    if not path.resolve().is_relative_to(folder.path.resolve()):
        # A link that points elsewhere: nothing outside the folder is opened.
        report.add(file_rules.OUTSIDE, file=MIXTURE_LIST)
        return None
    try:
        opened = open_picture_folder(folder.file(STIMULI), manifest.image_set, MIXTURES)
        listed = listed_mixtures(opened)
    except HMixError as error:
        at, column = error.where.row, error.where.column or ""
        report.add(rules.MIXTURES, file=MIXTURE_LIST, row=at, column=column, note=error.message)
        return None
    first, second, coefficient = (np.array([key[i] for key in listed]) for i in range(3))
    return mixture_keys(first.astype(np.int64), second.astype(np.int64), coefficient.astype(np.float64))


def mixture_keys(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], coefficient: npt.NDArray[np.float64]
) -> Keys:
    """Return keys of mixtures, complex128 (N,), from both indices and the coefficient, rounded to nine decimals."""
    # Both parts of the complex numbers are exact for any realistic number of pictures.
    return first * float(_MOST_LISTED) + second + 1j * np.round(coefficient, DECIMALS)


def open_study_images(
    manifest: Manifest,
    root: Path,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    folder: str | os.PathLike[str] | None = None,
) -> ImageSet:
    """Open the image set of a study's stimuli.

    Parameters
    ----------
    manifest
        Manifest of the study.
    root
        Folder that contains `stimuli/`, if the study has or lists pictures.
    cifar10
        Location of CIFAR-10; see `hmix_hub.render`.
    folder
        For a study that may not publish its pictures, a folder with the pictures under the names in its list.

    Raises
    ------
    SourceError
        If pictures are unavailable, or differ from what is expected.
    """
    if manifest.stimuli.source == ELSEWHERE:
        opened = _open_elsewhere(manifest, root, folder)
    elif manifest.stimuli.source == OWN_PICTURES:
        opened = open_picture_folder(root / STIMULI, manifest.image_set)
    else:
        opened = open_image_set(manifest.stimuli.source, cifar10=cifar10)
    if METHOD_MARK not in manifest.image_set:
        return opened
    mixtures = None
    if (root / MIXTURE_LIST).is_file():
        mixtures = open_picture_folder(root / STIMULI, f"{manifest.image_set}/mixtures", MIXTURES)
    fingerprint = opened.fingerprint if mixtures is None else f"{opened.fingerprint}{mixtures.fingerprint}"
    return replace(
        opened, name=manifest.image_set, mixing=manifest.stimuli.mixing, mixtures=mixtures, fingerprint=fingerprint
    )


def _open_elsewhere(manifest: Manifest, root: Path, folder: str | os.PathLike[str] | None) -> ImageSet:
    listed = read_picture_list(root / STIMULI)
    if folder is not None:
        return open_picture_folder(folder, manifest.image_set, listed=listed)
    few = ", ".join(list(dict.fromkeys(listed.names))[:_MOST_NAMED])
    msg = f"the pictures of {manifest.id} may not be published, and no folder with them was given"
    hint = (
        "obtain them from the study's source (see its card) and pass your folder: "
        f"image_sets={{{manifest.image_set!r}: folder}}, or --image-set {manifest.image_set}=FOLDER of `hmix show`; "
        f"it must contain {len(listed):,} pictures with the names listed in {IMAGE_LIST}, such as {few}"
    )
    raise SourceMissingError(msg, where=Where(str(root / IMAGE_LIST)), hint=hint)


def stimulus_files(folder: StudyFolder, manifest: Manifest) -> list[str]:
    """Return the files of `stimuli/` that belong to a study: its lists, and the pictures in them."""
    root = folder.file(STIMULI)
    names = files_of(root, IMAGES) if manifest.stimuli.source == OWN_PICTURES else []
    if manifest.stimuli.source == ELSEWHERE:
        names = [IMAGES.file]
    if METHOD_MARK in manifest.image_set and folder.file(MIXTURE_LIST).is_file():
        names += files_of(root, MIXTURES)
    return list(dict.fromkeys(names))
