"""Layout of synthetic trials and answers as tables of schema 1.0.0."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from hmix_hub.schema import CIFAR10, RELEASED, arrow_schema
from hmix_hub.schema.released import REPEAT_PREFIX, ROW_NUMBER
from hmix_hub.sources.sample.design import MIXING_COEFFICIENTS, Design, draw_design
from hmix_hub.sources.sample.drawing import PICTURES, labels_of
from hmix_hub.sources.sample.simulation import (
    encode_answer,
    simulate_categories,
    simulate_inferences,
    simulate_midpoints,
    simulate_response_times,
    walk,
)
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, INFER, SELECT, TASKS, columns
from hmix_hub.tasks.infer_mixing_factor import QUESTION_ORDER

DISTINCT_TRIALS = {CONSTRUCT: 30, SELECT: 30, INFER: 60, CATEGORICAL: 25}
"""Number of stimuli of a participant, without two repeats."""
_PAGES_BEFORE_AND_BETWEEN = 39
_MANY_PICTURES = 10_000


def released_table(task: str, judgments: int, seed: int = 0) -> pa.Table:
    """Generate a study of any size, in the layout of the release.

    Parameters
    ----------
    task
        Name of the task.
    judgments
        Number of rows, 1 or more; participants, batches and stimuli grow with it.
    seed
        Seed of the study.

    Returns
    -------
    pyarrow.Table
        `judgments` rows of schema 1.0.0.
    """
    trials = DISTINCT_TRIALS[task] + 2
    participants = -(-judgments // trials)
    batches = np.arange(participants) // 3
    return design_table(task, draw_design(batches, trials - 2, _MANY_PICTURES, seed), seed).slice(0, judgments)


def sample_design(task: str, batch_of_participant: npt.NDArray[np.int64], seed: int) -> Design:
    """Return the design of a file of the sample study, over its own pictures."""
    return draw_design(batch_of_participant, DISTINCT_TRIALS[task], PICTURES, seed)


def design_table(task: str, design: Design, seed: int) -> pa.Table:
    """Return the answers of simulated participants to the trials of a design; a table of schema 1.0.0."""
    schema = arrow_schema(columns(task, RELEASED))
    n = len(design.person)
    trial = TASKS[task].in_release
    response_times = simulate_response_times(design, seed + 2)
    values: dict[str, Any] = {name: pa.nulls(n) for name in schema.names} | {
        ROW_NUMBER: pa.array(np.arange(n)),
        "index": pa.array(design.trial_index + _PAGES_BEFORE_AND_BETWEEN * design.person),
        "trial_type": pa.repeat(pa.scalar(trial.trial_type), n),
        "trial_index": pa.array(design.trial_index),
        "time_elapsed": pa.array(_session_clock(design, response_times)),
        "subject": _names(design),
        "condition": pa.array(design.batch_of_participant[design.person] % 9),
        "rt": pa.array(response_times),
        "task": pc.if_else(pa.array(design.is_repeat), REPEAT_PREFIX + trial.name, trial.name),
    }
    written = values | _pictures(task, design) | _answers(task, design, seed + 3)
    return pa.table({name: written[name] for name in schema.names}).cast(schema)


def _session_clock(design: Design, response_times: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    per_participant = response_times.reshape(-1, design.trials)
    return (60_000 + np.cumsum(per_participant, axis=1)).astype(np.int64).ravel()


def person_name(number: int) -> str:
    """Return the id of a participant, counted from 0: clearly synthetic, with 15 characters as in the release."""
    return f"sample{number + 1:09d}"


def _names(design: Design) -> pa.Array:
    participants = pa.array([person_name(number) for number in range(len(design.batch_of_participant))])
    return participants.take(pa.array(design.person))


def _join(separator: str, *parts: Any) -> Any:
    return pc.binary_join_element_wise(
        *(part if isinstance(part, str) else part.cast(pa.string()) for part in parts), separator
    )


def _pictures(task: str, design: Design) -> dict[str, Any]:
    names = pa.array([CIFAR10.display(code) for code in range(len(CIFAR10))])
    first, second = design.rows(design.first), design.rows(design.second)
    labels = [names.take(pa.array(labels_of(indices))) for indices in (first, second)]
    pair = _join("_", labels[0], pa.array(first), labels[1], pa.array(second))
    if task in {CONSTRUCT, SELECT}:
        return {"class_pair": pair}
    coefficients = pa.array([repr(float(value)) for value in MIXING_COEFFICIENTS])
    level = pa.array(design.rows(design.level))
    filename = _join("", _join("_", "mixed", coefficients.take(level), pair), ".png")
    return {
        "filename": filename,
        "label1": labels[0],
        "label2": labels[1],
        "mixtureCoeff": pa.array(MIXING_COEFFICIENTS).take(level),
        "id1": pa.array(first.astype(np.float64)),
        "id2": pa.array(second.astype(np.float64)),
        "class_pair": _join("", pair, ".png"),
    }


def _answers(task: str, design: Design, seed: int) -> dict[str, Any]:
    return {CONSTRUCT: _construct, SELECT: _select, INFER: _infer, CATEGORICAL: _categorical}[task](design, seed)


def _construct(design: Design, seed: int) -> dict[str, Any]:
    answers = simulate_midpoints(design, seed)
    walks = np.array([[walk(start, end) for end in range(11)] for start in range(11)])
    start = pa.array(answers.start / 10)
    return {
        "final_value": pa.array(walks[answers.start, answers.selected]),
        "start_value": start,
        "starting_value": start,
    }


def _select(design: Design, seed: int) -> dict[str, Any]:
    levels = pa.array([encode_answer({"select": f"select{step / 10!r}"}) for step in range(11)])
    return {"response": levels.take(pa.array(simulate_midpoints(design, seed).selected))}


def _infer(design: Design, seed: int) -> dict[str, Any]:
    answers = simulate_inferences(design, seed)
    slider, confidence = pa.array(answers.slider), pa.array(answers.confidence)
    return {
        "responses": _join("", '{"mixingcoeff":', slider, ',"confidence":', confidence, "}"),
        "question_order": pa.repeat(pa.scalar(QUESTION_ORDER), len(design.person)),
    }


def _categorical(design: Design, seed: int) -> dict[str, Any]:
    return {"response": [encode_answer(answer) for answer in simulate_categories(design, seed)]}
