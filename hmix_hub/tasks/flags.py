"""Quality flags, which name possible problems of a judgment; and the flags that rows of every task can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema.arrays import Floats, Ints, Mask, as_mask, numbers
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.schema.judgment import SYNTHETIC_FLAG
from hmix_hub.tasks.soft_labels import Question

STRAIGHTLINING_TENTHS = 9
"""Tenths of a participant's answers in a task that must be identical for straightlining."""
STRAIGHTLINING_MINIMUM = 10
"""Minimum number of a participant's answers in a task for detecting a pattern."""
CLOCK_DRIFT, CLOCK_SLACK_MS = 0.01, 1000.0
"""Tolerance by which response times may exceed the time elapsed on the server: two clocks, and rounding."""


@dataclass(frozen=True)
class Rows:
    """Judgments in which to look for flags.

    Parameters
    ----------
    table
        Judgment table without its flags; N rows.
    answer
        Columns that together form an answer.
    n_classes
        K.
    """

    table: pa.Table
    answer: tuple[str, ...]
    n_classes: int


@dataclass(frozen=True)
class Flag:
    """A quality flag, found by a rule or observed elsewhere.

    Parameters
    ----------
    name
        Its name in the column `flags`.
    meaning
        Condition under which a row has it.
    rule
        Function from N judgments to bool (N,), true for rows with the flag.
    observed_by
        Who knows which rows have it, if no column shows it.
    needs
        Question that must have been asked for a row to have it.

    Raises
    ------
    ValueError
        If it has neither a rule nor an observer, and so would never be set; or both.
    """

    name: str
    meaning: str
    rule: Callable[[Rows], Mask] | None = None
    observed_by: str = ""
    needs: Question | None = None

    def __post_init__(self) -> None:
        if (self.rule is None) == (not self.observed_by):
            msg = f"the flag {self.name!r} needs either a rule or `observed_by` (who knows which rows have it)"
            raise ValueError(msg)

    def find(self, rows: Rows, observed: Mapping[str, Mask]) -> Mask:
        """Return which of N judgments have the flag, bool (N,); observed flags are returned as they are."""
        if self.name in observed:
            return observed[self.name]
        return np.zeros(rows.table.num_rows, dtype=bool) if self.rule is None else self.rule(rows)


def _repeated_in_batch(rows: Rows) -> Mask:
    is_repeat = rows.table["is_repeat"].to_numpy()
    return (rows.table["presentation"].to_numpy() > 1) & ~is_repeat.astype(bool)


def _straightlining(rows: Rows) -> Mask:
    participants = encode(rows.table["participant_id"])
    found = is_straightlining(participants, encode_key([rows.table[name] for name in rows.answer]))
    if all(pa.types.is_integer(rows.table[name].type) for name in rows.answer):
        # Participants who nearly always saw one class, and answer only with classes, have good reason to repeat it.
        shown = encode_key([rows.table[name] for name in ("image_1_label", "image_2_label")])
        found &= ~is_straightlining(participants, shown)
    return found[participants]


def is_straightlining(participants: Ints, answers: Ints) -> Mask:
    """For each participant, 0 to P - 1, whether most of their answers are identical; bool (P,).

    Parameters
    ----------
    participants, answers
        int64 (N,): number of each row's participant and answer.
    """
    same = Groups(encode_key([participants, answers]))
    of_participant = np.bincount(participants)
    most = np.zeros(len(of_participant), dtype=np.int64)
    np.maximum.at(most, participants, same.sizes[same.codes])
    # In integers, since 0.9 * 10 rounds: nine of ten are nine tenths.
    return (10 * most >= STRAIGHTLINING_TENTHS * of_participant) & (of_participant >= STRAIGHTLINING_MINIMUM)


def _time_disagrees(rows: Rows) -> Mask:
    if "server_elapsed_ms" not in rows.table.column_names:
        return np.zeros(rows.table.num_rows, dtype=bool)
    elapsed, claimed = (numbers(rows.table[name]) for name in ("server_elapsed_ms", "response_time_ms"))
    participants = encode(rows.table["participant_id"])
    return times_disagree(participants, claimed=claimed, elapsed=elapsed)[participants]


def times_disagree(participants: Ints, *, claimed: Floats, elapsed: Floats) -> Mask:
    """For each participant, 0 to P - 1, whether response times exceed the time elapsed on the server; bool (P,).

    See `claimed_and_elapsed`.
    """
    total, latest = claimed_and_elapsed(participants, claimed=claimed, elapsed=elapsed)
    return np.asarray(total > latest * (1 + CLOCK_DRIFT) + CLOCK_SLACK_MS, dtype=bool)


def claimed_and_elapsed(participants: Ints, *, claimed: Floats, elapsed: Floats) -> tuple[Floats, Floats]:
    """Return the sum of response times, and the time elapsed on the server, of each participant, 0 to P - 1.

    Parameters
    ----------
    participants
        int64 (N,): number of each row's participant.
    claimed, elapsed
        float64 (N,): response time, and time on the server until the answer arrived, in milliseconds; NaN: not known.
        Rows that share both are from one page and count once. Rows without a time on the server do not count.

    Returns
    -------
    tuple of numpy.ndarray
        float64 (P,) each, milliseconds; 0 where no row counts.
    """
    n_participants = int(participants.max(initial=-1)) + 1
    known = np.flatnonzero(~np.isnan(elapsed) & ~np.isnan(claimed))
    participants, claimed, elapsed = participants[known], claimed[known], elapsed[known]
    pages = Groups(encode_key([participants, claimed, elapsed])).first
    total = np.bincount(participants[pages], weights=claimed[pages], minlength=n_participants)
    latest = np.zeros(n_participants)
    np.maximum.at(latest, participants, elapsed)
    return np.asarray(total, dtype=np.float64), latest


def is_untouched(column: str, rows: Rows) -> Mask:
    """For each judgment, whether a column shows that the slider was not touched; bool (N,)."""
    return as_mask(pc.equal(rows.table[column], False))


REPEATED_IN_BATCH = Flag(
    "repeated_in_batch", "the participant saw the stimulus before, and no repeat was intended", _repeated_in_batch
)
STRAIGHTLINING = Flag(
    "straightlining",
    f"{STRAIGHTLINING_TENTHS}0% or more of the participant's answers in the task are identical "
    f"(participants with at least {STRAIGHTLINING_MINIMUM} answers; for chosen classes, unless the pictures were, too)",
    _straightlining,
)
SYNTHETIC = Flag(
    SYNTHETIC_FLAG, "the answer was made by a program, not by a participant", observed_by="the study, for all its rows"
)
TIME_DISAGREES = Flag(
    "time_disagrees",
    "the participant's response times exceed the time elapsed on the server, so they cannot be correct",
    _time_disagrees,
)
FAILED_ATTENTION = Flag(
    "failed_attention",
    "the participant failed more attention checks than the study allows",
    observed_by="the study, for all rows of the participant",
)
OBSERVED = (TIME_DISAGREES, FAILED_ATTENTION)
"""Flags that the server of a study observes about a participant, in rows of every task."""
EXPORTED_TWICE = Flag(
    "exported_twice",
    "the row is a copy of an earlier one: the session occurs twice in the raw file; excluded by default",
    observed_by="the import of a registered study",
)


def flag_lists(masks: Mapping[str, Mask]) -> pa.ListArray:
    """Convert masks by flag, bool (N,) each, to the column `flags`: N lists of names, in the order of the masks."""
    matrix = np.stack(list(masks.values()), axis=1)
    offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))])
    names = pa.array(list(masks)).take(pa.array(np.nonzero(matrix)[1]))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names)
