"""Places that a study is loaded from: its folder, the folder that it was built in, or a repository of the Hub."""

from __future__ import annotations

import os
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

from hmix_hub.arrow_files import open_parquet
from hmix_hub.builders.study_table import StudyTable
from hmix_hub.errors import ConfigurationError, SchemaVersionError, SourceMissingError, Where, nearest
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.schema import Column
from hmix_hub.studies.built_tables import (
    CHECKSUMS,
    BuiltFile,
    BuiltTable,
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
from hmix_hub.tasks import CONFIGURATIONS, DEFAULT_CONFIGURATION, Configuration

REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")
"""Name of a repository of the Hub, ORG/NAME."""


@dataclass(frozen=True)
class StudyPlace(ABC):
    """A place that a study is loaded from.

    Parameters
    ----------
    manifest
        What the study says of itself.
    """

    manifest: Manifest

    @property
    @abstractmethod
    def description(self) -> str:
        """The place, for people."""

    @abstractmethod
    def dataset(self, configuration: Configuration, *, streaming: bool, options: Mapping[str, Any]) -> Any:
        """Give a configuration as a `datasets.Dataset`, or a stream of it; `options` are those of `datasets`.

        It follows the version of the schema that the study was written in.
        """

    @abstractmethod
    def picture_root(self) -> Path:
        """Give a folder that holds the study's `stimuli/`, if it has any."""

    @abstractmethod
    def participants(self, *, options: Mapping[str, Any]) -> Any:
        """Give what is known of each person as a `datasets.Dataset`, one row each.

        Raises
        ------
        ConfigurationError
            If the study says nothing of its people.
        """

    def built_dataset(
        self, name: str, files: list[BuiltFile], hint: str, *, streaming: bool, options: Mapping[str, Any]
    ) -> Any:
        """Load Parquet files that were built; `hint` says what to do where they are not what they should be."""
        columns = partial(_columns_of, CONFIGURATIONS.get(name), self.manifest.schema_version)
        table = BuiltTable(name, tuple(files), columns, self.manifest.vocabulary, hint)
        builder = StudyTable(table, cache_dir=options.get("cache_dir"))
        if streaming:
            return builder.as_streaming_dataset("train")
        builder.download_and_prepare(
            num_proc=options.get("num_proc"),
            download_mode=options.get("download_mode"),
            verification_mode=options.get("verification_mode"),
        )
        return builder.as_dataset("train", in_memory=bool(options.get("keep_in_memory")))

    def configuration(self, name: str | None) -> Configuration:
        """Give a configuration of the study; `None` is its default one.

        Raises
        ------
        ConfigurationError
            If the study does not have it.
        """
        names = configurations_of(self.manifest.tasks)
        if name is None:
            return CONFIGURATIONS[default_of(names)]
        if name not in names:
            msg = f"{self.description} has no configuration {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, names, label="configurations of this study"))
        return CONFIGURATIONS[name]


def _columns_of(configuration: Configuration | None, default: str, names: list[str]) -> tuple[Column, ...]:
    """Return the columns that the schema describes of a table that was built; of people, it describes none."""
    return () if configuration is None else configuration.columns(configuration.version_of(names) or default)


@dataclass(frozen=True)
class RawStudy(StudyPlace):
    """A study folder as a contributor has it: read and completed anew, in memory."""

    folder: StudyFolder

    @property
    def description(self) -> str:
        """The folder."""
        return f"the study folder {self.folder.path}"

    def picture_root(self) -> Path:
        """Give the folder itself."""
        return self.folder.path

    def dataset(self, configuration: Configuration, *, streaming: bool, options: Mapping[str, Any]) -> Any:
        """Read a configuration; see `StudyPlace.dataset`."""
        from datasets import Dataset, DatasetInfo

        vocabulary = self.manifest.vocabulary
        table = read_judgments(self.folder, self.manifest, configuration.task)
        if configuration.by_stimulus:
            table = by_stimulus(table, configuration.task, vocabulary)
        features = study_features(table.schema, configuration.columns(self.manifest.schema_version), vocabulary)
        dataset = Dataset(table.cast(features.arrow_schema), info=DatasetInfo(features=features))
        return dataset.to_iterable_dataset() if streaming else dataset

    def participants(self, *, options: Mapping[str, Any]) -> Any:
        """Read participants.csv; see `StudyPlace.participants`."""
        from datasets import Dataset, DatasetInfo

        if not self.folder.has_participants:
            raise no_participants(self)
        table = read_participants(self.folder)
        features = study_features(table.schema, (), self.manifest.vocabulary)
        return Dataset(table.cast(features.arrow_schema), info=DatasetInfo(features=features))


@dataclass(frozen=True)
class BuiltStudy(StudyPlace):
    """A folder that `hmix contribute build` wrote."""

    path: Path

    @property
    def description(self) -> str:
        """The folder."""
        return f"the built study {self.path}"

    def picture_root(self) -> Path:
        """Return the folder itself, once its pictures are known to be those that were built."""
        sums = self._sums
        for name in sums:
            if name.startswith(f"{STIMULI}/"):
                check_file(self.path, name, sums, _BUILD_AGAIN)
        return self.path

    def dataset(self, configuration: Configuration, *, streaming: bool, options: Mapping[str, Any]) -> Any:
        """Load a configuration's Parquet; see `StudyPlace.dataset`."""
        files = self._files(configuration.name)
        if not files:
            msg = f"{configuration.name} has no Parquet file"
            raise SourceMissingError(msg, where=Where(str(self.path)), hint=_BUILD_AGAIN)
        return self.built_dataset(configuration.name, files, _BUILD_AGAIN, streaming=streaming, options=options)

    def participants(self, *, options: Mapping[str, Any]) -> Any:
        """Load the people's Parquet; see `StudyPlace.participants`."""
        files = self._files(PARTICIPANTS_CONFIGURATION)
        if not files:
            raise no_participants(self)
        return self.built_dataset(PARTICIPANTS_CONFIGURATION, files, _BUILD_AGAIN, streaming=False, options=options)

    @property
    def _sums(self) -> dict[str, str]:
        path = self.path / CHECKSUMS
        return open_checksums(path, str(path), _BUILD_AGAIN)

    def _files(self, configuration: str) -> list[BuiltFile]:
        """Check a configuration's files, those that lie there and those that should."""
        sums = self._sums
        there = {f"{configuration}/{file.name}": "" for file in (self.path / configuration).glob("train-*.parquet")}
        paths = [check_file(self.path, name, sums, _BUILD_AGAIN) for name in table_files(sums | there, configuration)]
        return [
            BuiltFile(str(path), sums[path.relative_to(self.path).as_posix()], partial(open_parquet, path))
            for path in paths
        ]


_BUILD_AGAIN = "rebuild the study with `hmix contribute build`, or get a fresh copy of the built folder"


def no_participants(place: StudyPlace) -> ConfigurationError:
    """Give the error of a study that says nothing of its people."""
    names = ", ".join(configurations_of(place.manifest.tasks))
    msg = f"{place.description} has no configuration {PARTICIPANTS_CONFIGURATION!r}: it has no participants.csv"
    return ConfigurationError(msg, hint=f"its configurations are {names}")


def configurations_of(tasks: list[Any]) -> list[str]:
    """Give the configurations that a study of some tasks has, in order."""
    return [configuration.name for configuration in CONFIGURATIONS.values() if configuration.task in tasks]


def default_of(names: list[str]) -> str:
    """Give the configuration of those that a study has that is loaded where none is named."""
    return DEFAULT_CONFIGURATION if DEFAULT_CONFIGURATION in names else names[0]


def is_study_place(name: object) -> TypeGuard[str | os.PathLike[str]]:
    """Say whether a name is one of a place that a study may be at: a folder, or `org/name`."""
    if isinstance(name, os.PathLike):
        return True
    if not isinstance(name, str) or not name:
        return False
    is_path = name.startswith((".", "/", "~", os.sep)) or Path(name).is_absolute()
    return is_path or REPOSITORY.fullmatch(name) is not None or _is_folder(name)


def _is_folder(name: str | os.PathLike[str]) -> bool:
    # A name can be longer than any file's.
    try:
        return Path(os.path.expanduser(name)).is_dir()
    except (OSError, ValueError):
        return False


def open_place(
    name: str | os.PathLike[str], *, revision: str | None = None, token: str | bool | None = None
) -> StudyPlace:
    """Open a study's place.

    Parameters
    ----------
    name
        A study folder, a folder that one was built in, or a repository of the Hub, `org/name`.
    revision, token
        For the Hub: a tag (the study's version), branch or commit; and as in `datasets.load_dataset`.

    Raises
    ------
    SourceMissingError
        If there is no study.
    SchemaVersionError
        If it follows a schema that this package does not know.
    StudyError
        If its manifest cannot be understood.
    """
    # Not Path.expanduser, which fails where there is no such user.
    path = Path(os.path.expanduser(name))
    if _is_folder(name):
        path = path.absolute()
        manifest = manifest_of(path, str(path))
        # Either tells; a study folder as a contributor has it holds neither.
        if any(os.path.lexists(path / name) for name in (RECORD, CHECKSUMS)):
            return BuiltStudy(manifest, path)
        folder = find_files(path, Report())
        return RawStudy(provisional(manifest, folder), folder)
    if isinstance(name, str) and REPOSITORY.fullmatch(name):
        from hmix_hub.loading.hub import open_repository

        return open_repository(name, revision=revision, token=token)
    msg = "there is no such folder"
    raise SourceMissingError(msg, where=Where(str(path)), hint="name a study folder, or a repository as org/name")


def manifest_of(folder: Path, description: str) -> Manifest:
    """Read the manifest of a study that is to be loaded; fields that are not known are passed over.

    Raises
    ------
    SourceMissingError, SchemaVersionError, StudyError
        See `open_place`.
    """
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
