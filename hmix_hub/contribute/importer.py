"""Importer: raw files into the judgment files of a study folder."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from hmix_hub.contribute.appending import appended, next_number, read_standing
from hmix_hub.contribute.picture_listing import source_of_listed, write_pictures
from hmix_hub.contribute.starter import write_starter
from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.files import try_lock
from hmix_hub.importing.column_map import ColumnMap, read_column_map
from hmix_hub.importing.gathering import RawFiles, gather, write_judgments
from hmix_hub.importing.outcome import Outcome
from hmix_hub.importing.suite_export import known_study
from hmix_hub.schema import CIFAR10, Vocabulary
from hmix_hub.sources.picture_list import PictureList
from hmix_hub.studies.detected import Detected
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, StudyFolder, find_files
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.soft_labels import QUESTIONS

Place = str | os.PathLike[str]
SYNTHETIC_LINE = "synthetic: true"
"""Line in study.yaml for simulated answers."""


@dataclass(frozen=True)
class Imported:
    """The result of an import: rows by judgment file, whether the study folder is new, and what was dropped."""

    files: dict[str, int]
    outcome: Outcome
    is_new: bool
    added: dict[str, int] = field(default_factory=dict)
    """Number of rows added, by existing judgment file."""


def import_raw(
    files: Sequence[Place] | Mapping[Place, Sequence[Place]],
    to: Place,
    *,
    map_file: Place | None = None,
    pictures: PictureList | None = None,
    copy_pictures: bool = False,
    replace: bool = False,
    append: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Imported:
    r"""Import raw exports into a study folder.

    Parameters
    ----------
    files
        Raw files, in the order of the resulting rows: exports of the original HILL MixE Suite (schema 1.0.0), or, with
        a column map, any format of `hmix_hub.importing.readers` (CSV, JSON, Parquet, Excel, SQLite, …). Files of
        sessions that ended before the first judgment are skipped, with a note. Files of several forms are given by
        column map: `{"pilot.yaml": ["pilot.csv"], "main.yaml": ["main.csv"]}`.
    to
        The study folder; created if it does not exist.
    map_file
        Column map, YAML; `None`: the files are exports of the original Suite, or given by their maps.
    pictures, copy_pictures
        The pictures that were judged, from `list_pictures`, which become the study's list; and whether to copy them
        into the study.
    replace
        Whether to overwrite existing judgment files and a different list of pictures.
    append
        Whether to add judgments to existing files; none is added twice.
    progress
        Called with the number of files read so far.

    Raises
    ------
    SourceMissingError
        If a file is missing.
    SchemaError
        At the first row that cannot be read, or if no row is a judgment.
    SourceError
        If a picture cannot be copied.
    ConfigurationError
        If no file is an export of the Suite and no map is given, a map does not fit, a file is named twice, judgments
        or pictures already exist, or another import into the study is in progress.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "raw.csv").write_text("who,slider\np1,40\np1,70\n")
    >>> _ = (folder / "map.yaml").write_text(
    ...     "task: infer_mixing_factor\n"
    ...     "columns: {participant_id: who, trial_index: {number: [who]}, response_time_ms: {constant: ''}, "
    ...     "image_1_label: {constant: ship}, image_1_index: {constant: '1'}, image_2_label: {constant: cat}, "
    ...     "image_2_index: {constant: '0'}, mixing_coefficient: {constant: '0.5'}, "
    ...     "inferred_coefficient: {column: slider, scale: [0, 100]}, confidence: {constant: ''}}"
    ... )
    >>> import_raw([folder / "raw.csv"], folder / "study", map_file=folder / "map.yaml").files
    {'judgments/infer_mixing_factor.csv': 2}
    """
    root = Path(os.path.expanduser(to)).absolute()
    if replace and append:
        msg = "existing judgments can be replaced or appended to, but not both"
        raise ConfigurationError(msg, hint="give replace or append, not both")
    groups = _groups(files, map_file)
    if not groups:
        msg = "no raw file is named"
        raise ConfigurationError(msg, hint="name raw files by column map")
    with _alone(root):
        options = {"copy_pictures": copy_pictures, "replace": replace, "append": append}
        return _import(groups, root, pictures, progress, **options)


def _import(
    groups: Sequence[tuple[ColumnMap | None, list[Path]]],
    root: Path,
    pictures: PictureList | None,
    progress: Callable[[int], None] | None,
    *,
    copy_pictures: bool,
    replace: bool,
    append: bool,
) -> Imported:
    standing = _standing(root) if append else {}
    first = next_number(standing.values())
    names = raw_names([path for _, paths in groups for path in paths], first)
    raw = [RawFiles({path: names[path] for path in paths}, column_map) for column_map, paths in groups]
    outcome = gather(raw, _vocabulary(root), progress=progress)
    if any(path.name != name for path, name in names.items()):
        more = f"s raw-{first}, raw-{first + 1}, … in the order given" if len(names) > 1 else f" raw-{first}"
        outcome.notes.append(f"source_file names the raw file{more}")
    added = {}
    for task, parts in outcome.tables.items():
        if task in standing:
            path = root / JUDGMENTS / f"{task}.csv"
            added[f"{JUDGMENTS}/{task}.csv"] = outcome.rows(task)
            table, notes = appended(standing[task], parts, {name: path for path, name in names.items()}, path)
            outcome.notes += notes
            outcome.tables[task] = [table]
    if pictures is not None:
        write_pictures(root, pictures, copy=copy_pictures, replace=replace)
    is_suite = any(column_map is None for column_map, _ in groups)
    return _write(outcome, root, _seen(outcome, is_suite=is_suite), added, replace=replace)


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Lock a study against other imports while this one reads and rewrites its judgments.

    Raises
    ------
    ConfigurationError
        If another import is in progress.
    """
    if not (root / MANIFEST).is_file():
        yield
        return
    with (root / MANIFEST).open("rb") as stream:
        try:
            is_alone = try_lock(stream.fileno())
        except OSError:
            # Some network folders do not support locks.
            is_alone = True
        if not is_alone:
            msg = "another import into this study is in progress"
            raise ConfigurationError(msg, where=Where(str(root)), hint="wait until it has finished, then import again")
        yield


