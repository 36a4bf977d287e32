"""A study that is opened once: its files, manifest, findings and tables, each computed at most once, on demand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pyarrow as pa

from hmix_hub.errors import StudyError, Where
from hmix_hub.files import Look, look_of
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.schema import Column
from hmix_hub.studies.built_tables import study_features
from hmix_hub.studies.detected import provisional
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, LICENCES, PARTICIPANTS, STIMULI, StudyFolder, find_files, study_path
from hmix_hub.studies.judgment_table import complete_chunks, read_judgments, refuse_errors
from hmix_hub.studies.manifest import MANIFEST, Manifest
from hmix_hub.studies.manifest_file import read_manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION, read_participants
from hmix_hub.studies.pictures import stimulus_files
from hmix_hub.studies.rules.files import OUTSIDE
from hmix_hub.studies.validation import Progress, validate
from hmix_hub.tasks import CONFIGURATIONS, default_configuration

if TYPE_CHECKING:
    import datasets

T = TypeVar("T")

KEPT_BYTES = 2**28
"""Most bytes of rows that are kept; a million judgments come to less than half of it."""


class _Opened(NamedTuple):
    """What a look at a study folder gives, before any row is read."""

    folder: StudyFolder
    manifest: Manifest | None
    report: Report
    leads_outside: bool
    looks: dict[str, Look | None]


class Study:
    """A study folder.

    Parameters
    ----------
    path
        The folder, which exists; see `Study.open`.
    is_draft
        Whether what a starter left to be written may still be there.
    progress
        Called with the file and the rows that validation has read so far.

    Attributes
    ----------
    keeps_rows
        Whether validation keeps the rows that it reads, up to `KEPT_BYTES`, so that the tables are made without
        reading them again. Set by whoever asks for the report first and for the tables then.
    """

    def __init__(self, path: Path, *, is_draft: bool = False, progress: Progress | None = None) -> None:
        self.path = path
        self.is_draft = is_draft
        self.keeps_rows = False
        self._progress = progress
        self._kept_bytes = 0
        self._rows: dict[str, list[ObservedChunk]] = {}
        self._judgments: dict[str, pa.Table] = {}
        self._computed: dict[Callable[..., Any], Any] = {}

    @classmethod
    def open(cls, place: str | os.PathLike[str], *, is_draft: bool = False, progress: Progress | None = None) -> Study:
        """Open a study folder.

        Parameters
        ----------
        place
            The folder.
        is_draft, progress
            See `Study`.

        Raises
        ------
        SourceMissingError
            If there is no such folder.
        """
        return cls(study_path(place), is_draft=is_draft, progress=progress)

    @cached_property
    def _opened(self) -> _Opened:
        report = Report()
        folder = find_files(self.path, report)
        names = (MANIFEST, PARTICIPANTS, *LICENCES, *folder.judgments.values())
        looks = {name: look_of(folder.file(name)) for name in names}
        manifest = read_manifest(self.path, report, is_draft=self.is_draft)
        if manifest is not None:
            manifest = provisional(manifest, folder)
        return _Opened(folder, manifest, report, report.has(OUTSIDE), looks)

    @property
    def folder(self) -> StudyFolder:
        """Its files."""
        return self._opened.folder

    @property
    def has_manifest(self) -> bool:
        """Whether its manifest can be understood."""
        return self._opened.manifest is not None

    @property
    def manifest(self) -> Manifest:
        """What it says of itself.

        Raises
        ------
        StudyError
            If the manifest cannot be understood.
        """
        if self._opened.manifest is None:
            refuse_errors(self._opened.report, self.folder)
            raise AssertionError
        return self._opened.manifest

    @cached_property
    def report(self) -> Report:
        """All that is wrong with it."""
        opened = self._opened
        keep = self._keep if self.keeps_rows else None
        if not opened.leads_outside:
            # Validation opens every picture; what is published later are the same bytes.
            pictures = (path for path in self.folder.file(STIMULI).rglob("*") if not path.is_dir())
            opened.looks.update({path.relative_to(self.path).as_posix(): look_of(path) for path in pictures})
        validate(opened.folder, opened.manifest, opened.report, keep=keep, progress=self._progress)
        return opened.report

    def _keep(self, task: str, chunk: ObservedChunk) -> None:
        if self.keeps_rows:
            self._rows.setdefault(task, []).append(chunk)
            self._kept_bytes += sum(values.nbytes for values in (*chunk.values.values(), *chunk.extras.values()))
            if self._kept_bytes > KEPT_BYTES:
                self._rows.clear()
                self.keeps_rows = False

    def judgments(self, task: str) -> pa.Table:
        """Return the judgment table of a task; see `hmix_hub.studies.judgment_table.read_judgments`."""
        if task not in self._judgments:
            rows = self._rows.pop(task, None)
            if rows is None or self.report.has_errors_in(self.folder.judgments[task]):
                self._judgments[task] = read_judgments(self.folder, self.manifest, task)
            else:
                self._judgments[task] = complete_chunks(rows, self.manifest, task, self.folder.judgments[task])
        return self._judgments[task]

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """Tables by configuration, in the order of `hmix_hub.tasks.CONFIGURATIONS`.

        Judgments of each task, and the by-stimulus tables that follow from them. Columns of the study's own, `x_…`,
        stand behind those of the schema.

        Raises
        ------
        StudyError
            If the study breaks a rule that they cannot be made without; `report` has all of them.
        """
        if self._opened.leads_outside:
            refuse_errors(self._opened.report, self.folder)
        if not self.folder.judgments:
            msg = "the study has no file of judgments"
            hint = f"write {JUDGMENTS}/<task>.csv, .jsonl or .parquet; `hmix contribute init DIR` begins them"
            raise StudyError(msg, where=Where(str(self.path)), hint=hint)
        tables = {}
        for name, configuration in CONFIGURATIONS.items():
            if configuration.task in self.folder.judgments:
                table = self.judgments(configuration.task)
                is_grouped, vocabulary = configuration.by_stimulus, self.manifest.vocabulary
                tables[name] = by_stimulus(table, configuration.task, vocabulary) if is_grouped else table
        # What computing them took is given back: statistics and files need as much.
        pa.default_memory_pool().release_unused()
        return tables

    @cached_property
    def participants(self) -> pa.Table | None:
        """participants.csv, participant_id first; `None` where there is none."""
        return read_participants(self.folder) if self.folder.has_participants else None

    @cached_property
    def stimulus_files(self) -> list[str]:
        """Files of `stimuli/` that it is made of: its lists, and the pictures that they name."""
        return stimulus_files(self.folder, self.manifest)

    @property
    def configurations(self) -> list[str]:
        """Names of the configurations that it has, in order, the participants last."""
        return [*self.tables, *([] if self.participants is None else [PARTICIPANTS_CONFIGURATION])]

    def table(self, name: str) -> pa.Table:
        """Return the table of one of its configurations."""
        is_of_participants = name == PARTICIPANTS_CONFIGURATION and self.participants is not None
        return self.participants if is_of_participants else self.tables[name]

    def units(self, name: str) -> Iterator[pa.Table]:
        """Return the rows of one of its configurations, unit by unit, each in the same types.

        Judgments: a unit is whole participants (in tasks without participants, whole stimuli); by stimulus, whole
        stimuli. Small tables come as one unit, in the order of the file.
        """
        yield self.table(name)

    def rows_of(self, name: str) -> int:
        """Return the number of rows of one of its configurations."""
        return self.table(name).num_rows

    @property
    def default(self) -> str:
        """Name of the configuration that is loaded where none is named."""
        return default_configuration(list(self.tables))

    def columns(self, name: str) -> tuple[Column, ...]:
        """Return the columns of a configuration that the schema describes; of the participants, it describes none."""
        if name == PARTICIPANTS_CONFIGURATION:
            return ()
        return CONFIGURATIONS[name].columns(self.manifest.schema_version, is_synthetic=self.manifest.synthetic)

    def features(self, name: str) -> datasets.Features:
        """Return the Hugging Face features of a configuration, own columns included."""
        return study_features(self.table(name).schema, self.columns(name), self.manifest.vocabulary)

    def refuse_changes(self) -> None:
        """Raise an error if a file was written since the study was opened; a picture, since the report was made.

        Raises
        ------
        StudyError
            If one was: what was checked is no longer what stands there.
        """
        for name, look in self._opened.looks.items():
            if look_of(self.folder.file(name)) != look:
                msg = "the file was changed while the study was read"
                hint = "run the same command again, once nothing writes to the folder"
                raise StudyError(msg, where=Where(str(self.folder.file(name))), hint=hint)

    def once(self, compute: Callable[[Study], T]) -> T:
        """Return what a function computes of this study; it is called once."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found


def once_per_study(compute: Callable[[Study], T]) -> Callable[[Study], T]:
    """Decorate a function of a study, so that what it returns is computed once, and shared by all who ask for it."""

    @wraps(compute)
    def computed(study: Study) -> T:
        return study.once(compute)

    return computed
