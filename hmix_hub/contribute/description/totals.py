"""Totals of a study: its statistics over all tasks, as the card, its pictures and statistics.json have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from hmix_hub.contribute.description.statistics import task_statistics
from hmix_hub.contribute.description.wording import Wording
from hmix_hub.files import json_text
from hmix_hub.studies.study import Study, once_per_study
from hmix_hub.tasks import TASKS


@once_per_study
def study_statistics(study: Study) -> dict[str, Any]:
    """Compute the statistics of a study.

    Parameters
    ----------
    study
        The study; any number of rows, the order of which does not matter.

    Returns
    -------
    dict
        Plain JSON values in a fixed order; figures are rounded to six digits, and `None` where they are not defined.

        * `study_id`, `schema_version`, `synthetic` (whether a program made the answers);
        * `judgments`, `people` (each once, whatever the tasks; `None`: no table names any), `participants_described`
          (rows of participants.csv; `None`: there is none), `collection_rounds` (`judgments` and `people` by name);
        * `votes`: of people who are not told apart, if any are known;
        * `tasks`: by name, see `task_statistics`; of the categorical one also `soft_label`: what was `asked` besides
          the class, and the `procedure` that made the labels.
    """
    wording = study.once(Wording.of)
    made = {"asked": list(wording.asked or ()), "procedure": wording.procedure}
    tables = {task: study.tables[task] for task in TASKS if task in study.tables}
    of_people = {task: table for task, table in tables.items() if TASKS[task].has_participants}
    tasks = {
        task: task_statistics(table, task) | ({"soft_label": made} if TASKS[task].asked_columns else {})
        for task, table in tables.items()
    }
    votes = sum(figures["votes"]["total"] for figures in tasks.values() if "votes" in figures)
    return {
        "study_id": study.manifest.id,
        "schema_version": study.manifest.schema_version,
        "synthetic": study.manifest.synthetic,
        "judgments": sum(table.num_rows for table in of_people.values()),
        "people": len(_people(of_people)) if of_people else None,
        **({"votes": votes} if votes else {}),
        "participants_described": None if study.participants is None else study.participants.num_rows,
        "collection_rounds": _rounds(of_people),
        "tasks": tasks,
    }


def statistics_text(statistics: dict[str, Any]) -> str:
    """Write statistics as the text of statistics.json: always the same bytes for the same figures."""
    return json_text(statistics)


def _people(tables: Mapping[str, pa.Table]) -> set[str]:
    return {participant for table in tables.values() for participant in table["participant_id"].unique().to_pylist()}


def _rounds(tables: Mapping[str, pa.Table]) -> dict[str, dict[str, int]]:
    columns = ["collection_round", "participant_id"]
    if not tables:
        return {}
    answers = pa.concat_tables([table.select(columns) for table in tables.values()])
    counted = answers.group_by("collection_round").aggregate(
        [("participant_id", "count"), ("participant_id", "count_distinct")]
    )
    rows = sorted(zip(*(column.to_pylist() for column in counted.columns), strict=True))
    return {name: {"judgments": judgments, "people": participants} for name, judgments, participants in rows}
