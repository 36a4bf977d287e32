"""Pictures of datasets: mixtures of their rows, image columns (`hmix_hub.add_images`), and file names."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa

from hmix_hub.class_order import in_one_order
from hmix_hub.errors import ConfigurationError, SourceMissingError, SourceNameError, Where
from hmix_hub.loading.hub import open_repository
from hmix_hub.loading.studies import LoadableStudy, open_folder
from hmix_hub.schema.judgment import IMAGE_FILES
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.sources.picture_list import read_picture_list
from hmix_hub.stimuli.columns import IMAGES, add_image_columns, check_images, image_features
from hmix_hub.stimuli.mixtures import ENDPOINT_COLUMNS, Mixtures, check_endpoints, mixtures_of, pairs_of
from hmix_hub.studies.folder import STIMULI
from hmix_hub.studies.manifest import ELSEWHERE
from hmix_hub.studies.pictures import open_study_images
from hmix_hub.tables import arrow_columns, check_dataset_type, picture_places, task_of, vocabulary_of
from hmix_hub.tasks import TASKS, task_that_shows

ImageSets = Mapping[str, Any]
"""Image sets by name: each an `ImageSet`, or a folder of pictures."""


def mixtures_in(dataset: datasets.Dataset, task: str, images: str = "mixed", *, on_screen: bool = False) -> Mixtures:
    """Return the mixtures of rows; for `images="endpoints"`, their pairs of pictures."""
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
    """Open the image sets of a dataset, including studies' own, and check its rows against them."""
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
    """Open the image set of a study, or of several that share its name, if the pictures are the same.

    A folder given by the caller holds a study's unpublished pictures, and is compared with the study's list; if the
    study has its own pictures, the folder replaces them as it is.
    """
    opened = {}
    for place, *commit in places:
        if not commit and not Path(place).is_dir():
            if given is not None:
                continue
            msg = "the study of the pictures no longer exists"
            raise SourceMissingError(
                msg, where=Where(place), hint=f"give their folder: image_sets={{{name!r}: folder}}"
            )
        study = _study_at(place, *commit)
        is_elsewhere = study.manifest.stimuli.source == ELSEWHERE
        if study.manifest.image_set == name and (is_elsewhere or given is None):
            found = open_study_images(study.manifest, study.picture_root(), cifar10=cifar10, folder=given)
            opened[f"{study.description}, version {study.manifest.version}"] = found
    if len({image_set.fingerprint for image_set in opened.values()}) > 1:
        msg = f"the dataset comes from several studies with different pictures named {name!r}: {', '.join(opened)}"
        raise SourceNameError(msg, hint=f"choose one: image_sets={{{name!r}: folder}}")
    return next(iter(opened.values()), None)


def _study_at(place: str, commit: str | None = None) -> LoadableStudy:
    """Open the study of a dataset's pictures: a repository at a commit, or a folder."""
    return open_folder(Path(place)) if commit is None else open_repository(place, revision=commit)


def task_of_rows(dataset: datasets.Dataset) -> str:
    """Return the task of judgments; for stimuli, one that draws pictures as theirs did."""
    names = dataset.column_names
    if "task" in names or "schema_version" in names:
        return task_of(dataset)
    check_has_endpoints(dataset)
    return task_that_shows("mixture" if "mixing_coefficient" in names else "pair")


def check_has_endpoints(dataset: datasets.Dataset) -> None:
    """Check that a dataset has the columns from which pictures are drawn."""
    missing = [name for name in ENDPOINT_COLUMNS if name not in dataset.column_names]
    if missing:
        msg = f"the dataset lacks the columns {', '.join(missing)}, from which pictures are drawn"
        raise ConfigurationError(msg, hint="draw pictures and batches first, then choose columns")


def add_images(
    dataset: datasets.Dataset,
    images: str = "mixed",
    *,
    cifar10: str | os.PathLike[str] | None = None,
    image_sets: Mapping[str, Any] | None = None,
) -> datasets.Dataset:
    """Add pictures to a dataset without any, such as a joined or contributed one.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows.
    images
        "mixed": `image`, the stimulus of each row. "endpoints": `image_1` and `image_2`.
    cifar10, image_sets
        See `hmix_hub.render`.

    Returns
    -------
    datasets.Dataset
        The same rows, in memory, with the image columns added at the end.

    Raises
    ------
    ConfigurationError, SchemaError, SourceError
        See `hmix_hub.render`.

    Examples
    --------
    >>> import hmix_hub
    >>> ds = hmix_hub.load_dataset("h-mix", split="train", source="sample")
    >>> hmix_hub.add_images(ds.select([0]))[0]["image"].size
    (32, 32)
    """
    kind = check_images(images)
    if kind is None:
        return dataset
    dataset = in_one_order(check_dataset_type(dataset))
    task, vocabulary = task_of_rows(dataset), vocabulary_of(dataset)
    check_has_endpoints(dataset)
    _check_lacks(dataset, IMAGES[kind])
    opened = open_image_sets(dataset, cifar10=cifar10, image_sets=image_sets)
    table = add_image_columns(arrow_columns(dataset, dataset.column_names), task, vocabulary, kind, opened)
    return _with_features(dataset, table, image_features(kind))


