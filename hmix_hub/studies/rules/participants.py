"""Rules of participants: of what they did, and of participants.csv (HMX590 to HMX597)."""

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
    """Add the server's times: as long as the response times say, but for the first person `each_of_first`."""

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
    "the person of participants.csv has no judgment",
    "take the row out, or add the judgments",
    Example(rows_changed("participants.csv has a p77, who judged nothing", _add_participant, path=FILE, named=(12,))),
)
WITHOUT_ROW = warning(
    "HMX594 participant-without-row",
    "a person who judged has no row in participants.csv",
    "add a row for everybody, with empty cells where nothing is known",
    Example(rows_changed("participants.csv lacks the last person", lambda rows: rows[:-1], path=FILE)),
)
TWICE = error(
    "HMX595 participant-twice",
    "the person has two rows in participants.csv, or none names the person",
    "keep one row for each person",
    Example(_changed("row 11 of participants.csv is of p01, as row 0 is", 11, "p01")),
)
NO_IDS = error(
    "HMX596 participants-without-ids",
    "participants.csv has no column participant_id",
    "add the ids that the judgments have",
    Example(rows_changed("the column is called person", _lose_ids, path=FILE)),
)
FEW_ROWS = warning(
    "HMX590 few-rows",
    "the person has fewer than half of the rows that people here have",
    "check whether rows were lost; or say in study.yaml who was excluded and why",
    Example(rows_changed("the first person has four rows", lambda rows: rows[:4] + rows[_TRIALS:])),
)
STRAIGHTLINING = warning(
    "HMX591 straightlining",
    "nine tenths or more of the person's answers are one and the same",
    "check whether the interface stored what was answered; such rows are kept, with a flag",
    Example(rows_changed("the first person gives one answer throughout", _answer_always_the_same)),
)
CLAIMED_TIMES = warning(
    "HMX597 claimed-times",
    "the person's response times add up to more than went by on the server, by server_elapsed_ms",
    "look at the person's other answers, since a program may have given them; such rows are kept, with a flag",
    Example(
        _with_server_times("the server counts 10 ms for each answer of the first person", 10.0),
        _with_server_times("the server counts what the response times add up to, and 20 ms for each answer", None),
    ),
)
SAME_PARTICIPANT = warning(
    "HMX592 same-person",
    "two participants gave the same answers in the same times, which is unlikely by chance: one participant under two "
    "ids, or copied rows",
    "give the participant one id, or take the copy out; if they are known to be two, leave them",
    Example(Change("the first person's rows stand again, as p99", _copy_participant)),
)
