"""Checking of a study: the rules of its data, and that its generated files are current."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hmix_hub.contribute.description.card import card_text
from hmix_hub.contribute.description.croissant import croissant
from hmix_hub.contribute.description.figures import figure_is_current
from hmix_hub.contribute.description.totals import statistics_text, study_statistics
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import CARD, CROISSANT, FIGURES, STATISTICS
from hmix_hub.studies.rules.files import STALE
from hmix_hub.studies.study import Study, once_per_study


@once_per_study
def check_study(study: Study) -> Report:
    """Return all findings about a study, including outdated generated files."""
    texts = [name for name in _IS_CURRENT if (study.path / name).is_file()]
    folder = study.path / FIGURES
    figures = sorted(folder.glob("*")) if folder.is_dir() else []
    study.keeps_rows |= bool(texts or figures)
    report = study.report
    if report.errors:
        return report
    for name in texts:
        if not _IS_CURRENT[name](study, (study.path / name).read_bytes()):
            report.add(STALE, file=name)
    # The bytes of pictures change with the drawing library, but not their data.
    for path in figures:
        if not figure_is_current(path, study_statistics(study)):
            report.add(STALE, file=f"{FIGURES}/{path.name}")
    return report


def _is_current_croissant(study: Study, found: bytes) -> bool:
    """Return whether a description is current, except for the hashes of files, which change with libraries."""
    try:
        description = json.loads(found)
    except ValueError:
        return False
    made = croissant(study, {path: (0, "") for name in study.configurations for path in study.files(name)})
    return isinstance(description, dict) and _undistributed(description) == _undistributed(made)


def _undistributed(description: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if name != "distribution"}


_IS_CURRENT: dict[str, Callable[[Study, bytes], bool]] = {
    CARD: lambda study, found: found == card_text(study).encode(),
    CROISSANT: _is_current_croissant,
    STATISTICS: lambda study, found: found == statistics_text(study_statistics(study)).encode(),
}
