"""Checks of participants: enough rows, more than one answer, and nobody under two ids."""

from __future__ import annotations

import itertools
from math import lgamma, log
from typing import Any

import numpy as np
import numpy.typing as npt

from hmix_hub.studies.checks.rows import FileRows
from hmix_hub.studies.findings import Ints, Mask, Reporter
from hmix_hub.studies.row_hashes import Hashes, hash_columns, rows_that_share
from hmix_hub.studies.rules import participants as rules
from hmix_hub.studies.rules.rule import Rule
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.flags import STRAIGHTLINING_MINIMUM, STRAIGHTLINING_TENTHS, is_straightlining

SHARED_ROWS = 5
"""Fewest rows with the same stimulus, answer and time from which two people may be one."""


def check_participation(ledger: FileRows, reporter: Reporter) -> None:
    """Check how the participants of a file took part.

    Parameters
    ----------
    ledger
        Its rows.
    reporter
        The file.
    """
    if not len(ledger) or not TASKS[ledger.task].has_participants:
        return
    participants = _Participants(ledger, reporter.of("participant_id"))
    participants.check_rows()
    participants.check_answers()
    participants.check_ids()


class _Participants:
    """The participants of a ledger, each with a number, a count of rows and a first row."""

    def __init__(self, ledger: FileRows, reporter: Reporter) -> None:
        self.ledger, self.reporter = ledger, reporter
        self.person = ledger["person"].astype(np.int64)
        self.counts = np.bincount(self.person, minlength=len(ledger.names))
        self.first = np.full(len(ledger.names), -1, dtype=np.int64)
        self.first[self.person[::-1]] = ledger["row"][::-1]

    def check_rows(self) -> None:
        """Report people who have far fewer rows than others; not those whose rows could not all be understood."""
        median = np.median(self.counts[self.counts > 0])
        is_whole = np.ones(len(self.counts), dtype=bool)
        is_whole[list(self.ledger.broken)] = False
        few = np.flatnonzero((self.counts > 0) & (2 * self.counts < median) & is_whole)
        said = f"the median person has {median:g}"
        self._tell(rules.FEW_ROWS, few, [f"{self.counts[participant]} rows; {said}" for participant in few])

    def check_answers(self) -> None:
        """Report people who give one answer throughout."""
        chosen = np.flatnonzero(self._rarely_changes()[self.person])
        answers = np.unique(self.ledger["answer"][chosen], return_inverse=True)[1].astype(np.int64)
        alike = np.flatnonzero(_of_everybody(self.person[chosen], answers, len(self.counts)))
        # What could not be read looks alike.
        alike = alike[~np.isin(alike, list(self.ledger.broken))]
        self._tell(rules.STRAIGHTLINING, alike, [""] * len(alike))

    def _rarely_changes(self) -> Mask:
        """For each person, whether few answers differ from the one before; of a straightliner it is always so."""
        order = np.argsort(self.person, kind="stable")
        participant, answer = self.person[order], self.ledger["answer"][order]
        changes = participant[1:][(participant[1:] == participant[:-1]) & (answer[1:] != answer[:-1])]
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
                self._tell(rules.SAME_PARTICIPANT, np.array([other]), [note])

    def _tell(self, rule: Rule, participants: Ints, notes: list[str]) -> None:
        names = [self.ledger.names[participant] for participant in participants]
        self.reporter.add_rows(rule, self.first[participants].tolist(), names, notes=notes)


def _of_everybody(participant: Ints, answers: Ints, participants: int) -> Mask:
    """For each person, whether most answers are the same; false of those without rows."""
    found = np.zeros(participants, dtype=bool)
    numbers, dense = np.unique(participant, return_inverse=True)
    found[numbers] = is_straightlining(dense.astype(np.int64), answers)
    return found


LEAST_EVIDENCE = 3.0
"""Evidence from which two participants are taken for one: a file of other people comes to it once in a thousand."""
_MOST_PARTICIPANTS_OF_A_ROW = 20
_FEWEST_OTHERS = 10
"""Participants from whom it is known which times a stimulus takes: of fewer, some may be copies, too."""


