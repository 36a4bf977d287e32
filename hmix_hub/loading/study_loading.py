"""Loading of contributed studies, from their folder or the Hub, with the calls of "h-mix"."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from hmix_hub.builders.cached_table import slice_split
from hmix_hub.errors import ConfigurationError
from hmix_hub.filters import apply_conditions
from hmix_hub.judgments.grammar import parse_filters
from hmix_hub.judgments.selection import check_columns
from hmix_hub.loading.pictures import add_images
from hmix_hub.loading.places import StudyPlace, open_place
from hmix_hub.loading.versions import in_version
from hmix_hub.schema import CURRENT, JUDGMENT_TABLE, RELEASED, check_version
from hmix_hub.sources.image_sets import remember
from hmix_hub.stimuli.columns import check_images
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION
from hmix_hub.studies.pictures import open_study_images
from hmix_hub.tables import set_class_order
from hmix_hub.tasks import Configuration


def load_study(
    path: str | os.PathLike[str],
    name: str | None,
    *,
    split: str | Sequence[str] | None,
    streaming: bool,
    schema_version: str,
    images: str | None,
    cifar10: str | os.PathLike[str] | None,
    revision: str | None,
    token: str | bool | None,
    options: Mapping[str, Any],
    filters: Mapping[str, Any],
) -> Any:
    """Load a contributed study; see `hmix_hub.load_dataset`.

    Its image set is known by its name from then on in this process, so that `hmix_hub.render` and `batches` find it.
    """
    check_images(images)
    conditions = parse_filters(filters)
    place = open_place(path, revision=revision, token=token)
    if name == PARTICIPANTS_CONFIGURATION:
        return _load_participants(place, split, conditions, streaming=streaming, options=options)
    configuration = place.configuration(name)
    _check_version(check_version(schema_version), configuration, conditions, images)
    check_columns(conditions, [column.name for column in configuration.columns(schema_version)])
    is_own = _remember_images(place)
    if streaming:
        if images is not None or schema_version == RELEASED:
            msg = f"a stream of a contributed study has no pictures, and no schema before {JUDGMENT_TABLE}"
            raise ConfigurationError(msg, hint="load without streaming=True")
        kept = {key: value for key, value in options.items() if key == "cache_dir" and value is not None}
        stream = place.dataset(configuration, streaming=True, options=kept)
        stream = in_version(stream, configuration, place.manifest, schema_version)
        return _whole_stream(apply_conditions(stream, conditions), split)
    dataset = place.dataset(configuration, streaming=False, options=options)
    dataset = in_version(dataset, configuration, place.manifest, schema_version)
    dataset = apply_conditions(dataset, conditions)
    if images is not None:
        name = place.manifest.image_set
        own = {name: open_study_images(place.manifest, place.picture_root(), cifar10=cifar10)} if is_own else {}
        dataset = add_images(dataset, images, cifar10=cifar10, image_sets=own)
    set_class_order(dataset.info, place.manifest.vocabulary)
    return slice_split(dataset, split)


def _load_participants(
    place: StudyPlace, split: Any, conditions: Sequence[Any], *, streaming: bool, options: Mapping[str, Any]
) -> Any:
    if streaming:
        msg = "what is known of the people cannot be streamed"
        raise ConfigurationError(msg, hint="leave streaming out")
    dataset = place.participants(options=options)
    check_columns(conditions, dataset.column_names)
    return slice_split(apply_conditions(dataset, conditions), split)


def _check_version(version: str, configuration: Configuration, conditions: Sequence[Any], images: str | None) -> None:
    configuration.columns(version)
    if version == RELEASED and (conditions or images):
        what = "filters speak of" if conditions else "pictures come with"
        msg = f"{what} the columns of schema {CURRENT}, not {version}"
        raise ConfigurationError(msg, hint=f"load without schema_version={version!r}")


def _remember_images(place: StudyPlace) -> bool:
    """Let this process find the study's pictures by name; say whether they are none of those known to the package."""
    is_own = place.manifest.stimuli.source != place.manifest.image_set
    if is_own:
        remember(
            place.manifest.image_set,
            f"{place.description}, version {place.manifest.version}",
            lambda cifar10: open_study_images(place.manifest, place.picture_root(), cifar10=cifar10),
        )
    return is_own


def _whole_stream(stream: Any, split: Any) -> Any:
    from datasets import IterableDatasetDict

    if split not in {None, "train"}:
        msg = f"a stream has the split 'train', not {split!r}"
        raise ConfigurationError(msg, hint="take the first rows of a stream with .take(n)")
    return stream if split else IterableDatasetDict({"train": stream})
