"""Rows: the answers of participants as observed columns of the judgment table."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import Kind, Vocabulary, arrow_schema
from hmix_hub.suite.design.design import FrozenStudy, Versions
from hmix_hub.suite.design.plan import Plan, stimulus_of
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import milliseconds
from hmix_hub.tasks import observed_columns

COLLECTION_ROUND = "1"
LATE = "x_late"
"""The study's own column for participants who finished after their place had gone to another one."""
AMENDMENT = "x_amendment"
"""The study's own column for the version a participant agreed to: the number of the amendment, 0 for the original."""

OWN = (LATE, AMENDMENT)


@dataclass(frozen=True)
class Participant:
    """The answers of one participant.

    Parameters
    ----------
    participant_id
        Id in the export, which reveals neither when the participant came nor from where.
    plan
        The participant's trials.
    payloads
        What the page sent, by trial index, without unanswered trials.
    is_late
        Whether the participant finished after their place had gone to another one.
    amendment
        Version of the study that the participant agreed to.
    elapsed
        Time on the server from when the first trial could start to each answer, milliseconds, by trial index; `None` if
        unknown.
    """

    participant_id: str
    plan: Plan
    payloads: Mapping[int, Mapping[str, Any]]
    is_late: bool = False
    amendment: int = 0
    elapsed: Mapping[int, int | None] = field(default_factory=dict)


def file_name(task: str) -> str:
    """Return the path of a task's judgment file within the study folder."""
    return f"judgments/{task}.csv"


def observed_table(frozen: FrozenStudy, task: str, participants: Iterable[Participant]) -> pa.Table:
    """Return the answers of the participants of a task as its observed columns.

    Returns
    -------
    pyarrow.Table
        N rows, columns as `hmix_hub.tasks.observed_columns(task)`, labels as codes; sorted by participant id and trial,
        so that the order in which participants came is not disclosed. Includes `x_late` if somebody was late, and
        `x_amendment` if the study was amended.
    """
    rows = [row for participant in participants for row in _rows(frozen, task, participant)]
    rows.sort(key=lambda row: (row["participant_id"], row["trial_index"]))
    for number, row in enumerate(rows):
        row["source_row"] = number
    schema = arrow_schema(observed_columns(task), frozen.study.pictures.vocabulary)
    table = pa.Table.from_pylist(rows, schema)
    if any(row[LATE] for row in rows):
        table = table.append_column(LATE, pa.array([row[LATE] for row in rows], pa.bool_()))
    if frozen.version:
        table = table.append_column(AMENDMENT, pa.array([row[AMENDMENT] for row in rows], pa.int32()))
    return table


def _rows(frozen: FrozenStudy, task: str, participant: Participant) -> Iterable[dict[str, Any]]:
    batch, suite_task = frozen.batches[participant.plan.batch], SUITE_TASKS[task]
    design, trials = frozen.design_of(batch), participant.plan.trials
    for trial in trials:
        if (payload := participant.payloads.get(trial.trial_index)) is None:
            continue
        stimulus = stimulus_of(batch, trial)
        judgments = suite_task.judgments(payload["answer"], design)
        # If a page asks for several judgments, each has its own index, in the order of the pages.
        first = trials[0].trial_index + (trial.trial_index - trials[0].trial_index) * len(judgments)
        focus_losses, focus_lost_ms = payload.get("focus", (None, None))
        shared = {
            "participant_id": participant.participant_id,
            "collection_round": COLLECTION_ROUND,
            "condition": batch.condition,
            "is_repeat": trial.is_repeat,
            "response_time_ms": milliseconds(payload["response_time_ms"]),
            "server_elapsed_ms": participant.elapsed.get(trial.trial_index),
            "focus_losses": focus_losses,
            "focus_lost_ms": focus_lost_ms,
            "image_set": frozen.image_set,
            "image_1_label": stimulus.image_1_label,
            "image_2_label": stimulus.image_2_label,
            "image_1_index": stimulus.image_1_index,
            "image_2_index": stimulus.image_2_index,
            "mixing_coefficient": stimulus.mixing_coefficient,
            "source_file": file_name(task),
            LATE: participant.is_late,
            AMENDMENT: participant.amendment,
        }
        for place, judgment in enumerate(judgments, first):
            yield shared | {"trial_index": place} | suite_task.columns(judgment, trial)


def amendment_notes(versions: Versions) -> str:
    """Return a description of `x_amendment` for NOTES.md; empty if the study was never amended."""
    if not versions.amendments:
        return ""
    lines = [f"# {AMENDMENT}", "", "| version | since | consent | what changed |", "| --- | --- | --- | --- |"]
    lines.append(f"| 0 |  | {versions.begun.study.consent.version} |  |")
    for amendment in versions.amendments:
        changed = ", ".join(f"`{key}`" for key in amendment.changed)
        lines.append(f"| {amendment.number} | {amendment.month} | {amendment.study.consent.version} | {changed} |")
    studies = [versions.begun.study, *(amendment.study for amendment in versions.amendments)]
    for version, study in enumerate(studies):
        lines += [f"\nQuestion of {task}, version {version}: {design.question}" for task, design in study.tasks.items()]
    return "\n".join(lines) + "\n"


_SELF_EVIDENT = ("collection_round", "image_set", "source_file", "source_row")
"""Columns that a study folder leaves out: round 1, the manifest's image set, the file itself and its row."""


def written_table(observed: pa.Table, task: str, vocabulary: Vocabulary) -> pa.Table:
    """Return the columns of `observed_table` as they are written into a CSV file: labels as names, lists as text."""
    names = pa.array(vocabulary.names)
    columns: dict[str, Any] = {}
    for column in observed_columns(task):
        values = observed[column.name]
        if column.kind is Kind.LABEL:
            values = pc.take(names, values)
        elif column.kind is Kind.LABELS:
            values = _texts(values, vocabulary.joined)
        elif column.kind is Kind.FLOATS:
            # An empty list differs from no list.
            values = _texts(values, partial(json.dumps, separators=(",", ":")))
        if column.name not in _SELF_EVIDENT:
            columns[column.name] = values
    columns |= {name: observed[name] for name in observed.column_names if name in OWN}
    return pa.table(columns)


def _texts(lists: pa.ChunkedArray, write: Any) -> pa.Array:
    return pa.array([None if value is None else write(value) for value in lists.to_pylist()], pa.string())
