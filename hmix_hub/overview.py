"""Overview of a source: how much each configuration holds, and how many rows carry each flag; always counted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from hmix_hub.loading.road import load_dataset
from hmix_hub.schema import CONFIGURATIONS, TASKS, Configuration, flags_of

if TYPE_CHECKING:
    import datasets

Place = str | os.PathLike[str] | None


def configuration_counts(source: Place = None) -> list[dict[str, Any]]:
    """Count the rows, repeats, people and stimuli of each configuration.

    Parameters
    ----------
    source
        See `hmix_hub.load_dataset`.

    Returns
    -------
    list of dict
        One per configuration: configuration, rows, repeats (rows shown again on purpose; `None` by stimulus), people
        (whose judgments it is made of), stimuli (pairs of pictures in the midpoint tasks).
    """
    return [_counts(configuration, source) for configuration in CONFIGURATIONS.values()]


def _counts(configuration: Configuration, source: Place) -> dict[str, Any]:
    dataset, judgments = _load(configuration.name, source), _load(configuration.task, source)
    return {
        "configuration": configuration.name,
        "rows": len(dataset),
        "repeats": None if configuration.by_stimulus else sum(judgments["is_repeat"]),
        "people": len(judgments.unique("participant_id")),
        "stimuli": len(dataset.unique(TASKS[configuration.task].stimulus_column)),
    }


def count_people(source: Place = None) -> int:
    """Count the people over all tasks."""
    return len({person for task in TASKS for person in _load(task, source).unique("participant_id")})


def flag_counts(source: Place = None) -> list[dict[str, Any]]:
    """Count the judgments that carry each flag, and the people who gave them.

    Returns
    -------
    list of dict
        One per task and flag that its rows can have: task, flag, rows, people.
    """
    return [counts for task in TASKS for counts in _flag_counts(task, source)]


def _flag_counts(task: str, source: Place) -> list[dict[str, Any]]:
    dataset = _load(task, source)
    flagged = list(zip(dataset["participant_id"], dataset["flags"], strict=True))
    return [
        {
            "task": task,
            "flag": flag,
            "rows": sum(flag in flags for _, flags in flagged),
            "people": len({person for person, flags in flagged if flag in flags}),
        }
        for flag in flags_of(task)
    ]


def _load(name: str, source: Place) -> datasets.Dataset:
    return load_dataset("h-mix", name, split="train", source=source)
