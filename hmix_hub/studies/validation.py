"""Validation of a study folder: every rule on every row, with all findings collected."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.errors import HMixError
from hmix_hub.studies.checks.across import first_rows, nothing_across
from hmix_hub.studies.checks.answers import check_scales
from hmix_hub.studies.checks.judgment_file import FileChecks
from hmix_hub.studies.checks.rows import ROWS, Ask
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import IMAGE_LIST, MIXTURE_LIST, STIMULI, StudyFolder, is_litter
from hmix_hub.studies.manifest import ELSEWHERE, MANIFEST, Manifest
from hmix_hub.studies.manifest_fields import is_placeholder
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.participants import check_participants
from hmix_hub.studies.pictures import KnownPictures, known_pictures, stimulus_files
from hmix_hub.studies.rules import files as rules
from hmix_hub.studies.worker_rows import WorkerRows
from hmix_hub.tasks import TASKS

if TYPE_CHECKING:
    from distributed import Client

_UNLISTED = "it is not listed"
Progress = Callable[[str, int], None]


def validate(
    folder: StudyFolder,
    manifest: Manifest | None,
    report: Report,
    *,
    keep: Callable[[str, ObservedChunk | WorkerRows], None] | None = None,
    progress: Progress | None = None,
    database: Database | None = None,
    client: Client | None = None,
) -> None:
    """Validate a study folder whose files and manifest were already read.

    Parameters
    ----------
    folder, manifest
        The study; the manifest is `None` if it is invalid.
    report
        Receives all findings; nothing is raised for faults of the study.
    keep
        Called with each task and rows of its file, in order to build tables: chunk by chunk, or once if workers hold
        the rows.
    progress
        Called with the file and the number of rows read so far.
    database
        Database in which rows are compared; defaults to a new one.
    client
        Dask client whose workers read and compare the rows; `None` for this process.
    """
    folder = _without_copies(folder, report)
    if manifest is None:
        return
    _check_tasks(folder, manifest, report)
    folder = _without_newer_tasks(folder, manifest, report)
    check_scales(manifest, report)
    pictures = known_pictures(manifest, folder, report)
    _check_stimulus_files(folder, manifest, report)
    judged: dict[str, None] = {}
    with Database() if database is None else nullcontext(database) as base:
        for task in folder.judgments:
            checks = FileChecks(folder, manifest, task, report, base)
            if client is None or pictures is None:
                found = _check_file(checks, pictures, base, keep=keep, progress=progress)
            else:
                found = _check_on_workers(WorkerRows(client, checks, base), pictures, keep=keep, progress=progress)
            judged |= dict.fromkeys(found)
            # Release memory: the next file, and tables, need as much.
            pa.default_memory_pool().release_unused()
        base.drop(ROWS)
    if not report.has(rules.SAME_FILE):
        check_participants(folder, judged, report)


def _check_stimulus_files(folder: StudyFolder, manifest: Manifest, report: Report) -> None:
    """Report files of `stimuli/` that are not listed, if the lists can be read."""
    root = folder.file(STIMULI)
    is_open = is_placeholder(manifest.stimuli.source) or is_placeholder(manifest.stimuli.mixing)
    if (
        is_open
        or not manifest.has_own_pictures
        or not root.is_dir()
        or report.has_errors_in(IMAGE_LIST, MIXTURE_LIST, STIMULI)
    ):
        return
    try:
        named = set(stimulus_files(folder, manifest))
    except HMixError:
        return
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in named and not any(map(is_litter, name.split("/"))):
            is_elsewhere = manifest.stimuli.source == ELSEWHERE
            note = (
                "with `source: elsewhere`, pictures are not published: keep it elsewhere" if is_elsewhere else _UNLISTED
            )
            report.add(rules.UNKNOWN_FILE, file=f"{STIMULI}/{name}", note=note)


def _without_copies(folder: StudyFolder, report: Report) -> StudyFolder:
    """Report judgment files with identical content, and ignore all of them, since at least one is wrong."""
    sizes = {name: _size(folder.file(name)) for name in folder.judgments.values()}
    groups: dict[str, list[str]] = {}
    for name, size in sizes.items():
        is_alone = list(sizes.values()).count(size) == 1
        digest = None if is_alone else _digest(folder.file(name))
        groups.setdefault(digest or name, []).append(name)
    copies = {name for names in groups.values() if len(names) > 1 for name in names}
    for first, *others in groups.values():
        for name in others:
            report.add(rules.SAME_FILE, file=name, note=f"same as {first}")
    return replace(folder, judgments={task: name for task, name in folder.judgments.items() if name not in copies})


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _digest(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None


def _check_tasks(folder: StudyFolder, manifest: Manifest, report: Report) -> None:
    for named in manifest.tasks:
        if named not in folder.judgments and not report.has(rules.SAME_FILE):
            report.add(rules.TASK_WITHOUT_FILE, file=MANIFEST, column="tasks", value=named)
    for task, name in folder.judgments.items():
        if task not in manifest.tasks:
            report.add(rules.FILE_WITHOUT_TASK, file=name)


def _without_newer_tasks(folder: StudyFolder, manifest: Manifest, report: Report) -> StudyFolder:
    """Report tasks that are newer than the study's version of the schema, and ignore their files."""
    version = manifest.schema_version
    newer = [task for task in folder.judgments if version not in TASKS[task].versions]
    for task in newer:
        note = f"{task} needs schema {TASKS[task].since}, but study.yaml states {version}"
        report.add(rules.TASK_TOO_NEW, file=MANIFEST, column="schema_version", value=version, note=note)
    return replace(folder, judgments={task: name for task, name in folder.judgments.items() if task not in newer})


def _check_file(
    checks: FileChecks,
    pictures: KnownPictures | None,
    database: Database,
    *,
    keep: Callable[[str, ObservedChunk | WorkerRows], None] | None,
    progress: Progress | None,
) -> list[str]:
    """Check the judgments of a task; return the ids of participants, if participants.csv exists."""
    database.drop(ROWS)
    done = 0
    for chunk in checks.chunks(pictures, partial(database.insert, ROWS)):
        if keep is not None:
            keep(checks.task, chunk)
        done += len(chunk)
        if progress is not None:
            progress(checks.reporter.file, done)
    few = database.held(ROWS)
    if few is not None and nothing_across(few, checks.task, is_symmetric=checks.is_symmetric):
        checks.finish(None)
        return few["participant"].drop_null().unique().to_pylist()
    return _finish(checks, Ask(database) if done else None)


def _check_on_workers(
    rows: WorkerRows,
    pictures: KnownPictures,
    *,
    keep: Callable[[str, ObservedChunk | WorkerRows], None] | None,
    progress: Progress | None,
) -> list[str]:
    """Check the judgments of a task on workers; see `_check_file`."""
    name = rows.checks.reporter.file
    done = rows.read(pictures, keeps=keep is not None, progress=None if progress is None else partial(progress, name))
    judged = _finish(rows.checks, rows if done else None)
    if keep is not None:
        keep(rows.checks.task, rows)
    return judged


def _finish(checks: FileChecks, ask: Ask | None) -> list[str]:
    checks.finish(ask)
    if ask is None or not checks.folder.has_participants:
        return []
    return [name for _, name in sorted(chain.from_iterable(ask("participant", first_rows)))]
