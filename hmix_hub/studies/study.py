"""A study that is opened once: its files, manifest, findings and tables, each computed at most once, on demand."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Iterator
from functools import cached_property, partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.errors import StudyError, Where
from hmix_hub.files import look_of
from hmix_hub.judgments.by_stimulus import by_stimulus
from hmix_hub.remote_files import is_address
from hmix_hub.schema import Column
from hmix_hub.studies.built_tables import (
    ROW_GROUP,
    SHARD,
    StoredTable,
    parquet_path,
    row_groups,
    study_features,
    write_table,
)
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, STIMULI, StudyFolder, study_path
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.opened import USUAL, Opened, Space, copied, look_into
from hmix_hub.studies.participants import PARTICIPANTS_CONFIGURATION, read_participants
from hmix_hub.studies.pictures import stimulus_files
from hmix_hub.studies.stored_rows import StoredRows, read_rows
from hmix_hub.studies.validation import Progress, validate
from hmix_hub.studies.worker_rows import WorkerRows
from hmix_hub.studies.worker_tables import WorkerTables, read_on_workers
from hmix_hub.tasks import CONFIGURATIONS, Configuration, default_configuration

if TYPE_CHECKING:
    import datasets
    from distributed import Client

T = TypeVar("T")


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
    space
        What it may take.
    client
        Of a cluster whose workers read, check and build large files; `None`: this process does.

    Attributes
    ----------
    keeps_rows
        Whether validation keeps the rows that it reads, so that the tables are made without reading them again. Set by
        whoever asks for the report first and for the tables then.
    address
        Where the folder is a copy of one elsewhere, the address of that.
    database
        What does not fit into memory.
    """

    def __init__(
        self,
        path: Path,
        *,
        is_draft: bool = False,
        progress: Progress | None = None,
        space: Space = USUAL,
        client: Client | None = None,
    ) -> None:
        self.path = path
        self.is_draft = is_draft
        self.space = space
        self.client = client
        self.keeps_rows = False
        self.address: str | None = None
        self.database = Database(space.memory, space.folder)
        self._progress = progress
        self._rows: dict[str, StoredRows] = {}
        self._judgments: dict[str, pa.Table] = {}
        self._files: dict[str, StoredTable] = {}
        self._addresses: dict[str, str] = {}
        self._computed: dict[Callable[..., Any], Any] = {}
        # What is on the disk goes with the study, and at the end of the program.
        weakref.finalize(self, self.database.close)

    @classmethod
    def open(cls, place: str | os.PathLike[str], **options: Any) -> Study:
        """Open a study folder.

        Parameters
        ----------
        place
            The folder; or an address that fsspec knows, such as `hf://datasets/ORG/NAME`: its files are copied, and
            judgments read where they lie.
        **options
            See `Study`.

        Raises
        ------
        SourceMissingError
            If there is no such folder.
        SourceError
            If an address cannot be read.
        """
        if not is_address(place):
            return cls(study_path(place), **options)
        path, addresses = copied(str(place))
        study = cls(path, **options)
        weakref.finalize(study, shutil.rmtree, path, ignore_errors=True)
        study.address, study._addresses = str(place), addresses
        return study

    @cached_property
    def _opened(self) -> Opened:
        return look_into(self.path, self._addresses, is_draft=self.is_draft)

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
        validate(
            opened.folder,
            opened.manifest,
            opened.report,
            keep=keep,
            progress=self._progress,
            database=self.database,
            client=self.client,
        )
        for task, file in opened.folder.judgments.items():
            if opened.report.has_errors_in(file):
                self._rows.pop(task, None)
        return opened.report

    def _keep(self, task: str, rows: ObservedChunk | WorkerRows) -> None:
        if isinstance(rows, WorkerRows):
            self._rows[task] = WorkerTables(rows, self.database, self.space.unit)
            return
        if task not in self._rows:
            file = self.folder.judgments[task]
            self._rows[task] = StoredRows(task, self.manifest, file, self.database, self.space.unit)
        self._rows[task].add(rows)

    def rows(self, task: str) -> StoredRows:
        """Return the rows of the judgment file of a task; see `hmix_hub.studies.stored_rows.read_rows`."""
        if task not in self._rows and self.client is not None:
            self.keeps_rows = True
            refuse_errors(self.report, self.folder)
        if task not in self._rows:
            read = read_rows if self.client is None else partial(read_on_workers, client=self.client)
            self._rows[task] = read(self.folder, self.manifest, task, self.database, self.space.unit)
        return self._rows[task]

    def judgments(self, task: str) -> pa.Table:
        """Return the judgment table of a task, whole; see `hmix_hub.studies.stored_rows.StoredRows`."""
        if task not in self._judgments:
            self._judgments[task] = self.rows(task).table()
        return self._judgments[task]

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """Tables by configuration, whole; for a study of any size, see `units`.

        Judgments of each task, and the by-stimulus tables that follow from them. Columns of the study's own, `x_…`,
        stand behind those of the schema.

        Raises
        ------
        StudyError
            If the study breaks a rule that they cannot be made without; `report` has all of them.
        """
        tables = {name: self._table(CONFIGURATIONS[name]) for name in self._of_judgments}
        # What computing them took is given back: statistics and files need as much.
        pa.default_memory_pool().release_unused()
        return tables

    def _table(self, configuration: Configuration) -> pa.Table:
        task = configuration.task
        if not configuration.by_stimulus:
            return self.judgments(task)
        if self.rows(task).is_large:
            return self.rows(task).table(by_stimulus=True)
        return by_stimulus(self.judgments(task), task, self.manifest.vocabulary)

    @cached_property
    def _of_judgments(self) -> list[str]:
        """Names of the configurations that follow from its judgment files."""
        if self._opened.leads_outside:
            refuse_errors(self._opened.report, self.folder)
        if not self.folder.judgments:
            msg = "the study has no file of judgments"
            hint = f"write {JUDGMENTS}/<task>.csv, .jsonl or .parquet; `hmix contribute init DIR` begins them"
            raise StudyError(msg, where=Where(str(self.path)), hint=hint)
        return [name for name, configuration in CONFIGURATIONS.items() if configuration.task in self.folder.judgments]

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
        return [*self._of_judgments, *([] if self.participants is None else [PARTICIPANTS_CONFIGURATION])]

    def table(self, name: str) -> pa.Table:
        """Return the table of one of its configurations, whole."""
        is_of_participants = name == PARTICIPANTS_CONFIGURATION and self.participants is not None
        return self.participants if is_of_participants else self.tables[name]

    def units(self, name: str) -> Iterator[pa.Table]:
        """Yield the rows of one of its configurations unit by unit, all of one schema.

        Judgments: a unit is whole participants (in tasks without participants, whole stimuli); by stimulus, whole
        stimuli. Small tables come as one unit, in the order of the file.
        """
        if not self._is_large(name):
            yield from row_groups(self.table(name))
            return
        yield from self._stored(name).units()

    def map_units(self, task: str, function: Callable[[str, pa.Table], T]) -> Iterator[T]:
        """Yield what a function of the task and a unit of its judgments returns of each; it is one of a module."""
        if self._is_large(task):
            return self.rows(task).map_units(function)
        return (function(task, unit) for unit in self.units(task))

    def rows_of(self, name: str) -> int:
        """Return the number of rows of one of its configurations."""
        return self._stored(name).rows if self._is_large(name) else len(self.table(name))

    def _is_large(self, name: str) -> bool:
        return name != PARTICIPANTS_CONFIGURATION and self.rows(CONFIGURATIONS[name].task).is_large

    def _stored(self, name: str) -> StoredTable:
        """Return the files of a large table, which are written once, in the temporary folder."""
        if name not in self._files:
            task, is_grouped = CONFIGURATIONS[name].task, CONFIGURATIONS[name].by_stimulus
            with self.database.room() as folder:
                self._files[name] = self.rows(task).write(
                    name, self.columns(name), folder, by_stimulus=is_grouped, shard=self.space.shard
                )
        return self._files[name]

    def files(self, name: str) -> list[str]:
        """Return the paths of the Parquet files that hold one of its configurations in a built study."""
        if self._is_large(name):
            return self._stored(name).files
        count = max(-(-self.rows_of(name) // (ROW_GROUP * SHARD)), 1)
        return [parquet_path(name, number, count) for number in range(count)]

    def write(self, name: str, out: Path) -> list[str]:
        """Write one of its configurations as Parquet into a folder, and return the paths of the files within it."""
        if not self._is_large(name):
            return write_table(self.units(name), self.features(name), name, out)
        return self._stored(name).copy(out)

    @property
    def default(self) -> str:
        """Name of the configuration that is loaded where none is named."""
        return default_configuration(self._of_judgments)

    def columns(self, name: str) -> tuple[Column, ...]:
        """Return the columns of a configuration that the schema describes; of the participants, it describes none."""
        if name == PARTICIPANTS_CONFIGURATION:
            return ()
        return CONFIGURATIONS[name].columns(self.manifest.schema_version, is_synthetic=self.manifest.synthetic)

    def features(self, name: str) -> datasets.Features:
        """Return the Hugging Face features of a configuration, own columns included."""
        schema = self._stored(name).schema if self._is_large(name) else self.table(name).schema
        return study_features(schema, self.columns(name), self.manifest.vocabulary)

    def refuse_changes(self) -> None:
        """Raise an error if a file was written since the study was opened; a picture, since the report was made.

        Raises
        ------
        StudyError
            If one was: what was checked is no longer what stands there.
        """
        self._opened.refuse_changes()

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
