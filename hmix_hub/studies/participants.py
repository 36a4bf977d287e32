"""participants.csv: its columns and cells, its ids compared with those in the judgments, and its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import CIFAR10
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.columns.names import NAMELESS
from hmix_hub.studies.columns.own import OwnColumnReader, typed
from hmix_hub.studies.findings import Ints, Mask, Report, Reporter
from hmix_hub.studies.folder import PARTICIPANTS, StudyFolder
from hmix_hub.studies.judgment_table import refuse_errors
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.reading.arrays import whole_texts
from hmix_hub.studies.rules import columns as column_rules
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import participants as rules

ID = "participant_id"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_MALFORMED = "a name has at most 60 letters a to z, digits and underscores, beginning with a letter"
_NO_ROWS = "add a row for each participant, or remove the file"


class ParticipantRows(NamedTuple):
    """Rows of participants.csv."""

    columns: dict[str, pa.Array]
    """N texts by column name; null where the cell is empty or invalid."""
    rows: Ints
    """int64 (N,): data rows."""
    is_nameless: Mask
    """bool (N,): whether the row has no id; all true if the column of ids is missing."""


def read_participant_rows(folder: StudyFolder, report: Report) -> Iterator[ParticipantRows]:
    """Read participants.csv, which must exist, chunk by chunk, and report faults of its columns and cells."""
    reporter = Reporter(report, PARTICIPANTS)
    readers: dict[str, OwnColumnReader] | None = None
    for chunk in read_chunks(folder.file(PARTICIPANTS), PARTICIPANTS, report):
        if not len(chunk):
            continue
        if readers is None:
            names = _understood(chunk.names or list(chunk.columns), report)
            # The class names do not matter, since no column holds labels.
            readers = {name: OwnColumnReader(name, CIFAR10, reporter.of(name)) for name in names}
        texts = {name: whole_texts(chunk.columns[name], chunk.rows, reporter.of(name)) for name in readers}
        columns = {name: reader.read(texts[name], chunk.rows) for name, reader in readers.items()}
        yield ParticipantRows(columns, chunk.rows, _is_empty(texts.get(ID), len(chunk)))
    if readers is None and not report.has_errors_in(PARTICIPANTS):
        report.add(file_rules.EMPTY, file=PARTICIPANTS, note=_NO_ROWS)


def _understood(names: Sequence[str], report: Report) -> list[str]:
    """Check the names of columns; return the valid ones, without duplicates."""
    understood: dict[str, None] = {}
    for name in names:
        if not _NAME.fullmatch(name):
            note = _MALFORMED if name.strip() else NAMELESS
            report.add(column_rules.COLUMN_UNKNOWN, file=PARTICIPANTS, column=name, note=note)
        elif name in understood:
            report.add(column_rules.COLUMN_TWICE, file=PARTICIPANTS, column=name)
        understood |= {name: None} if _NAME.fullmatch(name) else {}
    return list(understood)


def _is_empty(ids: pa.Array | None, n: int) -> Mask:
    if ids is None:
        return np.ones(n, dtype=bool)
    return as_mask(pc.equal(pc.utf8_trim_whitespace(ids), ""))


def check_participants(folder: StudyFolder, judged: Iterable[str], report: Report) -> None:
    """Check participants.csv, if it exists, against the ids in the judgments."""
    if not folder.has_participants:
        return
    expected = dict.fromkeys(judged)
    found: dict[str, None] = {}
    reporter = Reporter(report, PARTICIPANTS, ID)
    are_known = not report.has_errors_in(MANIFEST, *folder.judgments.values())
    for participants in read_participant_rows(folder, report):
        ids = participants.columns.get(ID)
        if ids is None:
            report.add(rules.NO_IDS, file=PARTICIPANTS)
            return
        twice, unknown = participants.is_nameless.copy(), np.zeros(len(participants.rows), dtype=bool)
        for number, name in enumerate(ids.to_pylist()):
            # Invalid ids are already reported.
            if name:
                twice[number] |= name in found
                unknown[number] = name not in expected
                found[name] = None
        reporter.add_where(rules.TWICE, twice, participants.rows, ids)
        if are_known:
            reporter.add_where(rules.UNKNOWN, unknown & ~twice, participants.rows, ids)
    is_doubtful = report.has_errors_in(PARTICIPANTS, MANIFEST, *folder.judgments.values())
    for name in () if is_doubtful else expected:
        if name not in found:
            report.add(rules.WITHOUT_ROW, file=PARTICIPANTS, value=name)


PARTICIPANTS_CONFIGURATION = "participants"
"""Configuration with the table of participants.csv."""


def read_participants(folder: StudyFolder) -> pa.Table:
    """Read participants.csv, with each column in the narrowest type for its values.

    Raises
    ------
    StudyError
        If its columns or cells break a rule.
    """
    report = Report()
    chunks = list(read_participant_rows(folder, report))
    refuse_errors(report, folder)
    columns = {}
    for name in chunks[0].columns if chunks else ():
        parts = [chunk.columns[name] for chunk in chunks]
        columns[name] = pa.chunked_array(parts).cast(pa.string()) if name == ID else typed(parts)
    return pa.table(columns).combine_chunks()
