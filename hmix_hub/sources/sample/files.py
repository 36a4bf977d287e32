"""Files of the sample study: small tables with the release's oddities planted, written in the release's layout."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from hmix_hub.sources.released_csv import write_released_csv
from hmix_hub.sources.sample.layout import design_table, person_name, sample_design
from hmix_hub.sources.sample.processed import processed_inferences, processed_soft_labels
from hmix_hub.sources.sample.simulation import encode_answer
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT

Row = dict[str, Any]

# Participants of construct and select are in file order, so that rounds and batches are interleaved.
_BATCHES = {
    CONSTRUCT: [0, 1, 3, 2, 0, 1, 2, 3, 1, 0, 2, 1],
    SELECT: [1, 0, 2, 1, 0, 2, 0, 1, 2, 1],
    INFER: [0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 5, 5, 5],
    CATEGORICAL: [0, 1, 2, 3, 1, 0, 3, 2],
}
_SEEDS = {CONSTRUCT: 1001, SELECT: 1002, INFER: 1003, CATEGORICAL: 1004}
_CONDITIONS = {
    CONSTRUCT: [0, 1, 2, 7],
    SELECT: [3, 0, 5],
    # Three rounds, whose conditions share numbers.
    INFER: [0, 1, 0, 1, 1, 0],
    CATEGORICAL: [0, 1, 2, 3],
}
_FIRST_PARTICIPANT = {INFER: 0, CONSTRUCT: 20, SELECT: 32, CATEGORICAL: 42}
"""Nobody takes part in two tasks."""
_PLATFORM_IDS = {
    CONSTRUCT: ["0" * 21 + "c01"] * 3 + ["0" * 21 + "c02"],
    SELECT: ["0" * 21 + "d01"],
    # Two ids share round A; one id serves both B and C.
    INFER: ["0" * 21 + "a01"] * 2 + ["0" * 21 + "a02", "0" * 21 + "a03"] + ["0" * 21 + "a01"] * 2,
    CATEGORICAL: ["0" * 21 + "b01"],
}


def write_sample_file(name: str, path: Path) -> None:
    """Write a file of the sample study.

    Parameters
    ----------
    name
        Name of the file in the release.
    path
        Where to write it; the bytes are always the same.
    """
    if name in _PROCESSED:
        task, compute = _PROCESSED[name]
        path.write_text(json.dumps(compute(judgment_rows(task))), encoding="utf-8", newline="\n")
        return
    task = _JUDGMENTS[name]
    rows = _with_platform_ids(task, judgment_rows(task))
    write_released_csv(path, task, _with_other_pages(rows) if task == CATEGORICAL else rows)


def judgment_rows(task: str) -> list[Row]:
    """Return the judgment rows of a task's file, oddities planted, columns of schema 1.0.0 (platform ids are null)."""
    batches = np.array(_BATCHES[task])
    design = sample_design(task, batches, _SEEDS[task])
    if task in {CONSTRUCT, SELECT}:
        # A batch that contains a pair twice.
        for pictures in (design.first, design.second):
            pictures[0, -1] = pictures[0, 3]
    rows: list[Row] = design_table(task, design, _SEEDS[task]).to_pylist()
    conditions = [_CONDITIONS[task][batch] for batch in batches]
    for row, participant in zip(rows, design.person, strict=True):
        row["condition"] = conditions[participant]
        row["subject"] = person_name(_FIRST_PARTICIPANT[task] + int(participant))
    return _PLANTS[task](rows, design.trials) if task in _PLANTS else rows


def _plant_construct(rows: list[Row], trials: int) -> list[Row]:
    """Plant one participant who answers 1.0 in all trials but one."""
    participant = 5
    for row in rows[participant * trials + 1 : (participant + 1) * trials]:
        row["final_value"] = 0.9 + 0.1
    rows[participant * trials]["final_value"] = 0.9
    return rows


def _plant_infer(rows: list[Row], trials: int) -> list[Row]:
    """Remove one trial of two participants of round A, and one participant's repeats."""
    lost = {6 * trials + 8, 9 * trials + 30, 11 * trials + 60, 11 * trials + 61}
    return [row for number, row in enumerate(rows) if number not in lost]


