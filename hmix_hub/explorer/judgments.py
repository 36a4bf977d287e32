"""Judgments and participants of an explorer, in the form that the page reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from hmix_hub.explorer.asked import ShownTask
from hmix_hub.explorer.columns import flag_bits, is_empty, page_column, page_columns, texts, whole
from hmix_hub.schema import Vocabulary
from hmix_hub.schema.arrays import Ints, take
from hmix_hub.schema.groups import Groups, encode_key


def number_participants(tasks: Sequence[ShownTask]) -> tuple[dict[str, pa.Array], list[Ints | None]]:
    """Return the participants of all tasks, numbered in the order of their first judgment.

    Returns
    -------
    tuple
        The table of participants; and for each task the participant of each judgment, int64 (N,), or `None` if the task
        pools participants. The same pseudonym in two studies means two participants.
    """
    named = [task for task in tasks if task.task.has_participants]
    columns = {
        name: pa.chunked_array([chunk for task in named for chunk in task.table[name].chunks], pa.string())
        for name in ("participant_id", "study_id")
    }
    groups = Groups(encode_key([columns["study_id"], columns["participant_id"]]))
    table = {
        "participant_id": take(columns["participant_id"], groups.first).combine_chunks(),
        "study_id": texts(take(columns["study_id"], groups.first)),
    }
    parts = iter(np.split(groups.codes, np.cumsum([task.table.num_rows for task in named])[:-1]))
    return table, [next(parts) if task.task.has_participants else None for task in tasks]


def judgment_columns(task: ShownTask, classes: Vocabulary, participants: Ints | None) -> dict[str, pa.Array]:
    """Return the judgments of a task as the page reads them, without empty columns.

    Parameters
    ----------
    task
        N judgments.
    classes
        Class names that the page's labels count in.
    participants
        int64 (N,): participant of each judgment; `None`: the task pools participants.
    """
    found: dict[str, pa.Array] = {"stimulus": whole(task.stimuli.codes)}
    if participants is not None:
        found["participant"] = whole(participants)
    for column in page_columns(task.task):
        if column.name in task.table.column_names:
            values = page_column(column, task.table[column.name], task.vocabulary, classes)
            if not is_empty(values):
                found[column.name] = values
    return found | {"flags": flag_bits(task.table["flags"], task.task)}
