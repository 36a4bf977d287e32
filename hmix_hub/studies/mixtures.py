"""Mixtures that a study brings ready-made: which of them there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hmix_hub.errors import HMixError
from hmix_hub.sources.image_set import METHOD_MARK
from hmix_hub.studies.checks.ledger import hash_columns
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import MIXTURE_LIST, STIMULI, StudyFolder
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import stimuli as rules

Keys = npt.NDArray[np.uint64]
_DECIMALS = 9


def known_mixtures(manifest: Manifest, folder: StudyFolder, report: Report) -> Keys | None:
    """Look up the mixtures of a study whose pictures were not mixed pixel by pixel; every picture is opened.

    Returns
    -------
    numpy.ndarray or None
        uint64: keys, see `mixture_keys`. `None`: the study brings none, or they cannot be read, which is a finding.
    """
    path = folder.file(MIXTURE_LIST)
    if METHOD_MARK not in manifest.image_set:
        return None
    if not path.is_file():
        report.add(rules.NO_MIXTURES, file=MANIFEST, column="stimuli.mixing", value=manifest.stimuli.mixing)
        return None
    if not path.resolve().is_relative_to(folder.path.resolve()):
        # A link that leads elsewhere: nothing outside the folder is opened.
        report.add(file_rules.OUTSIDE, file=MIXTURE_LIST)
        return None
    from hmix_hub.sources.picture_folder import open_picture_folder
    from hmix_hub.sources.picture_list import MIXTURES
    from hmix_hub.stimuli.identifiers import parse_stimulus_id

    names = []
    try:
        opened = open_picture_folder(folder.file(STIMULI), manifest.image_set, MIXTURES)
        names += [parse_stimulus_id(opened.vocabulary.names[code]) for code in opened.labels.tolist()]
    except HMixError as error:
        at, column = error.where.row, error.where.column or ""
        report.add(rules.MIXTURES, file=MIXTURE_LIST, row=at, column=column, note=error.message)
        return None
    first = np.array([name.indices[0] for name in names], dtype=np.int64)
    second = np.array([name.indices[1] if len(name.indices) > 1 else -1 for name in names], dtype=np.int64)
    return mixture_keys(first, second, np.array([name.coefficient for name in names], dtype=np.float64))


def mixture_keys(
    first: npt.NDArray[np.int64], second: npt.NDArray[np.int64], coefficient: npt.NDArray[np.float64]
) -> Keys:
    """Give a key of each mixture: of its pictures' indices and its coefficient, to nine decimals; uint64 (N,)."""
    return hash_columns([first, second, np.round(coefficient, _DECIMALS)])