def _plant_categorical(rows: list[Row], trials: int) -> list[Row]:
    """Plant contradictions, each into a row of its own."""

    def change(number: int, change_answer: Callable[[dict[str, str]], None]) -> None:
        answer = json.loads(rows[number]["response"])
        change_answer(answer)
        rows[number]["response"] = encode_answer(answer)

    def name_class_twice(answer: dict[str, str]) -> None:
        answer |= {"classSelect2": "secondProb" + answer["classSelect"].removeprefix("mostProb"), "prob2": "30"}

    def rule_out_choice(answer: dict[str, str]) -> None:
        answer["improbClassSelect" + answer["classSelect"].removeprefix("mostProb")] = "1"

    def ignore_probability(answer: dict[str, str]) -> None:
        answer |= {"classSelect2": "secondProbNo", "prob2": "70"}

    def exceed(answer: dict[str, str]) -> None:
        other = "Truck" if "Truck" not in answer["classSelect"] else "Ship"
        answer |= {"prob": "80", "classSelect2": f"secondProb{other}", "prob2": "35"}
        answer.pop(f"improbClassSelect{other}", None)

    def rule_out_all_others(answer: dict[str, str]) -> None:
        top = answer["classSelect"].removeprefix("mostProb")
        for label in reversed(_CLASSES):
            if label != top:
                answer[f"improbClassSelect{label}"] = "1"
        answer |= {"prob": "100", "classSelect2": "secondProbNo", "prob2": ""}

    def give_nothing_second(answer: dict[str, str]) -> None:
        other = "Bird" if "Bird" not in answer["classSelect"] else "Cat"
        answer |= {"prob": "90", "classSelect2": f"secondProb{other}", "prob2": "0"}
        answer.pop(f"improbClassSelect{other}", None)

    for number, plant in (
        (3, name_class_twice),
        (31, rule_out_choice),
        (60, rule_out_choice),
        (75, ignore_probability),
        (90, ignore_probability),
        (101, ignore_probability),
        (115, exceed),
        (116, exceed),
        (140, rule_out_all_others),
        (150, give_nothing_second),
    ):
        change(number, plant)
    return rows


_CLASSES = ["Airplane", "Automobile", "Bird", "Cat", "Deer", "Dog", "Frog", "Horse", "Ship", "Truck"]
_PLANTS = {CONSTRUCT: _plant_construct, INFER: _plant_infer, CATEGORICAL: _plant_categorical}


def _with_platform_ids(task: str, rows: list[Row]) -> list[Row]:
    ids = _PLATFORM_IDS[task]
    of_participant = {
        person_name(_FIRST_PARTICIPANT[task] + number): ids[batch % len(ids)]
        for number, batch in enumerate(_BATCHES[task])
    }
    return [row | {"study_id": of_participant[row["subject"]]} for row in rows]


def _with_other_pages(rows: list[Row]) -> list[Row]:
    """Add the pages that the categorical file keeps before and after each participant's judgments."""
    pages: list[Row] = []
    participants = dict.fromkeys(row["subject"] for row in rows)
    for participant in participants:
        own = [row for row in rows if row["subject"] == participant]
        shared = {name: own[0][name] for name in ("subject", "study_id", "condition")}
        pages += [shared | page for page in _PAGES_BEFORE]
        pages += own
        pages += [shared | page for page in _PAGES_AFTER]
    return pages


_PAGES_BEFORE: list[Row] = [
    {"trial_type": "pavlovia", "trial_index": 0, "time_elapsed": 1000},
    {"trial_type": "external-html", "trial_index": 1, "time_elapsed": 9000, "rt": 8000.5, "url": "consent.html"},
    {
        "trial_type": "instructions",
        "trial_index": 2,
        "time_elapsed": 30000,
        "rt": 21000.0,
        "view_history": '[{"page_index":0,"viewing_time":21000}]',
    },
    {
        "trial_type": "survey-multi-choice",
        "trial_index": 3,
        "time_elapsed": 45000,
        "rt": 15000.0,
        "response": '{"Q0":"A synthetic answer"}',
        "question_order": "[0,1]",
    },
    {
        "trial_type": "preload",
        "trial_index": 4,
        "time_elapsed": 46000,
        "success": True,
        "timeout": False,
        "failed_images": "[]",
        "failed_audio": "[]",
        "failed_video": "[]",
    },
]
_PAGES_AFTER: list[Row] = [
    {
        "trial_type": "survey-text",
        "trial_index": 90,
        "time_elapsed": 990000,
        "rt": 5000.0,
        "response": '{"Q0":"A synthetic comment,\nover two lines"}',
    },
]


_JUDGMENTS = {
    "hmix_construct_midpoint.csv": CONSTRUCT,
    "hmix_select_shuffled_midpoint.csv": SELECT,
    "hmix_infer_mixing_factor.csv": INFER,
    "hmix_categorical_soft_labels.csv": CATEGORICAL,
}
_PROCESSED: dict[str, tuple[str, Callable[[list[Row]], object]]] = {
    "processed_hmix_inferences.json": (INFER, processed_inferences),
    "hmix_individ_soft_labels.json": (CATEGORICAL, processed_soft_labels),
}
