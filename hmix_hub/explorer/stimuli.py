"""Stimuli of an explorer: one row each, with the numbers of their pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.explorer.asked import ShownTask
from hmix_hub.explorer.columns import page_column, texts, whole
from hmix_hub.explorer.pictures import Pictures
from hmix_hub.schema import Column, Kind, Vocabulary
from hmix_hub.schema.arrays import Ints, codes, encode, numbers, take
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.sources.image_set import PIXEL_LINEAR, ImageSet
from hmix_hub.stimuli.mixtures import DECIMALS, listed_mixtures

_LABELS = [Column(f"image_{i}_label", Kind.LABEL, "") for i in (1, 2)]


@dataclass(frozen=True, eq=False)
class Endpoints:
    """Endpoint pictures of the S stimuli of one task: their numbers, -1 if there is none; int64 (S,) each."""

    first: Ints
    second: Ints


def number_pictures(tasks: Sequence[ShownTask], image_sets: Mapping[str, ImageSet]) -> tuple[Pictures, list[Endpoints]]:
    """Return the pictures of all stimuli, numbered in the order in which stimuli name them.

    Parameters
    ----------
    tasks
        The judgments.
    image_sets
        The available image sets, by name; pictures of others get no number.
    """
    rows = [task.stimuli.first for task in tasks]
    columns = {
        name: pa.chunked_array(
            [chunk for task, first in zip(tasks, rows, strict=True) for chunk in take(task.table[name], first).chunks]
        )
        for name in ("image_set", "image_1_index", "image_2_index")
    }
    sets, distinct = encode(columns["image_set"])
    names = distinct.to_pylist()
    is_there = np.array([name in image_sets for name in names], dtype=bool)
    # Both pictures of a stimulus are adjacent, so that they usually share a sheet.
    index = np.stack([codes(columns[f"image_{i}_index"]) for i in (1, 2)], axis=1)
    shown = np.flatnonzero(((index >= 0) & is_there[sets][:, None]).ravel())
    set_of, index_of = np.repeat(sets, 2)[shown], index.ravel()[shown]
    groups = Groups(encode_key([set_of, index_of]))
    number = np.full(index.size, -1)
    number[shown] = groups.codes
    pairs = number.reshape(index.shape)
    mixed = list(_ready_mixtures(names, image_sets, set_of[groups.first], index_of[groups.first], pairs))
    pictures = Pictures(
        image_sets,
        names,
        np.concatenate([set_of[groups.first], np.array([one.set_number for one in mixed], dtype=np.int64)]),
        np.concatenate([index_of[groups.first], np.array([one.row for one in mixed], dtype=np.int64)]),
        len(groups.first),
        {
            "image_1": np.array([one.first for one in mixed], dtype=np.int64),
            "image_2": np.array([one.second for one in mixed], dtype=np.int64),
            "mixing_coefficient": np.array([one.coefficient for one in mixed], dtype=np.float64),
        },
    )
    parts = np.split(pairs, np.cumsum([len(own) for own in rows])[:-1])
    return pictures, [Endpoints(part[:, 0], part[:, 1]) for part in parts]


@dataclass(frozen=True)
class _Mixture:
    """A mixture that a study brings as a picture: its row there, and the numbers of its endpoints."""

    set_number: int
    row: int
    first: int
    second: int
    coefficient: float


def _ready_mixtures(
    names: Sequence[str], image_sets: Mapping[str, ImageSet], set_of: Ints, index_of: Ints, pairs: Ints
) -> Iterator[_Mixture]:
    """Yield the ready-made mixtures of pairs that stimuli show."""
    shown = set(map(tuple, np.unique(pairs, axis=0).tolist()))
    for set_number, name in enumerate(names):
        ready = image_sets[name].mixtures if name in image_sets else None
        if ready is None:
            continue
        own = np.flatnonzero(set_of == set_number)
        number_of = dict(zip(index_of[own].tolist(), own.tolist(), strict=True)) | {-1: -1}
        for row, (one, two, coefficient) in enumerate(listed_mixtures(ready)):
            # Pictures that no stimulus shows have no number.
            if one in number_of and two in number_of and (pair := (number_of[one], number_of[two])) in shown:
                yield _Mixture(set_number, row, *pair, coefficient)


def stimulus_columns(
    task: ShownTask, classes: Vocabulary, pictures: Pictures, endpoints: Endpoints
) -> dict[str, pa.Array]:
    """Return the stimuli of a task as the page reads them, S rows in the order of their first appearance."""
    first = task.stimuli.first
    shared = {name: take(task.table[name], first) for name in ("pair_id", "image_set", *task.task.key_columns)}
    columns: dict[str, pa.Array] = {
        "stimulus_id": shared[task.task.stimulus_column].combine_chunks(),
        "pair_id": shared["pair_id"].combine_chunks(),
        "image_set": texts(shared["image_set"]),
    }
    for label in _LABELS:
        columns[label.name] = page_column(label, take(task.table[label.name], first), task.vocabulary, classes)
    columns |= {"image_1": whole(endpoints.first), "image_2": whole(endpoints.second)}
    if task.task.shows == "mixture":
        columns["mixing_coefficient"] = pa.array(numbers(take(task.table["mixing_coefficient"], first)))
    columns |= {name: texts(shared[name]) for name in task.task.facets}
    columns["can_mix"] = pa.array(_can_mix(pictures, endpoints))
    columns["picture"] = whole(_own_pictures(pictures, endpoints, columns.get("mixing_coefficient")))
    return columns


def _can_mix(pictures: Pictures, endpoints: Endpoints) -> npt.NDArray[np.bool_]:
    """Which stimuli are mixtures of pixels of two pictures that are there; bool (S,)."""
    found = (endpoints.first >= 0) & (endpoints.second >= 0)
    linear = np.array([name in pictures.image_sets and _is_linear(pictures, name) for name in pictures.names])
    one, two = endpoints.first[found], endpoints.second[found]
    same_size = (pictures.sizes[one] == pictures.sizes[two]).all(axis=1)
    found[found] = linear[pictures.set_number[one]] & same_size
    return found


def _is_linear(pictures: Pictures, name: str) -> bool:
    return pictures.image_sets[name].mixing == PIXEL_LINEAR


def _own_pictures(pictures: Pictures, endpoints: Endpoints, coefficient: pa.Array | None) -> Ints:
    """Return the number of each stimulus's ready-made mixture, -1 if there is none; int64 (S,)."""
    own = np.full(len(endpoints.first), -1)
    if coefficient is None or not len(pictures.mixed["image_1"]):
        return own
    listed = zip(*(pictures.mixed[name].tolist() for name in pictures.mixed), strict=True)
    number_of = {
        (one, two, round(share, DECIMALS)): number
        for number, (one, two, share) in enumerate(listed, pictures.n_endpoints)
    }
    asked = zip(endpoints.first.tolist(), endpoints.second.tolist(), coefficient.to_pylist(), strict=True)
    own[:] = [number_of.get((one, two, round(share, DECIMALS)), -1) for one, two, share in asked]
    return own
