"""Exports of the original HILL MixE Suite: jsPsych CSVs from Pavlovia, schema 1.0.0, with one or more participants.

Exports of CIFAR-10S, by the same authors, have the format of H-Mix' categorical task, with single pictures.

Source: Collins, Bhatt, Weller, *Eliciting and Learning with Soft Labels from Every Annotator*, HCOMP 2022
(`cambridge-mlg/cifar-10s`, `raw_human_data.csv` and `process_data.ipynb`).
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, SchemaError, Where
from hmix_hub.files import sha256_of
from hmix_hub.importing.outcome import NO_ROW, ROW, Outcome
from hmix_hub.judgments.released import Provenance, read_observed
from hmix_hub.schema import JUDGMENT_TABLE, RELEASED, SYNTHETIC_FLAG, Column, Kind, Vocabulary
from hmix_hub.schema.released import NEVER_READ, REPEAT_PREFIX, ROW_NUMBER, SYNTHETIC_COLUMN
from hmix_hub.sources import RELEASE, SAMPLE, Study
from hmix_hub.tasks import RELEASED_FORMS, TASKS, columns, observed_columns

_MARKS = ("trial_type", "task", "trial_index")
"""Columns by which such an export is recognized."""
_LARGEST = 2.0**53
_IMAGE_SET = "cifar10/test"
_PROCEDURE_NOTE = (
    "single pictures, as in CIFAR-10S: for its published soft labels, write `procedure: cifar10s` in study.yaml"
)
_OF_MIXTURES = ("label2", "id2", "filename")
"""Columns of schema 1.0.0 that tables of single pictures do not have; their file names have another format."""
_OF_SINGLE = {"label": "label1", "img_id": "id1"}
_FILE = re.compile(r"cifar10_(?:train|test)_(?P<index>\d+)_(?P<label>\w+)\.png")
"""Both of the authors' prefixes refer to CIFAR-10's test set, which img_id indexes."""
_CORRECTED = {"0": "100", "8p": "80"}
"""The authors' corrections of the top class' probability: nobody means 0, and one participant typed 8p."""


class SuiteFiles:
    """Exports of the original Suite; `outcome` receives the observed columns by task, and counts of other pages."""

    def __init__(self, vocabulary: Vocabulary, outcome: Outcome) -> None:
        self._vocabulary = vocabulary
        self._outcome = outcome
        self._first: Path | None = None
        self._has_export = False

    def add(self, raw: pa.Table, path: Path, name: str) -> None:
        """Add the judgments of an export, from `read_raw`; `name` goes into the column source_file.

        Raises
        ------
        SchemaError
            If a judgment cannot be read, with its row.
        """
        self._first = self._first or path
        if not raw.num_rows:
            self._outcome.leave_out(path, NO_ROW)
            return
        lacking = [mark for mark in _MARKS if mark not in raw.column_names]
        self._has_export |= not lacking
        if lacking:
            self._outcome.leave_out(path, f"no column {', '.join(lacking)}")
            self._outcome.dropped[f"there is no column {', '.join(lacking)}"] += raw.num_rows
            return
        pages = raw["trial_type"].to_pylist()
        named = raw["task"].to_pylist()
        tasks = {(form.trial_type, form.name): task for task, form in RELEASED_FORMS.items()}
        pairs = [(page, task.removeprefix(REPEAT_PREFIX)) for page, task in zip(pages, named, strict=True)]
        of_row = np.array([tasks.get(pair) for pair in pairs], dtype=object)
        for page, task in [pair for pair, of in zip(pairs, of_row, strict=True) if of is None]:
            place = f"{page or 'pages without a trial_type'}{task and f' of task {task}'}"
            self._outcome.dropped[f"{place}: not a judgment"] += 1
        found = [task for task in RELEASED_FORMS if (of_row == task).any()]
        if not found:
            self._outcome.leave_out(path, "no page is a judgment")
        for task in found:
            rows = raw.filter(pa.array((of_row == task).astype(bool)))
            observed = self._observed(rows, task, path, name)
            self._outcome.tables.setdefault(task, []).append(observed)

    def _observed(self, raw: pa.Table, task: str, path: Path, name: str) -> pa.Table:
        numbers = raw[ROW].to_pylist()
        try:
            # Exports of single pictures have label and img_id instead of label1.
            of_single = "label1" not in raw.column_names and {*_OF_SINGLE, "response"} <= set(raw.column_names)
            is_single = bool(TASKS[task].asked_columns) and of_single
            if is_single:
                _check_file_names(raw)
                self._outcome.image_sets.add(_IMAGE_SET)
                raw, corrections = _as_mixtures(raw)
                self._outcome.corrections.update(corrections)
            released = _as_released(raw, task, is_single=is_single)
            study = known_study(path)
            rounds = study.collection_rounds(task, released) if study else None
            provenance = Provenance("raw", _IMAGE_SET, name, rounds)
            table, answers = read_observed(released, task, provenance, self._vocabulary)
        except SchemaError as error:
            row = None if error.where.row is None else numbers[error.where.row]
            where = Where(str(path), row, error.where.column)
            raise SchemaError(error.message, where=where, hint=error.hint) from None
        names = pa.array(self._vocabulary.names)
        written: dict[str, pa.ChunkedArray] = {}
        for column in observed_columns(task, JUDGMENT_TABLE):
            values = table[column.name]
            if column.kind is Kind.LABEL:
                values = pc.take(names, values.combine_chunks())
            elif column.kind is Kind.LABELS:
                values = pa.array([self._vocabulary.joined(codes) for codes in values.to_pylist()])
            if column.name != "image_set":
                written[column.name] = values
        for column_name, dropped in answers.dropped.items():
            given = written[column_name].to_pylist()
            both = [one if other is None else other for one, other in zip(given, dropped, strict=True)]
            written[column_name] = pa.array(both, written[column_name].type)
        is_marked = answers.flags.get(SYNTHETIC_FLAG, np.zeros(raw.num_rows, dtype=bool))
        if study is not None and study.synthetic:
            is_marked = np.ones_like(is_marked)
        if is_marked.any():
            self._outcome.is_synthetic = True
            written["flags"] = pa.array(np.where(is_marked, SYNTHETIC_FLAG, ""), pa.string())
        return pa.table(written)

    def finish(self) -> None:
        """Check the results of all files.

        Raises
        ------
        ConfigurationError
            If no file is an export of the Suite.
        SchemaError
            If no file has judgments.
        """
        if not self._has_export and self._outcome.dropped:
            msg = "not an export of the original Suite: the columns trial_type, task and trial_index are missing"
            hint = "describe its columns with --map; CONTRIBUTING.md has an example of a column map"
            raise ConfigurationError(msg, where=Where(str(self._first)), hint=hint)
        if not self._outcome.tables:
            known = ", ".join(f"{form.trial_type}/{form.name}" for form in RELEASED_FORMS.values())
            raise self._outcome.nothing(self._first, hint=f"judgments have trial_type and task {known}")
        if self._outcome.image_sets:
            self._outcome.notes.append(_PROCEDURE_NOTE)


def _as_released(raw: pa.Table, task: str, *, is_single: bool) -> pa.Table:
    """Return an export in the types of schema 1.0.0; columns with platform ids, addresses or free text are not read."""
    values = {}
    for column in columns(task, RELEASED):
        if is_single and column.name in _OF_MIXTURES:
            continue
        if column.name == ROW_NUMBER:
            values[column.name] = raw[ROW]
        elif column.name in NEVER_READ or column.name not in raw.column_names:
            _need(column, raw, task)
            values[column.name] = pa.nulls(raw.num_rows, column.arrow_type())
        else:
            values[column.name] = _typed(raw[column.name], column)
    if SYNTHETIC_COLUMN.name in raw.column_names:
        values[SYNTHETIC_COLUMN.name] = _typed(raw[SYNTHETIC_COLUMN.name], SYNTHETIC_COLUMN)
    return pa.table(values)


def _need(column: Column, raw: pa.Table, task: str) -> None:
    follows = column.name == "class_pair" and {"label1", "label2"} <= set(raw.column_names)
    if not column.nullable and not follows:
        msg = f"the column {column.name!r}, required by {task}, is missing from the export: {column.meaning}"
        raise SchemaError(msg, hint="export the session again with all its data")


def _typed(text: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    values = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if not column.nullable and values.null_count:
        row = values.is_null().to_pylist().index(True)
        msg = f"{column.name} is missing"
        raise SchemaError(msg, where=Where(row=row, column=column.name), hint=f"it holds: {column.meaning}")
    if column.kind is Kind.STRING:
        return values
    if column.kind is Kind.BOOL:
        return pc.is_in(pc.utf8_lower(values), pa.array(["true", "1"]))
    for row, value in enumerate(values.to_pylist()):
        if value is not None and not _is_number(value, column):
            kind = "a number" if column.kind is Kind.FLOAT64 else "an integer"
            msg = f"{value!r} is not {kind}"
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
    """Return the study that this file belongs to, by its hash, since its collection rounds are known."""
    digest = sha256_of(path) if path.is_file() else None
    of_study = ((study, {file.sha256 for file in study.files.values()}) for study in (RELEASE, SAMPLE))
    return next((study for study, digests in of_study if digest in digests), None)


def _as_mixtures(raw: pa.Table) -> tuple[pa.Table, list[str]]:
    """Return the rows with label1, id1 and mixtureCoeff (which is 1), and the authors' corrections in words."""
    answers, corrections = [], []
    for text in raw["response"].to_pylist():
        answer = _answer(text)
        typed = answer.get("prob")
        corrected = _CORRECTED.get(typed) if isinstance(typed, str) else None
        if corrected is not None:
            corrections.append(f"{typed!r} as {corrected}")
        answers.append(text if corrected is None else json.dumps(answer | {"prob": corrected}))
    place = raw.column_names.index("response")
    table = raw.set_column(place, "response", pa.array(answers, pa.string())).rename_columns(
        [_OF_SINGLE.get(name, name) for name in raw.column_names]
    )
    return table.append_column("mixtureCoeff", pa.array(["1"] * raw.num_rows)), corrections


def _answer(text: str) -> dict[str, object]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        # Reported with its row when all answers are read.
        return {}
    return answer if isinstance(answer, dict) else {}


def _check_file_names(raw: pa.Table) -> None:
    """Check that each row's file name, if there is one, agrees with its label and img_id."""
    if "filename" not in raw.column_names:
        return
    columns = [raw[name].to_pylist() for name in ("filename", *_OF_SINGLE)]
    for row, (file, label, index) in enumerate(zip(*columns, strict=True)):
        found = _FILE.fullmatch(file)
        if found is None or (found["index"], found["label"].lower()) != (index.removesuffix(".0"), label.lower()):
            msg = f"{file!r} contradicts the row's label {label!r} and img_id {index!r}"
            hint = "expected names are cifar10_<train or test>_<img_id>_<label>.png; use --map for other names"
            raise SchemaError(msg, where=Where(row=row, column="filename"), hint=hint)
