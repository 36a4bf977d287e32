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

_OWN_NAME = f"after {EXTRA_PREFIX}, a name has letters a to z, digits and _ alone, at most 60 of them"
_EXTRA = re.compile(rf"{EXTRA_PREFIX}[A-Za-z0-9_]{{1,60}}")

_LATER = "it came with schema {0}, and study.yaml says {1}: write `schema_version: {0}` there"

_UNASKED = "if it was not asked, leave it out of `soft_labels: asked:` in study.yaml"

_OTHERWISE = {f"image_{number}_index": f"; or write image_{number}_file, the name of its file" for number in (1, 2)}
NAMELESS = "it has no name at all: perhaps a comma is left over at the end of each line"


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
    """Check the names of a judgment file's columns, by the version of the schema, and what was asked besides a class.

    Where single pictures alone are shown, `is_single`, those of the second one may be left out.

    Returned is the schema's name, by the name in the file, of the columns that are understood; of untidy names, too.
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
    """Return a column's name without capitals and white space, words divided by underscores; `x_` columns trimmed."""
    trimmed = name.strip()
    return trimmed if _EXTRA.fullmatch(trimmed) else re.sub(r"[\s-]+", "_", trimmed.lower())