def add_picture_files(dataset: datasets.Dataset) -> datasets.Dataset:
    r"""Add the file names of the pictures of contributed studies.

    Parameters
    ----------
    dataset
        Judgments or stimuli, N rows, of a study with a list of pictures (`stimuli: source: own` or `elsewhere`),
        possibly joined with others.

    Returns
    -------
    datasets.Dataset
        The same rows, in memory, with `image_1_file` and `image_2_file` at the end: names as listed in
        `stimuli/images.csv`; null: no second picture, or an image set without files, such as CIFAR-10.

    Raises
    ------
    ConfigurationError
        If the dataset lacks the picture columns, already has file names, or none of its pictures is listed.
    SourceError
        If the study that lists them no longer exists, or two studies use one name for different pictures.

    Examples
    --------
    >>> import hmix_hub
    >>> from pathlib import Path
    >>> from hmix_hub.studies.example import example_study, write_files
    >>> files = example_study("class_votes")
    >>> files["study.yaml"] = files["study.yaml"].replace(b"cifar10/test", b"own").replace(b"pixel-linear", b"none")
    >>> files["stimuli/images.csv"] = b"file,label\nfelix.png,cat\n"
    >>> files["judgments/class_votes.csv"] = (
    ...     b"image_1_label,image_1_index,mixing_coefficient,class_counts\ncat,0,1,0|0|0|9|0|1|0|0|0|0\n"
    ... )
    >>> ds = hmix_hub.load_dataset(str(write_files(Path("pets"), files)), "class_votes", split="train")
    >>> hmix_hub.add_picture_files(ds)["image_1_file"][0]
    'felix.png'
    """
    check_has_endpoints(check_dataset_type(dataset))
    added = [file.name for file in IMAGE_FILES]
    _check_lacks(dataset, added)
    table = arrow_columns(dataset, ENDPOINT_COLUMNS)
    sets = table["image_set"].combine_chunks().dictionary_encode()
    names = sets.dictionary.to_pylist()
    listed = [_listed_files(dataset, name) for name in names]
    if not any(listed):
        msg = f"no file names are known for the pictures of {', '.join(names) or 'no row'}"
        raise ConfigurationError(msg, hint="image_1_index is the picture's index in its image set, from 0")
    whole = arrow_columns(dataset, dataset.column_names)
    files, codes = pa.array([file for one in listed for file in one], pa.string()), sets.indices.to_numpy()
    n_listed = np.array([len(one) for one in listed])
    first = np.cumsum(n_listed) - n_listed
    for name in added:
        index = table[name.replace("_file", "_index")].combine_chunks()
        is_none = index.is_null().to_numpy(zero_copy_only=False) | (n_listed[codes] == 0)
        places = pa.array(first[codes] + index.fill_null(0).to_numpy(), mask=is_none)
        whole = whole.append_column(name, files.take(places))
    return _with_features(dataset, whole, {name: datasets.Value("string") for name in added})


def _check_lacks(dataset: datasets.Dataset, names: Sequence[str]) -> None:
    """Check that a dataset has none of the columns to add."""
    there = [name for name in names if name in dataset.column_names]
    if there:
        msg = f"the dataset already has a column {there[0]!r}"
        raise ConfigurationError(msg, hint=f"dataset.remove_columns({there!r}) first")


def _with_features(dataset: datasets.Dataset, table: pa.Table, added: Mapping[str, Any]) -> datasets.Dataset:
    """Return a table, with columns added to those of a dataset, as a dataset."""
    info = dataset.info.copy()
    info.features = datasets.Features(dataset.features | added)
    whole = table.replace_schema_metadata(None).cast(info.features.arrow_schema)
    return datasets.Dataset(whole, info=info, split=dataset.split)


def _listed_files(dataset: datasets.Dataset, name: str) -> list[str]:
    """Return the files of an image set, in the order of the indices; empty if no study lists them."""
    found: list[str] = []
    for own, *place in picture_places(dataset.info):
        if own != name:
            continue
        files = read_picture_list(_study_at(*place).picture_root() / STIMULI).names
        if found and files != found:
            msg = f"the dataset comes from several studies with different pictures named {name!r}"
            raise SourceNameError(msg, hint="add the names to each, then join them")
        found = files
    return found
