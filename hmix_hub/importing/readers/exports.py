"""Exports of platforms, recognized by their columns: Qualtrics, Zooniverse, Label Studio and psiTurk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from hmix_hub.errors import SchemaError, Where
from hmix_hub.importing.json_paths import parsed
from hmix_hub.importing.outcome import ROW
from hmix_hub.importing.readers.raw_file import TEXT_LIMIT, numbered
from hmix_hub.schema.vocabulary import LIST_MARK
from hmix_hub.studies.reading.json_file import each_key_once, value_text

_LABEL_STUDIO = {"id", "data", "annotations"}
_OF_ANNOTATION = ("was_cancelled", "ground_truth", "created_at", "updated_at", "lead_time")
_LISTED = ("choices", "labels", "rectanglelabels", "taxonomy")
"""Keys of Label Studio's controls whose values are lists of words."""
_SINGLE = ("rating", "number", "text", "datetime")
_DATASTRING = "datastring"
_NEVER_READ = frozenset({"ipaddress", "useragent", "browser", "email"})
"""Columns of psiTurk that can identify participants."""

_IMPORT_ID, _HEADERS = '{"ImportId"', 2
"""Prefix of Qualtrics' import ids, and the number of extra header rows with questions and ids."""
_ZOONIVERSE = {"classification_id", "metadata", "annotations", "subject_data"}

Row = dict[str, Any]
Arranged = tuple[pa.Table, str]
"""A table with one row per answer, and a remark on how it was read."""


def label_studio_rows(table: pa.Table) -> Arranged | None:
    """Return one row per annotation of a picture, with the column names of Label Studio's own CSV.

    Raises
    ------
    SchemaError
        If a row has no annotations in Label Studio's format, with its number.
    """
    if not set(table.column_names) >= _LABEL_STUDIO:
        return None
    cancelled = 0
    rows: list[Row] = []
    for number, picture in enumerate(_objects(table, ("data", "annotations"))):
        data = picture["data"] if isinstance(picture["data"], dict) else {}
        for annotation in _dicts(picture["annotations"], number, "annotations"):
            if annotation.get("was_cancelled") is True:
                cancelled += 1
                continue
            by = annotation.get("completed_by")
            row = {**data, "id": picture["id"], "annotation_id": annotation.get("id")}
            # Use only the person's number; names and addresses are there as well.
            row["annotator"] = by.get("id") if isinstance(by, dict) else by
            row |= {name: annotation.get(name) for name in _OF_ANNOTATION if name in annotation}
            rows.append(row | _results(annotation, number))
    skipped = f"; {cancelled} skipped annotations were omitted" if cancelled else ""
    return _table(rows), f"an export of Label Studio: one row per annotation{skipped}"


def _results(annotation: Row, number: int) -> Row:
    """Return the answers of an annotation by name of the control."""
    answers: Row = {}
    for result in _dicts(annotation.get("result") or [], number, "result"):
        name, value = result.get("from_name"), result.get("value")
        if isinstance(name, str) and isinstance(value, dict):
            answers[name] = _answer(value)
    return answers


def _answer(value: Row) -> Any:
    for key in _LISTED:
        items = value.get(key)
        if isinstance(items, list):
            flat = [item[-1] if isinstance(item, list) and item else item for item in items]
            are_words = all(isinstance(item, str) for item in flat)
            return LIST_MARK.join(flat) if are_words else items
    found = next((value[key] for key in _SINGLE if key in value), value)
    return found[0] if isinstance(found, list) and len(found) == 1 else found


