"""Demographics: how many people share each combination of what others may know about them (k-anonymity)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hmix_hub.contribute.privacy.column_names import is_demographic
from hmix_hub.contribute.privacy.masking import masked_name
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.files import read_pieces
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import privacy as rules

ROW_LIMIT = 1_000_000
"""Rows of participants.csv whose combinations are counted."""
MANY_VALUES = 12
"""Different numbers in a column from which it is worth saying that groups of them would do."""
_MOST_PATTERNS = 64
_ID = "participant_id"

_Person = tuple[str, ...]


def check_demographics(
    path: Path, name: str, report: Report, *, k: int, measures: frozenset[str] = frozenset()
) -> None:
    """Find people whose demographics fewer than k people share.

    A cell that is empty says nothing, and so agrees with every value: a person without any demographics cannot be
    found by them, and a person with some is counted among all who have the same there. Capitals and white space around
    a value do not matter. Of a person's rows only the first counts.

    Parameters
    ----------
    path, name
        participants.csv or a judgment file, and what findings call it.
    report
        Gets the findings; they name rows and columns, no values.
    k
        Fewest people who must share a combination.
    measures
        Columns that hold measures by their definition, whatever they are called.

    Notes
    -----
    Source: L. Sweeney, k-anonymity: a model for protecting privacy, https://doi.org/10.1142/S0218488502001648.
    """
    columns, people, rows = _read(path, name, report, measures)
    if not columns:
        return
    shared = _shared(people)
    rare = [number for number, count in enumerate(shared) if count < k]
    if not rare:
        return
    called = ", ".join(columns)
    hints = [
        f"{column} has {count} different numbers: groups of them would do"
        for column, count in zip(columns, _numbers(people, len(columns)), strict=True)
        if count >= MANY_VALUES
    ]
    notes = [
        _note(shared[number], k, hints if not position else []) for position, number in enumerate(rare[:MOST_PLACES])
    ]
    report.add_rows(
        rules.RARE,
        [rows[number] for number in rare[:MOST_PLACES]],
        [None] * len(notes),
        file=name,
        column=called,
        notes=notes,
        count=len(rare),
    )


def _note(count: int, k: int, hints: list[str]) -> str:
    others = f"{count} people have it" if count > 1 else "nobody else has it"
    return "; ".join([f"{others}, and {k} are asked for", *hints])


def _read(
    path: Path, name: str, report: Report, measures: frozenset[str]
) -> tuple[list[str], list[_Person], list[int]]:
    """Read the demographics of each person, in lower case, and the row of each."""
    from hmix_hub.contribute.privacy.masking import plain_texts

    columns: list[str] = []
    people: dict[object, _Person] = {}
    rows: list[int] = []
    # What cannot be read was told when the cells were looked at.
    for piece in read_pieces(path, name, Report()):
        columns = [column for column in piece.columns if column not in {_ID, *measures} and is_demographic(column)]
        if not columns:
            break
        cells = [plain_texts(piece.columns[column]) for column in columns]
        ids = plain_texts(piece.columns[_ID]) if _ID in piece.columns else [None] * len(piece)
        for row, person, *values in zip(piece.rows.tolist(), ids, *cells, strict=True):
            key = person or row
            if key not in people:
                people[key] = tuple((value or "").strip().casefold() for value in values)
                rows.append(row)
        if len(people) >= ROW_LIMIT:
            note = f"the demographics of the rows after {rows[-1]} were not counted"
            report.add(file_rules.TOO_LARGE, file=name, note=note)
            break
    return [masked_name(column) for column in columns], list(people.values()), rows


def _shared(people: list[_Person]) -> list[int]:
    """Count, for each person, those who have the same wherever something is known about the person."""
    counts = Counter(people)
    patterns = {tuple(map(bool, combination)) for combination in counts}
    # Each pattern takes a walk over all combinations; where there are very many, an empty cell is a value like others.
    if len(patterns) > _MOST_PATTERNS:
        return [counts[person] if any(person) else len(people) for person in people]
    among: dict[tuple[bool, ...], Counter[_Person]] = {pattern: Counter() for pattern in patterns}
    for pattern, seen in among.items():
        for combination, count in counts.items():
            seen[_seen_through(pattern, combination)] += count
    return [
        among[pattern][_seen_through(pattern, person)] for person in people for pattern in [tuple(map(bool, person))]
    ]


def _seen_through(pattern: tuple[bool, ...], person: _Person) -> _Person:
    return tuple(value if is_known else "" for value, is_known in zip(person, pattern, strict=True))


def _numbers(people: list[_Person], n: int) -> list[int]:
    """Count the different numbers of each of n columns; 0 where it holds other values, too."""
    found: list[int] = []
    for column in range(n):
        values = {person[column] for person in people} - {""}
        found.append(len(values) if all(value.replace(".", "", 1).isdecimal() for value in values) else 0)
    return found
