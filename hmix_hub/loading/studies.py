"""Contributed studies as they are loaded: from a contributor's folder, or from tables that were built."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import datasets
import pyarrow as pa

from hmix_hub.arrow_files import open_parquet
from hmix_hub.builders.study_table import BuiltFile, StudyTable
from hmix_hub.errors import ConfigurationError, SchemaVersionError, SourceMissingError, Where, nearest
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.judgments.migration import migrate, to_version
from hmix_hub.schema import RELEASED, Column, Vocabulary, features
from hmix_hub.schema.released import SYNTHETIC_COLUMN
from hmix_hub.studies.built_tables import (
    CHECKSUMS,
    check_file,
    open_checksums,
    study_features,
    table_files,
)
from hmix_hub.studies.detected import provisional
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import RECORD, STIMULI, StudyFolder, find_files
from hmix_hub.studies.judgment_table import read_judgments, refuse_errors
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION, read_participants
from hmix_hub.studies.rules.manifest import SCHEMA_VERSION
from hmix_hub.tables import arrow_columns, map_tables
from hmix_hub.tasks import CONFIGURATIONS, Configuration, default_configuration


@dataclass(frozen=True)
class LoadableStudy(ABC):
    """A study that can be loaded."""

    manifest: Manifest

    @property
    @abstractmethod
    def description(self) -> str:
        """Where it is, for messages."""

    @property
    @abstractmethod
    def address(self) -> tuple[str, ...]:
        """The absolute path of its folder; or its repository and the commit."""

    @abstractmethod
    def table(self, name: str, *, streaming: bool = False, options: Mapping[str, Any]) -> Any:
        """Load a table in the version of the schema that it was written in.

        Parameters
        ----------
        name
            One of its configurations, or "participants", which not every study has.
        streaming
            Whether to return a stream.
        options
            Of `datasets`: cache_dir, num_proc, download_mode, verification_mode, keep_in_memory.
        """

    @abstractmethod
    def picture_root(self) -> Path:
        """Return a folder that holds the study's `stimuli/`, if it has any."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Flags whose rows are left out unless they are asked for, as of registered studies."""
        return ()

    @property
    def configurations(self) -> list[str]:
        """Names of its configurations, in order; without that of its participants."""
        return [name for name, configuration in CONFIGURATIONS.items() if configuration.task in self.manifest.tasks]

    def configuration(self, name: str | None) -> Configuration:
        """Return a configuration that the study has; `None` is its default one."""
        names = self.configurations
        if name is None:
            return CONFIGURATIONS[default_configuration(names)]
        if name not in names:
            msg = f"{self.description} has no configuration {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, names, label="configurations of this study"))
        return CONFIGURATIONS[name]

    def no_participants(self) -> ConfigurationError:
        """Return the error for a study without a table of its participants."""
        msg = f"{self.description} has no configuration {PARTICIPANTS_CONFIGURATION!r}: it has no participants.csv"
        return ConfigurationError(msg, hint=f"its configurations are {', '.join(self.configurations)}")


@dataclass(frozen=True)
class RawStudy(LoadableStudy):
    """A study folder as a contributor has it: read and completed anew, in memory."""

    folder: StudyFolder

    @property
    def description(self) -> str:
        """The folder."""
        return f"the study folder {self.folder.path}"

    @property
    def address(self) -> tuple[str, ...]:
        """The folder."""
        return (str(self.folder.path.absolute()),)

    def picture_root(self) -> Path:
        """Return the folder itself."""
        return self.folder.path

    def table(self, name: str, *, streaming: bool = False, options: Mapping[str, Any]) -> Any:
        """Read a table; see `LoadableStudy.table`."""
        columns: tuple[Column, ...] = ()
        if name == PARTICIPANTS_CONFIGURATION:
            if not self.folder.has_participants:
                raise self.no_participants()
            table = read_participants(self.folder)
        else:
            configuration = CONFIGURATIONS[name]
            columns = configuration.columns(self.manifest.schema_version)
            table = read_judgments(self.folder, self.manifest, configuration.task)
            if configuration.by_stimulus:
                table = by_stimulus(table, configuration.task, self.manifest.vocabulary)
        dataset = _in_memory(table, study_features(table.schema, columns, self.manifest.vocabulary))
        return dataset.to_iterable_dataset() if streaming else dataset


@dataclass(frozen=True)
class StudyOfTables(LoadableStudy):
    """A study whose tables were built, as Parquet files with checksums."""

    hint: ClassVar[str]
    """What to do where a file is not what it should be."""

    @abstractmethod
    def files(self, name: str, *, streaming: bool) -> list[BuiltFile]:
        """Return the files of a table, checked; those of a stream are checked as far as can be before they are read."""

    def table(self, name: str, *, streaming: bool = False, options: Mapping[str, Any]) -> Any:
        """Load a table by its exact files; see `LoadableStudy.table`."""
        files = self.files(name, streaming=streaming)
        if not files:
            if name == PARTICIPANTS_CONFIGURATION:
                raise self.no_participants()
            msg = f"{name} has no Parquet file"
            raise SourceMissingError(msg, where=Where(self.where), hint=self.hint)
        columns = partial(_columns_of, CONFIGURATIONS.get(name), self.manifest.schema_version)
        cache_dir = options.get("cache_dir")
        builder = StudyTable(name, files, columns, self.manifest.vocabulary, self.hint, cache_dir=cache_dir)
        return builder.load("train", streaming=streaming, options=options)

    @property
    def where(self) -> str:
        """What the study is called where one of its files is missing."""
        return self.description


