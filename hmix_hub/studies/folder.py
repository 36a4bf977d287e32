"""A study folder: which files it has, and where each belongs; nothing outside it is ever opened."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from hmix_hub.errors import SourceMissingError, Where
from hmix_hub.files import is_plain_inside
from hmix_hub.remote_files import RemoteFile
from hmix_hub.studies.findings import Report
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.rules import files as rules
from hmix_hub.tasks import TASKS

JUDGMENTS = "judgments"
PARTICIPANTS = "participants.csv"
STIMULI = "stimuli"
IMAGE_LIST = f"{STIMULI}/images.csv"
MIXTURE_LIST = f"{STIMULI}/mixtures.csv"
CARD, CROISSANT, STATISTICS, FIGURES = "README.md", "croissant.json", "statistics.json", "statistics"
GENERATED = (CARD, CROISSANT, STATISTICS)
SCHEMA_COPY = "study.schema.json"

ENDINGS = (".csv", ".jsonl", ".parquet", ".csv.gz", ".jsonl.gz")
"""Formats of judgment files."""

RECORD = "build.json"
"""Of a built study: its id and version, and the hashes of the files that were read."""
LICENCES = ("LICENSE", "LICENSE.txt")
"""Text of the licence, published as it is."""

NOTES = "NOTES.md"
"""What people want to say beside, published as it is."""

_TOP = {MANIFEST, PARTICIPANTS, SCHEMA_COPY, *GENERATED, *LICENCES, NOTES}
_FOLDERS = {JUDGMENTS, STIMULI, FIGURES}


@dataclass(frozen=True)
class StudyFolder:
    """The files of a study folder that have a place in a study."""

    path: Path
    judgments: dict[str, str] = field(default_factory=dict)
    """Path of each task's judgment file, within the folder, with /."""
    has_participants: bool = False
    has_pictures: bool = False
    """Whether there is a participants.csv, and a stimuli/images.csv."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Addresses of files that lie elsewhere, by path: of judgments, where the folder is a copy of one at an address."""

    def file(self, name: str) -> Path:
        """Return the path of a file of the folder."""
        address = self.addresses.get(name)
        return self.path / name if address is None else RemoteFile.at(self.path / name, address)


def study_path(place: str | os.PathLike[str]) -> Path:
    """Return the path of a study folder.

    Raises
    ------
    SourceMissingError
        If there is no such folder.
    """
    # Not Path.expanduser, which fails where there is no such user.
    path = Path(os.path.expanduser(place)).absolute()
    if not path.is_dir():
        msg = "there is no such folder"
        hint = f"name a study folder, which holds {MANIFEST}; `hmix contribute init DIR` makes one"
        raise SourceMissingError(msg, where=Where(str(path)), hint=hint)
    return path


def task_and_ending(name: str) -> tuple[str, str] | None:
    """Return the task and the ending of a judgment file's name; `None` where it is none."""
    for ending in sorted(ENDINGS, key=len, reverse=True):
        stem = name.removesuffix(ending)
        if stem != name:
            return (stem, ending) if stem in TASKS else None
    return None


def is_judgment_file(name: str) -> bool:
    """Whether a path within a study folder is of a file of judgments."""
    folder, _, file = name.partition("/")
    return folder == JUDGMENTS and "/" not in file and task_and_ending(file) is not None


def is_litter(name: str) -> bool:
    """Whether a file is hidden, or one that a desktop leaves behind; such files are passed over."""
    return name.startswith((".", "~$")) or name in {"desktop.ini", "Thumbs.db"}


def find_files(path: Path, report: Report) -> StudyFolder:
    """Find the files of a study folder; links that lead out of it, and what has no place in it, are findings."""
    judgments: dict[str, str] = {}
    for file in sorted(path.iterdir()):
        if is_litter(file.name):
            continue
        if file.name not in _TOP | _FOLDERS or file.is_dir() != (file.name in _FOLDERS):
            if not file.is_dir() and _is_inside(file, path, report):
                report.add(rules.UNKNOWN_FILE, file=file.name)
        else:
            _is_inside(file, path, report)
    folder = path / JUDGMENTS
    for file in _listed(folder, path, report):
        name = f"{JUDGMENTS}/{file.name}"
        if is_litter(file.name) or not _is_inside(file, path, report):
            continue
        found = task_and_ending(file.name)
        if found is None:
            report.add(rules.UNKNOWN_FILE, file=name)
        elif found[0] in judgments:
            report.add(rules.TASK_TWICE, file=name, note=f"{judgments[found[0]]} holds them, too")
        else:
            judgments[found[0]] = name
    ordered = {task: judgments[task] for task in TASKS if task in judgments}
    return StudyFolder(
        path, ordered, is_plain_inside(path / PARTICIPANTS, path), is_plain_inside(path / IMAGE_LIST, path)
    )


def _listed(folder: Path, root: Path, report: Report) -> list[Path]:
    if not folder.is_dir() or not folder.resolve().is_relative_to(root.resolve()):
        return []
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        report.add(rules.UNREADABLE, file=folder.name, note=error.strerror or str(error))
        return []


def _is_inside(file: Path, root: Path, report: Report) -> bool:
    """Whether a file, or folder, is one of the study's own; opening a pipe would wait for ever."""
    try:
        is_inside = file.resolve(strict=True).is_relative_to(root.resolve()) and (file.is_file() or file.is_dir())
    except (OSError, RuntimeError):
        is_inside = False
    if not is_inside:
        report.add(rules.OUTSIDE, file=file.relative_to(root).as_posix())
    return is_inside
