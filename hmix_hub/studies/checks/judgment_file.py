"""All checks of a judgment file, or of a piece of it: of pieces, what they have seen is merged in their order."""

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
        Gets the findings.
    database
        Gets what does not fit into memory; `None`: one of its own does.
    """

    def __init__(
        self, folder: StudyFolder, manifest: Manifest, task: str, report: Report, database: Database | None = None
    ) -> None:
        self.folder, self.manifest, self.task = folder, manifest, task
        self.reporter = Reporter(report, folder.judgments[task])
        self.path = folder.file(self.reporter.file)
        self._read = ReadRows()
        # In the order in which they end.
        self._checks: list[Check] = [
            *(kind(task, manifest, self.reporter) for kind in (SliderCheck, ScaleCheck, RecordedCheck)),
            # Computed columns are compared in a file without errors alone, but for those of what was asked.
            ComputedCheck(folder, manifest, task, self.reporter, database),
            StatedCheck(task, manifest, self.reporter),
        ]

    def chunks(
        self, pictures: KnownPictures | None, insert: Callable[[pa.Table], object], piece: Piece = WHOLE
    ) -> Iterator[ObservedChunk]:
        """Yield the rows of a piece of the file, once they are checked by themselves.

        Parameters
        ----------
        pictures
            What is known of the pictures.
        insert
            Gets what rules across rows look at, which `narrow_rows` returns.
        piece
            The piece.
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
        """Add what the checks of the next piece of the file have seen."""
        self.reporter.report.merge(later.reporter.report)
        self._read.merge(later._read)
        for mine, other in zip(self._checks, later._checks, strict=True):
            mine.merge(other)

    @property
    def is_symmetric(self) -> bool:
        """Whether a mixture of A and B is one of B and A."""
        return self.manifest.stimuli.mixing == PIXEL_LINEAR

    def finish(self, ask: Ask | None) -> None:
        """Report what the rows show together, those that `ask` asks about; `None`: nothing is to be found there."""
        self._read.finish(self.reporter)
        if ask is not None:
            check_across(ask, self.task, self.path, self.reporter, is_symmetric=self.is_symmetric)
        for check in self._checks:
            check.finish()