def _columns_of(configuration: Configuration | None, default: str, names: list[str]) -> tuple[Column, ...]:
    """Return the columns that the schema describes of a built table; of participants, it describes none."""
    return () if configuration is None else configuration.columns(configuration.version_of(names, default))


@dataclass(frozen=True)
class BuiltStudy(StudyOfTables):
    """A folder that `hmix contribute build` wrote."""

    path: Path
    hint = "rebuild the study with `hmix contribute build`, or get a fresh copy of the built folder"

    @property
    def description(self) -> str:
        """The folder."""
        return f"the built study {self.path}"

    @property
    def address(self) -> tuple[str, ...]:
        """The folder."""
        return (str(self.path.absolute()),)

    @property
    def where(self) -> str:
        """The folder's path."""
        return str(self.path)

    def picture_root(self) -> Path:
        """Return the folder itself, once its pictures are known to be those that were built."""
        sums = self._sums
        for name in sums:
            if name.startswith(f"{STIMULI}/"):
                check_file(self.path, name, sums, self.hint)
        return self.path

    def files(self, name: str, *, streaming: bool) -> list[BuiltFile]:
        """Check a table's files, those that lie there and those that should."""
        sums = self._sums
        there = {f"{name}/{file.name}": "" for file in (self.path / name).glob("train-*.parquet")}
        paths = [check_file(self.path, file, sums, self.hint) for file in table_files(sums | there, name)]
        return [
            BuiltFile(str(path), sums[path.relative_to(self.path).as_posix()], partial(open_parquet, path))
            for path in paths
        ]

    @property
    def _sums(self) -> dict[str, str]:
        path = self.path / CHECKSUMS
        return open_checksums(path, str(path), self.hint)


def open_folder(path: Path) -> LoadableStudy:
    """Open a study in a folder, as a contributor has it or as it was built; see `open_study`."""
    manifest = manifest_of(path, str(path))
    # Either tells; a study folder as a contributor has it holds neither.
    if any(os.path.lexists(path / name) for name in (RECORD, CHECKSUMS)):
        return BuiltStudy(manifest, path)
    folder = find_files(path, Report())
    return RawStudy(provisional(manifest, folder), folder)


def manifest_of(folder: Path, description: str) -> Manifest:
    """Read the manifest of a study that is to be loaded; fields that are not known are passed over."""
    if not (folder / MANIFEST).is_file():
        msg = f"this is no study: it has no {MANIFEST}"
        raise SourceMissingError(msg, where=Where(description), hint="plain datasets.load_dataset loads other datasets")
    report = Report()
    manifest = read_manifest(folder, report, is_draft=True, is_lenient=True)
    if manifest is not None:
        return manifest
    for found in report.errors:
        if found.rule is SCHEMA_VERSION:
            raise SchemaVersionError(found.spots[0].note, where=Where(description, column="schema_version"))
    refuse_errors(report, StudyFolder(folder))
    raise AssertionError


def in_version(dataset: Any, configuration: Configuration, manifest: Manifest, version: str) -> Any:
    """Return a table of a study, or a stream of it, in a version of the schema; by stimulus, all versions are the same.

    The study's own columns stand behind those of the schema. A stream can have version 2.0.0 or later.
    """
    found = configuration.version_of(dataset.column_names or (), manifest.schema_version)
    if configuration.by_stimulus or found == version:
        return dataset
    known = {column.name for column in configuration.columns(found)}
    own = [name for name in dataset.column_names or () if name not in known]
    columns = configuration.columns(version)
    if version == RELEASED:
        own, columns = [], (*columns, *([SYNTHETIC_COLUMN] if manifest.synthetic else []))
    vocabulary = manifest.vocabulary
    wanted = datasets.Features(features(columns, vocabulary) | {name: dataset.features[name] for name in own})
    if not isinstance(dataset, datasets.Dataset):
        # The versions that a stream may have differ in columns that may be null. A partial is picklable for workers.
        move = partial(_moved, task=configuration.task, version=version, vocabulary=vocabulary, wanted=wanted)
        return map_tables(dataset, move, wanted)
    table = arrow_columns(dataset, dataset.column_names)
    return _in_memory(migrate(table, configuration.task, start=found, target=version, vocabulary=vocabulary), wanted)


def _moved(piece: pa.Table, task: str, version: str, vocabulary: Vocabulary, wanted: datasets.Features) -> pa.Table:
    return to_version(piece, task, version, vocabulary).select(list(wanted)).cast(wanted.arrow_schema)


def _in_memory(table: pa.Table, wanted: datasets.Features) -> datasets.Dataset:
    return datasets.Dataset(table.cast(wanted.arrow_schema), info=datasets.DatasetInfo(features=wanted))
