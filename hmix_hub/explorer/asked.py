"""Judgments shown by an explorer: loaded by task from every dataset that has the task, and joined."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from hmix_hub.class_order import in_one_order
from hmix_hub.datasets_by_name import H_MIX, check_dataset, citation, is_registered
from hmix_hub.errors import ConfigurationError
from hmix_hub.judgments.by_stimulus import stimuli_of
from hmix_hub.loading.joining import join
from hmix_hub.loading.opening import is_study, open_study, source_of
from hmix_hub.loading.road import load_dataset
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.groups import Groups
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.studies.manifest import ELSEWHERE
from hmix_hub.tables import arrow_columns, vocabulary_of
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.task import Task

Name = str | os.PathLike[str]


@dataclass(frozen=True)
class ShownDataset:
    """A dataset that an explorer shows.

    Parameters
    ----------
    name
        Name in the page's code: a registered name or a repository; for a folder, its last part, since a path can
        identify its owner; different for each dataset of an explorer.
    origin
        Name or path to load it by.
    tasks
        Its tasks.
    source
        Value of `source=` in the page's code; empty: none.
    title, version, licence, citation
        Shown on the page; empty if not stated.
    unpublished
        Name of its image set if the pictures must not be published; otherwise empty.
    revision
        Value of `revision=` in the page's code; empty: none.
    """

    name: str
    origin: Name
    tasks: tuple[str, ...]
    source: str
    title: str
    version: str = ""
    licence: str = ""
    citation: str = ""
    unpublished: str = ""
    revision: str = ""


@dataclass(frozen=True, eq=False)
class ShownTask:
    """The judgments of one task: N rows in the order of `hmix_hub.load_dataset`.

    Parameters
    ----------
    task
        The task.
    dataset
        The joined judgments of all datasets that have the task.
    parts
        These datasets.
    """

    task: Task
    dataset: datasets.Dataset
    parts: tuple[ShownDataset, ...]

    @cached_property
    def table(self) -> pa.Table:
        """The judgments as an Arrow table; not copied if they are memory-mapped."""
        return arrow_columns(self.dataset, self.dataset.column_names)

    @cached_property
    def stimuli(self) -> Groups:
        """The judgments grouped by stimulus, and by what was asked about it, in the order of first appearance."""
        return stimuli_of(self.table, self.task.name)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Class names that its labels count in."""
        return vocabulary_of(self.dataset)


def load_tasks(
    names: Sequence[Name],
    *,
    source: Any = None,
    revision: str | None = None,
    token: str | bool | None = None,
    told: str | None = None,
) -> tuple[list[ShownDataset], list[ShownTask]]:
    """Load the judgments of all tasks of some datasets.

    Parameters
    ----------
    names
        Datasets, as `hmix_hub.load_dataset` takes them.
    source, revision, token
        As there.
    told
        Name of a single dataset in the page's code; `None`: derived from `names`.

    Returns
    -------
    tuple
        The datasets; and their tasks that have judgments, in the order of the registry.

    Raises
    ------
    ConfigurationError, SchemaError, SourceError
        If a dataset cannot be loaded, two hold the same judgments, or none has a judgment.
    """
    shown = _numbered([_describe(name, names, source, {"revision": revision, "token": token}) for name in names])
    if told is not None:
        # What is published gets its version as a tag.
        shown = [replace(one, name=told, revision=one.version) for one in shown]
    found = []
    for task in TASKS.values():
        parts = tuple(one for one in shown if task.name in one.tasks)
        loaded = [
            load_dataset(
                one.origin,
                task.name,
                split="train",
                source=source_of(one.origin, names, source),
                revision=revision,
                token=token,
            )
            for one in parts
        ]
        dataset = None if not loaded else in_one_order(loaded[0]) if len(loaded) == 1 else join(loaded)
        if dataset is not None and len(dataset):
            found.append(ShownTask(task, dataset, parts))
    if not found:
        msg = "there is no judgment to show"
        raise ConfigurationError(msg, hint="name a dataset that has judgments")
    return shown, found


def _describe(name: Name, names: Sequence[Name], source: Any, of_hub: Mapping[str, Any]) -> ShownDataset:
    own_source = source_of(name, names, source)
    if not is_study(name):
        check_dataset(name)
        study = resolve_source(own_source).study
        cited = "" if study.synthetic else citation()
        # Even if only an environment variable names it, since it is a different dataset.
        told = "sample" if study.synthetic else _told(own_source)
        return ShownDataset(H_MIX, H_MIX, tuple(JUDGMENT_FILES), told, study.title, citation=cited)
    manifest = open_study(name, source=own_source if is_registered(name) else None, **of_hub).manifest
    folder = Path(os.path.expanduser(name)).absolute()
    is_folder = folder.is_dir() and not is_registered(name)
    doi = manifest.citation.doi
    shown_name = folder.name if is_folder else str(name)
    if is_folder and (shown_name == H_MIX or is_registered(shown_name)):
        # So that the code does not load the dataset of that name.
        shown_name = f"./{shown_name}"
    return ShownDataset(
        shown_name,
        name,
        tuple(manifest.tasks),
        _told(own_source) if is_registered(name) else "",
        manifest.title,
        manifest.version,
        manifest.licence,
        manifest.citation.bibtex or (f"https://doi.org/{doi}" if doi else ""),
        manifest.image_set if manifest.stimuli.source == ELSEWHERE else "",
        "" if is_folder or is_registered(name) else of_hub["revision"] or "",
    )


def _numbered(shown: Sequence[ShownDataset]) -> list[ShownDataset]:
    """Return datasets under different names: of folders with one name, all but the first are numbered."""
    found: dict[str, ShownDataset] = {}
    for one in shown:
        names = (one.name, *(f"{one.name}-{number}" for number in range(2, len(shown) + 1)))
        name = next(name for name in names if name not in found)
        found[name] = replace(one, name=name)
    return list(found.values())


def _told(source: object) -> str:
    """Return the value of `source=` for the page's code; a path is replaced, since it can identify its owner."""
    return "" if source is None else "release" if source == "release" else "SOURCE"
