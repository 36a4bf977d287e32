"""Demographics: how many people share each combination of what others may know about them (k-anonymity)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hmix_hub.contribute.privacy.column_names import is_demographic
from hmix_hub.contribute.privacy.masking import masked_name, masked_names, plain_texts
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.folder import PARTICIPANTS
from hmix_hub.studies.reading import read_chunks
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import privacy as rules

ROW_LIMIT = 1_000_000
"""People whose combinations are counted."""
MANY_VALUES = 12
"""Different numbers in a column from which it is worth saying that groups of them would do."""
_MOST_PATTERNS = 64
_ID = "participant_id"

_Person = tuple[str, ...]


def check_demographics(root: Path, files: Mapping[str, frozenset[str]], report: Report, *, k: int) -> None:
    """Find people whose demographics fewer than k people share.

    What is known of a person is put together from all rows of all files: of each column the first value that is not
    empty. A cell that is empty says nothing, and so agrees with every value: a person without any demographics cannot
    be found by them, and a person with some is counted among all who have the same there. Capitals and white space
    around a value do not matter. Nobody is told twice: who is rare by the columns of one file is told there, and
    others by the columns of all files together.

    Parameters
    ----------
    root
        The study folder.
    files
        Path within it of participants.csv and each judgment file, with the columns that hold measures by their
        definition, whatever they are called.
    report
        Gets the findings; they name rows and columns, no values.
    k
        Fewest people who must share a combination.

    Notes
    -----
    Source: L. Sweeney, k-anonymity: a model for protecting privacy, https://doi.org/10.1142/S0218488502001648.
    """
    known = _Known()
    # What participants.csv says of a person comes first, and findings name its rows.
    for name in sorted(files, key=lambda name: name != PARTICIPANTS):
        _read(root / name, name, known, report, files[name])
    told: set[object] = set()
    everywhere = tuple(dict.fromkeys(column for columns in known.columns.values() for column in columns))
    for columns in dict.fromkeys([*known.columns.values(), everywhere]):
        if columns:
            told |= _tell_rare(known, columns, report, k, told)


@dataclass
class _Known:
    """What is known of people: demographic columns by file, values by person and column, first rows by person and file.

    Who has no id is known by the file and row.
    """

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[object, dict[str, str]] = field(default_factory=dict)
    rows: dict[object, dict[str, int]] = field(default_factory=dict)


def _tell_rare(known: _Known, columns: tuple[str, ...], report: Report, k: int, told: set[object]) -> set[object]:
    """Report who is rare by some columns and was not told yet; gives them."""
    people = [tuple(values.get(column, "") for column in columns) for values in known.values.values()]
    names = [name for name, own in known.columns.items() if set(own) & set(columns)]
    rare: dict[str, list[tuple[int, int]]] = {}
    new: set[object] = set()
    for person, count in zip(known.values, _shared(people), strict=True):
        name = next((name for name in names if name in known.rows[person]), None)
        if count < k and name is not None and person not in told:
            rare.setdefault(name, []).append((known.rows[person][name], count))
            new.add(person)
    called = masked_names(columns)
    numbers = zip(called, _numbers(people, len(columns)), strict=True)
    hints = [
        f"{column} has {n} different numbers: groups of them would do" for column, n in numbers if n >= MANY_VALUES
    ]
    for name, spots in rare.items():
        first = sorted(spots)[:MOST_PLACES]
        notes = [_note(count, k, hints if not position else []) for position, (_, count) in enumerate(first)]
        report.add_rows(
            rules.RARE,
            [row for row, _ in first],
            [None] * len(first),
            file=masked_name(name),
            column=", ".join(called),
            notes=notes,
            count=len(spots),
        )
    return new


def _note(count: int, k: int, hints: list[str]) -> str:
    others = f"{count} people have it" if count > 1 else "nobody else has it"
    return "; ".join([f"{others}, and {k} are asked for", *hints])


def _read(path: Path, name: str, known: _Known, report: Report, measures: frozenset[str]) -> None:
    """Read the demographics of each person, in lower case, and the first row of each."""
    # What cannot be read was told when the cells were looked at.
    for piece in read_chunks(path, name, Report()):
        columns = [column for column in piece.columns if column not in {_ID, *measures} and is_demographic(column)]
        if not columns:
            continue
        known.columns[name] = tuple(dict.fromkeys([*known.columns.get(name, ()), *columns]))
        cells = [plain_texts(piece.columns[column]) for column in columns]
        ids = plain_texts(piece.columns[_ID]) if _ID in piece.columns else [None] * len(piece)
        for row, person, *values in zip(piece.rows.tolist(), ids, *cells, strict=True):
            key = (person or "").strip() or (name, row)
            known.rows.setdefault(key, {}).setdefault(name, row)
            own = known.values.setdefault(key, {})
            for column, value in zip(columns, values, strict=True):
                if text := (value or "").strip().casefold():
                    own.setdefault(column, text)
        if len(known.values) >= ROW_LIMIT:
            note = f"the demographics of the rows after {int(piece.rows[-1])} were not counted"
            report.add(file_rules.TOO_LARGE, file=masked_name(name), note=note)
            break


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
