"""Pictures that a study's stimuli are made of, as far as its checks need them: how many there are, and their labels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import HMixError
from hmix_hub.schema import CIFAR10, Vocabulary
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import IMAGE_LIST, STIMULI, StudyFolder
from hmix_hub.studies.manifest import OWN_PICTURES, Manifest, is_placeholder
from hmix_hub.studies.mixtures import Keys, known_mixtures
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import stimuli as rules


@dataclass(frozen=True)
class KnownPictures:
    """What is known of an image set without its pixels.

    Parameters
    ----------
    name
        Its name in the judgment table.
    size
        M.
    labels
        int64 (M,), in the study's vocabulary, -1 where it lacks the class.
    mixtures
        Keys of the mixtures that the study brings ready-made; `None`: it brings none.
    """

    name: str
    size: int
    labels: npt.NDArray[np.int64]
    mixtures: Keys | None = None


def known_pictures(manifest: Manifest, folder: StudyFolder, report: Report) -> KnownPictures | None:
    """Look up the pictures of a study; its own are opened, every one of them.

    Returns
    -------
    KnownPictures or None
        `None` where they cannot be read, or a draft does not say which they are; both are findings.
    """
    endpoints = _endpoints(manifest, folder, report)
    mixtures = known_mixtures(manifest, folder, report)
    return None if endpoints is None else replace(endpoints, mixtures=mixtures)


def _endpoints(manifest: Manifest, folder: StudyFolder, report: Report) -> KnownPictures | None:
    source, name = manifest.stimuli.source, manifest.image_set
    if is_placeholder(source):
        return None
    if source != OWN_PICTURES and folder.has_pictures:
        report.add(rules.PICTURES_UNUSED, file=IMAGE_LIST)
    if source == OWN_PICTURES:
        return _own(manifest, folder, report)
    if source == "sample/pictures":
        from hmix_hub.sources.sample import pictures

        labels = pictures()[1]
    else:
        from hmix_hub.sources.cifar10 import known_labels

        labels = known_labels(source.removeprefix("cifar10/"))
    return KnownPictures(name, len(labels), _recoded(labels, CIFAR10, manifest.vocabulary))


def _own(manifest: Manifest, folder: StudyFolder, report: Report) -> KnownPictures | None:
    if not folder.has_pictures and folder.file(IMAGE_LIST).exists():
        # A link that leads elsewhere: nothing outside the folder is opened.
        report.add(file_rules.OUTSIDE, file=IMAGE_LIST)
        return None
    try:
        opened = open_picture_folder(folder.file(STIMULI), manifest.image_set)
    except HMixError as error:
        file = error.where.file or IMAGE_LIST
        report.add(
            rules.PICTURES,
            file=IMAGE_LIST,
            row=error.where.row,
            column=error.where.column or "",
            value=file.rsplit("/", 1)[-1],
            note=error.message,
        )
        return None
    labels = _recoded(opened.labels, opened.vocabulary, manifest.vocabulary)
    unknown = np.flatnonzero(labels < 0)
    if len(unknown):
        row = int(unknown[0])
        label = opened.vocabulary.names[opened.labels[row]]
        report.add(rules.CLASS, file=IMAGE_LIST, column="label", row=row, value=label)
    return KnownPictures(manifest.image_set, len(opened), labels)


def _recoded(labels: npt.NDArray[np.int64], own: Vocabulary, target: Vocabulary) -> npt.NDArray[np.int64]:
    codes = {name.lower(): code for code, name in enumerate(target.names)}
    return np.array([codes.get(name.lower(), -1) for name in own.names], dtype=np.int64)[labels]
