"""Report on judgments, `hmix_hub.report`: findings, source files, and the rows behind each number."""

from __future__ import annotations

import os
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from hmix_hub.connection import Cluster, connected
from hmix_hub.datasets_by_name import H_MIX
from hmix_hub.errors import ConfigurationError, nearest
from hmix_hub.findings.agreement import agreement, retest
from hmix_hub.findings.classes import class_visibility
from hmix_hub.findings.deviation import ceilings, deviation
from hmix_hub.findings.finding import Finding, Number
from hmix_hub.findings.judgments import Judgments, Tasks
from hmix_hub.findings.midpoints import midpoints
from hmix_hub.findings.shown import confidence, inferred_against_shown, outside_mass
from hmix_hub.findings.sources import Asked, DatasetLike, read_judgments
from hmix_hub.resampling import COVERAGE, RESAMPLES, check_seed
from hmix_hub.schema.arrays import take
from hmix_hub.tasks import RELEASED_FORMS

FINDINGS: dict[str, Callable[[Tasks], Finding | str]] = {
    "where people see the 50/50 mixture": midpoints,
    "inferred against shown coefficients": inferred_against_shown,
    "confidence": confidence,
    "classes": class_visibility,
    "soft labels outside the endpoints": outside_mass,
    "test-retest reliability": retest,
    "agreement between participants": agreement,
    "components of the deviation": deviation,
    "noise ceilings": ceilings,
}
"""Functions that compute findings, by subject, in reading order; each returns a finding or why it is omitted."""


_FEWEST = 100
"""Smallest number of resamplings."""


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
        Its name or path within its source.
    sha256
        Hash of its content, 64 hex digits; `None` if unknown, as for a loaded dataset.
    judgments, participants
        Numbers of judgments that the report takes from the file, and of their participants.
    """

    study_id: str
    task: str
    file: str
    sha256: str | None
    judgments: int
    participants: int


@dataclass(frozen=True)
class ExplainedRow:
    """A judgment that a number was computed from: its file and row, its participant, and its values.

    Parameters
    ----------
    judgment_id, study_id, participant_id
        As in the judgment table; the participant is a pseudonym.
    file, row, sha256
        File that the judgment was read from, the 0-based data row in it, and its hash (`None` if unknown).
    source_file, source_row
        File and row in which the judgment was recorded, according to the study; this may be an unpublished export.
    values
        Values of the explanation's columns, in order.
    """

    judgment_id: str
    study_id: str
    participant_id: str
    file: str
    row: int
    sha256: str | None
    source_file: str
    source_row: int
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Explanation:
    """What a number was computed from: N judgments, and the names of the columns that their values come from."""

    number: Number
    columns: tuple[str, ...]
    rows: tuple[ExplainedRow, ...]


@dataclass(frozen=True, eq=False)
class Report:
    """Findings about judgments.

    Parameters
    ----------
    datasets
        The datasets as requested: "h-mix", folders, Hub repositories.
    findings
        The findings, in reading order.
    sources
        The files that the judgments were read from.
    missing
        What was omitted and why, one sentence each: tasks without judgments, findings that need more participants.
    method
        How the intervals were computed.
    seed, resamples
        Seed and number of the resamplings.
    tables
        Judgments by task, which the numbers' `rows` index: columns of the judgment table with class names for labels,
        plus `file`, `row` and `sha256`.
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
        """Return all numbers by id, in the order of the findings."""
        return {number.id: number for finding in self.findings for number in finding.numbers}

    def number(self, name: str) -> Number:
        """Return a number by its id.

        Raises
        ------
        ConfigurationError
            If the report has no number with this id.
        """
        if name not in self.numbers:
            msg = f"the report has no number {name!r}"
            raise ConfigurationError(msg, hint=nearest(name, self.numbers, label="numbers"))
        return self.numbers[name]

    def explain(self, name: str) -> Explanation:
        """Return the judgments that a number was computed from: file, row, sha256, participant and values.

        Parameters
        ----------
        name
            Id of a number, such as "infer.mean.0.25".

        Raises
        ------
        ConfigurationError
            If the report has no number with this id.

        Examples
        --------
        >>> import hmix_hub
        >>> report = hmix_hub.report("h-mix", source="sample", resamples=100)
        >>> explanation = report.explain("infer.mean.0.25")
        >>> explanation.rows[0].file, explanation.columns
        ('hmix_infer_mixing_factor.csv', ('inferred_coefficient', 'mixing_coefficient'))
        """
        number = self.number(name)
        table = self.tables[number.rows.table]
        names = [field.name for field in fields(ExplainedRow)][:-1]
        picked = {
            name: take(table[name], number.rows.rows).to_pylist()
            for name in dict.fromkeys([*names, *number.rows.columns])
        }
        known = zip(*(picked[name] for name in names), strict=True)
        values = zip(*(picked[name] for name in number.rows.columns), strict=True)
        rows = tuple(
            ExplainedRow(**dict(zip(names, place, strict=True)), values=cells)
            for place, cells in zip(known, values, strict=True)
        )
        return Explanation(number, number.rows.columns, rows)


