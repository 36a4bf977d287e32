"""Versions of contributed studies: what was written in one version of the schema, in another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hmix_hub.judgments.migration import migrate, to_version
from hmix_hub.schema import RELEASED, Column, Vocabulary, features
from hmix_hub.schema.released import SYNTHETIC_COLUMN
from hmix_hub.studies.manifest import Manifest
from hmix_hub.tables import arrow_columns, map_tables
from hmix_hub.tasks import Configuration

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa


def in_version(dataset: Any, configuration: Configuration, manifest: Manifest, version: str) -> Any:
    """Give a configuration of a contributed study in a version of the schema.

    Parameters
    ----------
    dataset
        A `datasets.Dataset` as the study has it, or a stream of it; columns of the study's own behind those of the
        schema.
    configuration
        Which table it is; by stimulus, all versions are the same.
    manifest
        What the study says of itself.
    version
        The version of the schema that it shall have; of a stream, 2.0.0 or later.
    """
    from datasets import Dataset

    if configuration.by_stimulus:
        return dataset
    found = _version_of(dataset.column_names, configuration, manifest)
    if found == version:
        return dataset
    own = [name for name in dataset.column_names or () if name not in _names(configuration.columns(found))]
    columns = configuration.columns(version)
    if version == RELEASED:
        own, columns = [], (*columns, *([SYNTHETIC_COLUMN] if manifest.synthetic else []))
    wanted = _features(dataset, columns, own, manifest.vocabulary)
    if not isinstance(dataset, Dataset):
        return map_tables(dataset, _Move(configuration.task, version, manifest.vocabulary, wanted), wanted)
    table = arrow_columns(dataset, dataset.column_names)
    moved = migrate(table, configuration.task, start=found, target=version, vocabulary=manifest.vocabulary)
    return Dataset(moved.cast(wanted.arrow_schema), info=_info(wanted))


def _version_of(names: list[str] | None, configuration: Configuration, manifest: Manifest) -> str:
    return configuration.version_of(names or ()) or manifest.schema_version


def _names(columns: tuple[Column, ...]) -> set[str]:
    return {column.name for column in columns}


def _features(dataset: Any, columns: tuple[Column, ...], own: list[str], vocabulary: Vocabulary) -> datasets.Features:
    from datasets import Features

    return Features(features(columns, vocabulary) | {name: dataset.features[name] for name in own})


def _info(columns: datasets.Features) -> datasets.DatasetInfo:
    from datasets import DatasetInfo

    return DatasetInfo(features=columns)


@dataclass(frozen=True)
class _Move:
    """Move of a stream's pieces to another version, picklable for DataLoader workers.

    Parameters
    ----------
    task, version, vocabulary
        See `to_version`: the versions that a stream may have differ in columns that may be null.
    features
        Features of the stream that comes out.
    """

    task: str
    version: str
    vocabulary: Vocabulary
    features: datasets.Features

    def __call__(self, piece: pa.Table) -> pa.Table:
        moved = to_version(piece, self.task, self.version, self.vocabulary)
        return moved.select(list(self.features)).cast(self.features.arrow_schema)
