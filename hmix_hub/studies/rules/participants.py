"""Rules for participants' behaviour and participants.csv (HMX590 to HMX597)."""

from __future__ import annotations

from hmix_hub.studies.example import DISTINCT
from hmix_hub.studies.rules.changes import Rows, rows_changed, table_path
from hmix_hub.studies.rules.rule import Change, Example, Files, error, warning

FILE = "participants.csv"
_TRIALS = DISTINCT + 1


def _changed(text: str, row: int, value: str) -> Change:
    def change(rows: Rows) -> None:
        rows[row]["participant_id"] = value

    return rows_changed(text, change, path=FILE, named=(row,))


def _add_participant(rows: Rows) -> Rows:
    return [*rows, {**rows[-1], "participant_id": "p77"}]


def _lose_ids(rows: Rows) -> Rows:
    return [{("person" if name == "participant_id" else name): value for name, value in row.items()} for row in rows]


def _copy_participant(files: Files) -> None:
    def copy(rows: Rows) -> Rows:
        first = [row for row in rows if row["participant_id"] == rows[0]["participant_id"]]
        return [*rows, *({**row, "participant_id": "p99"} for row in first)]

    for path in (table_path(), "participants.csv"):
        rows_changed("", copy, path=path).apply(files)


def _with_server_times(text: str, each_of_first: float | None) -> Change:
    """Return a change that adds server times that fit the response times, or `each_of_first` ms in the first's rows."""

    def change(rows: Rows) -> None:
        elapsed = 0.0
        for number, row in enumerate(rows):
            elapsed = 0.0 if number % _TRIALS == 0 else elapsed
            counted = float(row["response_time_ms"]) + 20
            elapsed += counted if each_of_first is None or number >= _TRIALS else each_of_first
            row["server_elapsed_ms"] = f"{elapsed:.0f}"

    return rows_changed(text, change, named=() if each_of_first is None else (0,))


def _answer_always_the_same(rows: Rows) -> None:
    for row in rows[:_TRIALS]:
        row["inferred_coefficient"], row["confidence"] = "0.7", "0.7"


UNKNOWN = warning(
    "HMX593 participant-unknown",
    "the participant in participants.csv has no judgments",
    "remove the row, or add the judgments",
    Example(rows_changed("participants.csv lists p77, who has no judgments", _add_participant, path=FILE, named=(12,))),
)
WITHOUT_ROW = warning(
    "HMX594 participant-without-row",
    "a participant with judgments has no row in participants.csv",
    "add a row for every participant; leave unknown cells empty",
    Example(rows_changed("the last participant is missing from participants.csv", lambda rows: rows[:-1], path=FILE)),
)
TWICE = error(
    "HMX595 participant-twice",
    "the participant has two rows in participants.csv, or a row has no participant_id",
    "keep one row for each participant",
    Example(_changed("rows 0 and 11 of participants.csv are both about p01", 11, "p01")),
)
NO_IDS = error(
    "HMX596 participants-without-ids",
    "participants.csv has no column participant_id",
    "add the column, with the ids used in the judgments",
    Example(rows_changed("the column is named person", _lose_ids, path=FILE)),
)
FEW_ROWS = warning(
    "HMX590 few-rows",
    "the participant has fewer than half as many rows as participants usually have in this file",
    "check whether rows were lost, or state in study.yaml who was excluded and why",
    Example(rows_changed("the first participant has four rows", lambda rows: rows[:4] + rows[_TRIALS:])),
)
STRAIGHTLINING = warning(
    "HMX591 straightlining",
    "at least 90 % of the participant's answers are identical",
    "check that the interface stored the actual answers; such rows are kept, with a flag",
    Example(rows_changed("the first participant always gives the same answer", _answer_always_the_same)),
)
CLAIMED_TIMES = warning(
    "HMX597 claimed-times",
    "the participant's response times add up to more time than passed on the server (server_elapsed_ms)",
    "look at the participant's other answers, which may come from a program; such rows are kept, with a flag",
    Example(
        _with_server_times("the server measured 10 ms for each answer of the first participant", 10.0),
        _with_server_times("the server measured 20 ms more than the response time of each answer", None),
    ),
)
SAME_PARTICIPANT = warning(
    "HMX592 same-person",
    "two participants gave the same answers with the same response times, which is unlikely by chance: they may be one "
    "participant with two ids, or copied rows",
    "use one id for the participant, or remove the copy; ignore this if they are known to be two participants",
    Example(Change("the first participant's rows are repeated as p99", _copy_participant)),
)