def report(
    *datasets: DatasetLike,
    source: str | os.PathLike[str] | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
    client: Cluster = None,
) -> Report:
    """Compute findings about judgments, each number with its interval and the rows it was computed from.

    Parameters
    ----------
    *datasets
        "h-mix", study folders or Hub repositories ("org/name"), with all their tasks; or loaded datasets of judgments
        of one task each, filtered or not. Several are joined by task. Defaults to "h-mix".
    source, revision, token
        See `hmix_hub.load_dataset`.
    resamples
        Number of resamplings of participants for each interval, at least 100.
    seed
        Seed of the resampling. Intervals depend on the seed, not on the order of the rows.
    client
        `dask.distributed` client or scheduler address; its workers compute the resamplings of agreement and deviation,
        which take longest. Defaults to this process. The report is bit-identical either way.

    Returns
    -------
    Report
        The findings that the tasks allow; `missing` lists those omitted, with the reason.

    Raises
    ------
    ConfigurationError
        If a dataset does not exist, there are no judgments, or there are fewer than 100 resamplings.
    SchemaError
        If a dataset is not a judgment table of schema 2, lacks a column, or shares judgments with another.
    SourceError
        If a file is unavailable, or has another sha256 than expected.
    ClusterError
        If there is no cluster, or it is lost.

    Examples
    --------
    >>> import hmix_hub
    >>> report = hmix_hub.report("h-mix", source="sample", resamples=100)
    >>> report.number("infer.mean.0.5").n_judgments
    221
    """
    if isinstance(resamples, bool) or not isinstance(resamples, int) or resamples < _FEWEST:
        msg = f"resamples must be an integer of at least {_FEWEST}, not {resamples!r}"
        raise ConfigurationError(msg, hint=f"omit resamples to use {RESAMPLES}")
    seed = check_seed(seed)
    asked = Asked(datasets or (H_MIX,), source, revision, token)
    judgments, names = read_judgments(asked, seed=seed, resamples=resamples)
    if not judgments:
        msg = "there is nothing to report on: the datasets have no judgments"
        raise ConfigurationError(msg, hint="relax the filters, or choose other datasets")
    progress = tqdm(FINDINGS.items(), unit=" findings", leave=False, disable=not sys.stderr.isatty())
    with connected(client) as connection, progress as each:
        judgments = {task: replace(part, client=connection) for task, part in judgments.items()}
        found = {words: compute(judgments) for words, compute in each}
    left_out = {words: finding for words, finding in found.items() if isinstance(finding, str)}
    return Report(
        names,
        tuple(finding for finding in found.values() if isinstance(finding, Finding)),
        tuple(file for task in judgments.values() for file in _files(task)),
        tuple(_missing(judgments, left_out)),
        f"{100 * COVERAGE:g} % intervals from {resamples} resamplings of whole participants (percentile bootstrap, "
        f"widened for few participants like Student's t; seed {seed}), unless stated otherwise. They show how the "
        "numbers would vary if other people judged the same stimuli. A single participant gives no interval.",
        seed,
        resamples,
        {task: part.readable() for task, part in judgments.items()},
    )


def _files(judgments: Judgments) -> list[SourceFile]:
    found = []
    for number, place in enumerate(judgments.places):
        rows = np.flatnonzero(judgments.place_of == number)
        n_participants = len(np.unique(judgments.people[rows]))
        found.append(SourceFile(place.study_id, judgments.task, place.file, place.sha256, len(rows), n_participants))
    return found


def _missing(judgments: Tasks, left_out: Mapping[str, str]) -> list[str]:
    """Return sentences on omitted findings, by reason, and on tasks of H-Mix without judgments."""
    is_like_h_mix = not judgments.keys().isdisjoint(RELEASED_FORMS)
    said = [f"There are no judgments of {task}." for task in RELEASED_FORMS if is_like_h_mix and task not in judgments]
    findings: dict[str, list[str]] = defaultdict(list)
    for words, reason in left_out.items():
        findings[reason].append(words)
    return [*said, *(f"Omitted: {'; '.join(words)} ({reason})." for reason, words in findings.items())]
