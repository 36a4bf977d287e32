"""Building: the publishable form of a study, the same bytes whenever and wherever the same study is built."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hmix_hub.contribute.content import Content, read_content
from hmix_hub.contribute.description.card import card_text
from hmix_hub.contribute.description.croissant import croissant, croissant_text
from hmix_hub.contribute.description.figures import draw_figures
from hmix_hub.contribute.description.statistics import statistics_text, study_statistics
from hmix_hub.contribute.layout import (
    FileMark,
    checksums_text,
    copied_files,
    copy_files,
    mark_of,
    marks,
    write_tables,
)
from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import whole_folder
from hmix_hub.studies.checksums import CHECKSUMS, read_checksums
from hmix_hub.studies.folder import CARD, CROISSANT, FIGURES, PARTICIPANTS, RECORD, STATISTICS
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.validation import Progress


@dataclass(frozen=True)
class Built:
    """A study that was built.

    Parameters
    ----------
    path
        Folder that holds it.
    content
        The study.
    files
        Size and sha256 of each file by path, sorted.
    """

    path: Path
    content: Content
    files: dict[str, FileMark]


def build(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    card: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
    progress: Progress | None = None,
) -> Built:
    """Build a study folder.

    Parameters
    ----------
    folder
        The study folder.
    out
        Folder to write: a new or empty one, or one that was built before, which is replaced as a whole.
    card
        Text of the card; `None`: generated from the manifest and the statistics.
    tell
        Called with what is being done, for people.
    progress
        See `hmix_hub.studies.validation.validate`.

    Raises
    ------
    SourceMissingError
        If there is no such study folder.
    StudyError
        If the study breaks a rule; `hmix contribute validate` tells all that is wrong.
    ConfigurationError
        If `out` holds something else, or lies in the study folder.
    """
    from hmix_hub.contribute.checking import check_study

    tell("checking")
    checked = check_study(folder, progress=progress)
    refuse_errors(checked.report, checked.folder)
    target = Path(os.path.expanduser(out)).resolve()
    _check_target(target, checked.folder.path)
    tell("computing the tables")
    content = read_content(folder)
    with whole_folder(target, replaces=True) as made:
        tell("writing tables, statistics and card")
        write_all(content, made, card)
    return Built(target, content, marks(target))


def _check_target(target: Path, study: Path) -> None:
    if target.resolve().is_relative_to(study.resolve()):
        msg = "what is built cannot lie in the study folder itself"
        raise ConfigurationError(msg, where=Where(str(target)), hint="name a folder beside it")
    if target.exists() and not (target.is_dir() and _holds_built_files_alone(target)):
        msg = "this is there already, and holds something that was not built"
        raise ConfigurationError(msg, where=Where(str(target)), hint="name a new or an empty folder")


def _holds_built_files_alone(folder: Path) -> bool:
    """Say whether a folder is empty, or holds what was built and nothing else, which may then be replaced."""
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    sums = folder / CHECKSUMS
    built = {CHECKSUMS, *read_checksums(sums.read_text(encoding="utf-8"))} if sums.is_file() else set()
    return there <= built


def write_all(content: Content, out: Path, card: str | None = None) -> None:
    """Write the publishable form of a study into an empty folder; see `build`."""
    copy_files(content, out)
    write_tables(content, out)
    statistics = study_statistics(content)
    _write_text(out / STATISTICS, statistics_text(statistics))
    (out / FIGURES).mkdir()
    draw_figures(statistics, out / FIGURES)
    described = {name: (mark.size, mark.sha256) for name, mark in marks(out).items()}
    _write_text(out / CROISSANT, croissant_text(croissant(content, described)))
    _write_text(out / CARD, card if card is not None else card_text(content, statistics))
    _write_text(out / RECORD, record_text(content))
    _write_text(out / CHECKSUMS, checksums_text(marks(out)))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def record_text(content: Content) -> str:
    """Write what is built from what: id, version, and the sha256 of every file that was read."""
    manifest = content.manifest
    record = {
        "study": manifest.id,
        "version": manifest.version,
        "schema_version": manifest.schema_version,
        "synthetic": manifest.synthetic,
        "inputs": {name: mark_of(content.folder.file(name)).sha256 for name in input_files(content)},
    }
    return json.dumps(record, indent=2) + "\n"


def input_files(content: Content) -> list[str]:
    """Give the files of a study folder that what is built depends on, sorted."""
    folder = content.folder
    participants = [PARTICIPANTS] if folder.has_participants else []
    return sorted([*folder.judgments.values(), *participants, *copied_files(content)])
