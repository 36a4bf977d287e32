"""Lists of recruiting ids: those who may take part, and those who get a personal link."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from hmix_hub.suite.study.reading import Findings, read_bounded
from hmix_hub.suite.study.recruiting import Recruiting

_SIZE_LIMIT = 10_000_000
_HINT = "write one id a line, under the name of the address's parameter, or under no name"


def read_ids(path: Path, name: str, recruiting: Recruiting) -> list[str]:
    """Read the recruiting ids of a CSV file: its column of the parameter's name, or `id`, else its first one.

    Parameters
    ----------
    name
        What to call the file in errors.
    recruiting
        The form of the ids.

    Returns
    -------
    list of str
        The ids in their order, each once.

    Raises
    ------
    StudyFileError
        If it cannot be read, or holds what has not the form of an id, or nothing; every such line is named.
    """
    rows = list(csv.reader(io.StringIO(read_bounded(path, name, limit=_SIZE_LIMIT, hint=_HINT))))
    head = [cell.strip() for cell in rows[0]] if rows else []
    named = [head.index(one) for one in (recruiting.parameter, "id") if one in head]
    place = named[0] if named else 0
    ids: dict[str, None] = {}
    findings = Findings()
    for line, row in enumerate(rows, 1):
        text = row[place] if place < len(row) else ""
        if (line == 1 and named) or not "".join(row).strip():
            continue
        recruiting_id = recruiting.id_of(text)
        if recruiting_id is None:
            findings.add(name, line, f"{text[:60]!r} has not the form of an id that recruiting asks for")
        else:
            ids[recruiting_id] = None
    if not ids and not findings.found:
        findings.add(name, 0, f"the list names nobody; {_HINT}")
    findings.refuse()
    return list(ids)
