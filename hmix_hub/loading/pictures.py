"""Pictures of datasets: the mixtures of their rows, and image columns, `hmix_hub.add_images`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, SourceMissingError, SourceNameError, Where
from hmix_hub.loading.hub import open_repository
from hmix_hub.loading.studies import open_folder
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.stimuli.columns import IMAGES, add_image_columns, check_images, image_features
from hmix_hub.stimuli.mixtures import ENDPOINT_COLUMNS, Mixtures, check_endpoints, mixtures_of, pairs_of
from hmix_hub.studies.manifest import ELSEWHERE
from hmix_hub.studies.pictures import open_study_images
from hmix_hub.tables import arrow_columns, check_dataset_type, picture_places, task_of, vocabulary_of
from hmix_hub.tasks import TASKS, task_that_shows

ImageSets = Mapping[str, Any]
"""Image sets by name: each an `ImageSet`, or a folder of pictures."""


def mixtures_in(dataset: datasets.Dataset, task: str, images: str = "mixed", *, on_screen: bool = False) -> Mixtures:
    """Return the mixtures that rows are about; of `images="endpoints"`, their pairs of pictures."""
    check_has_endpoints(dataset)
    if images == "endpoints":
        return pairs_of(arrow_columns(dataset, ENDPOINT_COLUMNS))
    names = [*ENDPOINT_COLUMNS, TASKS[task].coefficient_column, *(["flags"] if on_screen else [])]
    table = arrow_columns(dataset, [name for name in names if name in dataset.column_names])
    return mixtures_of(table, task, on_screen=on_screen)


def open_image_sets(
    dataset: datasets.Dataset,
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: ImageSets | None = None,
) -> dict[str, ImageSet]:
    """Open the image sets that a dataset names, studies' own from where it says, and check its rows against them."""
    check_has_endpoints(dataset)
    table = arrow_columns(dataset, ENDPOINT_COLUMNS)
    opened = {}
    for name in table["image_set"].unique().to_pylist():
        places = [place for own, *place in picture_places(dataset.info) if own == name]
        given = (image_sets or {}).get(name)
        found = None
        if given is None or not isinstance(given, ImageSet):
            found = _of_studies(name, places, cifar10, given)
        opened[name] = found or open_image_set(name, cifar10=cifar10, folders=image_sets)
    check_endpoints(table, vocabulary_of(dataset), opened)
    return opened


def _of_studies(
    name: str,
    places: Sequence[Sequence[str]],
    cifar10: str | os.PathLike[str] | None,
    given: str | os.PathLike[str] | None,
) -> ImageSet | None:
    """Open the image set of a study; of several that call theirs the same, if the pictures are, too.

    A folder that the caller gives is that of a study's pictures which may not be published, whose list it is compared
    with; in place of pictures that a study does bring, it is opened as it is.
    """
    opened = {}
    for place, *commit in places:
        if not commit and not Path(place).is_dir():
            if given is not None:
                continue
            msg = "the study that the pictures are of is not here any more"
            raise SourceMissingError(msg, where=Where(place), hint=f"say where: image_sets={{{name!r}: folder}}")
        study = open_repository(place, revision=commit[0]) if commit else open_folder(Path(place))
        is_elsewhere = study.manifest.stimuli.source == ELSEWHERE
        if study.manifest.image_set == name and (is_elsewhere or given is None):
            found = open_study_images(study.manifest, study.picture_root(), cifar10=cifar10, folder=given)
            opened[f"{study.description}, version {study.manifest.version}"] = found
    if len({image_set.fingerprint for image_set in opened.values()}) > 1:
        msg = f"the dataset is of several studies, which call different pictures {name!r}: {', '.join(opened)}"
        raise SourceNameError(msg, hint=f"say whose pictures are meant: image_sets={{{name!r}: folder}}")
    return next(iter(opened.values()), None)


def task_of_rows(dataset: datasets.Dataset) -> str:
    """Return the task of judgments; of stimuli, one that draws as theirs was."""
    names = dataset.column_names
    if "task" in names or "schema_version" in names:
        return task_of(dataset)
    check_has_endpoints(dataset)
    return task_that_shows("mixture" if "mixing_coefficient" in names else "pair")


def check_has_endpoints(dataset: datasets.Dataset) -> None:
    """Check that a dataset has the columns that say what its pictures are made of."""
    missing = [name for name in ENDPOINT_COLUMNS if name not in dataset.column_names]
    if missing:
        msg = f"the dataset lacks the columns {', '.join(missing)}, which say what its pictures are made of"
        raise ConfigurationError(msg, hint="make pictures and batches first, then choose columns")


def add_images(
    dataset: datasets.Dataset,
    images: str = "mixed",
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> datasets.Dataset:
    """Add pictures to a dataset that has none: a joined or a contributed one, say.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows.
    images
        "mixed": `image`, what each row is about. "endpoints": `image_1` and `image_2`.
    cifar10, image_sets
        See `hmix_hub.render`.

    Returns
    -------
    datasets.Dataset
        The same rows, in memory, with the image columns behind.

    Raises
    ------
    ConfigurationError, SchemaError, SourceError
        See `hmix_hub.render`.
    """
    kind = check_images(images)
    if kind is None:
        return dataset
    dataset = in_one_order(check_dataset_type(dataset))
    task, vocabulary = task_of_rows(dataset), vocabulary_of(dataset)
    check_has_endpoints(dataset)
    there = [name for name in IMAGES[kind] if name in dataset.column_names]
    if there:
        msg = f"the dataset has a column {there[0]!r} already"
        raise ConfigurationError(msg, hint=f"dataset.remove_columns({there!r}) first")
    opened = open_image_sets(dataset, cifar10=cifar10, image_sets=image_sets)
    table = add_image_columns(arrow_columns(dataset, dataset.column_names), task, vocabulary, kind, opened)
    info = dataset.info.copy()
    info.features = datasets.Features(dataset.features | image_features(kind))
    illustrated = table.replace_schema_metadata(None).cast(info.features.arrow_schema)
    return datasets.Dataset(illustrated, info=info, split=dataset.split)
