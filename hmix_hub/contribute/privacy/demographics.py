"""Demographics: how many participants share each combination of what others may know about them (k-anonymity)."""

from __future__ import annotations

from collections import Counter

from hmix_hub.contribute.privacy.cells import texts_of
from hmix_hub.contribute.privacy.column_names import is_demographic
from hmix_hub.contribute.privacy.patterns import masked_name, masked_names
from hmix_hub.studies.findings import MOST_PLACES, Report
from hmix_hub.studies.reading.chunks import Chunk
from hmix_hub.studies.rules import files as file_rules
from hmix_hub.studies.rules import privacy as rules

ROW_LIMIT = 1_000_000
"""Maximum number of participants whose combinations are counted."""
MANY_VALUES = 12
"""Distinct numbers in a column from which groups are suggested."""
_MOST_PATTERNS = 64
_ID = "participant_id"

_Participant = tuple[str, ...]


class Demographics:
    """What is known about participants, combined from all rows of all files: the first value of each column.

    An empty cell agrees with every value: a participant without demographics cannot be identified by them, and one with
    some is counted among all who agree in these. Case and surrounding white space are ignored. Participants without an
    id are told apart by file and row.

    Notes
    -----
    Source: L. Sweeney, k-anonymity: a model for protecting privacy, https://doi.org/10.1142/S0218488502001648.
    """

    def __init__(self) -> None:
        self._columns: dict[str, tuple[str, ...]] = {}
        self._values: dict[object, dict[str, str]] = {}
        self._rows: dict[object, dict[str, int]] = {}
        self._full: set[str] = set()

    def add(self, chunk: Chunk, file: str, measures: frozenset[str], report: Report) -> None:
        """Add rows of participants.csv, which must come first because findings name its rows, or of judgments.

        Parameters
        ----------
        chunk, file
            The rows, and their file within the study.
        measures
            Columns that are measures by definition, whatever their names.
        report
            Receives a note if a file has too many participants.
        """
        columns = [column for column in chunk.columns if column not in {_ID, *measures} and is_demographic(column)]
        if not columns or file in self._full:
            return
        self._columns[file] = tuple(dict.fromkeys([*self._columns.get(file, ()), *columns]))
        cells = [texts_of(chunk.columns[column]) for column in columns]
        ids = texts_of(chunk.columns[_ID]) if _ID in chunk.columns else [None] * len(chunk)
        for row, participant, *values in zip(chunk.rows.tolist(), ids, *cells, strict=True):
            key = (participant or "").strip() or (file, row)
            self._rows.setdefault(key, {}).setdefault(file, row)
            own = self._values.setdefault(key, {})
            for column, value in zip(columns, values, strict=True):
                if text := (value or "").strip().casefold():
                    own.setdefault(column, text)
        if len(self._values) >= ROW_LIMIT:
            self._full.add(file)
            note = f"the demographics of rows after {int(chunk.rows[-1])} were not counted"
            report.add(file_rules.TOO_LARGE, file=masked_name(file), note=note)

    def tell(self, report: Report, k: int) -> None:
        """Report participants whose demographics fewer than k participants share, by rows and columns, without values.

        Nobody is reported twice: participants who are rare within one file are reported there, others for the columns
        of all files together.
        """
        told: set[object] = set()
        everywhere = tuple(dict.fromkeys(column for columns in self._columns.values() for column in columns))
        for columns in dict.fromkeys([*self._columns.values(), everywhere]):
            if columns:
                told |= self._tell_rare(columns, report, k, told)

    def _tell_rare(self, columns: tuple[str, ...], report: Report, k: int, told: set[object]) -> set[object]:
        """Report participants who are rare in some columns and not reported yet; return them."""
        participants = [tuple(values.get(column, "") for column in columns) for values in self._values.values()]
        files = [file for file, own in self._columns.items() if set(own) & set(columns)]
        rare: dict[str, list[tuple[int, int]]] = {}
        new: set[object] = set()
        for participant, count in zip(self._values, count_shared(participants), strict=True):
            file = next((file for file in files if file in self._rows[participant]), None)
            if count < k and file is not None and participant not in told:
                rare.setdefault(file, []).append((self._rows[participant][file], count))
                new.add(participant)
        called = masked_names(columns)
        numbers = zip(called, _numbers(participants, len(columns)), strict=True)
        hints = [f"{name} has {n} different numbers; use groups instead" for name, n in numbers if n >= MANY_VALUES]
        for file, spots in rare.items():
            first = sorted(spots)[:MOST_PLACES]
            others = [f"{count} participants share it" if count > 1 else "nobody else shares it" for _, count in first]
            notes = [f"{said}, but {k} are required" for said in others]
            notes[0] = "; ".join([notes[0], *hints])
            report.add_rows(
                rules.RARE,
                [row for row, _ in first],
                [None] * len(first),
                file=masked_name(file),
                column=", ".join(called),
                notes=notes,
                count=len(spots),
            )
        return new


def count_shared(participants: list[_Participant]) -> list[int]:
    """Return, for each participant, the number who agree with them in everything known about them."""
    counts = Counter(participants)
    patterns = {tuple(map(bool, combination)) for combination in counts}
    # Each pattern requires a pass over all combinations; if there are very many, empty cells count as a value.
    if len(patterns) > _MOST_PATTERNS:
        return [counts[participant] if any(participant) else len(participants) for participant in participants]
    among: dict[tuple[bool, ...], Counter[_Participant]] = {pattern: Counter() for pattern in patterns}
    for pattern, seen in among.items():
        for combination, count in counts.items():
            seen[_seen_through(pattern, combination)] += count
    return [
        among[pattern][_seen_through(pattern, participant)]
        for participant in participants
        for pattern in [tuple(map(bool, participant))]
    ]


def _seen_through(pattern: tuple[bool, ...], participant: _Participant) -> _Participant:
    return tuple(value if is_known else "" for value, is_known in zip(participant, pattern, strict=True))


def _numbers(participants: list[_Participant], n: int) -> list[int]:
    """Return the number of distinct numbers in each of n columns; 0 if it contains other values too."""
    found: list[int] = []
    for column in range(n):
        values = {participant[column] for participant in participants} - {""}
        found.append(len(values) if all(value.replace(".", "", 1).isdecimal() for value in values) else 0)
    return found