def psiturk_rows(table: pa.Table) -> Arranged | None:
    """Return one row per trial, with the columns of its session.

    Raises
    ------
    SchemaError
        If a session's data are not in psiTurk's format, with its row.
    """
    if _DATASTRING not in table.column_names:
        return None
    rows: list[Row] = []
    size = broken = 0
    for number, session in enumerate(_objects(table, ())):
        text = session.pop(_DATASTRING)
        of_session = {name: value for name, value in session.items() if name.lower() not in _NEVER_READ}
        if not text.strip():
            # The session ended before anything was sent.
            broken += 1
            continue
        data = _load(text, number, _DATASTRING)
        if not isinstance(data, dict):
            raise _bad(number, _DATASTRING, "is not a JSON object")
        trials = _dicts(data.get("data") or [], number, _DATASTRING)
        broken += not trials
        size += len(trials) * sum(len(value) for value in of_session.values())
        if size > TEXT_LIMIT:
            raise _bad(number, _DATASTRING, f"gives rows of more than {TEXT_LIMIT:,} bytes in total")
        rows += [of_session | trial for trial in trials]
    skipped = f"; {broken} of {table.num_rows} sessions have none" if broken else ""
    return _table(rows), f"an export of psiTurk: one row per trial{skipped}"


def _objects(table: pa.Table, nested: tuple[str, ...]) -> Iterator[Row]:
    """Yield the rows of a table, parsing the JSON in some columns."""
    for number, row in enumerate(table.drop_columns(ROW).to_pylist()):
        yield row | {name: _load(row[name], number, name) for name in nested}


def _load(text: str, number: int, column: str) -> Any:
    try:
        return json.loads(text or "null", object_pairs_hook=each_key_once)
    except (ValueError, RecursionError) as error:
        raise _bad(number, column, f"is not valid JSON: {error}") from None


def _dicts(items: Any, number: int, column: str) -> list[Row]:
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _bad(number, column, "is not a list of objects")
    return items


def _bad(number: int, column: str, said: str) -> SchemaError:
    hint = "export it again; a cell truncated by a spreadsheet cannot be read"
    return SchemaError(f"the cell {said}", where=Where(row=number, column=column), hint=hint)


def _table(rows: list[Row]) -> pa.Table:
    names = dict.fromkeys(name for row in rows for name in row)
    try:
        columns = {name: pa.array([value_text(row.get(name)) or "" for row in rows], pa.string()) for name in names}
    except UnicodeEncodeError:
        msg = "a text holds half of a character, \\ud800 to \\udfff"
        raise SchemaError(msg, hint="export it again") from None
    return numbered(pa.table(columns), range(len(rows)))


def _qualtrics_headers(table: pa.Table) -> int:
    """Return the number of extra header rows: up to that with the ids, if it is among the first."""
    for number in range(min(_HEADERS, table.num_rows)):
        cells = [table[name][number].as_py() for name in table.column_names if name != ROW]
        if sum(cell.startswith(_IMPORT_ID) for cell in cells) > len(cells) / 2:
            return number + 1
    return 0


def without_qualtrics_headers(table: pa.Table) -> Arranged | None:
    """Return a table without the extra header rows of Qualtrics."""
    number = _qualtrics_headers(table)
    if not number:
        return None
    rows = "2 more header rows" if number > 1 else "1 more header row"
    return table.slice(number), f"an export of Qualtrics: {rows} skipped"


def with_zooniverse_subjects(table: pa.Table) -> Arranged | None:
    """Add a column with the value in subject_data, whose key, the subject's number, differs in each row."""
    if not set(table.column_names) >= _ZOONIVERSE:
        return None
    if "subject" not in table.column_names:
        subjects = [_only_value(text) for text in table["subject_data"].to_pylist()]
        table = table.append_column("subject", pa.array(subjects, pa.string()))
    return table, "an export of Zooniverse: the column `subject` has the values in subject_data"


def _only_value(text: str) -> str:
    data = parsed(text)
    values = list(data.values()) if isinstance(data, dict) else []
    return json.dumps(values[0]) if len(values) == 1 and isinstance(values[0], dict) else ""


EXPORTS = (without_qualtrics_headers, with_zooniverse_subjects, label_studio_rows, psiturk_rows)
"""Functions for known exports, each recognized by unique columns; they return `None` for other tables."""
