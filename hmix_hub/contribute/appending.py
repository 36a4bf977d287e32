"""Appending: add judgments to an existing judgment file, none of them twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.errors import ConfigurationError, Where
from hmix_hub.importing.calculation import as_numbers, texts_of
from hmix_hub.importing.outcome import ROW, Outcome
from hmix_hub.importing.readers import read_raw
from hmix_hub.schema import arrays
from hmix_hub.schema.arrays import Mask
from hmix_hub.schema.groups import encode_key
from hmix_hub.studies.columns.numbers import emptied

_NUMBERED = re.compile(r"raw-(\d{1,9})(?:\..*)?")
_FILE, _ROW, _WHO, _TRIAL, _TIME = "source_file", "source_row", "participant_id", "trial_index", "response_time_ms"


def read_standing(path: Path) -> pa.Table:
    """Read a judgment file as text, every cell as written.

    Raises
    ------
    ConfigurationError
        If judgments cannot be added to a file in this format.
    SchemaError
        If it cannot be read.
    """
    if path.suffix != ".csv":
        msg = f"judgments can only be added to CSV files, but this one ends in {path.suffix}"
        hint = "name all raw files in one call, with --replace"
        raise ConfigurationError(msg, where=Where(str(path)), hint=hint)
    return read_raw(path, Outcome()).drop_columns([ROW])


def next_number(tables: Iterable[pa.Table]) -> int:
    """Return the first number that no raw file of the judgment files has."""
    names = {name for table in tables if _FILE in table.column_names for name in table[_FILE].unique().to_pylist()}
    return 1 + max((int(found[1]) for name in names if (found := _NUMBERED.fullmatch(name or ""))), default=0)


def appended(
    there: pa.Table, parts: Sequence[pa.Table], raw: Mapping[str, Path], path: Path
) -> tuple[pa.Table, list[str]]:
    """Return the judgments of a file followed by those of raw files; and notes on possible duplicate files.

    Parameters
    ----------
    there
        The judgments of the file, from `read_standing`.
    parts
        The judgments of the raw files, in their order.
    raw
        Each raw file by its name in the column source_file.
    path
        The judgment file, for messages.

    Raises
    ------
    ConfigurationError
        If a raw file was imported before, judging by its content, or a participant already has a trial.
    """
    new = [file for part in parts for file in _by_file(part)]
    table = pa.concat_tables([there, *new], promote_options="default")
    known = {name: _canonical(table[name]) for name in table.column_names}
    # Without row numbers, nothing is compared.
    telling = [name for name in known if name != _FILE and (name != _ROW or name in there.column_names)]
    places = np.split(np.arange(there.num_rows, table.num_rows), np.cumsum([part.num_rows for part in new])[:-1])
    is_there = _stand(known, telling, there.num_rows)
    anonymous = [name for name in telling if name != _WHO]
    is_under_other_id = _stand(known, anonymous, there.num_rows) if _WHO in known else np.zeros_like(is_there)
    timed = np.asarray(pc.not_equal(known[_TIME], "")) if _TIME in known else np.zeros(table.num_rows, dtype=bool)
    notes = []
    for part, rows in zip(new, places, strict=True):
        source = raw.get(part[_FILE][0].as_py(), path)
        if is_there[rows].all():
            _refuse(source, f"its {len(rows)} judgments are already in {path.name}: the file was imported before")
        if is_under_other_id[rows].all():
            said = f"its {len(rows)} judgments are already in {path.name} under other participant ids"
            if timed[rows].all():
                _refuse(source, f"{said}: the file was imported before")
            # Without times, two participants may have given the same few answers.
            notes.append(f"{source.name}: {said}: was it imported before they were replaced?")
        clash = _stand(known, [_WHO, _TRIAL], there.num_rows)[rows] if _WHO in known else is_there[rows]
        if clash.any():
            _refuse_clash(part, clash, source, path)
    return pa.table({name: emptied(table[name]) for name in table.column_names}), notes


def _stand(known: Mapping[str, pa.ChunkedArray], names: Sequence[str], n_there: int) -> Mask:
    """Return which rows agree in some columns with one of the first rows; bool (N,)."""
    codes = encode_key([known[name] for name in names])
    return np.isin(codes, codes[:n_there])


def _refuse(source: Path, msg: str) -> None:
    hint = "leave it out, or import all files again with --replace"
    raise ConfigurationError(msg, where=Where(str(source)), hint=hint)


def _refuse_clash(part: pa.Table, clash: Mask, source: Path, path: Path) -> None:
    row = int(np.flatnonzero(clash)[0])
    where = Where(str(source), int(part[_ROW][row].as_py()) if _ROW in part.column_names else None)
    if _WHO not in part.column_names:
        msg = f"{int(clash.sum())} of {len(clash)} rows are already in {path.name}"
        raise ConfigurationError(msg, where=where, hint="leave out what was imported before")
    who, trial = part[_WHO][row].as_py(), part[_TRIAL][row].as_py()
    msg = (
        f"{int(clash.sum())} of {len(clash)} judgments have a participant and trial that are already in {path.name}, "
        f"first participant {who}, trial {trial}"
    )
    hint = (
        "for another session, continue the trial numbers with `add:`, or `number:` them and import all files together; "
        "for another participant, `join:` the id with something that differs"
    )
    raise ConfigurationError(msg, where=where, hint=hint)


def _by_file(part: pa.Table) -> list[pa.Table]:
    """Return the consecutive rows of each raw file, as text."""
    part = part.cast(pa.schema([(name, pa.string()) for name in part.column_names]))
    files = arrays.encode(part[_FILE])[0]
    starts = [0, *(np.flatnonzero(np.diff(files)) + 1).tolist(), part.num_rows]
    return [part.slice(start, stop - start) for start, stop in pairwise(starts)]


def _canonical(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cells in the form that is compared: numbers by value, texts stripped, missing cells as ""."""
    codes, texts = arrays.encode(column.fill_null(""))
    numbers = as_numbers(texts)
    values = pc.if_else(pa.array(np.isnan(numbers)), pc.utf8_trim_whitespace(texts), texts_of(numbers))
    return arrays.take(pa.chunked_array([values]), codes)
