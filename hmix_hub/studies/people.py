"""People of a study: participants.csv as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import PARTICIPANTS, StudyFolder
from hmix_hub.studies.judgment_table import refuse_errors, typed
from hmix_hub.studies.reading.files import read_pieces

if TYPE_CHECKING:
    import pyarrow as pa

PARTICIPANTS_CONFIGURATION = "participants"
"""Configuration that holds participants.csv."""


def read_participants(folder: StudyFolder) -> pa.Table:
    """Read participants.csv; each column as the narrowest type that holds it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    report = Report()
    pieces = list(read_pieces(folder.file(PARTICIPANTS), PARTICIPANTS, report))
    refuse_errors(report, folder)
    columns = {}
    for name in pieces[0].columns if pieces else ():
        parts = [pc.if_else(pc.equal(piece.columns[name], ""), None, piece.columns[name]) for piece in pieces]
        columns[name] = pa.chunked_array(parts).cast(pa.string()) if name == "participant_id" else typed(parts)
    return pa.table(columns).combine_chunks()
