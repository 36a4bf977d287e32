"""Loading of contributed studies, from a contributor's folder or from built tables."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import datasets
import pyarrow as pa

from hmix_hub.arrow_files import open_parquet
from hmix_hub.builders.row_groups import BuiltFile, RowGroup
from hmix_hub.builders.study_table import StudyTable
from hmix_hub.errors import ConfigurationError, SchemaVersionError, SourceMissingError, Where, nearest
from hmix_hub.filters import apply_conditions
from hmix_hub.judgments.conditions import Condition, within
from hmix_hub.judgments.migration import migrate, to_version
from hmix_hub.scales import set_scales
from hmix_hub.schema import RELEASED, Column, Vocabulary, features
from hmix_hub.schema.released import SYNTHETIC_COLUMN
from hmix_hub.sources.source import is_offline
from hmix_hub.studies.built_tables import CHECKSUMS, check_file, open_checksums, place_of, study_features, table_files
from hmix_hub.studies.detected import provisional
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import RECORD, STIMULI, StudyFolder, find_files
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION, read_participants
from hmix_hub.studies.rules.manifest import SCHEMA_VERSION
from hmix_hub.studies.stored_rows import read_judgments
from hmix_hub.tables import add_picture_places, arrow_columns, map_tables, set_class_order
from hmix_hub.tasks import CONFIGURATIONS, TASKS, Configuration, default_configuration

FILES_AT_ONCE = 8
"""Number of files downloaded or hashed at a time."""
_REUSE = "reuse_dataset_if_exists"


@dataclass(frozen=True)
class LoadableStudy(ABC):
    """A study that can be loaded."""

    manifest: Manifest

    @property
    @abstractmethod
    def description(self) -> str:
        """Its location, for messages."""

    @property
    @abstractmethod
    def address(self) -> tuple[str, ...]:
        """Absolute path of its folder; or its repository and commit."""

    @abstractmethod
    def table(
        self, name: str, *, streaming: bool = False, options: Mapping[str, Any], conditions: Sequence[Condition] = ()
    ) -> Any:
        """Load a table in the schema version in which it was written.

        Parameters
        ----------
        name
            One of its configurations, or "participants", if it has that table.
        streaming
            Whether to return a stream.
        options
            Options of `datasets`: cache_dir, num_proc, download_mode, verification_mode, keep_in_memory.
        conditions
            Conditions for the rows of a stream; it yields only rows that meet the conditions `within` its columns.
        """

    def some_rows(
        self, name: str, *, options: Mapping[str, Any], conditions: Sequence[Condition]
    ) -> datasets.Dataset | None:
        """Return the rows of a table that meet all conditions, if it is best to read only them."""
        return None

    @abstractmethod
    def picture_root(self) -> Path:
        """Return a folder that holds the study's `stimuli/`, if any."""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Flags whose rows are excluded by default, as for registered studies."""
        return ()

    @property
    def configurations(self) -> list[str]:
        """Names of its configurations, in order, without that of its participants."""
        return [name for name, configuration in CONFIGURATIONS.items() if configuration.task in self.manifest.tasks]

    def configuration(self, name: str | None) -> Configuration:
        """Return a configuration of the study; `None` is the default one."""
        names = self.configurations
        if name is None:
            return CONFIGURATIONS[default_configuration(names)]
        if name not in names:
            msg = f"{self.description} has no configuration {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, names, label="configurations of this study"))
        return CONFIGURATIONS[name]

    def describe(self, info: datasets.DatasetInfo, task: str) -> None:
        """Write to a table's description what columns do not hold: class order, scales, location of pictures."""
        set_class_order(info, self.manifest.vocabulary)
        if TASKS[task].facets:
            set_scales(info, self.manifest.rated.values())
        if self.manifest.has_own_pictures:
            add_picture_places(info, [(self.manifest.image_set, *self.address)])

    def no_participants(self) -> ConfigurationError:
        """Return the error for a study without a table of participants."""
        msg = f"{self.description} has no configuration {PARTICIPANTS_CONFIGURATION!r}: it has no participants.csv"
        return ConfigurationError(msg, hint=f"its configurations are {', '.join(self.configurations)}")


@dataclass(frozen=True)
class RawStudy(LoadableStudy):
    """A contributor's study folder, read and completed in memory."""

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

    def table(
        self, name: str, *, streaming: bool = False, options: Mapping[str, Any], conditions: Sequence[Condition] = ()
    ) -> Any:
        """Read a table; see `LoadableStudy.table`."""
        columns: tuple[Column, ...] = ()
        if name == PARTICIPANTS_CONFIGURATION:
            if not self.folder.has_participants:
                raise self.no_participants()
            table = read_participants(self.folder)
        else:
            configuration = CONFIGURATIONS[name]
            columns = configuration.columns(self.manifest.schema_version)
            is_grouped = configuration.by_stimulus
            table = read_judgments(self.folder, self.manifest, configuration.task, by_stimulus=is_grouped)
        dataset = _in_memory(table, study_features(table.schema, columns, self.manifest.vocabulary))
        if not streaming:
            return dataset
        return apply_conditions(dataset, within(conditions, dataset.column_names)).to_iterable_dataset()


