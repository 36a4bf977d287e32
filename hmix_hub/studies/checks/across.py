"""Rules across the rows of a judgment file, asked of its parts: one in this process, or one for each of many workers.

The rows lie in the table `rows` of a database, as `narrow_rows` gives them, which groups and sorts them beyond memory.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.database import Database
from hmix_hub.schema.arrays import Ints, as_mask
from hmix_hub.schema.groups import Groups, encode, encode_key
from hmix_hub.studies.checks.participants import check_participation, taking_part
from hmix_hub.studies.checks.rows import Ask, answer_of, stimulus_of, tell
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
from hmix_hub.tasks.flags import is_straightlining


def by_participant(database: Database, task: str) -> tuple[Any, ...]:
    """Return what the rows of some participants show: clashes, both kinds of wrong repeats, taking part, times."""
    found = clashing(database)
    repeats = wrong_repeats(database, task, clashes=len(found) > 0)
    return found, *repeats, taking_part(database, task), times_taken(database)


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
    if is_symmetric:
        tell(reporter.of("image_1_index"), stimulus_rules.PAIR_ORDER, ask("pair", in_rarer_order))
    if not TASKS[task].has_participants:
        check_times(ask("participant", times_taken), reporter)
        tell(reporter, answer_rules.STIMULUS_TWICE, ask("pair", stimuli_twice))
        return
    judged = ask("participant", by_participant, task)
    clashes, unmarked, of_nothing, taking, times = zip(*judged, strict=True)
    check_clashes(clashes, path, reporter, ask.database)
    tell(reporter.of("is_repeat"), rules.REPEAT_UNMARKED, unmarked)
    tell(reporter.of("is_repeat"), rules.REPEAT_OF_NOTHING, of_nothing)
    check_times(times, reporter)
    check_participation(taking, ask, task, reporter)


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
    if not pc.all(rows["is_read"]).as_py() or rows["elapsed"].null_count < len(rows):
        return False
    times = rows["time"].drop_null().to_numpy()
    # Without a second picture, that is -1.
    first, second = (rows[name].to_numpy().astype(np.int64) + 1 for name in ("first", "second"))
    pairs = Groups(encode_key([np.minimum(first, second), np.maximum(first, second)]))
    turned = pairs.sum(first > second)
    is_turned = is_symmetric and ((turned > 0) & (turned < pairs.sizes)).any()
    if is_turned or ((times < FASTEST_MS) | (times > SLOWEST_MS)).any():
        return False
    stimulus = [first, second, *_codes(rows, stimulus_of(task).split(", ")[2:])]
    if not TASKS[task].has_participants:
        return _are_distinct(stimulus)
    answer = _codes(rows, answer_of(task).split(", "))
    person, trial = encode(rows["participant"]), rows["trial"].to_numpy()
    sizes, order = np.bincount(person), np.lexsort((trial, person))
    # A repeat is what is not the first of its person and stimulus, whose number is higher than all before.
    shown = encode_key([column[order] for column in (person, *stimulus)])
    is_new = np.diff(np.maximum.accumulate(shown), prepend=-1) > 0
    return bool(
        2 * sizes.min() >= np.median(sizes)
        and ((np.diff(trial[order]) > 0) | (np.diff(person[order]) > 0)).all()
        and (is_new != as_mask(rows["is_repeat"])[order]).all()
        # Whoever gives one answer throughout gives one first part of it.
        and not is_straightlining(person, answer[0]).any()
        and _are_distinct([*stimulus, *answer, encode(rows["time"])])
    )


def _codes(rows: pa.Table, names: list[str]) -> list[Ints]:
    """Return numbers of the values of columns, in which -0.0 and 0.0 are one, as they are for a database."""
    columns = map(rows.column, names)
    return [encode(pc.add(column, 0.0) if pa.types.is_floating(column.type) else column) for column in columns]


def _are_distinct(columns: list[Ints]) -> bool:
    return int(encode_key(columns).max()) + 1 == len(columns[0])
