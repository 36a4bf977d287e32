"""Generated files of a study folder: card, Croissant and statistics, which are made and never edited."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hmix_hub.contribute.building import write_all
from hmix_hub.contribute.content import Content, read_content
from hmix_hub.contribute.description.figures import figure_is_current
from hmix_hub.contribute.description.statistics import study_statistics
from hmix_hub.files import replace_file
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import CARD, CROISSANT, FIGURES, STATISTICS
from hmix_hub.studies.rules.generated import STALE

TEXTS = (CARD, CROISSANT, STATISTICS)


def write_generated(folder: str | os.PathLike[str], names: Iterable[str]) -> list[str]:
    """Make generated files of a study folder anew.

    Parameters
    ----------
    folder
        The study folder.
    names
        Which: "README.md", "croissant.json", "statistics.json", or "statistics" for the pictures.

    Returns
    -------
    list of str
        Paths of the files within the folder.

    Raises
    ------
    StudyError
        If the study breaks a rule that they cannot be made without.
    """
    content = read_content(folder)
    made = _made(content)
    wanted = [name for name in made if name.split("/")[0] in set(names)]
    for name in wanted:
        replace_file(content.folder.file(name), made[name])
    return wanted


def check_generated(folder: Path, report: Report) -> None:
    """Tell generated files that a study folder has and that are not what the study gives now."""
    texts = [name for name in TEXTS if (folder / name).is_file()]
    figures = sorted((folder / FIGURES).glob("*")) if (folder / FIGURES).is_dir() else []
    if not texts and not figures:
        return
    content = read_content(folder)
    if texts:
        made = _made(content)
        for name in texts:
            if not _is_same(name, (folder / name).read_bytes(), made[name]):
                report.add(STALE, file=name)
    # Bytes of pictures change with the drawing library; what they were drawn from does not.
    statistics = study_statistics(content) if figures else {}
    for path in figures:
        if not figure_is_current(path, statistics):
            report.add(STALE, file=f"{FIGURES}/{path.name}")


def _is_same(name: str, found: bytes, made: bytes) -> bool:
    """Say whether a generated text is what it should be; but for hashes of files, which newer libraries change."""
    if name != CROISSANT:
        return found == made
    try:
        descriptions = [json.loads(text) for text in (found, made)]
    except ValueError:
        return False
    return all(isinstance(one, dict) for one in descriptions) and _undistributed(descriptions[0]) == _undistributed(
        descriptions[1]
    )


def _undistributed(description: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in description.items() if name != "distribution"}


def _made(content: Content) -> dict[str, bytes]:
    """Make all generated files; bytes by path."""
    with tempfile.TemporaryDirectory(prefix="hmix-generated-") as scratch:
        out = Path(scratch)
        write_all(content, out)
        figures = sorted(path.relative_to(out).as_posix() for path in (out / FIGURES).glob("*"))
        return {name: (out / name).read_bytes() for name in (*TEXTS, *figures)}
