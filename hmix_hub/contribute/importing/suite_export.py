"""Exports of the original HILL MixE Suite: jsPsych CSVs from Pavlovia, schema 1.0.0, one person or many a file."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hmix_hub.contribute.importing.outcome import Outcome
from hmix_hub.contribute.importing.raw_table import ROW
from hmix_hub.errors import SchemaError, Where
from hmix_hub.judgments.upward import Provenance, ignored_probabilities, to_judgment_table
from hmix_hub.schema import (
    CATEGORICAL,
    JUDGMENT_TABLE,
    RELEASED,
    SYNTHETIC_FLAG,
    Column,
    Kind,
    Vocabulary,
    columns,
    has_flag,
)
from hmix_hub.schema.interface import REPEAT_PREFIX, TRIALS
from hmix_hub.schema.observed import observed_columns
from hmix_hub.schema.released import ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.sources import RELEASE, SAMPLE, Study

if TYPE_CHECKING:
    import pyarrow as pa

_MARKS = ("trial_type", "task", "trial_index")
"""Columns by which such an export is known."""
_NEVER_READ = {"study_id", "url", "subj_id", "view_history", "failed_images", "failed_audio", "failed_video"}
_IMAGE_SET = "cifar10/test"
_LARGEST = 2.0**53


def is_suite_export(raw: pa.Table) -> bool:
    """Say whether a raw table is an export of the original Suite."""
    return all(name in raw.column_names for name in _MARKS)


def import_suite_export(raw: pa.Table, path: Path, name: str, vocabulary: Vocabulary, outcome: Outcome) -> None:
    """Take the judgments of an export over.

    Parameters
    ----------
    raw
        The export, from `read_raw`.
    path
        Its file.
    name
        What the column source_file calls it.
    vocabulary
        Class names of the study.
    outcome
        Gets the observed columns by task, and counts of the rows that are no judgments, by the page they are of.

    Raises
    ------
    SchemaError
        At the first judgment that cannot be read, with its row; or if there is none.
    """
    import pyarrow as pa

    pages = raw["trial_type"].to_pylist()
    named = [task.removeprefix(REPEAT_PREFIX) for task in raw["task"].to_pylist()]
    tasks = {(trial.trial_type, trial.task): task for task, trial in TRIALS.items()}
    of_row = np.array([tasks.get(pair) for pair in zip(pages, named, strict=True)], dtype=object)
    others = Counter(page for page, task in zip(pages, of_row, strict=True) if task is None)
    for page, count in others.items():
        outcome.dropped[f"{page or 'pages without a trial_type'}: no judgment"] += count
    found = [task for task in TRIALS if (of_row == task).any()]
    if not found:
        msg = "no row is a judgment of the original Suite"
        known = ", ".join(f"{trial.trial_type}/{trial.task}" for trial in TRIALS.values())
        raise SchemaError(msg, where=Where(str(path)), hint=f"judgments have trial_type and task {known}")
    for task in found:
        rows = raw.filter(pa.array((of_row == task).astype(bool)))
        observed = _observed(rows, task, path, name, vocabulary)
        outcome.is_synthetic |= "flags" in observed.column_names
        outcome.tables.setdefault(task, []).append(observed)


def _observed(raw: pa.Table, task: str, path: Path, name: str, vocabulary: Vocabulary) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = raw[ROW].to_pylist()
    try:
        released = _as_released(raw, task)
        study = known_study(path)
        rounds = study.collection_rounds(task, released) if study else None
        is_synthetic = study is not None and study.synthetic
        provenance = Provenance("raw", _IMAGE_SET, name, rounds, is_synthetic=is_synthetic)
        table = to_judgment_table(released, task, provenance, vocabulary)
        ignored = ignored_probabilities(released) if task == CATEGORICAL else []
    except SchemaError as error:
        row = None if error.where.row is None else numbers[error.where.row]
        where = Where(str(path), row, error.where.column)
        raise SchemaError(error.message, where=where, hint=error.hint) from None
    names = pa.array(vocabulary.names)
    written: dict[str, pa.ChunkedArray] = {}
    for column in observed_columns(task, JUDGMENT_TABLE):
        values = table[column.name]
        if column.kind is Kind.LABEL:
            values = pc.take(names, values.combine_chunks())
        elif column.kind is Kind.LABELS:
            values = pa.array(["|".join(vocabulary.names[code] for code in codes) for codes in values.to_pylist()])
        if column.name != "image_set":
            written[column.name] = values
    if any(value is not None for value in ignored):
        given = written["second_probability"].to_pylist()
        both = [one if other is None else other for one, other in zip(given, ignored, strict=True)]
        written["second_probability"] = pa.array(both, pa.float64())
    if (is_marked := has_flag(table["flags"], SYNTHETIC_FLAG)).any():
        written["flags"] = pa.array(np.where(is_marked, SYNTHETIC_FLAG, ""), pa.string())
    return pa.table(written)


def _as_released(raw: pa.Table, task: str) -> pa.Table:
    """Type the columns of an export as schema 1.0.0; what holds platform ids, addresses or free text is not read."""
    import pyarrow as pa

    values = {}
    for column in columns(task, RELEASED):
        if column.name == ROW_NUMBER:
            values[column.name] = raw[ROW]
        elif column.name in _NEVER_READ or column.name not in raw.column_names:
            _need(column, raw, task)
            values[column.name] = pa.nulls(raw.num_rows, column.arrow_type())
        else:
            values[column.name] = _typed(raw[column.name], column)
    if SYNTHETIC_COLUMN.name in raw.column_names:
        values[SYNTHETIC_COLUMN.name] = _typed(raw[SYNTHETIC_COLUMN.name], SYNTHETIC_COLUMN)
    return pa.table(values)


_ALTERNATIVES = {"class_pair": ("label1", "label2")}


def _need(column: Column, raw: pa.Table, task: str) -> None:
    stands_in = _ALTERNATIVES.get(column.name, ())
    if column.nullable or (stands_in and all(name in raw.column_names for name in stands_in)):
        return
    msg = f"the export has no column {column.name!r}, which {task} needs: {column.meaning}"
    raise SchemaError(msg, hint="export the session again with all its data")


def _typed(text: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    values = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if not column.nullable and values.null_count:
        row = values.is_null().to_pylist().index(True)
        msg = f"{column.name} is missing"
        raise SchemaError(msg, where=Where(row=row, column=column.name), hint=f"it holds: {column.meaning}")
    if column.kind is Kind.STRING:
        return values
    if column.kind is Kind.BOOL:
        return pc.equal(pc.utf8_lower(values), "true")
    for row, value in enumerate(values.to_pylist()):
        if value is not None and not _is_number(value, column):
            kind = "number" if column.kind is Kind.FLOAT64 else "whole number"
            msg = f"{value!r} is no {kind}"
            raise SchemaError(msg, where=Where(row=row, column=column.name), hint=f"it holds: {column.meaning}")
    numbers = values.cast(pa.float64())
    return numbers if column.kind is Kind.FLOAT64 else numbers.cast(column.arrow_type(), safe=False)


def _is_number(text: str, column: Column) -> bool:
    try:
        value = float(text)
    except ValueError:
        return False
    return abs(value) < _LARGEST and (column.kind is Kind.FLOAT64 or value.is_integer())


def known_study(path: Path) -> Study | None:
    """Give the study whose file this is, byte by byte: its collection rounds are known."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    for study in (RELEASE, SAMPLE):
        if any(file.sha256 == digest for file in study.files.values()):
            return study
    return None
