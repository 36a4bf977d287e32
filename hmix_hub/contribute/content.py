"""Content of a study: everything that is published of it, as tables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.loading.places import default_of
from hmix_hub.schema import Column
from hmix_hub.studies.features import study_features
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import StudyFolder, find_files, study_path
from hmix_hub.studies.judgment_table import read_judgments, refuse_errors
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.people import PARTICIPANTS_CONFIGURATION, read_participants
from hmix_hub.studies.rules.files import OUTSIDE
from hmix_hub.studies.seen import provisional
from hmix_hub.tasks import CONFIGURATIONS, Configuration

if TYPE_CHECKING:
    import datasets
    import pyarrow as pa


@dataclass(frozen=True)
class Content:
    """A study that was read.

    Parameters
    ----------
    folder, manifest
        The study.
    tables
        By configuration, in the order of `hmix_hub.tasks.CONFIGURATIONS`: judgments of each task, and the by-stimulus
        tables that follow from them. Columns of the study's own, `x_…`, stand behind those of the schema.
    participants
        participants.csv, participant_id first; `None` where there is none.
    """

    folder: StudyFolder
    manifest: Manifest
    tables: dict[str, pa.Table]
    participants: pa.Table | None = None

    @property
    def configurations(self) -> list[Configuration]:
        """The configurations that it has, in order."""
        return [CONFIGURATIONS[name] for name in self.tables]

    @property
    def default(self) -> str:
        """Name of the configuration that is loaded where none is named."""
        return default_of(list(self.tables))

    def columns(self, name: str) -> tuple[Column, ...]:
        """Give the columns of a configuration that the schema describes."""
        return CONFIGURATIONS[name].columns(self.manifest.schema_version, is_synthetic=self.manifest.synthetic)

    def features(self, name: str) -> datasets.Features:
        """Give the Hugging Face features of a configuration, or of the participants, own columns included."""
        if name == PARTICIPANTS_CONFIGURATION and self.participants is not None:
            return study_features(self.participants.schema, (), self.manifest.vocabulary)
        return study_features(self.tables[name].schema, self.columns(name), self.manifest.vocabulary)


def read_content(place: str | os.PathLike[str]) -> Content:
    """Read a study folder.

    Raises
    ------
    SourceMissingError
        If there is no such folder.
    StudyError
        If it breaks a rule that its tables cannot be made without; `hmix contribute validate` tells all of them.
    """
    path = study_path(place)
    report = Report()
    folder = find_files(path, report)
    manifest = read_manifest(path, report, is_draft=True)
    if manifest is None or report.has(OUTSIDE):
        refuse_errors(report, folder)
        raise AssertionError
    manifest = provisional(manifest, folder)
    tables: dict[str, pa.Table] = {}
    judgments = {task: read_judgments(folder, manifest, task) for task in folder.judgments}
    for configuration in CONFIGURATIONS.values():
        if configuration.task in judgments:
            table = judgments[configuration.task]
            tables[configuration.name] = (
                by_stimulus(table, configuration.task, manifest.vocabulary) if configuration.by_stimulus else table
            )
    return Content(folder, manifest, tables, read_participants(folder) if folder.has_participants else None)
