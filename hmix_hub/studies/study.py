"""An opened study: its files, manifest, findings and tables, each computed on demand and only once."""

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
        The folder, which must exist; see `Study.open`.
    is_draft
        Whether placeholders are allowed.
    progress
        Called with the file and the number of rows that validation has read so far.
    space
        Limits on memory and disk.
    client
        Dask client whose workers read, check and build large files; `None` for this process.

    Attributes
    ----------
    keeps_rows
        Whether validation keeps the rows it reads, so that tables can be built without reading them again. Set it
        before using `report` and then the tables.
    address
        Address that the folder is a copy of; `None` if it is not a copy.
    database
        Holds data that do not fit into memory.
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
        # Data on disk are deleted with the study, and at the end of the program.
        weakref.finalize(self, self.database.close)

    @classmethod
    def open(cls, place: str | os.PathLike[str], **options: Any) -> Study:
        """Open a study folder.

        Parameters
        ----------
        place
            The folder; or an address that fsspec supports, such as `hf://datasets/ORG/NAME`, whose files are copied,
            except judgments, which are read remotely.
        **options
            See `Study`.

        Raises
        ------
        SourceMissingError
            If the folder does not exist.
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
        """Return the files of the study."""
        return self._opened.folder

    @property
    def has_manifest(self) -> bool:
        """Return whether the manifest is valid."""
        return self._opened.manifest is not None

    @property
    def manifest(self) -> Manifest:
        """Return the manifest.

        Raises
        ------
        StudyError
            If the manifest is invalid.
        """
        if self._opened.manifest is None:
            refuse_errors(self._opened.report, self.folder)
            raise AssertionError
        return self._opened.manifest

    @cached_property
    def report(self) -> Report:
        """Validate the study, and return all findings."""
        opened = self._opened
        keep = self._keep if self.keeps_rows else None
        if not opened.leads_outside:
            # Validation opens every picture; the bytes published later must be the same.
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
        """Return the rows of a task's judgment file; see `hmix_hub.studies.stored_rows.read_rows`."""
        if task not in self._rows and self.client is not None:
            self.keeps_rows = True
            refuse_errors(self.report, self.folder)
        if task not in self._rows:
            read = read_rows if self.client is None else partial(read_on_workers, client=self.client)
            self._rows[task] = read(self.folder, self.manifest, task, self.database, self.space.unit)
        return self._rows[task]

    def judgments(self, task: str) -> pa.Table:
        """Return the complete judgment table of a task; see `hmix_hub.studies.stored_rows.StoredRows`."""
        if task not in self._judgments:
            self._judgments[task] = self.rows(task).table()
        return self._judgments[task]

    @cached_property
    def tables(self) -> dict[str, pa.Table]:
        """Return complete tables by configuration; for large studies, use `units`.

        There are judgments of each task and the by-stimulus tables computed from them. The study's own columns, `x_…`,
        follow those of the schema.

        Raises
        ------
        StudyError
            If the study breaks a rule that prevents building tables; `report` has all findings.
        """
        tables = {name: self._table(CONFIGURATIONS[name]) for name in self._of_judgments}
        # Release memory: statistics and files need as much.
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
        """Return the names of the configurations of its judgment files."""
        if self._opened.leads_outside:
            refuse_errors(self._opened.report, self.folder)
        if not self.folder.judgments:
            msg = "the study has no judgment file"
            hint = f"add {JUDGMENTS}/<task>.csv, .jsonl or .parquet; `hmix contribute init DIR` creates templates"
            raise StudyError(msg, where=Where(str(self.path)), hint=hint)
        return [name for name, configuration in CONFIGURATIONS.items() if configuration.task in self.folder.judgments]

    @cached_property
    def participants(self) -> pa.Table | None:
        """Return the table of participants.csv; `None` if it does not exist."""
        return read_participants(self.folder) if self.folder.has_participants else None

    @cached_property
    def stimulus_files(self) -> list[str]:
        """Return the files of `stimuli/` that belong to the study: its lists, and the pictures in them."""
        return stimulus_files(self.folder, self.manifest)

    @property
    def configurations(self) -> list[str]:
        """Return the names of its configurations, in order, with participants last."""
        return [*self._of_judgments, *([] if self.participants is None else [PARTICIPANTS_CONFIGURATION])]

    def table(self, name: str) -> pa.Table:
        """Return the complete table of a configuration."""
        is_of_participants = name == PARTICIPANTS_CONFIGURATION and self.participants is not None
        return self.participants if is_of_participants else self.tables[name]

    def units(self, name: str) -> Iterator[pa.Table]:
        """Yield the rows of a configuration unit by unit, all with the same schema.

        A unit contains all rows of its participants (in tasks without participants, and in by-stimulus tables, of its
        stimuli). A small table is one unit, in the order of the file.
        """
        if not self._is_large(name):
            yield from row_groups(self.table(name))
            return
        yield from self._stored(name).units()

    def map_units(self, task: str, function: Callable[[str, pa.Table], T]) -> Iterator[T]:
        """Yield the results of a function (of a module, to be picklable) of the task and each unit of its judgments."""
        if self._is_large(task):
            return self.rows(task).map_units(function)
        return (function(task, unit) for unit in self.units(task))

    def rows_of(self, name: str) -> int:
        """Return the number of rows of a configuration."""
        return self._stored(name).rows if self._is_large(name) else len(self.table(name))

    def _is_large(self, name: str) -> bool:
        return name != PARTICIPANTS_CONFIGURATION and self.rows(CONFIGURATIONS[name].task).is_large

    def _stored(self, name: str) -> StoredTable:
        """Return the files of a large table, written once into the temporary folder."""
        if name not in self._files:
            task, is_grouped = CONFIGURATIONS[name].task, CONFIGURATIONS[name].by_stimulus
            with self.database.room() as folder:
                self._files[name] = self.rows(task).write(
                    name, self.columns(name), folder, by_stimulus=is_grouped, shard=self.space.shard
                )
        return self._files[name]

    def files(self, name: str) -> list[str]:
        """Return the paths of a configuration's Parquet files in a built study."""
        if self._is_large(name):
            return self._stored(name).files
        count = max(-(-self.rows_of(name) // (ROW_GROUP * SHARD)), 1)
        return [parquet_path(name, number, count) for number in range(count)]

    def write(self, name: str, out: Path) -> list[str]:
        """Write a configuration as Parquet into a folder; return the paths of the files within it."""
        if not self._is_large(name):
            return write_table(self.units(name), self.features(name), name, out)
        return self._stored(name).copy(out)

    @property
    def default(self) -> str:
        """Return the name of the default configuration."""
        return default_configuration(self._of_judgments)

    def columns(self, name: str) -> tuple[Column, ...]:
        """Return the columns of a configuration that the schema describes; none for participants."""
        if name == PARTICIPANTS_CONFIGURATION:
            return ()
        return CONFIGURATIONS[name].columns(self.manifest.schema_version, is_synthetic=self.manifest.synthetic)

    def features(self, name: str) -> datasets.Features:
        """Return the Hugging Face features of a configuration, including the study's own columns."""
        schema = self._stored(name).schema if self._is_large(name) else self.table(name).schema
        return study_features(schema, self.columns(name), self.manifest.vocabulary)

    def refuse_changes(self) -> None:
        """Raise an error if a file has changed since the study was opened, or a picture since it was validated.

        Raises
        ------
        StudyError
            If a file was written, so that the checked content is no longer there.
        """
        self._opened.refuse_changes()

    def once(self, compute: Callable[[Study], T]) -> T:
        """Return the result of a function of this study, which is called only once."""
        if compute not in self._computed:
            self._computed[compute] = compute(self)
        found: T = self._computed[compute]
        return found


def once_per_study(compute: Callable[[Study], T]) -> Callable[[Study], T]:
    """Decorate a function of a study so that its result is computed once per study and shared."""

    @wraps(compute)
    def computed(study: Study) -> T:
        return study.once(compute)

    return computed
