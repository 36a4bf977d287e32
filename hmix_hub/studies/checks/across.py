"""Rules across the rows of a judgment file, checked in parts: a single one in this process, or many on workers.

The rows are in the table `rows` of a database, as returned by `narrow_rows`; the database can group and sort more rows
than fit into memory.
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
    """Return the results for a part: clashes, both kinds of wrong repeats, participation, and response times."""
    found = clashing(database)
    repeats = wrong_repeats(database, task, clashes=len(found) > 0)
    return found, *repeats, taking_part(database, task), times_taken(database)


def check_across(ask: Ask, task: str, path: Path, reporter: Reporter, *, is_symmetric: bool) -> None:
    """Check the rows of a file against each other.

    Parameters
    ----------
    ask
        Queries the parts of the file.
    task, path, reporter
        The file.
    is_symmetric
        Whether a mixture of A and B equals one of B and A, so that both orders would name the same picture.
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
    """Return each participant's first row and id."""
    return database.rows("select min(row), participant from rows where participant is not null group by participant")


def nothing_across(rows: pa.Table, task: str, *, is_symmetric: bool) -> bool:
    """Return whether a quick check of a small file rules out all findings across rows, so that queries can be skipped.

    Parameters
    ----------
    rows
        All rows, as returned by `narrow_rows`.
    task, is_symmetric
        See `check_across`.
    """
    # Values that could not be read look equal.
    if not pc.all(rows["is_read"]).as_py() or rows["elapsed"].null_count < len(rows):
        return False
    times = rows["time"].drop_null().to_numpy()
    # The second index is -1 for a single picture.
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
    # A row is the first for its participant and stimulus if its code exceeds all earlier ones; others are repeats.
    shown = encode_key([column[order] for column in (person, *stimulus)])
    is_new = np.diff(np.maximum.accumulate(shown), prepend=-1) > 0
    return bool(
        2 * sizes.min() >= np.median(sizes)
        and ((np.diff(trial[order]) > 0) | (np.diff(person[order]) > 0)).all()
        and (is_new != as_mask(rows["is_repeat"])[order]).all()
        # Straightlining in the whole answer implies straightlining in its first column.
        and not is_straightlining(person, answer[0]).any()
        and _are_distinct([*stimulus, *answer, encode(rows["time"])])
    )


def _codes(rows: pa.Table, names: list[str]) -> list[Ints]:
    """Return codes of columns' values; -0.0 and 0.0 have the same code, as in the database."""
    columns = map(rows.column, names)
    return [encode(pc.add(column, 0.0) if pa.types.is_floating(column.type) else column) for column in columns]


def _are_distinct(columns: list[Ints]) -> bool:
    return int(encode_key(columns).max()) + 1 == len(columns[0])
