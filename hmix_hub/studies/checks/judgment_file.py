"""All checks of a judgment file or a piece of it; results of pieces are merged in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.sources.image_set import PIXEL_LINEAR
from hmix_hub.studies.checks.across import check_across
from hmix_hub.studies.checks.answers import (
    RecordedCheck,
    ScaleCheck,
    SliderCheck,
    StatedCheck,
    check_contradictions,
    check_votes,
)
from hmix_hub.studies.checks.computed import ComputedCheck
from hmix_hub.studies.checks.rows import Ask, Check, narrow_rows
from hmix_hub.studies.checks.stimuli import check_stimuli
from hmix_hub.studies.findings import Report, Reporter
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk, ReadRows, observed_chunks
from hmix_hub.studies.pictures import KnownPictures
from hmix_hub.studies.reading.chunks import WHOLE, Piece
from hmix_hub.tasks.class_votes import TASK as VOTES


class FileChecks:
    """Checks of the rows of a judgment file.

    Parameters
    ----------
    folder, manifest, task
        The study, and one of `folder.judgments`.
    report
        Receives the findings.
    database
        Holds data that do not fit into memory; defaults to a new one.
    """

    def __init__(
        self, folder: StudyFolder, manifest: Manifest, task: str, report: Report, database: Database | None = None
    ) -> None:
        self.folder, self.manifest, self.task = folder, manifest, task
        self.reporter = Reporter(report, folder.judgments[task])
        self.path = folder.file(self.reporter.file)
        self._read = ReadRows()
        # In the order in which they finish.
        self._checks: list[Check] = [
            *(kind(task, manifest, self.reporter) for kind in (SliderCheck, ScaleCheck, RecordedCheck)),
            # Computed columns are compared only in files without errors, except errors about what was asked.
            ComputedCheck(folder, manifest, task, self.reporter, database),
            StatedCheck(task, manifest, self.reporter),
        ]

    def chunks(
        self, pictures: KnownPictures | None, insert: Callable[[pa.Table], object], piece: Piece = WHOLE
    ) -> Iterator[ObservedChunk]:
        """Yield the rows of a piece of the file after checking each row on its own.

        Parameters
        ----------
        pictures
            The study's pictures, if known.
        insert
            Receives the columns for rules across rows, as returned by `narrow_rows`.
        piece
            The piece; defaults to the whole file.
        """
        report = self.reporter.report
        for chunk in observed_chunks(
            self.folder, self.manifest, self.task, report, pictures=pictures, piece=piece, read=self._read
        ):
            is_good = check_stimuli(chunk, self.task, self.manifest, pictures, self.reporter)
            insert(narrow_rows(chunk, self.task, is_good))
            check_contradictions(chunk, self.manifest.vocabulary, self.reporter)
            if self.task == VOTES.name:
                check_votes(chunk, self.manifest.vocabulary, self.reporter)
            for check in self._checks:
                check.add(chunk)
            yield chunk

    def __len__(self) -> int:
        return len(self._read)

    def merge(self, later: FileChecks) -> None:
        """Add the results of the next piece of the file."""
        self.reporter.report.merge(later.reporter.report)
        self._read.merge(later._read)
        for mine, other in zip(self._checks, later._checks, strict=True):
            mine.merge(other)

    @property
    def is_symmetric(self) -> bool:
        """Return whether a mixture of A and B equals one of B and A."""
        return self.manifest.stimuli.mixing == PIXEL_LINEAR

    def finish(self, ask: Ask | None) -> None:
        """Report findings across rows, using `ask` to query them; with `None`, there are known to be none."""
        self._read.finish(self.reporter)
        if ask is not None:
            check_across(ask, self.task, self.path, self.reporter, is_symmetric=self.is_symmetric)
        for check in self._checks:
            check.finish()
