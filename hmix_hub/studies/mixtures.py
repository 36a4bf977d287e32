"""Mixtures that a study brings ready-made: which of them there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import HMixError
from hmix_hub.sources.image_sets import METHOD_MARK
from hmix_hub.sources.picture_folder import open_picture_folder
from hmix_hub.sources.picture_list import MIXTURES
from hmix_hub.stimuli.ready import DECIMALS, listed_mixtures
from hmix_hub.studies.checks.ledger import hash_columns
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import MIXTURE_LIST, STIMULI, StudyFolder
from hmix_hub.studies.manifest import MANIFEST, Manifest, is_placeholder
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import stimuli as rules

Keys = npt.NDArray[np.uint64]


def known_mixtures(manifest: Manifest, folder: StudyFolder, report: Report) -> Keys | None:
    """Look up the mixtures of a study whose pictures were not mixed pixel by pixel; every picture is opened.

    Returns
    -------
    numpy.ndarray or None
        uint64: keys, see `mixture_keys`. `None`: the study brings none, or they cannot be read, which is a finding.
    """
    path = folder.file(MIXTURE_LIST)
    if METHOD_MARK not in manifest.image_set or is_placeholder(manifest.stimuli.mixing):
        return None
    if not path.is_file():
        report.add(rules.NO_MIXTURES, file=MANIFEST, column="stimuli.mixing", value=manifest.stimuli.mixing)
        return None
    if not path.resolve().is_relative_to(folder.path.resolve()):
        # A link that leads elsewhere: nothing outside the folder is opened.
        report.add(file_rules.OUTSIDE, file=MIXTURE_LIST)
        return None
    try:
        opened = open_picture_folder(folder.file(STIMULI), manifest.image_set, MIXTURES)
        listed = listed_mixtures(opened)
    except HMixError as error:
        at, column = error.where.row, error.where.column or ""
        report.add(rules.MIXTURES, file=MIXTURE_LIST, row=at, column=column, note=error.message)
        return None
    first, second = (np.array([key[i] for key in listed], dtype=np.int64) for i in (0, 1))
    return mixture_keys(first, second, np.array([key[2] for key in listed], dtype=np.float64))


def mixture_keys(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], coefficient: npt.NDArray[np.float64]
) -> Keys:
    """Give a key of each mixture: of its pictures' indices and its coefficient, to nine decimals; uint64 (N,)."""
    return hash_columns([first, second, np.round(coefficient, DECIMALS)])
