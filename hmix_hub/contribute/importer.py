"""Importer: raw files into the judgment files of a study folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from hmix_hub.contribute.starter import write_starter
from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.importing.column_map import read_column_map
from hmix_hub.importing.gathering import gather, write_judgments
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.suite_export import known_study
from hmix_hub.schema import CIFAR10, Vocabulary
from hmix_hub.studies.detected import Detected
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, find_files
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.soft_labels import QUESTIONS

SYNTHETIC_LINE = "synthetic: true"
"""What study.yaml says of answers that a program made."""


@dataclass(frozen=True)
class Imported:
    """What an import wrote: rows by judgment file of the study folder, and whether that was begun; what was dropped."""

    files: dict[str, int]
    outcome: Outcome
    is_new: bool


def import_raw(
    files: Sequence[str | os.PathLike[str]],
    to: str | os.PathLike[str],
    *,
    map_file: str | os.PathLike[str] | None = None,
    replace: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    """Import raw exports into a study folder.

    Parameters
    ----------
    files
        Raw files, in the order that their rows shall have: exports of the original HILL MixE Suite (schema 1.0.0), or
        any flat table (CSV, JSON, JSON lines or Parquet) for which there is a map. A file of a session that was broken
        off before its first judgment is passed over, with a note.
    to
        The study folder; begun if it is not there.
    map_file
        Column map, YAML; `None`: the files are exports of the original Suite.
    replace
        Whether judgment files that are there are written over.
    progress
        Called with the number of files read so far.

    Raises
    ------
    SourceMissingError
        If a file is missing.
    SchemaError
        At the first row that cannot be read, or if no row is a judgment.
    ConfigurationError
        If no file is an export of the Suite and no map is given, the map does not fit, or judgments are there already.
    """
    root = Path(os.path.expanduser(to)).absolute()
    column_map = None if map_file is None else read_column_map(Path(map_file))
    vocabulary = _vocabulary(root)
    paths = [Path(file) for file in files]
    twice = next((path for number, path in enumerate(paths) if path in paths[:number]), None)
    if twice is not None:
        msg = "the file is named twice"
        raise ConfigurationError(msg, where=Where(str(twice)), hint="name each raw file once")
    names = raw_names(paths)
    outcome = gather(names, column_map, vocabulary, progress=progress)
    if any(path.name != name for path, name in names.items()):
        outcome.notes.append("source_file calls the raw files raw-1, raw-2, … in the order given")
    return _write(outcome, root, _seen(outcome, is_suite=column_map is None), replace=replace)


def raw_names(paths: Sequence[Path]) -> dict[Path, str]:
    """Return what the column source_file calls each file.

    A number, since names of raw files are often those of people, or hold dates; but of a released file its name.
    """
    return {
        path: path.name if known_study(path) else f"raw-{number}{''.join(path.suffixes[-1:])}"
        for number, path in enumerate(paths, start=1)
    }


def _vocabulary(root: Path) -> Vocabulary:
    manifest = read_manifest(root, Report(), is_draft=True) if (root / MANIFEST).is_file() else None
    return CIFAR10 if manifest is None else manifest.vocabulary


def _write(outcome: Outcome, root: Path, seen: Detected, *, replace: bool) -> Imported:
    is_new = not (root / MANIFEST).is_file()
    if is_new:
        write_starter(root, list(outcome.tables), source=outcome.image_set, seen=seen)
        # Of a question that no row answers, it cannot be seen that it was asked.
        asks = any(TASKS[task].asked_columns for task in outcome.tables)
        if asks and len(seen.questions) < len(QUESTIONS):
            told = (
                f"check `asked: [{', '.join(seen.questions)}]` in study.yaml: these questions are answered in the rows"
            )
            outcome.notes.append(f"{told}; others may have been asked")
        if outcome.is_synthetic:
            with (root / MANIFEST).open("a", encoding="utf-8", newline="\n") as stream:
                stream.write(f"\n{SYNTHETIC_LINE}   # a program made the answers\n")
    manifest = read_manifest(root, Report(), is_draft=True)
    known = outcome.tables if manifest is None else manifest.tasks
    outcome.notes += [f"add {task} to `tasks:` in study.yaml" for task in outcome.tables if task not in known]
    if outcome.is_synthetic and manifest is not None and not manifest.synthetic:
        outcome.notes.append(f"the raw files are marked as made by a program: add `{SYNTHETIC_LINE}` to study.yaml")
    there = find_files(root, Report()).judgments
    for task in outcome.tables:
        if task in there and not replace and not is_new and not _is_starter(root / there[task]):
            msg = "the study has judgments of this task already"
            raise ConfigurationError(
                msg, where=Where(str(root / there[task])), hint="name all raw files in one call, with --replace"
            )
    written = {}
    for task, parts in outcome.tables.items():
        name = f"{JUDGMENTS}/{task}.csv"
        table = pa.concat_tables(parts, promote_options="default")
        write_judgments(table, root / name, task)
        if there.get(task, name) != name:
            (root / there[task]).unlink()
        written[name] = table.num_rows
    return Imported(written, outcome, is_new)


def _seen(outcome: Outcome, *, is_suite: bool) -> Detected:
    """Collect what the imported judgments show of the study; the pages of the Suite ask every question."""
    seen = Detected(asked=set(QUESTIONS) if is_suite else set())
    for task, parts in outcome.tables.items():
        for part in parts:
            seen.add(task, {name: part[name] for name in part.column_names})
    return seen


def _is_starter(path: Path) -> bool:
    """Whether a judgment file is a CSV header alone, as a starter writes it."""
    return path.suffix == ".csv" and path.stat().st_size < 2**16 and len(path.read_bytes().splitlines()) <= 1
