"""Report on judgments: all findings, the files behind them, and the rows behind each number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.findings.finding import Finding
from hmix_hub.findings.number import Number


@dataclass(frozen=True)
class SourceFile:
    """A file that judgments were read from.

    Parameters
    ----------
    study_id
        The study.
    task
        The task of its judgments.
    file
        Its name or path, as it is called where it comes from.
    sha256
        Hash of its content, 64 hex digits; `None`: not known, as of a dataset that was given without its files.
    judgments, participants
        Judgments of the task that the report takes from it, and the participants who gave them.
    """

    study_id: str
    task: str
    file: str
    sha256: str | None
    judgments: int
    participants: int


@dataclass(frozen=True)
class ExplainedRow:
    """A judgment behind a number: where it stands, who gave it, and its values.

    Parameters
    ----------
    judgment_id, study_id, participant_id
        As in the judgment table; the participant is a pseudonym.
    file, row, sha256
        File whose hash is known, the 0-based data row in it, and the hash; `None`: not known.
    source_file, source_row
        File and row that the study says the judgment was recorded in, which may be an export that is not published.
    values
        Values of the columns that the explanation names, in their order.
    """

    judgment_id: str
    study_id: str
    participant_id: str
    file: str
    row: int
    sha256: str | None
    source_file: str
    source_row: int
    values: tuple[float | str | bool | None, ...]


@dataclass(frozen=True)
class Explanation:
    """What a number was computed from: N judgments, and the names of the columns whose values they show."""

    number: Number
    columns: tuple[str, ...]
    rows: tuple[ExplainedRow, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """Findings about judgments.

    Parameters
    ----------
    datasets
        What was asked for, in words: "h-mix", folders, repositories of the Hub.
    findings
        The findings, in the order in which they are read.
    sources
        The files behind them.
    missing
        What was left out, and why, a sentence each: tasks that nobody was asked, figures that need more people.
    method
        How the intervals were made, in a sentence.
    seed, resamples
        Seed and number of the resamplings.
    tables
        Judgment tables by task, which the row numbers of the numbers count in.
    """

    datasets: tuple[str, ...]
    findings: tuple[Finding, ...]
    sources: tuple[SourceFile, ...]
    missing: tuple[str, ...]
    method: str
    seed: int
    resamples: int
    tables: Mapping[str, pa.Table] = field(repr=False)

    @cached_property
    def numbers(self) -> dict[str, Number]:
        """All numbers by id, in the order of the findings."""
        return {number.id: number for finding in self.findings for number in finding.numbers}

    def number(self, name: str) -> Number:
        """Return a number by its id.

        Raises
        ------
        ConfigurationError
            If there is none.
        """
        if name not in self.numbers:
            msg = f"the report has no number {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, self.numbers, label="numbers"))
        return self.numbers[name]
