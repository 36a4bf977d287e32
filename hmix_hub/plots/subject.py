"""Subject of a figure: the mixture or pair of an id, its pixels, and the judgments about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np
import numpy.typing as npt

from hmix_hub.datasets_by_name import H_MIX
from hmix_hub.errors import ConfigurationError, SchemaError, nearest
from hmix_hub.filters import filter as keep
from hmix_hub.loading.opening import open_study
from hmix_hub.loading.pictures import open_image_sets
from hmix_hub.loading.road import load_dataset
from hmix_hub.rendering import find_judgment, judgment_in, source_of_judgment, table_of_ids
from hmix_hub.schema import Vocabulary
from hmix_hub.sources import resolve_source
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.stimuli.drawing import draw, take_endpoints
from hmix_hub.stimuli.identifiers import StimulusName, is_pair_id, is_stimulus_id, parse_pair_id, parse_stimulus_id
from hmix_hub.stimuli.mixtures import check_endpoints, mixtures_of, pairs_of, walk_between
from hmix_hub.tables import arrow_columns, unique_values
from hmix_hub.tasks import RELEASED_FORMS, TASKS, task_that_shows

Load = Callable[[str], datasets.Dataset]


@dataclass(frozen=True, eq=False)
class Holding:
    """Judgments by task, and their pictures.

    Parameters
    ----------
    tasks
        Names of its tasks.
    load
        Function from a task to its judgments.
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
        """Return the judgments of a stimulus or pair by task, for the tasks that show one or the other."""
        found = {}
        for task in (TASKS[task] for task in self.tasks if TASKS[task].shows == shows):
            dataset = self.load(task.name)
            if name in unique_values(dataset, task.stimulus_column):
                found[task.name] = keep(dataset, stimuli=name)
        return found

    def mixtures_of(self, pair: str) -> list[str]:
        """Return the ids of the mixtures of a pair that were judged."""
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
            If there is none; the nearest ids or the existing tasks are suggested.
        """
        task = name.split("/")[1]
        if task not in self.tasks:
            msg = f"there is no judgment {name!r}"
            raise SchemaError(msg, hint=nearest(task, self.tasks, label="tasks with judgments"))
        row: Mapping[str, Any] = judgment_in(self.load(task), name)[0]
        return row


def holding_of_release(source: str | os.PathLike[str] | None, cifar10: str | os.PathLike[str] | None) -> Holding:
    """Return the judgments of "h-mix" from a source of its files; see `hmix_hub.render`."""
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
        If it has no single judgments.
    """
    study = open_study(name, source=source)
    tasks = tuple(task for task in TASKS if task in study.manifest.tasks and TASKS[task].has_participants)
    if not tasks:
        msg = f"{study.description} has no single judgments"
        raise ConfigurationError(msg, hint="load its table and use hmix_hub.plot")

    def load(task: str) -> datasets.Dataset:
        return load_dataset(name, task, split="train", source=source)

    opened = open_image_sets(load(tasks[0]), cifar10=cifar10, image_sets=image_sets)
    return Holding(tasks, load, opened[study.manifest.image_set], study.manifest.synthetic)


def released_judgment(
    name: str, source: str | os.PathLike[str] | None
) -> tuple[Mapping[str, Any], str | os.PathLike[str] | None]:
    """Return the judgment of "h-mix" with an id, and its source."""
    return find_judgment(name, source)[0], source_of_judgment(name, source)


@dataclass(frozen=True, eq=False)
class Subject:
    """A mixture or pair of two pictures, and the answers about it.

    Parameters
    ----------
    name
        Stimulus id; for a pair, the pair id.
    labels, indices
        Class names, and indices in the image set, of its one or two pictures.
    coefficient
        Share of image 1 in the mixture; `None` for a pair.
    pictures
        uint8 (D, 3, H, W), from left to right, image 1 last: image 2, mixture, image 1; or the eleven mixtures of a
        pair, from 0 to 1; or one.
    judgments
        The judgments about it by task; only tasks with any.
    elsewhere
        For a pair without midpoint judgments: ids of its mixtures judged in other tasks.
    judgment
        The named judgment, as a row; `None` if a stimulus was named.
    is_synthetic
        Whether a generator drew pictures and judgments.
    """

    name: str
    labels: Sequence[str]
    indices: Sequence[int]
    coefficient: float | None
    pictures: npt.NDArray[np.uint8]
    judgments: Mapping[str, datasets.Dataset]
    elsewhere: Sequence[str]
    judgment: Mapping[str, Any] | None
    is_synthetic: bool


