"""People of a study: participants.csv as a table."""

from __future__ import annotations

import pyarrow as pa

from hmix_hub.studies.checks.own_columns import typed
from hmix_hub.studies.checks.participants import ID, read_people
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import StudyFolder
from hmix_hub.studies.judgment_table import refuse_errors

PARTICIPANTS_CONFIGURATION = "participants"
"""Configuration that holds participants.csv."""


def read_participants(folder: StudyFolder) -> pa.Table:
    """Read participants.csv; each column as the narrowest type that holds it.

    Raises
    ------
    StudyError
        If its columns or cells break a rule.
    """
    report = Report()
    pieces = list(read_people(folder, report))
    refuse_errors(report, folder)
    columns = {}
    for name in pieces[0].columns if pieces else ():
        parts = [piece.columns[name] for piece in pieces]
        columns[name] = pa.chunked_array(parts).cast(pa.string()) if name == ID else typed(parts)
    return pa.table(columns).combine_chunks()
