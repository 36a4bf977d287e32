"""Totals of a study: its statistics over all tasks, for the card, its figures and statistics.json."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from hmix_hub.cells import combined
from hmix_hub.contribute.description.gathered import Gathered
from hmix_hub.contribute.description.statistics import statistics_of, unit_part
from hmix_hub.contribute.description.wording import Wording
from hmix_hub.files import json_text
from hmix_hub.piles import Pile
from hmix_hub.studies.study import Study, once_per_study
from hmix_hub.tasks import TASKS


@once_per_study
def study_statistics(study: Study) -> dict[str, Any]:
    """Compute the statistics of a study.

    Parameters
    ----------
    study
        The study, with any number of rows in any order.

    Returns
    -------
    dict
        Plain JSON values in a fixed order; figures are rounded to six digits, and `None` if undefined.

        * `study_id`, `schema_version`, `synthetic` (whether the answers are simulated);
        * `judgments`, `people` (distinct over all tasks; `None`: no table names any), `participants_described` (rows of
          participants.csv; `None`: there is none), `collection_rounds` (`judgments` and `people` by name);
        * `votes`: of anonymous participants, if any are known;
        * `tasks`: by name, see `task_statistics`; for the categorical task also `soft_label`: what was `asked` besides
          the class, and the `procedure` for the labels.
    """
    wording = study.once(Wording.of)
    made = {"asked": list(wording.asked or ()), "procedure": wording.procedure}
    names = [name for name in study.configurations if name in TASKS]
    pile = Pile(study.database, "statistics_people")
    tasks = {}
    for task in names:
        parts = study.map_units(task, unit_part)
        tasks[task] = statistics_of(Gathered(parts, TASKS[task], study.database, people=pile))
        tasks[task] |= {"soft_label": made} if TASKS[task].asked_columns else {}
    people = combined(map(_people, pile.groups("participant_id"))) or {"people": None, "rounds": {}}
    pile.drop()
    votes = sum(figures["votes"]["total"] for figures in tasks.values() if "votes" in figures)
    return {
        "study_id": study.manifest.id,
        "schema_version": study.manifest.schema_version,
        "synthetic": study.manifest.synthetic,
        "judgments": sum(tasks[task]["judgments"] for task in names if TASKS[task].has_participants),
        "people": people["people"],
        **({"votes": votes} if votes else {}),
        "participants_described": None if study.participants is None else study.participants.num_rows,
        "collection_rounds": dict(sorted(people["rounds"].items())),
        "tasks": tasks,
    }


def statistics_text(statistics: dict[str, Any]) -> str:
    """Return statistics as the text of statistics.json, with the same bytes for the same figures."""
    return json_text(statistics)


def _people(people: pa.Table) -> dict[str, Any]:
    """Count participants, and the judgments and participants of each round."""
    counted = people.group_by("collection_round").aggregate([("n", "sum"), ("participant_id", "count_distinct")])
    columns = (counted[name].to_pylist() for name in ("collection_round", "n_sum", "participant_id_count_distinct"))
    rounds = {name: {"judgments": judgments, "people": n} for name, judgments, n in zip(*columns, strict=True)}
    return {"people": len(people["participant_id"].unique()), "rounds": rounds}