def shared_rows(content: Hashes, participant: Ints) -> dict[tuple[int, int], int]:
    """Return the number of rows that each two participants share.

    Parameters
    ----------
    content
        uint64 (N,): hash of stimulus, answer and time of each row.
    participant
        int64 (N,): number of its participant. Of a row that very many share, pairs of the first of them are counted.
    """
    shared = rows_that_share(content)
    pairs: dict[tuple[int, int], int] = {}
    if not len(shared):
        return pairs
    rows = shared[np.argsort(content[shared], kind="stable")]
    starts = np.flatnonzero(content[rows][1:] != content[rows][:-1]) + 1
    for group in np.split(participant[rows], starts):
        for pair in itertools.combinations(np.unique(group)[:_MOST_PARTICIPANTS_OF_A_ROW].tolist(), 2):
            pairs[pair] = pairs.get(pair, 0) + 1
    return pairs


class Coincidence:
    """Likelihood of shared rows under the file's own distribution of response times.

    Parameters
    ----------
    content, person
        See `shared_rows`.
    stimulus
        uint64 (N,): hash of the stimulus.
    time
        float64 (N,): response times.
    suspects
        int64 (M,): numbers of the participants who are compared.
    """

    def __init__(
        self, content: Hashes, person: Ints, *, stimulus: Hashes, time: npt.NDArray[np.float64], suspects: Ints
    ) -> None:
        rows = np.flatnonzero(np.isin(person, suspects))
        self._content, self._n = content, len(person)
        self._rows = rows[np.argsort(person[rows], kind="stable")]
        self._starts = np.searchsorted(person[self._rows], np.arange(person.max() + 2))
        self._time, self._in_file = _numbered(time, rows)
        self._stimulus, self._of_stimulus = _numbered(stimulus, rows)
        seen = self._stimulus * len(self._in_file) + self._time
        self._seen, self._at_stimulus = _numbered(seen, rows)
        participants = np.count_nonzero(np.bincount(person))
        self._pairs = log(participants * (participants - 1) / 2)

    def evidence(self, one: int, other: int) -> float:
        """Return the evidence that two participants are one, as a power of ten.

        Parameters
        ----------
        one, other
            Their numbers; both have rows.

        Returns
        -------
        float
            Minus the logarithm of the chance that any two participants of the file share as many of their rows. Only
            times speak, since easy stimuli have one answer. A time is as likely as it is among other participants,
            of all stimuli or of this one, or among other rows of these two, whichever is most; and one that stands in
            several rows counts once: pages of stimuli have a time together.
        """
        rows = [self._rows[self._starts[participant] : self._starts[participant + 1]] for participant in (one, other)]
        shared = rows[0][np.isin(self._content[rows[0]], self._content[rows[1]])]
        times = np.unique(self._time[shared])
        own = np.stack([_counts(self._time[mine], times) for mine in rows])
        in_file = (self._in_file[times] - own.sum(axis=0) + 1) / (self._n + 1)
        again = ((own - 1) / np.array([[len(mine)] for mine in rows])).max(axis=0)
        # Of the two themselves, each has seen the stimulus once or more; at this time, both.
        others = np.maximum(self._of_stimulus[self._stimulus[shared]] - 2, _FEWEST_OTHERS)
        at_stimulus = np.zeros(len(times))
        position = np.searchsorted(times, self._time[shared])
        np.maximum.at(at_stimulus, position, np.maximum(self._at_stimulus[self._seen[shared]] - 2, 0) / others)
        fewest = min(map(len, rows))
        chance = np.log(np.maximum.reduce([in_file, again, at_stimulus])).sum() + self._pairs
        return float(-(chance + _log_choices(fewest, min(len(shared), fewest))) / log(10))


def _numbered(values: npt.NDArray[Any], rows: Ints) -> tuple[Ints, Ints]:
    """Return, for N values, the number of each among those that some rows have, one beyond for others; and counts."""
    known = np.unique(values[rows])
    codes = np.searchsorted(known, values)
    codes[known[np.minimum(codes, len(known) - 1)] != values] = len(known)
    return codes, np.bincount(codes, minlength=len(known) + 1)


def _counts(codes: Ints, chosen: Ints) -> Ints:
    """Return how often each of some codes, rising, stands among others."""
    ordered = np.sort(codes)
    return np.asarray(np.searchsorted(ordered, chosen, "right") - np.searchsorted(ordered, chosen), dtype=np.int64)


def _log_choices(n: int, k: int) -> float:
    """Return the logarithm of the number of ways to choose k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
