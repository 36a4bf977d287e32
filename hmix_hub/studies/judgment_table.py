"""The judgment table of a contributed study: from its observed columns, through completion, to its schema."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import DraftWarning, StudyError, Where
from hmix_hub.judgments.derived_columns import with_derived_columns
from hmix_hub.schema.arrays import Mask
from hmix_hub.schema.judgment import EXTRA_PREFIX
from hmix_hub.studies.columns.own import typed
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import JUDGMENTS, StudyFolder
from hmix_hub.studies.manifest import Manifest
from hmix_hub.studies.observed import ObservedChunk, observed_chunks
from hmix_hub.studies.reading.arrays import listed
from hmix_hub.tasks import TASKS, observed_columns
from hmix_hub.tasks.soft_labels import DEFAULT_PROCEDURE, PROCEDURES, Procedure, asked_questions, usual_procedure


def read_judgments(folder: StudyFolder, manifest: Manifest, task: str) -> pa.Table:
    """Read the judgment table of a task of a study.

    Parameters
    ----------
    folder, manifest
        The study.
    task
        One of `folder.judgments`.

    Returns
    -------
    pyarrow.Table
        Columns as `hmix_hub.tasks.columns(task, manifest.schema_version)`, labels as codes of the manifest's
        vocabulary, then the study's own columns, in the order of the file.

    Raises
    ------
    StudyError
        If there is no such file, or it breaks a rule that a table cannot be made without.
    """
    if task not in folder.judgments:
        msg = f"study.yaml lists the task {task}, but the folder has no judgment file for it"
        hint = (
            "a pipe, or a link that leads out of the folder, is not read; "
            f"`hmix contribute validate {folder.path}` reports everything that is wrong"
        )
        raise StudyError(msg, where=Where(str(folder.file(f"{JUDGMENTS}/{task}.csv"))), hint=hint)
    report = Report()
    chunks = list(observed_chunks(folder, manifest, task, report))
    refuse_errors(report, folder)
    return complete_chunks(chunks, manifest, task, folder.judgments[task])


def refuse_errors(report: Report, folder: StudyFolder, hint: str | None = None) -> None:
    """Raise the first error of a report.

    Parameters
    ----------
    report, folder
        The report, and the study that it is about.
    hint
        What to do; `None`: to validate the folder.

    Raises
    ------
    StudyError
        If there is one.
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
        hint=hint or f"`hmix contribute validate {folder.path}` tells everything that is wrong, and how to fix it",
    )


def complete_chunks(chunks: Sequence[ObservedChunk], manifest: Manifest, task: str, file: str) -> pa.Table:
    """Join the chunks of a file, and compute what follows from them; see `read_judgments`.

    Warns
    -----
    DraftWarning
        If a draft leaves the soft-label procedure open.
    """
    # What reading took, and is free again, is given back: tables need as much.
    pa.default_memory_pool().release_unused()
    observed = _observed_table(chunks, manifest, task, file)
    flags = {flag.name: given_flag(chunks, flag.name) for flag in TASKS[task].flags if flag.observed_by}
    observed, found = TASKS[task].observe(observed)
    flags |= {name: flags[name] | mask for name, mask in found.items()}
    procedure = DEFAULT_PROCEDURE
    if TASKS[task].asked_columns:
        procedure = procedure_of(observed, manifest)
        if manifest.soft_labels is not None and manifest.procedure is None:
            message = (
                f"study.yaml does not state a soft-label procedure yet, and soft_label follows {procedure!r}; write "
                f"one of {', '.join(PROCEDURES)} as `soft_labels: procedure:`"
            )
            warnings.warn(message, DraftWarning, stacklevel=3)
    table = with_derived_columns(
        observed,
        task,
        study_id=manifest.id,
        vocabulary=manifest.vocabulary,
        observed_flags=flags,
        is_synthetic=manifest.synthetic,
        version=manifest.schema_version,
        procedure=procedure,
    )
    names = dict.fromkeys(name for chunk in chunks for name in chunk.extras if name.startswith(EXTRA_PREFIX))
    for name in names:
        parts = [chunk.extras[name] if name in chunk.extras else pa.nulls(len(chunk), pa.string()) for chunk in chunks]
        table = table.append_column(name, typed(parts))
    return table


def procedure_of(answers: pa.Table, manifest: Manifest) -> Procedure:
    """Return a study's soft-label procedure: as its manifest says, else the usual one for what was asked.

    Manifests did not always say what was asked; what the answers show, which is then decisive, keeps a chosen class
    from becoming a distribution that nobody gave.
    """
    if manifest.procedure is not None:
        return manifest.procedure
    return usual_procedure(asked_questions(answers) if manifest.asked is None else manifest.asked)


def _observed_table(chunks: Sequence[ObservedChunk], manifest: Manifest, task: str, file: str) -> pa.Table:
    n = sum(map(len, chunks))
    rows = np.concatenate([chunk.rows for chunk in chunks]) if chunks else np.zeros(0, dtype=np.int64)
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
        parts = [chunk.values[name] for chunk in chunks if name in chunk.values]
        kind = column.arrow_type(manifest.vocabulary)
        if name == "image_set" or not parts:
            columns[name] = pa.repeat(defaults[name], n) if name in defaults else pa.nulls(n, kind)
        else:
            columns[name] = pa.chunked_array(parts).cast(kind)
            if name in defaults and columns[name].null_count:
                columns[name] = columns[name].fill_null(defaults[name])
    numbers = pa.array(rows, pa.int32())
    columns["source_row"] = pc.coalesce(columns["source_row"], pa.chunked_array([numbers]) if n else numbers)
    return pa.table(columns)


def given_flag(chunks: Sequence[ObservedChunk], name: str) -> Mask:
    """Return which rows of a file are given a flag, one that no column shows; bool (N,)."""
    masks = [
        np.array([name in (flags or []) for flags in listed(chunk.extras["flags"])], dtype=bool)
        if "flags" in chunk.extras
        else np.zeros(len(chunk), dtype=bool)
        for chunk in chunks
    ]
    return np.concatenate(masks) if masks else np.zeros(0, dtype=bool)
