"""The judgment table of a contributed study: observed columns, completed with computed ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import DraftWarning, StudyError, Where
from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.schema.arrays import Mask, as_mask
from hmix_hub.schema.judgment import EXTRA_PREFIX
from hmix_hub.studies.columns.own import in_type, own_type
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk
from hmix_hub.studies.reading.arrays import listed
from hmix_hub.tasks import TASKS, observed_columns
from hmix_hub.tasks.soft_labels import (
    DEFAULT_PROCEDURE,
    PROCEDURES,
    Procedure,
    Question,
    asked_questions,
    usual_procedure,
)


def refuse_errors(report: Report, folder: StudyFolder, hint: str | None = None) -> None:
    """Raise the first error of a report.

    Parameters
    ----------
    report, folder
        The report, and the study's folder.
    hint
        What to do; defaults to validating the folder.

    Raises
    ------
    StudyError
        If there is an error.
    """
    if not report.errors:
        return
    found = report.errors[0]
    spot = found.spots[0]
    value = "" if spot.value is None else f" ({spot.value})"
    note = f": {spot.note}" if spot.note else ""
    more = len(report.errors) - 1
    others = f", and {more} more" if more else ""
    msg = f"{found.rule.code}: {found.rule.meaning}{value}{note}{others}"
    raise StudyError(
        msg,
        where=Where(str(folder.file(found.file)) if found.file else str(folder.path), spot.row, found.column or None),
        hint=hint or f"`hmix contribute validate {folder.path}` reports all problems and how to fix them",
    )


ROW = "row"
"""Column of kept rows with the 0-based data row in the file."""
_GIVEN = "flags."
"""Prefix of columns of kept rows that hold which rows have a flag."""


def kept_rows(chunk: ObservedChunk, task: str, manifest: Manifest, schema: pa.Schema | None = None) -> pa.Table:
    """Return the columns that are kept of rows: exactly those from which the judgment table is computed.

    Parameters
    ----------
    chunk
        N rows.
    task, manifest
        Task of the file, and manifest of the study.
    schema
        Schema of the file's first kept rows; `None` if these are the first.

    Returns
    -------
    pyarrow.Table
        N rows: `ROW`, the observed columns in the file, which rows have observed flags, and the study's own columns as
        text.
    """
    columns = {ROW: pa.array(chunk.rows)}
    for column in observed_columns(task, manifest.schema_version):
        if column.name in chunk.values and column.name != "image_set":
            columns[column.name] = chunk.values[column.name].cast(column.arrow_type(manifest.vocabulary))
    if "flags" in chunk.extras:
        given = (flag.name for flag in TASKS[task].flags if flag.observed_by)
        columns |= {f"{_GIVEN}{name}": pa.array(given_flag(chunk, name)) for name in given}
    columns |= {name: chunk.extras[name].cast(pa.string()) for name in chunk.extras if name.startswith(EXTRA_PREFIX)}
    if schema is None:
        return pa.table(columns)
    return pa.table([columns.get(field.name, pa.nulls(len(chunk), field.type)) for field in schema], schema)


@dataclass(frozen=True)
class Facts:
    """Properties of a whole file that are needed to complete any part of it."""

    own: dict[str, pa.DataType]
    """Types of the study's own columns."""
    procedure: Procedure
    """Procedure that computes `soft_label`."""