@dataclass(frozen=True)
class StudyOfTables(LoadableStudy):
    """A study with built tables: Parquet files with checksums."""

    hint: ClassVar[str]
    """What to do if a file is missing or has another hash."""

    @abstractmethod
    def file_names(self, name: str) -> list[str]:
        """Return the paths of a table's files within the study, in order."""

    @abstractmethod
    def files(self, name: str, *, in_parts: bool) -> list[BuiltFile]:
        """Return the files of a table.

        Parameters
        ----------
        name
            One of its configurations.
        in_parts
            Whether they may be read in part: they are then checked when a part is needed, as far as possible.
        """

    def table(
        self, name: str, *, streaming: bool = False, options: Mapping[str, Any], conditions: Sequence[Condition] = ()
    ) -> Any:
        """Load a table from its exact files; see `LoadableStudy.table`."""
        builder = self.builder(name, options, conditions, in_parts=streaming)
        return builder.load("train", streaming=streaming, options=options)

    def some_rows(
        self, name: str, *, options: Mapping[str, Any], conditions: Sequence[Condition]
    ) -> datasets.Dataset | None:
        """Read the row groups with such rows, from a table in several files that is not prepared yet."""
        is_small = len(self.file_names(name)) < 2
        if is_small or not conditions or is_offline() or options.get("download_mode") not in {None, _REUSE}:
            return None
        return self.builder(name, options, conditions, in_parts=True).some_rows()

    def builder(
        self, name: str, options: Mapping[str, Any], conditions: Sequence[Condition] = (), *, in_parts: bool
    ) -> StudyTable:
        """Return the reader of a table; see `table` and `files`."""
        files = self.files(name, in_parts=in_parts)
        if not files:
            if name == PARTICIPANTS_CONFIGURATION:
                raise self.no_participants()
            msg = f"{name} has no Parquet file"
            raise SourceMissingError(msg, where=Where(self.where), hint=self.hint)
        columns = partial(_columns_of, CONFIGURATIONS.get(name), self.manifest.schema_version)
        vocabulary, cache_dir = self.manifest.vocabulary, options.get("cache_dir")
        return StudyTable(name, files, columns, vocabulary, conditions=conditions, cache_dir=cache_dir)

    @property
    def where(self) -> str:
        """Name of the study in messages about missing files."""
        return self.description


def _columns_of(configuration: Configuration | None, default: str, names: list[str]) -> tuple[Column, ...]:
    """Return the columns of a built table that the schema describes; none for participants."""
    return () if configuration is None else configuration.columns(configuration.version_of(names, default))


@dataclass(frozen=True)
class BuiltStudy(StudyOfTables):
    """A folder written by `hmix contribute build`."""

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
        """Return the folder itself, after checking that its pictures are those that were built."""
        sums = self._sums
        for name in sums:
            if name.startswith(f"{STIMULI}/"):
                check_file(self.path, name, sums, self.hint)
        return self.path

    def file_names(self, name: str) -> list[str]:
        """Return the files that exist and those that should."""
        there = {f"{name}/{file.name}": "" for file in (self.path / name).glob("train-*.parquet")}
        return table_files(self._sums | there, name)

    def files(self, name: str, *, in_parts: bool) -> list[BuiltFile]:
        """Check a table's files: those that exist and those that should."""
        sums, names = self._sums, self.file_names(name)
        paths = [place_of(self.path, file, sums, self.hint) for file in names]
        checks = [partial(check_file, self.path, file, {file: sums[file]}, self.hint) for file in names]
        if not in_parts:
            with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
                list(pool.map(lambda check: check(), checks))
        return [
            BuiltFile(str(path), sums[file], partial(open_local, path), self.hint, check if in_parts else None)
            for file, path, check in zip(names, paths, checks, strict=True)
        ]

    @property
    def _sums(self) -> dict[str, str]:
        path = self.path / CHECKSUMS
        return open_checksums(path, str(path), self.hint)


def open_local(path: Path, group: RowGroup | None = None, columns: Sequence[str] | None = None) -> Any:
    """Open a local Parquet file, for a row group whose footer is known."""
    return open_parquet(path, metadata=None if group is None else group.footer)


def open_folder(path: Path) -> LoadableStudy:
    """Open a contributed or built study in a folder; see `open_study`."""
    manifest = manifest_of(path, str(path))
    # Either of them shows that it was built; a contributor's folder has neither.
    if any(os.path.lexists(path / name) for name in (RECORD, CHECKSUMS)):
        return BuiltStudy(manifest, path)
    folder = find_files(path, Report())
    return RawStudy(provisional(manifest, folder), folder)


def manifest_of(folder: Path, description: str) -> Manifest:
    """Read the manifest of a study to load; unknown fields are ignored."""
    if not (folder / MANIFEST).is_file():
        msg = f"this is not a study: it has no {MANIFEST}"
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
    """Return a table or stream of a study in a schema version; by-stimulus tables are the same in all versions.

    The study's own columns follow those of the schema. Streams can have version 2.0.0 or later.
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
        # The versions possible for a stream differ only in nullable columns. A partial can be pickled for workers.
        move = partial(_moved, task=configuration.task, version=version, vocabulary=vocabulary, wanted=wanted)
        return map_tables(dataset, move, wanted)
    table = arrow_columns(dataset, dataset.column_names)
    return _in_memory(migrate(table, configuration.task, start=found, target=version, vocabulary=vocabulary), wanted)


def _moved(piece: pa.Table, task: str, version: str, vocabulary: Vocabulary, wanted: datasets.Features) -> pa.Table:
    return to_version(piece, task, version, vocabulary).select(list(wanted)).cast(wanted.arrow_schema)


def _in_memory(table: pa.Table, wanted: datasets.Features) -> datasets.Dataset:
    return datasets.Dataset(table.cast(wanted.arrow_schema), info=datasets.DatasetInfo(features=wanted))
