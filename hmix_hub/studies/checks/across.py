"""Rules across the rows of a judgment file, asked of its parts: one in this process, or one for each of many workers.

The rows lie in the table `rows` of a database, as `narrow_rows` gives them, which groups and sorts them beyond memory.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from hmix_hub.database import Database
from hmix_hub.studies.checks.participants import Taking, check_participation, taking_part
from hmix_hub.studies.checks.rows import Ask, Places, tell
from hmix_hub.studies.checks.trials import (
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
    found = database.rows("select min(row), participant from rows where participant is not null group by participant")
    return [(int(row), str(name)) for row, name in found]
