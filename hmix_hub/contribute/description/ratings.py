"""Figures of ratings, each scale by itself: means, spread, agreement between people and of a person with themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from hmix_hub.contribute.description.agreement import Answers, coefficient_agreement, coefficient_retest
from hmix_hub.contribute.description.histograms import deviation, mean, mean_interval, share_histogram
from hmix_hub.schema.arrays import numbers
from hmix_hub.tasks.task import Task


def rating_figures(table: pa.Table, task: Task, answers: Answers) -> list[dict[str, Any]]:
    """Describe the answers on each scale: apart, since a mean or a correlation over different scales means nothing.

    Parameters
    ----------
    table
        Judgment table of a task with a facet; N rows.
    task
        The task.
    answers
        N rows.

    Returns
    -------
    list of dict
        By the facet's value, rising: its name, `judgments`, `people`, `stimuli`, `mean` with its `interval`,
        `standard_deviation` (over N - 1), `histogram`, `agreement` and `retest` as of a coefficient.
    """
    (facet,) = task.facets
    values, names = numbers(table[task.answered]), table[facet].to_numpy(zero_copy_only=False)
    figures = []
    for name in sorted(set(names)):
        rows = np.flatnonzero(names == name)
        own, given = answers.of(rows), values[rows]
        figures.append(
            {
                facet: name,
                "judgments": len(rows),
                "people": len(np.unique(own.people)),
                "stimuli": len(np.unique(own.stimuli)),
                "mean": mean(given),
                "interval": mean_interval(given, own.people),
                "standard_deviation": deviation(given),
                "histogram": share_histogram(given),
                "agreement": coefficient_agreement(own, given),
                "retest": coefficient_retest(own, given),
            }
        )
    return figures
