"""Judgments of a report: loaded by task from each origin and joined, with the file and row of each judgment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.class_order import in_one_order
from hmix_hub.datasets_by_name import H_MIX, check_dataset, is_registered
from hmix_hub.errors import ConfigurationError, SchemaError
from hmix_hub.files import known_sha256
from hmix_hub.findings.judgments import Judgments, Place
from hmix_hub.judgments.checks import check_values
from hmix_hub.loading.entries import read_entry
from hmix_hub.loading.joining import join
from hmix_hub.loading.opening import is_study, open_study
from hmix_hub.loading.registered import RegisteredStudy
from hmix_hub.loading.road import load_dataset
from hmix_hub.loading.studies import BuiltStudy, LoadableStudy, RawStudy, StudyOfTables
from hmix_hub.schema.arrays import Ints
from hmix_hub.schema.groups import encode_key
from hmix_hub.sources import JUDGMENT_FILES, SAMPLE, resolve_source
from hmix_hub.sources.study import RELEASE
from hmix_hub.tables import arrow_columns, check_dataset_type, task_of, vocabulary_of
from hmix_hub.tasks import TASKS

DatasetLike: TypeAlias = "str | os.PathLike[str] | datasets.Dataset"
"""Origin of judgments: a name, a folder, or a loaded dataset."""

_EVERY_TASK = (
    "judgment_id",
    "study_id",
    "participant_id",
    "is_repeat",
    "presentation",
    "image_set",
    "pair_id",
    "image_1_label",
    "image_2_label",
    "flags",
    "source_file",
    "source_row",
)
"""Columns that findings read for every task."""


def _columns_of(task: str) -> list[str]:
    """Return the columns that findings read, without recordings of how an answer came about."""
    return [*_EVERY_TASK, *(column.name for column in TASKS[task].own_columns if not column.since)]


@dataclass(frozen=True)
class Asked:
    """Origins of a report's judgments, and options of `hmix_hub.load_dataset` for them."""

    origins: Sequence[DatasetLike]
    source: str | os.PathLike[str] | None = None
    revision: str | None = None
    token: str | bool | None = None


@dataclass(frozen=True, eq=False)
class _Part:
    """Judgments of one task from one origin, with the origin's name and their files and rows."""

    name: str
    task: str
    dataset: datasets.Dataset
    places: tuple[Place, ...]
    place_of: Ints
    row_of: Ints


def read_judgments(asked: Asked, *, seed: int, resamples: int) -> tuple[dict[str, Judgments], tuple[str, ...]]:
    """Load the judgments of all origins by task.

    Returns
    -------
    tuple
        Judgments by task, in the order of the tasks and without empty ones; and the names of the origins. The name of a
        folder is the study's id, since a report may be published.

    Raises
    ------
    ConfigurationError, SchemaError, SourceError
        If an origin cannot be loaded or is not a judgment table, or two origins share judgments.
    """
    parts: dict[str, list[_Part]] = {}
    names: dict[str, None] = {}
    for origin in asked.origins:
        for part in _parts_of(origin, asked):
            names[part.name] = None
            if len(part.dataset):
                parts.setdefault(part.task, []).append(part)
    judgments = {task: _joined(task, parts[task], seed=seed, resamples=resamples) for task in TASKS if task in parts}
    return judgments, tuple(names)


def _joined(task: str, parts: Sequence[_Part], *, seed: int, resamples: int) -> Judgments:
    dataset = in_one_order(parts[0].dataset) if len(parts) == 1 else join([part.dataset for part in parts])
    offsets = np.cumsum([0, *(len(part.places) for part in parts)])
    return Judgments(
        task,
        arrow_columns(dataset, _columns_of(task)),
        vocabulary_of(dataset),
        tuple(place for part in parts for place in part.places),
        np.concatenate([part.place_of + offset for part, offset in zip(parts, offsets, strict=False)]),
        np.concatenate([part.row_of for part in parts]),
        seed,
        resamples,
    )


