"""Check of a file's column names against those of its task."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from hmix_hub.errors import nearest
from hmix_hub.schema import CURRENT
from hmix_hub.schema.judgment import EXTRA_PREFIX, IMAGE_FILES, OF_PARTICIPANTS
from hmix_hub.studies.findings import Report
from hmix_hub.studies.rules import columns as rules
from hmix_hub.studies.rules.answers import VOTES_OF_PEOPLE
from hmix_hub.tasks import TASKS, columns, missing_columns
from hmix_hub.tasks.soft_labels import QUESTIONS, Question

_OWN_NAME = f"after {EXTRA_PREFIX}, a name has at most 60 letters a to z, digits and underscores"
_EXTRA = re.compile(rf"{EXTRA_PREFIX}[A-Za-z0-9_]{{1,60}}")

_LATER = "it came with schema {0}, but study.yaml states {1}: write `schema_version: {0}` there"

_UNASKED = "if it was not asked, remove it from `soft_labels: asked:` in study.yaml"

_OTHERWISE = {f"image_{number}_index": f"; or add image_{number}_file, the file's name" for number in (1, 2)}
NAMELESS = "the column has no name; there may be an extra comma at the end of each line"


def check_columns(
    names: Sequence[str],
    task: str,
    file: str,
    report: Report,
    *,
    version: str = CURRENT,
    asked: Collection[Question] = tuple(QUESTIONS),
    is_single: bool = False,
) -> dict[str, str]:
    """Check the names of a judgment file's columns.

    They depend on the version of the schema and on what was `asked` besides a class. In studies of single pictures
    (`is_single`), the columns of the second picture are optional.

    Returns the schema's name of each known column by its name in the file, including untidy names.
    """
    known = {column.name for column in (*columns(task, version), *IMAGE_FILES)}
    since = {column.name: column.since for column in columns(task) if column.name not in known}
    understood: dict[str, str] = {}
    twice = False
    for name in names:
        tidy = tidied(name)
        meant = tidy if tidy in known or _EXTRA.fullmatch(tidy) else None
        if meant is None:
            if tidy.startswith(EXTRA_PREFIX):
                report.add(rules.COLUMN_UNKNOWN, file=file, column=name, note=_OWN_NAME)
                continue
            if tidy in OF_PARTICIPANTS and not TASKS[task].has_participants:
                report.add(VOTES_OF_PEOPLE, file=file, column=name)
                continue
            if tidy in since:
                report.add(rules.COLUMN_UNKNOWN, file=file, column=name, note=_LATER.format(since[tidy], version))
                continue
            nearby = nearest(name, sorted(known), label="columns")
            report.add(rules.COLUMN_UNKNOWN, file=file, column=name, note=nearby if name.strip() else NAMELESS)
            continue
        if meant in understood.values():
            report.add(rules.COLUMN_TWICE, file=file, column=meant)
            twice = True
            continue
        if meant != name:
            report.add(rules.COLUMN_UNTIDY, file=file, column=name, note=f"the schema's name is {meant}")
        understood[name] = meant
    missing = missing_columns(set(understood.values()), task, asked, is_single=is_single)
    for column in () if twice else missing:
        is_question = column.name in TASKS[task].asked_columns
        note = f"{column.meaning}; {_UNASKED}" if is_question else f"{column.meaning}{_OTHERWISE.get(column.name, '')}"
        report.add(rules.COLUMN_MISSING, file=file, column=column.name, note=note)
    return understood


def tidied(name: str) -> str:
    """Return a column's name in lower case, with underscores between words; `x_` columns are only trimmed."""
    trimmed = name.strip()
    return trimmed if _EXTRA.fullmatch(trimmed) else re.sub(r"[\s-]+", "_", trimmed.lower())
