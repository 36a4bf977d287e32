"""Rules across the rows of a judgment file, asked of its parts: one in this process, or one for each of many workers.

The rows lie in the table `rows` of a database, as `narrow_rows` gives them, which groups and sorts them beyond memory.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.schema.arrays import as_mask
from hmix_hub.studies.checks.participants import Taking, check_participation, taking_part
from hmix_hub.studies.checks.rows import Ask, Places, answer_of, stimulus_of, tell
from hmix_hub.studies.checks.trials import (
    FASTEST_MS,
    SLOWEST_MS,
    check_clashes,
    check_times,
    clashing,
    in_rarer_order,
    stimuli_twice,
    times_taken,
    wrong_repeats,
)
from hmix_hub.studies.findings import Reporter
from hmix_hub.studies.rules import answers as answer_rules
from hmix_hub.studies.rules import stimuli as stimulus_rules
from hmix_hub.studies.rules import trials as rules
from hmix_hub.tasks import TASKS
from hmix_hub.tasks.class_votes import TASK as VOTES
from hmix_hub.tasks.flags import STRAIGHTLINING_TENTHS

Keys = npt.NDArray[np.uint64]

_ODD, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(32)


class _Judged(NamedTuple):
    clashing: pa.Table
    unmarked: Places
    of_nothing: Places
    taking: Taking
    times: tuple[pa.Table, Places]


def by_participant(database: Database, task: str) -> _Judged:
    """Return what the rows of some participants show, compared with each other."""
    found = clashing(database)
    repeats = wrong_repeats(database, task, clashes=len(found) > 0)
    return _Judged(found, *repeats, taking_part(database, task), times_taken(database))


def check_across(ask: Ask, task: str, path: Path, reporter: Reporter, *, is_symmetric: bool) -> None:
    """Check the rows of a file against each other.

    Parameters
    ----------
    ask
        How parts of the file are asked.
    task, path, reporter
        The file.
    is_symmetric
        Whether a mixture of A and B is one of B and A, so that both orders would name one picture twice.
    """
    judged = ask("participant", by_participant, task) if TASKS[task].has_participants else []
    if judged:
        check_clashes([part.clashing for part in judged], path, reporter, ask.database)
        tell(reporter.of("is_repeat"), rules.REPEAT_UNMARKED, [part.unmarked for part in judged])
        tell(reporter.of("is_repeat"), rules.REPEAT_OF_NOTHING, [part.of_nothing for part in judged])
    if is_symmetric:
        tell(reporter.of("image_1_index"), stimulus_rules.PAIR_ORDER, ask("pair", in_rarer_order))
    check_times([part.times for part in judged] if judged else ask("participant", times_taken), reporter)
    if judged:
        check_participation([part.taking for part in judged], ask, task, reporter)
    if task == VOTES.name:
        tell(reporter, answer_rules.STIMULUS_TWICE, ask("pair", stimuli_twice))


def judged_by(ask: Ask) -> list[str]:
    """Return the ids of participants, in the order of their first rows."""
    return [name for _, name in sorted(chain.from_iterable(ask("participant", first_rows)))]


def first_rows(database: Database) -> list[tuple[int, str]]:
    """Return the first row of each participant, and who it is."""
    return database.rows("select min(row), participant from rows where participant is not null group by participant")


def nothing_across(rows: pa.Table, task: str, *, is_symmetric: bool) -> bool:
    """Whether it is certain that no rule across the rows of a small file finds anything, so that none need be asked.

    Parameters
    ----------
    rows
        All of them, as `narrow_rows` gives them.
    task, is_symmetric
        See `check_across`.
    """
    # What is not understood looks alike.
    if not as_mask(rows["is_read"]).all() or rows["elapsed"].null_count < len(rows):
        return False
    times = rows["time"].drop_null().to_numpy()
    stimulus = [_bits(rows[name]) for name in stimulus_of(task).split(", ")]
    one, other = (rows[name].to_numpy().astype(np.int64) for name in ("first", "second"))
    return bool(
        (not len(times) or (times.min() >= FASTEST_MS and times.max() <= SLOWEST_MS))
        and not (is_symmetric and _number(one, other) > _number(np.minimum(one, other), np.maximum(one, other)))
        and not (task == VOTES.name and _is_any_twice(_mixed(stimulus)))
        and not (TASKS[task].has_participants and _is_anybody_odd(rows, task, stimulus))
    )


def _number(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> int:
    """Return the number of different pairs."""
    return len(np.unique((first << 32) ^ second))


def _is_anybody_odd(rows: pa.Table, task: str, stimulus: list[Keys]) -> bool:
    person, trial = _bits(rows["participant"]), rows["trial"].to_numpy()
    shown = _mixed([person, *stimulus])
    # A repeat is what is not the first of its person and stimulus.
    order = np.lexsort((trial, shown))
    is_again = np.diff(shown[order], prepend=~shown[order[:1]]) == 0
    answer = _mixed([_bits(rows[name]) for name in answer_of(task).split(", ")])
    of_people = np.bincount(person.view(np.int64))
    # Of a hash of the answers, each bit is the same where most answers are.
    set_ = np.bincount(person.view(np.int64), weights=(answer >> _HALF) & np.uint64(1))
    alike = 10 * np.maximum(set_, of_people - set_) >= STRAIGHTLINING_TENTHS * of_people
    return bool(
        2 * of_people.min() < np.median(of_people)
        or alike.any()
        or (is_again != as_mask(rows["is_repeat"])[order]).any()
        or _is_any_twice(_mixed([person, trial.astype(np.uint64)]))
        or _is_any_twice(_mixed([*stimulus, answer, _bits(rows["time"])]))
    )


def _bits(column: pa.ChunkedArray) -> Keys:
    """Return numbers that are the same where values are; uint64 (N,)."""
    if pa.types.is_string(column.type):
        column = column.combine_chunks().dictionary_encode().indices
    values: Any = column.to_numpy()
    # Adding 0.0 makes -0.0 and 0.0 one.
    return (values + 0.0).view(np.uint64) if values.dtype == np.float64 else values.astype(np.int64).view(np.uint64)


def _mixed(columns: list[Keys]) -> Keys:
    """Return one number for each row, the same where all columns are, and else hardly ever."""
    keys = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        keys = (keys ^ (keys >> _HALF) ^ column) * _ODD
    return keys


def _is_any_twice(keys: Keys) -> bool:
    ordered = np.sort(keys)
    return bool((ordered[1:] == ordered[:-1]).any())
