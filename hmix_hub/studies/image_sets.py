"""Image sets of contributed studies: pinned ones, their own, and mixtures that they bring ready-made."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hmix_hub.sources.image_sets import METHOD_MARK, open_image_set
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.picture_list import IMAGES, MIXTURES, files_of
from hmix_hub.studies.folder import MIXTURE_LIST, STIMULI, StudyFolder
from hmix_hub.studies.manifest import OWN_PICTURES, Manifest

if TYPE_CHECKING:
    from hmix_hub.sources.image_sets import ImageSet


def open_study_images(manifest: Manifest, root: Path, *, cifar10: str | os.PathLike[str] | None = None) -> ImageSet:
    """Open the image set that a study's stimuli are made of.

    Parameters
    ----------
    manifest
        What the study says of its stimuli.
    root
        Folder that holds `stimuli/`, where the study brings pictures.
    cifar10
        Where CIFAR-10 lies; see `hmix_hub.render`.

    Raises
    ------
    SourceError
        If pictures cannot be had, or are not what they should be.
    """
    if manifest.stimuli.source == OWN_PICTURES:
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


def stimulus_files(folder: StudyFolder, manifest: Manifest) -> list[str]:
    """Give the files of `stimuli/` that a study is made of: its lists, and the pictures that they name."""
    root = folder.file(STIMULI)
    names = files_of(root, IMAGES) if manifest.stimuli.source == OWN_PICTURES else []
    if METHOD_MARK in manifest.image_set and folder.file(MIXTURE_LIST).is_file():
        names += files_of(root, MIXTURES)
    return list(dict.fromkeys(names))
