"""Check of people: enough rows, more than one answer, and nobody under two ids."""

from __future__ import annotations

import numpy as np

from hmix_hub.judgments.flags import is_straightlining
from hmix_hub.studies.checks.coincidence import LEAST_EVIDENCE, Coincidence, shared_rows
from hmix_hub.studies.checks.ledger import Ledger, hash_columns
from hmix_hub.studies.checks.place import Ints, Mask, Place
from hmix_hub.studies.rules import trials as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks.flags import STRAIGHTLINING_MINIMUM, STRAIGHTLINING_TENTHS

SHARED_ROWS = 5
"""Fewest rows with the same stimulus, answer and time from which two people may be one."""


def check_people(ledger: Ledger, place: Place) -> None:
    """Check the people of a file.

    Parameters
    ----------
    ledger
        Its rows.
    place
        The file.
    """
    if not len(ledger):
        return
    people = _People(ledger, place.of("participant_id"))
    people.check_rows()
    people.check_answers()
    people.check_ids()


class _People:
    """The people of a ledger, each with a number, a count of rows and a first row."""

    def __init__(self, ledger: Ledger, place: Place) -> None:
        self.ledger, self.place = ledger, place
        self.person = ledger["person"].astype(np.int64)
        self.counts = np.bincount(self.person, minlength=len(ledger.names))
        self.first = np.full(len(ledger.names), -1, dtype=np.int64)
        self.first[self.person[::-1]] = ledger["row"][::-1]

    def check_rows(self) -> None:
        """Tell people who have far fewer rows than others; not those whose rows could not all be understood."""
        median = np.median(self.counts[self.counts > 0])
        is_whole = np.ones(len(self.counts), dtype=bool)
        is_whole[list(self.ledger.broken)] = False
        few = np.flatnonzero((self.counts > 0) & (2 * self.counts < median) & is_whole)
        said = f"the median person has {median:g}"
        self._tell(rules.FEW_ROWS, few, [f"{self.counts[person]} rows; {said}" for person in few])

    def check_answers(self) -> None:
        """Tell people who give one answer throughout."""
        chosen = np.flatnonzero(self._rarely_changes()[self.person])
        answers = np.unique(self.ledger["answer"][chosen], return_inverse=True)[1].astype(np.int64)
        alike = np.flatnonzero(_of_everybody(self.person[chosen], answers, len(self.counts)))
        # What could not be read looks alike.
        alike = alike[~np.isin(alike, list(self.ledger.broken))]
        self._tell(rules.STRAIGHTLINING, alike, [""] * len(alike))

    def _rarely_changes(self) -> Mask:
        """Say of each person whether few answers differ from the one before; of a straightliner it is always so."""
        order = np.argsort(self.person, kind="stable")
        person, answer = self.person[order], self.ledger["answer"][order]
        changes = person[1:][(person[1:] == person[:-1]) & (answer[1:] != answer[:-1])]
        # An answer unlike the others differs from two neighbours at the most.
        most = 2 * (10 - STRAIGHTLINING_TENTHS) * self.counts
        is_rare = 10 * np.bincount(changes, minlength=len(self.counts)) <= most
        return is_rare & (self.counts >= STRAIGHTLINING_MINIMUM)

    def check_ids(self) -> None:
        """Report people who share rows with another, in times that chance does not explain."""
        timed = np.flatnonzero(~np.isnan(self.ledger["time"]))
        content = hash_columns([self.ledger[name] for name in ("stimulus", "answer", "time")])[timed]
        pairs = shared_rows(content, self.person[timed])
        suspects = {
            pair: rows
            for pair, rows in pairs.items()
            if rows >= SHARED_ROWS and 2 * rows >= min(self.counts[list(pair)])
        }
        if not suspects:
            return
        coincidence = Coincidence(
            content,
            self.person[timed],
            stimulus=self.ledger["stimulus"][timed],
            time=self.ledger["time"][timed],
            suspects=np.unique(list(suspects)),
        )
        for (one, other), rows in sorted(suspects.items(), key=lambda item: (self.first[item[0][1]], item[0])):
            if coincidence.evidence(one, other) >= LEAST_EVIDENCE:
                note = f"{rows} rows as of {self.ledger.names[one]}, row {self.first[one]}"
                self._tell(rules.SAME_PERSON, np.array([other]), [note])

    def _tell(self, rule: Rule, people: Ints, notes: list[str]) -> None:
        names, first = [self.ledger.names[person] for person in people], self.first[people].tolist()
        place = self.place
        place.report.add_rows(rule, first, names, file=place.file, column=place.column, notes=notes)


def _of_everybody(person: Ints, answers: Ints, people: int) -> Mask:
    """Say of each person whether most answers are the same; false of those without rows."""
    found = np.zeros(people, dtype=bool)
    numbers, dense = np.unique(person, return_inverse=True)
    found[numbers] = is_straightlining(dense.astype(np.int64), answers)
    return found
