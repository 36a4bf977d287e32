"""Holdings: the judgments and pictures in which an id is looked up, those of "h-mix" or of a study."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import datasets

from hmix_hub.datasets_by_name import H_MIX
from hmix_hub.errors import ConfigurationError, SchemaError, nearest
from hmix_hub.filters import filter as keep
from hmix_hub.loading.opening import open_study
from hmix_hub.loading.pictures import open_image_sets
from hmix_hub.loading.road import load_dataset
from hmix_hub.rendering import find_judgment, judgment_in, source_of_judgment
from hmix_hub.sources import resolve_source
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.tables import arrow_columns, unique_values
from hmix_hub.tasks import RELEASED_FORMS, TASKS

Load = Callable[[str], datasets.Dataset]


@dataclass(frozen=True, eq=False)
class Holding:
    """Judgments by task, and the pictures that they are about.

    Parameters
    ----------
    tasks
        Names of the tasks that it has.
    load
        From a task to its judgments.
    image_set
        The pictures.
    is_synthetic
        Whether a program made the judgments.
    """

    tasks: tuple[str, ...]
    load: Load
    image_set: ImageSet
    is_synthetic: bool

    def judgments(self, shows: str, name: str) -> dict[str, datasets.Dataset]:
        """Return the judgments of a stimulus, or of a pair, by task, of the tasks that show one or the other."""
        found = {}
        for task in (TASKS[task] for task in self.tasks if TASKS[task].shows == shows):
            dataset = self.load(task.name)
            if name in unique_values(dataset, task.stimulus_column):
                found[task.name] = keep(dataset, stimuli=name)
        return found

    def mixtures_of(self, pair: str) -> list[str]:
        """Return the mixtures of a pair that were judged, by id."""
        found: set[str] = set()
        for task in (task for task in self.tasks if TASKS[task].shows == "mixture"):
            table = arrow_columns(self.load(task), ["pair_id", "stimulus_id"]).to_pydict()
            found |= {stimulus for own, stimulus in zip(*table.values(), strict=True) if own == pair}
        return sorted(found)

    def judgment(self, name: str) -> Mapping[str, Any]:
        """Return the judgment of an id.

        Raises
        ------
        SchemaError
            If there is none; the nearest ids are offered, or the tasks that there are.
        """
        task = name.split("/")[1]
        if task not in self.tasks:
            msg = f"there is no judgment {name!r}"
            raise SchemaError(msg, hint=nearest(task, self.tasks, label="tasks with judgments"))
        row: Mapping[str, Any] = judgment_in(self.load(task), name)[0]
        return row


def holding_of_release(source: str | os.PathLike[str] | None, cifar10: str | os.PathLike[str] | None) -> Holding:
    """Return the judgments of "h-mix", from a source of its files; see `hmix_hub.render`."""
    study = resolve_source(source).study

    def load(task: str) -> datasets.Dataset:
        return load_dataset(H_MIX, task, split="train", source=source)

    return Holding(tuple(RELEASED_FORMS), load, open_image_set(study.image_set, cifar10=cifar10), study.synthetic)


def holding_of_study(
    name: str | os.PathLike[str],
    *,
    source: str | os.PathLike[str] | None,
    cifar10: str | os.PathLike[str] | None,
    image_sets: Mapping[str, Any] | None,
) -> Holding:
    """Return the judgments of a study: its folder, its repository on the Hub, or a registered one.

    Raises
    ------
    ConfigurationError
        If nobody's single judgment is in it.
    """
    study = open_study(name, source=source)
    tasks = tuple(task for task in TASKS if task in study.manifest.tasks and TASKS[task].has_participants)
    if not tasks:
        msg = f"{study.description} holds nobody's single judgment"
        raise ConfigurationError(msg, hint="load its table; hmix_hub.plot draws it")

    def load(task: str) -> datasets.Dataset:
        return load_dataset(name, task, split="train", source=source)

    opened = open_image_sets(load(tasks[0]), cifar10=cifar10, image_sets=image_sets)
    return Holding(tasks, load, opened[study.manifest.image_set], study.manifest.synthetic)


def released_judgment(
    name: str, source: str | os.PathLike[str] | None
) -> tuple[Mapping[str, Any], str | os.PathLike[str] | None]:
    """Return the judgment of "h-mix" that an id names, and the source that it is in."""
    return find_judgment(name, source)[0], source_of_judgment(name, source)
