"""Check of participants.csv against the people who judged."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hmix_hub.studies.checks.place import Place
from hmix_hub.studies.checks.values import as_text
from hmix_hub.studies.findings import Report
from hmix_hub.studies.folder import PARTICIPANTS, StudyFolder
from hmix_hub.studies.manifest import MANIFEST
from hmix_hub.studies.reading.files import read_pieces
from hmix_hub.studies.rules import participants as rules

ID = "participant_id"


def check_participants(folder: StudyFolder, judged: Iterable[str], report: Report) -> None:
    """Check participants.csv, if there is one.

    Parameters
    ----------
    folder
        The study folder.
    judged
        Ids of the people who have judgments.
    report
        Gets the findings.
    """
    if not folder.has_participants:
        return
    expected = dict.fromkeys(judged)
    found: dict[str, None] = {}
    place = Place(report, PARTICIPANTS, ID)
    for piece in read_pieces(folder.file(PARTICIPANTS), PARTICIPANTS, report):
        raw = piece.columns.get(ID)
        text = None if raw is None else as_text(raw)
        if text is None:
            report.add(rules.NO_IDS, file=PARTICIPANTS)
            return
        twice, unknown = np.zeros(len(piece), dtype=bool), np.zeros(len(piece), dtype=bool)
        for number, name in enumerate(text.to_pylist()):
            twice[number] = not name or name in found
            unknown[number] = bool(name) and name not in expected
            found[name] = None
        place.tell(rules.TWICE, twice, piece.rows, text)
        if not report.has_errors_in(MANIFEST, *folder.judgments.values()):
            place.tell(rules.UNKNOWN, unknown & ~twice, piece.rows, text)
    is_doubtful = report.has_errors_in(PARTICIPANTS, MANIFEST, *folder.judgments.values())
    for name in () if is_doubtful else expected:
        if name not in found:
            report.add(rules.WITHOUT_ROW, file=PARTICIPANTS, value=name)
