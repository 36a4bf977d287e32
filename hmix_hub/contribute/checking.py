"""Checking of a study folder: the rules of its data, and that its generated files are current."""

from __future__ import annotations

import os

from hmix_hub.contribute.generated import check_generated
from hmix_hub.studies.validation import Checked, Progress, validate


def check_study(place: str | os.PathLike[str], *, is_draft: bool = False, progress: Progress | None = None) -> Checked:
    """Validate a study folder, its generated files included.

    Parameters
    ----------
    place, is_draft, progress
        See `hmix_hub.studies.validation.validate`.

    Raises
    ------
    SourceMissingError
        If there is no such folder.
    """
    checked = validate(place, is_draft=is_draft, progress=progress)
    if not checked.report.errors:
        check_generated(checked.folder.path, checked.report)
    return checked