def find_subject(
    name: str,
    *,
    dataset: str | os.PathLike[str] = H_MIX,
    source: str | os.PathLike[str] | None = None,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> Subject:
    """Find the subject of an id.

    Parameters
    ----------
    name
        Id of a stimulus, a pair or a judgment.
    dataset
        "h-mix", or a study: see `hmix_hub.show`.
    source, cifar10, image_sets
        See `hmix_hub.render`.

    Raises
    ------
    SchemaError
        If it is not an id, names one picture as a pair, or the judgment or picture does not exist.
    SourceError
        If judgments or pictures are unavailable.
    """
    judgment, is_judgment = None, not (is_stimulus_id(name) or is_pair_id(name))
    if is_judgment and (not isinstance(name, str) or "/" not in name):
        msg = f"{str(name)[:80]!r} is not an id of a stimulus, a pair or a judgment"
        raise SchemaError(msg, hint=_ID_HINT)
    if dataset != H_MIX:
        holding = holding_of_study(dataset, source=source, cifar10=cifar10, image_sets=image_sets)
        judgment = holding.judgment(name) if is_judgment else None
    else:
        if is_judgment:
            judgment, source = released_judgment(name, source)
        holding = holding_of_release(source, cifar10)
    if judgment is not None:
        name = judgment["pair_id"] if TASKS[judgment["task"]].shows == "pair" else judgment["stimulus_id"]
    image_set = holding.image_set
    is_pair = not is_stimulus_id(name)
    parsed = StimulusName(1.0, *parse_pair_id(name)) if is_pair else parse_stimulus_id(name)
    pair = _pair_name(parsed, image_set.vocabulary)
    if is_pair and len(parsed.labels) == 1:
        msg = f"{pair!r} names one picture, not a pair to mix"
        raise SchemaError(msg, hint=f"the id of the stimulus is mixed_1.0_{pair}")
    name = pair if is_pair else f"mixed_{parsed.coefficient!r}_{pair}"
    judgments = holding.judgments("pair" if is_pair else "mixture", name)
    return Subject(
        name,
        [image_set.vocabulary.names[image_set.vocabulary.code(label)] for label in parsed.labels],
        parsed.indices,
        None if is_pair else parsed.coefficient,
        _pictures(name, image_set, is_pair=is_pair),
        judgments,
        [] if judgments or not is_pair else holding.mixtures_of(pair),
        judgment,
        holding.is_synthetic,
    )


_ID_HINT = (
    "examples are mixed_0.5_Dog_2205_Frog_6908, Automobile_887_Bird_8384 and "
    "collins2023/infer_mixing_factor/<participant>/12"
)


def _pair_name(parsed: StimulusName, vocabulary: Vocabulary) -> str:
    """Return a pair id as in the tables, regardless of case."""
    labels = [vocabulary.display(vocabulary.code(label)) for label in parsed.labels]
    return "_".join(f"{label}_{index}" for label, index in zip(labels, parsed.indices, strict=True))


def _pictures(name: str, image_set: ImageSet, *, is_pair: bool) -> npt.NDArray[np.uint8]:
    opened = {image_set.name: image_set}
    table = table_of_ids([f"mixed_1.0_{name}" if is_pair else name], image_set.name, image_set.vocabulary)
    check_endpoints(table, image_set.vocabulary, opened)
    if table["image_2_index"].null_count:
        return draw(mixtures_of(table, task_that_shows("mixture")), opened)
    if is_pair:
        return draw(walk_between(pairs_of(table)), opened)
    mixture = mixtures_of(table, task_that_shows("mixture"))
    first, second = (take_endpoints(mixture, opened, which) for which in (0, 1))
    return np.concatenate([second, draw(mixture, opened), first])
