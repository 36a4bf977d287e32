"""Labels of a picture: all its human labels, across datasets, `hmix_hub.labels_of`."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hmix_hub.datasets_by_name import H_MIX, is_registered, registered_names
from hmix_hub.errors import CacheWarning, ConfigurationError, SourceNameError, nearest
from hmix_hub.loading.entries import read_entry
from hmix_hub.loading.opening import open_study, source_of
from hmix_hub.loading.registered import open_registered
from hmix_hub.loading.road import load_dataset
from hmix_hub.schema import N_SYNTHETIC, SYNTHETIC_FLAG, Vocabulary
from hmix_hub.schema.arrays import Ints
from hmix_hub.sources import JUDGMENT_FILES, resolve_source
from hmix_hub.sources.image_sets import IMAGE_SETS
from hmix_hub.sources.source import Folder, Web
from hmix_hub.stimuli.mixtures import ENDPOINT_COLUMNS
from hmix_hub.summaries import by_stimulus
from hmix_hub.tables import arrow_columns, check_dataset_type, task_of, vocabulary_of
from hmix_hub.tasks import CONFIGURATIONS, TASKS
from hmix_hub.tasks.task import Task

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset

COLUMNS = (
    *("dataset", "task", "image_set", "index", "label", "stimulus_id", "other_index", "other_label"),
    *("mixing_coefficient", "asked", "n_judgments", "n_participants", "n_synthetic", "answer", "label_distribution"),
)
"""Columns of the table of labels."""
_COUNTED = ("mixing_coefficient", "n_judgments", "n_participants", "n_votes", N_SYNTHETIC.name, "flags")
_WHOLE = ("index", "other_index", "n_judgments", "n_participants", "n_synthetic")


def labels_of(
    image_set: str,
    index: int | Sequence[int],
    *,
    datasets: Sequence[str | os.PathLike[str] | Dataset] = (),
    source: str | os.PathLike[str] | Mapping[str, Any] | None = None,
    download: bool = False,
) -> pd.DataFrame:
    """Return every human label of a picture, across H-Mix, all registered studies, and more datasets.

    Tables are read once per process, so further calls take milliseconds.

    Parameters
    ----------
    image_set
        Name of the image set that the index refers to: "cifar10/test".
    index
        Index of the picture in the image set, from 0; or several.
    datasets
        More datasets: study folders, repositories on the Hub, or loaded judgments.
    source
        Where the files of "h-mix" come from; or a dict by name, to include registered studies. See `load_dataset`.
    download
        Whether to download datasets that are not on this machine; otherwise they are left out with a warning.

    Returns
    -------
    pandas.DataFrame
        One row per stimulus that shows the picture, for each dataset, task and (for ratings) scale; no rows if nobody
        judged it. Columns: dataset; task; image_set, index, label: the picture; stimulus_id (in the midpoint tasks, the
        pair's id); other_index, other_label: the picture it is mixed with, null for a single one; mixing_coefficient:
        share of image 1, null in the midpoint tasks; asked: the scale, or null; n_judgments: number of answers or
        votes; n_participants: null if unknown; n_synthetic: number made by a program; answer: mean of numeric answers,
        0 to 1, null for answers of classes; label_distribution: nonzero shares of classes, by name, summing to 1, null
        for answers without classes.

    Raises
    ------
    SourceNameError
        If no dataset uses such an image set.
    ConfigurationError
        If an index is outside the image set.
    SourceError
        If a dataset is unavailable, or not as expected.

    Warns
    -----
    CacheWarning
        If datasets about the image set are left out because they are not on this machine.

    Examples
    --------
    >>> import hmix_hub
    >>> labels = hmix_hub.labels_of("sample/pictures", 42, source="sample")
    >>> sorted(labels.task.unique())
    ['infer_mixing_factor', 'select_shuffled_midpoint']
    """
    import pandas as pd

    every = list(_parts(image_set, source, datasets, download=download))
    parts = [part for part in every if image_set in part.image_sets]
    if not parts and image_set not in IMAGE_SETS:
        names = {*IMAGE_SETS, *(name for part in every for name in part.image_sets)}
        msg = f"no dataset uses an image set {image_set!r}"
        raise SourceNameError(msg, hint=nearest(image_set, sorted(names), label="image sets"))
    wanted = np.array(_indices(index, image_set), dtype=np.int64)
    found = [row for part in parts for row in part.rows(image_set, wanted)]
    # In the order of the requested pictures, then of the datasets.
    rows = [row for _, row in sorted(found, key=lambda one: one[0])]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(dict.fromkeys(_WHOLE, "Int64"))


def _indices(index: Any, image_set: str) -> list[int]:
    """Return the indices of pictures, checked against the image set if the package knows it."""
    given = list(index) if isinstance(index, Sequence | np.ndarray) and not isinstance(index, str) else [index]
    size = len(IMAGE_SETS[image_set].labels()) if image_set in IMAGE_SETS else None
    for one in given:
        is_index = isinstance(one, int | np.integer) and not isinstance(one, bool)
        if not is_index or one < 0 or (size is not None and one >= size):
            msg = f"{one!r} is not an index of a picture of {image_set}"
            hint = f"pictures count from 0 to {size - 1}" if size else "give an integer from 0, or a list of them"
            raise ConfigurationError(msg, hint=hint)
    return [int(one) for one in given]


@dataclass(frozen=True, eq=False)
class _Part:
    """The stimuli of one task of one dataset, and the rows of each picture."""

    name: str
    task: Task
    stimuli: pa.Table
    vocabulary: Vocabulary
    image_sets: dict[str, tuple[Ints, Ints]]
    """By image set: indices of pictures, in increasing order, and the row of each."""

    @classmethod
    def of(cls, name: str, task: str, dataset: Dataset) -> _Part:
        """Return the part for a dataset of judgments or stimuli."""
        is_gathered = "n_judgments" in dataset.column_names or not TASKS[task].has_participants
        stimuli = dataset if is_gathered else by_stimulus(dataset)
        own, pooled = TASKS[task].judged_columns
        needed = [pooled if pooled in stimuli.column_names else own, TASKS[task].stimulus_column, *TASKS[task].facets]
        names = [name for name in (*ENDPOINT_COLUMNS, *_COUNTED, *needed) if name in stimuli.column_names]
        table = arrow_columns(stimuli, list(dict.fromkeys(names)))
        sets = np.asarray(table["image_set"].to_pylist(), dtype=object)
        first, second = (table[f"image_{i}_index"].fill_null(-1).to_numpy() for i in (1, 2))
        places = {}
        for image_set in dict.fromkeys(sets.tolist()):
            rows = np.flatnonzero(sets == image_set)
            indices, of_row = np.concatenate([first[rows], second[rows]]), np.tile(rows, 2)
            order = np.lexsort((of_row, indices))
            places[image_set] = indices[order], of_row[order]
        return cls(name, TASKS[task], table, vocabulary_of(stimuli), places)

    def rows(self, image_set: str, wanted: Ints) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield a row for each stimulus that shows one of the pictures, with the picture's position among them."""
        indices, of_row = self.image_sets[image_set]
        first, last = np.searchsorted(indices, wanted), np.searchsorted(indices, wanted + 1)
        places = np.repeat(np.arange(len(wanted)), last - first)
        rows = np.concatenate([of_row[:0], *(of_row[start:end] for start, end in zip(first, last, strict=True))])
        stimuli = self.stimuli.take(pa.array(rows)).to_pylist()
        for place, stimulus in zip(places.tolist(), stimuli, strict=True):
            yield place, self._row(stimulus, int(wanted[place]))

    def _row(self, stimulus: Mapping[str, Any], index: int) -> dict[str, Any]:
        mine, other = (1, 2) if stimulus["image_1_index"] == index else (2, 1)
        named = {which: stimulus[f"image_{which}_label"] for which in (1, 2)}
        labels = {which: None if code is None else self.vocabulary.names[code] for which, code in named.items()}
        answer, distribution = self._answer(stimulus, labels)
        judged = stimulus["n_judgments" if self.task.has_participants else "n_votes"]
        # Rows that pool their participants are flagged as a whole.
        made = judged if SYNTHETIC_FLAG in stimulus.get("flags", ()) else stimulus.get(N_SYNTHETIC.name, 0)
        return {
            "dataset": self.name,
            "task": self.task.name,
            "image_set": stimulus["image_set"],
            "index": index,
            "label": labels[mine],
            "stimulus_id": stimulus[self.task.stimulus_column],
            "other_index": stimulus[f"image_{other}_index"],
            "other_label": labels[other],
            "mixing_coefficient": stimulus.get("mixing_coefficient"),
            "asked": next((stimulus[name] for name in self.task.facets), None),
            "n_judgments": judged,
            "n_participants": stimulus.get("n_participants"),
            "n_synthetic": made,
            "answer": answer,
            "label_distribution": distribution,
        }

    def _answer(
        self, stimulus: Mapping[str, Any], labels: Mapping[int, str | None]
    ) -> tuple[float | None, dict[str, float] | None]:
        """Return the mean of numeric answers, and the shares of classes in the answers."""
        own, pooled = self.task.judged_columns
        given = stimulus[pooled if pooled in stimulus else own]
        if self.task.is_over_classes:
            shares = zip(self.vocabulary.names, given or (), strict=False)
            return None, {name: share for name, share in shares if share} or None
        if given is None or not self.task.is_share_answered or self.task.shows != "mixture":
            return given, None
        first, second = labels[1], labels[2]
        if first is None or second is None:
            return given, None
        # The inferred coefficient is image 1's share, the rest image 2's; two pictures of one class have all of it.
        return given, {first: 1.0} if first == second else {first: given, second: 1 - given}


def _parts(image_set: str, source: Any, more: Sequence[Any], *, download: bool) -> Iterator[_Part]:
    """Yield the parts of all datasets loaded by name that use an image set, and of more datasets."""
    names = [H_MIX, *registered_names()]
    left_out = []
    for name in names:
        place = source_of(name, names, source)
        if image_set != _image_set_of(name, place):
            continue
        if not download and not _is_here(name, place):
            left_out.append(name)
            continue
        for task in JUDGMENT_FILES if name == H_MIX else read_entry(name).manifest.tasks:
            yield _loaded(name, task, _Place(_key_of(name, place), place))
    if left_out:
        said = f"left out, as not on this machine: {', '.join(left_out)}; labels_of(..., download=True) downloads them"
        warnings.warn(said, CacheWarning, stacklevel=3)
    for dataset in more:
        if not isinstance(dataset, str | os.PathLike):
            found = check_dataset_type(dataset)
            yield _Part.of("", task_of(found), found)
            continue
        study = open_study(dataset)
        for task in study.manifest.tasks:
            yield _Part.of(study.manifest.id, task, load_dataset(dataset, task, split="train"))


def _image_set_of(name: str, place: Any) -> str:
    return read_entry(name).manifest.image_set if is_registered(name) else resolve_source(place).study.image_set


def _is_here(name: str, place: Any) -> bool:
    """Whether a dataset loads without a download."""
    if is_registered(name):
        study = open_registered(name, place)
        return study.is_here or isinstance(study.place, Folder)
    source = resolve_source(place)
    return not isinstance(source, Web) or all((source.folder / file).is_file() for file in JUDGMENT_FILES.values())


def _key_of(name: str, place: Any) -> str:
    """Return what determines a dataset's rows: the hashes of its files, and the code that reads them."""
    if is_registered(name):
        return str(open_registered(name, place).path)
    return resolve_source(place).study.fingerprint


@dataclass(frozen=True)
class _Place:
    """Where a dataset's files come from, of any type; only the key determines what is loaded."""

    key: str
    source: Any = field(compare=False)


@lru_cache(maxsize=64)
def _loaded(name: str, task: str, place: _Place) -> _Part:
    gathered = f"{task}_by_stimulus"
    configuration = gathered if gathered in CONFIGURATIONS else task
    return _Part.of(name, task, load_dataset(name, configuration, split="train", source=place.source))
