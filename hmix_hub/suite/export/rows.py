"""Rows: the answers of people as observed columns of the judgment table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import Kind, Vocabulary, arrow_schema
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.export.answers import answer_columns, milliseconds
from hmix_hub.suite.session.plan import Plan, Trial, stimulus_of
from hmix_hub.tasks import observed_columns

COLLECTION_ROUND = "1"
LATE = "x_late"
"""The study's own column of people who finished after their place had been given to somebody else."""


@dataclass(frozen=True)
class Person:
    """The answers of one person.

    Parameters
    ----------
    participant_id
        Id of the export, which says neither when the person came nor where from.
    plan
        The person's trials.
    payloads
        What the page sent, by trial index; trials without an answer are left out.
    is_late
        Whether the person finished after the place had been given to somebody else.
    """

    participant_id: str
    plan: Plan
    payloads: Mapping[int, Mapping[str, Any]]
    is_late: bool = False


def file_name(task: str) -> str:
    """Name the judgment file of a task, within the study folder."""
    return f"judgments/{task}.csv"


def observed_table(frozen: FrozenStudy, task: str, people: Iterable[Person]) -> pa.Table:
    """Lay the answers of a task out as its observed columns.

    Parameters
    ----------
    frozen
        The study.
    task
        Name of the task.
    people
        People who were given batches of the task, in any order.

    Returns
    -------
    pyarrow.Table
        N rows, columns as `hmix_hub.tasks.observed_columns(task)`, labels as codes; sorted by participant id
        and trial, so that the order in which people came is not told. Where somebody was late, the column `x_late`.
    """
    ordered = sorted(people, key=lambda person: person.participant_id)
    rows = [row for person in ordered for row in _person_rows(frozen, task, person)]
    for number, row in enumerate(rows):
        row["source_row"] = number
    schema = arrow_schema(observed_columns(task), frozen.study.pictures.vocabulary)
    table = pa.Table.from_pylist(rows, schema)
    if any(row[LATE] for row in rows):
        table = table.append_column(LATE, pa.array([row[LATE] for row in rows], pa.bool_()))
    return table


def _person_rows(frozen: FrozenStudy, task: str, person: Person) -> Iterable[dict[str, Any]]:
    for trial in sorted(person.plan.trials, key=lambda trial: trial.trial_index):
        payload = person.payloads.get(trial.trial_index)
        if payload is not None:
            yield observed_row(frozen, task, person, trial, payload)


def observed_row(
    frozen: FrozenStudy, task: str, person: Person, trial: Trial, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Give one answer as its observed columns, and whether the person was late."""
    batch = frozen.batches[person.plan.batch]
    stimulus = stimulus_of(batch, trial)
    return {
        "participant_id": person.participant_id,
        "collection_round": COLLECTION_ROUND,
        "condition": batch.condition,
        "trial_index": trial.trial_index,
        "is_repeat": trial.is_repeat,
        "response_time_ms": milliseconds(payload["response_time_ms"]),
        "image_set": frozen.image_set,
        "image_1_label": stimulus.image_1_label,
        "image_2_label": stimulus.image_2_label,
        "image_1_index": stimulus.image_1_index,
        "image_2_index": stimulus.image_2_index,
        "mixing_coefficient": stimulus.mixing_coefficient,
        "source_file": file_name(task),
        LATE: person.is_late,
        **answer_columns(task, payload["answer"], trial),
    }


_SELF_EVIDENT = ("collection_round", "image_set", "source_file", "source_row")
"""Columns that a study folder leaves unsaid: round 1, the manifest's image set, the file itself and its row."""


def written_table(observed: pa.Table, task: str, vocabulary: Vocabulary) -> pa.Table:
    """Give observed columns as they are written into a CSV file: labels as names, lists as text.

    Parameters
    ----------
    observed
        N rows, as `observed_table` gives them.
    task
        Name of the task.
    vocabulary
        Class names that its labels count in.
    """
    names = pa.array(vocabulary.names)
    columns: dict[str, Any] = {}
    for column in observed_columns(task):
        values = observed[column.name]
        if column.kind is Kind.LABEL:
            values = pc.take(names, values)
        elif column.kind is Kind.LABELS:
            values = _texts(values, lambda codes: "|".join(vocabulary.names[code] for code in codes))
        elif column.kind is Kind.FLOATS:
            values = _texts(values, _numbers_text)
        if column.name not in _SELF_EVIDENT:
            columns[column.name] = values
    columns |= {name: observed[name] for name in observed.column_names if name == LATE}
    return pa.table(columns)


def _texts(lists: pa.ChunkedArray, write: Any) -> pa.Array:
    return pa.array([None if value is None else write(value) for value in lists.to_pylist()], pa.string())


def _numbers_text(numbers: list[float]) -> str:
    """Write numbers as JSON, so that an empty list is another thing than none."""
    return f"[{','.join(map(repr, numbers))}]"
