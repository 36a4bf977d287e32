"""Rules of participants.csv (HMX593 to HMX596)."""

from __future__ import annotations

from hmix_hub.studies.rules.changes import Rows, rows_changed
from hmix_hub.studies.rules.rule import Change, Example, Rule, Severity

FILE = "participants.csv"


def _changed(text: str, row: int, value: str) -> Change:
    def change(rows: Rows) -> None:
        rows[row]["participant_id"] = value

    return rows_changed(text, change, path=FILE, named=(row,))


def _add_person(rows: Rows) -> Rows:
    return [*rows, {**rows[-1], "participant_id": "p77"}]


def _lose_person(rows: Rows) -> Rows:
    return rows[:-1]


def _lose_ids(rows: Rows) -> Rows:
    return [{("person" if name == "participant_id" else name): value for name, value in row.items()} for row in rows]


UNKNOWN = Rule(
    "HMX593",
    "participant-unknown",
    Severity.WARNING,
    "the person of participants.csv has no judgment",
    "take the row out, or add the judgments",
    Example(rows_changed("participants.csv has a p77, who judged nothing", _add_person, path=FILE, named=(12,))),
)
WITHOUT_ROW = Rule(
    "HMX594",
    "participant-without-row",
    Severity.WARNING,
    "a person who judged has no row in participants.csv",
    "add a row for everybody, with empty cells where nothing is known",
    Example(rows_changed("participants.csv lacks the last person", _lose_person, path=FILE)),
)
TWICE = Rule(
    "HMX595",
    "participant-twice",
    Severity.ERROR,
    "the person has two rows in participants.csv, or none names the person",
    "keep one row for each person",
    Example(_changed("row 11 of participants.csv is of p01, as row 0 is", 11, "p01")),
)
NO_IDS = Rule(
    "HMX596",
    "participants-without-ids",
    Severity.ERROR,
    "participants.csv has no column participant_id",
    "add the ids that the judgments have",
    Example(rows_changed("the column is called person", _lose_ids, path=FILE)),
)
