"""Subject of a picture: the mixture or pair that an id names, its pixels, and the judgments about it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import datasets
import numpy as np
import numpy.typing as npt

from hmix_hub.errors import SchemaError
from hmix_hub.filters import filter as keep
from hmix_hub.loading.road import load_dataset
from hmix_hub.rendering import find_judgment, source_of_judgment, table_of_ids
from hmix_hub.schema import Vocabulary
from hmix_hub.sources import resolve_source
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.stimuli.drawing import draw, take_endpoints
from hmix_hub.stimuli.identifiers import StimulusName, is_pair_id, is_stimulus_id, parse_pair_id, parse_stimulus_id
from hmix_hub.stimuli.mixtures import check_endpoints, mixtures_of, pairs_of, walk_between
from hmix_hub.tables import arrow_columns, unique_values
from hmix_hub.tasks import RELEASED_FORMS, TASKS, task_that_shows
from hmix_hub.tasks.task import Task


@dataclass(frozen=True, eq=False)
class Subject:
    """A mixture of two pictures, or a pair of them, and what people answered about it.

    Parameters
    ----------
    name
        Stimulus id; of a pair, the pair id.
    labels, indices
        Class names, and rows of the image set, of its one or two pictures.
    coefficient
        Share of image 1 in the mixture; `None` of a pair.
    pictures
        uint8 (D, 3, H, W), from left to right, image 1 last: image 2, mixture, image 1; or the eleven mixtures of a
        pair, from 0 to 1; or one.
    judgments
        By task, the judgments about it; only tasks that have any.
    elsewhere
        Of a pair that the midpoint tasks did not ask about: its mixtures that other tasks did, by id.
    judgment
        The one judgment that was named, as a row; `None` where a stimulus was.
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
    name: str, *, source: str | os.PathLike[str] | None = None, cifar10: str | os.PathLike[str] | None = None
) -> Subject:
    """Find what an id names.

    Parameters
    ----------
    name
        Id of a stimulus, a pair or a judgment of "h-mix".
    source, cifar10
        See `hmix_hub.render`.

    Raises
    ------
    SchemaError
        If it is no id, or names one picture as a pair, or a judgment or a picture that does not exist.
    SourceError
        If judgments or pictures cannot be had.
    """
    judgment = None
    if not (is_stimulus_id(name) or is_pair_id(name)):
        if not isinstance(name, str) or "/" not in name:
            msg = f"{str(name)[:80]!r} is no id of a stimulus, a pair or a judgment"
            raise SchemaError(msg, hint=_ID_HINT)
        judgment = find_judgment(name, source)[0]
        source = source_of_judgment(name, source)
        name = judgment["pair_id"] if TASKS[judgment["task"]].shows == "pair" else judgment["stimulus_id"]
    study = resolve_source(source).study
    image_set = open_image_set(study.image_set, cifar10=cifar10)
    is_pair = not is_stimulus_id(name)
    parsed = StimulusName(1.0, *parse_pair_id(name)) if is_pair else parse_stimulus_id(name)
    pair = _pair_name(parsed, image_set.vocabulary)
    if is_pair and len(parsed.labels) == 1:
        msg = f"{pair!r} names one picture, and no pair to mix"
        raise SchemaError(msg, hint=f"the stimulus is called mixed_1.0_{pair}")
    name = pair if is_pair else f"mixed_{parsed.coefficient!r}_{pair}"
    judgments = _judgments(_released("pair" if is_pair else "mixture"), name, source)
    return Subject(
        name,
        [image_set.vocabulary.names[image_set.vocabulary.code(label)] for label in parsed.labels],
        parsed.indices,
        None if is_pair else parsed.coefficient,
        _pictures(name, image_set, is_pair=is_pair),
        judgments,
        [] if judgments or not is_pair else _mixtures_of_pair(name, source),
        judgment,
        study.synthetic,
    )


_ID_HINT = (
    "they look like mixed_0.5_Dog_2205_Frog_6908, Automobile_887_Bird_8384 and "
    "collins2023/infer_mixing_factor/<participant>/12"
)


def _released(shows: str) -> list[Task]:
    """Return the tasks of "h-mix" that show a pair in all its mixtures, or one mixture."""
    return [TASKS[name] for name in RELEASED_FORMS if TASKS[name].shows == shows]


def _mixtures_of_pair(name: str, source: str | os.PathLike[str] | None) -> list[str]:
    """Return the mixtures of a pair that the other tasks asked about."""
    found: set[str] = set()
    for task in _released("mixture"):
        dataset = load_dataset("h-mix", task.name, split="train", source=source)
        table = arrow_columns(dataset, ["pair_id", "stimulus_id"]).to_pydict()
        found |= {stimulus for pair, stimulus in zip(*table.values(), strict=True) if pair == name}
    return sorted(found)


def _pair_name(parsed: StimulusName, vocabulary: Vocabulary) -> str:
    """Return a pair as the tables have it, whatever the case in which it was typed."""
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


def _judgments(tasks: Sequence[Task], name: str, source: str | os.PathLike[str] | None) -> dict[str, datasets.Dataset]:
    found = {}
    for task in tasks:
        dataset = load_dataset("h-mix", task.name, split="train", source=source)
        if name in unique_values(dataset, task.stimulus_column):
            found[task.name] = keep(dataset, stimuli=name)
    return found