def _groups(
    files: Sequence[Place] | Mapping[Place, Sequence[Place]], map_file: Place | None
) -> list[tuple[ColumnMap | None, list[Path]]]:
    """Return the column maps, each with its raw files."""
    if not isinstance(files, Mapping):
        by_map: list[tuple[Place | None, Sequence[Place]]] = [(map_file, files)]
    elif map_file is not None:
        msg = "the files are given by their maps, but map_file is given too"
        raise ConfigurationError(msg, where=Where(str(map_file)), hint="omit map_file")
    else:
        by_map = list(files.items())
    groups = []
    for place, named in by_map:
        paths = [Path(file) for file in named]
        twice = next((path for path, times in Counter(paths).items() if times > 1), None)
        if twice is not None:
            msg = "the file is named twice"
            raise ConfigurationError(msg, where=Where(str(twice)), hint="name each raw file once")
        groups.append((None if place is None else read_column_map(Path(place)), paths))
    return groups


def _standing(root: Path) -> dict[str, pa.Table]:
    """Return the existing judgments by task, for files that contain any."""
    if not (root / MANIFEST).is_file():
        return {}
    there = find_files(root, Report()).judgments
    return {task: read_standing(root / name) for task, name in there.items() if not _is_starter(root / name)}


def raw_names(paths: Sequence[Path], first: int = 1) -> dict[Path, str]:
    """Return the name of each file in the column source_file, numbered from `first`.

    Raw files get numbers, because their names often contain names or dates; released files keep their names.
    """
    return {
        path: path.name if known_study(path) else f"raw-{number}{''.join(path.suffixes[-1:])}"
        for number, path in enumerate(dict.fromkeys(paths), start=first)
    }


def _vocabulary(root: Path) -> Vocabulary:
    manifest = read_manifest(root, Report(), is_draft=True) if (root / MANIFEST).is_file() else None
    return CIFAR10 if manifest is None else manifest.vocabulary


def _begin(root: Path, outcome: Outcome, seen: Detected) -> None:
    """Write the starter of a study around imported judgments."""
    folder = find_files(root, Report()) if root.is_dir() else StudyFolder(root)
    seen.add_pictures(folder)
    source = source_of_listed(folder) or outcome.image_set
    write_starter(root, list(outcome.tables), source=source, seen=seen)
    # The rows do not show whether a question without answers was asked.
    asks = any(TASKS[task].asked_columns for task in outcome.tables)
    if asks and len(seen.questions) < len(QUESTIONS):
        asked = f"`asked: [{', '.join(seen.questions)}]`"
        outcome.notes.append(
            f"check {asked} in study.yaml: the rows answer these questions, but others may have been asked too"
        )
    if outcome.is_synthetic:
        with (root / MANIFEST).open("a", encoding="utf-8", newline="\n") as stream:
            stream.write(f"\n{SYNTHETIC_LINE}   # a program made the answers\n")


def _write(outcome: Outcome, root: Path, seen: Detected, added: dict[str, int], *, replace: bool) -> Imported:
    is_new = not (root / MANIFEST).is_file()
    if is_new:
        _begin(root, outcome, seen)
    manifest = read_manifest(root, Report(), is_draft=True)
    known = outcome.tables if manifest is None else manifest.tasks
    outcome.notes += [f"add {task} to `tasks:` in study.yaml" for task in outcome.tables if task not in known]
    if outcome.is_synthetic and manifest is not None and not manifest.synthetic:
        outcome.notes.append(f"the raw files are marked as simulated: add `{SYNTHETIC_LINE}` to study.yaml")
    there = find_files(root, Report()).judgments
    for task in outcome.tables:
        may_write = replace or is_new or there.get(task) in added
        if task in there and not may_write and not _is_starter(root / there[task]):
            msg = "the study already has judgments of this task"
            hint = "add to them with --append, or import all raw files together with --replace"
            raise ConfigurationError(msg, where=Where(str(root / there[task])), hint=hint)
    written = {}
    for task, parts in outcome.tables.items():
        name = f"{JUDGMENTS}/{task}.csv"
        table = pa.concat_tables(parts, promote_options="default")
        write_judgments(table, root / name, task)
        if there.get(task, name) != name:
            (root / there[task]).unlink()
        written[name] = table.num_rows
    return Imported(written, outcome, is_new, added)


def _seen(outcome: Outcome, *, is_suite: bool) -> Detected:
    """Return what the imported judgments show about the study; the pages of the Suite ask every question."""
    seen = Detected(asked=set(QUESTIONS) if is_suite else set())
    for task, parts in outcome.tables.items():
        for part in parts:
            seen.add(task, {name: part[name] for name in part.column_names})
    return seen


def _is_starter(path: Path) -> bool:
    """Return whether a judgment file is only a CSV header, as written by a starter."""
    return path.suffix == ".csv" and path.stat().st_size < 2**16 and len(path.read_bytes().splitlines()) <= 1
