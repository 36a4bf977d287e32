"""Figures of the answers so far: answers per hour, response times, agreement, and the distribution by stimulus."""

from __future__ import annotations

from typing import Any

import numpy as np

from hmix_hub.schema.arrays import Floats, Ints
from hmix_hub.schema.groups import Groups, encode_key
from hmix_hub.spread import Spread
from hmix_hub.suite.design.design import FrozenStudy
from hmix_hub.suite.operator.ledger import Judged, is_class

Figure = dict[str, Any]
"""JSON."""

_HOUR_MS = 3_600_000
_WIDTHS = (0.25, 0.5, 1, 2, 4, 6, 12, 24, 48, 96)
"""Possible widths of a bar, in hours."""
_MOST_BARS = 48
_TIME_EDGES = 1000 * 2.0 ** np.arange(-2, 7.5, 0.5)
"""Edges of response time bars, ms: from a quarter of a second to 90 s, two bars per doubling."""
_BARS = 11


def answers_by_hour(judged: Judged, now_ms: int) -> Figure:
    """Count answers by the hour of serving in which they arrived.

    Returns
    -------
    dict
        `hours`: width of a bar; `counts`: from the first hour of serving to now; `unknown`: answers without a known
        time, in collections begun with an earlier version.
    """
    received = judged.received_ms[judged.is_first]
    known = received[~np.isnan(received)]
    served = max(now_ms, 1) / _HOUR_MS
    hours = next((width for width in _WIDTHS if served / width <= _MOST_BARS), _WIDTHS[-1])
    bars = int(served / hours) + 1
    counts = np.bincount(np.minimum(known / (hours * _HOUR_MS), bars - 1).astype(np.int64), minlength=bars)
    return {"hours": hours, "counts": counts.tolist(), "unknown": len(received) - len(known)}


def response_times(judged: Judged, frozen: FrozenStudy) -> list[Figure]:
    """Compute each task's response times: median, 5% and 95% quantiles in ms, and a histogram with its edges."""
    found = []
    for task, rows in _by_task(judged.where(judged.is_first), frozen):
        times = rows.response_time_ms
        low, median, high = np.percentile(times, [5, 50, 95]).round().tolist()
        counts, _ = np.histogram(np.clip(times, _TIME_EDGES[0], _TIME_EDGES[-1]), _TIME_EDGES)
        figures = {"answers": len(times), "median_ms": median, "low_ms": low, "high_ms": high}
        found.append({"task": task, **figures, "edges_ms": _TIME_EDGES.round().tolist(), "counts": counts.tolist()})
    return found


def agreement(judged: Judged, frozen: FrozenStudy) -> list[Figure]:
    """Compute the agreement between participants so far, by task and scale: Krippendorff's alpha.

    Uses first answers to stimuli that at least two participants answered; the distance is the squared difference for
    shares and ratings, and whether they differ for classes. For the finished study, see `hmix contribute stats`.

    Returns
    -------
    list of dict
        `task`, `scale` (`None` if there is one question), `stimuli`, `answers`, and `alpha`: 1 for perfect agreement, 0
        for agreement as expected by chance, `None` if it cannot be computed yet.
    """
    found = []
    for task, rows in _by_task(judged.where(~judged.is_repeat & ~np.isnan(judged.value)), frozen):
        for facet in np.unique(rows.facet).tolist():
            of_facet = rows.where(rows.facet == facet)
            figures = _agreement(of_facet, task, len(frozen.study.pictures.vocabulary))
            found.append({"task": task, "scale": scale_name(frozen, task, facet), **figures})
    return found


def _agreement(rows: Judged, task: str, n_classes: int) -> Figure:
    stimuli = encode_key([rows.batch, rows.stimulus])
    shared = np.flatnonzero(np.bincount(stimuli, minlength=1)[stimuli] > 1)
    if not len(shared):
        return {"stimuli": 0, "answers": 0, "alpha": None}
    groups, chosen = Groups(encode_key([stimuli[shared]])), rows.value[shared]
    values = [(chosen == code).astype(np.float64) for code in range(n_classes)] if is_class(task) else [chosen]
    alpha = Spread.unweighted(values, groups).krippendorff_alpha(np.ones((1, 1)))[0]
    return {
        "stimuli": len(groups.sizes),
        "answers": len(shared),
        "alpha": None if np.isnan(alpha) else round(float(alpha), 3),
    }


def scale_name(frozen: FrozenStudy, task: str, facet: int) -> str | None:
    """Return the name of a scale by its number; `None` for a task with one question."""
    scales = frozen.study.tasks[task].scales
    return scales[facet].scale.name if scales else None


def spread_of_answers(values: Floats, task: str, n_classes: int, steps: int | None = None) -> list[int]:
    """Count answers by class, by the nearest step of a scale, or by the nearest tenth from 0 to 1."""
    known = values[~np.isnan(values)]
    bars = n_classes if is_class(task) else steps if steps and steps <= 2 * _BARS else _BARS
    places: Ints = (known if is_class(task) else np.round(known * (bars - 1))).astype(np.int64)
    return [int(count) for count in np.bincount(places, minlength=bars)]


def _by_task(judged: Judged, frozen: FrozenStudy) -> list[tuple[str, Judged]]:
    tasks = list(frozen.study.tasks)
    task_of_batch = np.array([tasks.index(batch.task) for batch in frozen.batches])
    numbers = task_of_batch[judged.batch]
    return [(task, judged.where(numbers == number)) for number, task in enumerate(tasks) if (numbers == number).any()]