def facts_of(
    read: Callable[[list[str]], Iterable[pa.Table]],
    kinds: Mapping[str, Collection[pa.DataType]],
    task: str,
    manifest: Manifest,
    is_lossless: Callable[[str], bool],
) -> Facts:
    """Return the properties of a whole file that are needed to complete its rows.

    Parameters
    ----------
    read
        Function that yields columns of the kept rows, given their names, in tables of any length.
    kinds
        Types in the file of each of the study's own columns.
    task, manifest
        Task of the file, and the study's description.
    is_lossless
        Function that returns whether different texts of an own column are different numbers, if all are numbers.

    Warns
    -----
    DraftWarning
        If a draft leaves the soft-label procedure open.
    """

    def column(name: str) -> Iterator[pa.ChunkedArray]:
        return (rows[name] for rows in read([name]))

    own = {name: own_type(seen, partial(column, name), partial(is_lossless, name)) for name, seen in kinds.items()}
    if not TASKS[task].asked_columns:
        return Facts(own, DEFAULT_PROCEDURE)
    asked: Collection[Question] | None = manifest.asked
    if asked is None:
        observed = (_observed_table(rows, task, manifest, "") for rows in read([ROW, *TASKS[task].asked_columns]))
        asked = {question for rows in observed for question in asked_questions(rows)}
    procedure = procedure_of(asked, manifest)
    if manifest.soft_labels is not None and manifest.procedure is None:
        message = (
            f"study.yaml does not state a soft-label procedure yet, so soft_label is computed by {procedure!r}; "
            f"write one of {', '.join(PROCEDURES)} as `soft_labels: procedure:`"
        )
        warnings.warn(message, DraftWarning, stacklevel=3)
    return Facts(own, procedure)


def complete(rows: pa.Table, task: str, manifest: Manifest, file: str, facts: Facts) -> pa.Table:
    """Compute the judgment table from a file's kept rows, all or those of some participants; see `read_judgments`."""
    observed = _observed_table(rows, task, manifest, file)
    given = {name.removeprefix(_GIVEN): as_mask(rows[name]) for name in rows.column_names if name.startswith(_GIVEN)}
    absent = np.zeros(len(rows), dtype=bool)
    flags = {flag.name: given.get(flag.name, absent) for flag in TASKS[task].flags if flag.observed_by}
    observed, found = TASKS[task].observe(observed)
    flags |= {name: flags[name] | mask for name, mask in found.items()}
    table = with_derived_columns(
        observed,
        task,
        study_id=manifest.id,
        vocabulary=manifest.vocabulary,
        observed_flags=flags,
        is_synthetic=manifest.synthetic,
        version=manifest.schema_version,
        procedure=facts.procedure,
    )
    for name, kind in facts.own.items():
        if name in rows.column_names:
            table = table.append_column(name, in_type(rows[name], kind))
    return table


def procedure_of(asked: Collection[Question], manifest: Manifest) -> Procedure:
    """Return a study's soft-label procedure: the one stated in its manifest, or the usual one for what was asked.

    Older manifests do not state what was asked. It is then taken from the answers, so that a chosen class never becomes
    a distribution that no participant gave.
    """
    return usual_procedure(asked) if manifest.procedure is None else manifest.procedure


def _observed_table(rows: pa.Table, task: str, manifest: Manifest, file: str) -> pa.Table:
    defaults = {
        "is_repeat": pa.scalar(False),
        "collection_round": pa.scalar("1"),
        "image_set": pa.scalar(manifest.image_set),
        "source_file": pa.scalar(file),
    }
    for name, asked in TASKS[task].asked_columns.items():
        if asked.nothing is not None:
            kind = next(column.arrow_type() for column in TASKS[task].columns if column.name == name)
            defaults[name] = pa.scalar(asked.nothing, kind)
    columns: dict[str, pa.ChunkedArray | pa.Array] = {}
    for column in observed_columns(task, manifest.schema_version):
        name = column.name
        if name not in rows.column_names:
            kind = column.arrow_type(manifest.vocabulary)
            columns[name] = pa.repeat(defaults[name], len(rows)) if name in defaults else pa.nulls(len(rows), kind)
        else:
            columns[name] = rows[name]
            if name in defaults and columns[name].null_count:
                columns[name] = columns[name].fill_null(defaults[name])
    columns["source_row"] = pc.coalesce(columns["source_row"], rows[ROW].cast(pa.int32()))
    return pa.table(columns)


def given_flag(chunk: ObservedChunk, name: str) -> Mask:
    """Return which of N rows have an observed flag in the file; bool (N,)."""
    if "flags" not in chunk.extras:
        return np.zeros(len(chunk), dtype=bool)
    return np.array([name in (flags or []) for flags in listed(chunk.extras["flags"])], dtype=bool)
