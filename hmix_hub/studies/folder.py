"""A study folder: its files and their roles. Nothing outside the folder is ever opened."""

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
"""File of a built study with its id and version, and the hashes of the files it was built from."""
LICENCES = ("LICENSE", "LICENSE.txt")
"""Text of the licence, published unchanged."""

NOTES = "NOTES.md"
"""The authors' own remarks, published unchanged."""

_TOP = {MANIFEST, PARTICIPANTS, SCHEMA_COPY, *GENERATED, *LICENCES, NOTES}
_FOLDERS = {JUDGMENTS, STIMULI, FIGURES}


@dataclass(frozen=True)
class StudyFolder:
    """The files of a study folder."""

    path: Path
    judgments: dict[str, str] = field(default_factory=dict)
    """Path of each task's judgment file within the folder, with `/` as separator."""
    has_participants: bool = False
    has_pictures: bool = False
    """Whether the folder has stimuli/images.csv."""
    addresses: dict[str, str] = field(default_factory=dict)
    """Addresses of files, by path, that are elsewhere: judgments, if the folder is a copy of one at an address."""

    def file(self, name: str) -> Path:
        """Return the path of a file in the folder."""
        address = self.addresses.get(name)
        return self.path / name if address is None else RemoteFile.at(self.path / name, address)


def study_path(place: str | os.PathLike[str]) -> Path:
    """Return the path of a study folder.

    Raises
    ------
    SourceMissingError
        If the folder does not exist.
    """
    # Path.expanduser would fail for an unknown user.
    path = Path(os.path.expanduser(place)).absolute()
    if not path.is_dir():
        msg = "the folder does not exist"
        hint = f"choose a study folder, which contains {MANIFEST}; `hmix contribute init DIR` creates one"
        raise SourceMissingError(msg, where=Where(str(path)), hint=hint)
    return path


def task_and_ending(name: str) -> tuple[str, str] | None:
    """Return the task and extension of a judgment file's name; `None` for other names."""
    for ending in sorted(ENDINGS, key=len, reverse=True):
        stem = name.removesuffix(ending)
        if stem != name:
            return (stem, ending) if stem in TASKS else None
    return None


def is_judgment_file(name: str) -> bool:
    """Return whether a path within a study folder is a judgment file."""
    folder, _, file = name.partition("/")
    return folder == JUDGMENTS and "/" not in file and task_and_ending(file) is not None


def is_litter(name: str) -> bool:
    """Return whether a file is hidden or left behind by a desktop; such files are ignored."""
    return name.startswith((".", "~$")) or name in {"desktop.ini", "Thumbs.db"}


def find_files(path: Path, report: Report) -> StudyFolder:
    """Find the files of a study folder, and report links that point outside and files that do not belong there."""
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
            report.add(rules.TASK_TWICE, file=name, note=f"{judgments[found[0]]} also holds them")
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
    """Return whether a file or folder is inside the study folder, and not a pipe, which would block forever."""
    try:
        is_inside = file.resolve(strict=True).is_relative_to(root.resolve()) and (file.is_file() or file.is_dir())
    except (OSError, RuntimeError):
        is_inside = False
    if not is_inside:
        report.add(rules.OUTSIDE, file=file.relative_to(root).as_posix())
    return is_inside
