"""Roles of columns: what a contributor writes, what may be left out, and what is computed from it."""

from __future__ import annotations

from collections.abc import Collection

from hmix_hub.schema.column import Column
from hmix_hub.schema.questions import QUESTIONS, Question, unasked_columns
from hmix_hub.schema.tasks import TASKS
from hmix_hub.schema.versions import CURRENT, columns

EXTRA_PREFIX = "x_"
"""Columns of a study's own begin so; they are kept as they are."""

_RECORDED = tuple(dict.fromkeys(column.name for task in TASKS.values() for column in task.columns if column.since))
OPTIONAL = ("is_repeat", "condition", "collection_round", "image_set", "source_file", "source_row", *_RECORDED)
"""Observed columns that a contributed file may leave out: no repeats, no condition, round "1", the study's image set,
the file itself and its row; and what came with a later version of the schema, which is then null."""

OBSERVED_FLAG = "ignored_probability"
"""The flag that no column of the judgment table shows: a second probability without a second class; another one,
`synthetic`, is the study's word."""

COMPUTED = frozenset(
    {
        "judgment_id",
        "study_id",
        "task",
        "batch_id",
        "presentation",
        "pair_id",
        "stimulus_id",
        "soft_label",
        "flags",
        "schema_version",
    }
)
"""Columns that follow from the observed ones."""


def observed_columns(task: str, version: str = CURRENT) -> tuple[Column, ...]:
    """Give the columns of a task that are observed, in the order of the judgment table, optional ones included."""
    return tuple(column for column in columns(task, version) if column.name not in COMPUTED)


def required_columns(task: str, asked: Collection[Question] = tuple(QUESTIONS)) -> tuple[Column, ...]:
    """Return the columns of a task that a contributed file must have.

    Parameters
    ----------
    task
        Name of the task.
    asked
        Of the categorical task, what was asked besides the class; the other columns may be left out.
    """
    unneeded = {*OPTIONAL, *unasked_columns(asked)}
    return tuple(column for column in observed_columns(task) if column.name not in unneeded)


def computed_columns(task: str) -> tuple[Column, ...]:
    """Give the columns of a task that follow from the observed ones."""
    return tuple(column for column in TASKS[task].columns if column.name in COMPUTED)