def _parts_of(origin: object, asked: Asked) -> Iterator[_Part]:
    if not isinstance(origin, str | os.PathLike):
        yield _given(check_dataset_type(origin))
    elif is_study(origin):
        source = asked.source if is_registered(origin) else None
        study = open_study(origin, revision=asked.revision, token=asked.token, source=source)
        _check_participants(study.manifest.tasks)
        for task in TASKS:
            if task in study.manifest.tasks and TASKS[task].has_participants:
                options: dict[str, Any] = {"revision": asked.revision, "token": asked.token, "source": source}
                dataset = load_dataset(origin, task, split="train", **options)
                if isinstance(study, RegisteredStudy):
                    # Its rows are identified by their place in the files of its source.
                    yield _given(dataset, study.entry.name)
                    continue
                yield _of_study(task, dataset, study)
    else:
        check_dataset(origin)
        title = resolve_source(asked.source).study.title
        for task in JUDGMENT_FILES:
            yield _given(load_dataset(H_MIX, task, split="train", source=asked.source), title)


def _given(dataset: datasets.Dataset, name: str = "") -> _Part:
    """Return the judgments of a dataset; files of the release, the sample and registered studies have known hashes."""
    task = task_of(dataset)
    _check_participants([task])
    missing = [name for name in _columns_of(task) if name not in dataset.column_names]
    if missing:
        msg = f"columns are missing from the dataset: {', '.join(missing)}"
        raise SchemaError(msg, hint="report on the dataset before selecting columns")
    own = [column for column in TASKS[task].own_columns if not column.since]
    check_values(arrow_columns(dataset, [column.name for column in own]), own, vocabulary_of(dataset))
    table = arrow_columns(dataset, ["study_id", "source_file", "source_row"])
    place_of = encode_key([table["study_id"], table["source_file"]])
    first = np.unique(place_of, return_index=True)[1]
    named = table.select(["study_id", "source_file"]).take(pa.array(first)).to_pylist()
    places = tuple(Place(row["study_id"], row["source_file"], _known_hash(**row)) for row in named)
    studies = ", ".join(sorted({place.study_id for place in places}))
    rows = table["source_row"].to_numpy().astype(np.int64)
    return _Part(name or f"judgments of {studies or 'no study'}", task, dataset, places, place_of, rows)


def _check_participants(tasks: Sequence[str]) -> None:
    """Raise if no task has participants, whom every finding resamples; other tasks of a study are ignored."""
    why = [TASKS[task].without_participants for task in tasks]
    if all(why):
        msg = "a report needs judgments by participants, and there are none"
        raise ConfigurationError(msg, hint=why[0])


def _known_hash(study_id: str, source_file: str) -> str | None:
    registered = [read_entry(study_id).pinned] if is_registered(study_id) else []
    files = next((study.files for study in (RELEASE, SAMPLE, *registered) if study.study_id == study_id), {})
    return files[source_file].sha256 if source_file in files else None


def _of_study(task: str, dataset: datasets.Dataset, study: LoadableStudy) -> _Part:
    rows = np.arange(len(dataset))
    name = study.manifest.id if isinstance(study, RawStudy | BuiltStudy) else "@".join(study.address)
    if isinstance(study, RawStudy):
        file = study.folder.judgments[task]
        place = Place(study.manifest.id, file, known_sha256(study.folder.file(file)))
        table = arrow_columns(dataset, ["source_file", "source_row"])
        # If the study names no other file, the rows refer to this one, which may have blank lines.
        if pc.all(pc.equal(table["source_file"], file)).as_py():
            rows = table["source_row"].to_numpy().astype(np.int64)
        return _Part(name, task, dataset, (place,), np.zeros(len(dataset), dtype=np.int64), rows)
    if not isinstance(study, StudyOfTables):
        msg = f"the files of {study.description} are unknown"
        raise ConfigurationError(msg, hint="load its judgments and report on the dataset")
    files = study.files(task, in_parts=False)
    lengths = [_length(file.open) for file in files]
    places = tuple(Place(study.manifest.id, _within(study, file.name), file.sha256) for file in files)
    place_of = np.repeat(np.arange(len(files)), lengths)
    return _Part(name, task, dataset, places, place_of, rows - np.repeat(np.cumsum([0, *lengths])[:-1], lengths))


def _within(study: StudyOfTables, name: str) -> str:
    """Return the name of a file; for a study in a folder, its path within the folder."""
    return Path(name).relative_to(study.path).as_posix() if isinstance(study, BuiltStudy) else name


def _length(opened: Any) -> int:
    with opened() as file:
        return int(file.metadata.num_rows)
