"""Random columns of how answers came about, which fit the answers."""

from __future__ import annotations

import random
from typing import Any

from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, RATING, SELECT, TASKS

NAMES = {task: [column.name for column in TASKS[task].columns if column.since] for task in TASKS}


def recorded(rng: random.Random, task: str, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    """Draw all such columns of a row; some of its answers may be changed, since nobody touched the slider."""
    made = _observed(rng, row) | _MAKERS[task](rng, row, classes)
    return {name: None if rng.random() < 0.15 and name in NAMES[task] else value for name, value in made.items()}


def _observed(rng: random.Random, row: dict[str, Any]) -> dict[str, Any]:
    """Draw what the server and the page saw: more time went by than anybody claims to have taken."""
    return {
        "server_elapsed_ms": 4_000_000.0 * (int(row["trial_index"]) + 1),
        "focus_losses": rng.randrange(3),
        "focus_lost_ms": round(rng.uniform(0, 5000), 1),
    }


def _times(rng: random.Random, row: dict[str, Any], number: int, *, from_0: bool = False) -> list[float]:
    end = row["response_time_ms"] or 5000.0
    times = sorted(round(rng.uniform(0, end), rng.choice([0, 1, 3])) for _ in range(number))
    times = [min(time, end) for time in times]
    return [0.0, *times[1:]] if from_0 and times else times


def _walk(rng: random.Random, start: int, end: int, steps: int) -> list[int]:
    """Walk in steps of one from start to end within 0 and 10, by detours."""
    walk = [start]
    for _ in range(steps):
        walk.append(min(max(walk[-1] + rng.choice([-1, 1]), 0), 10))
    walk = [place for number, place in enumerate(walk) if not number or place != walk[number - 1]]
    while walk[-1] != end:
        walk.append(walk[-1] + (1 if end > walk[-1] else -1))
    return walk


def _construct(rng: random.Random, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    ends = [round(10 * row[name]) for name in ("start_coefficient", "selected_coefficient")]
    path = [place / 10 for place in _walk(rng, *ends, steps=rng.randrange(5))]
    return {
        "image_1_side": rng.choice(["left", "right"]),
        "path_coefficients": path,
        "path_times_ms": _times(rng, row, len(path), from_0=True),
    }


def _select(rng: random.Random, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    grid = {row["selected_coefficient"], *(place / 10 for place in rng.sample(range(11), rng.randrange(12)))}
    return {"grid_coefficients": rng.sample(sorted(grid), len(grid))}


def _slider(rng: random.Random, row: dict[str, Any], name: str, answer: str) -> dict[str, Any]:
    changed: dict[str, float | None] = {}
    is_touched = rng.random() < 0.9 or (row.get("mixing_coefficient", 0.5) != 0.5)
    if not is_touched:
        changed = {answer: rng.choice([0.5, None]) if name == "confidence" else 0.5}
    value = changed.get(answer, row[answer])
    before = [round(rng.random(), 2) for _ in range(rng.randrange(4))] if is_touched else []
    path = [*before, 0.5 if value is None else value] if is_touched or rng.random() < 0.5 else []
    return changed | {
        f"{name}_touched": is_touched,
        f"{name}_path": path,
        f"{name}_path_times_ms": _times(rng, row, len(path)),
    }


def _infer(rng: random.Random, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    sliders = (_slider(rng, row, *names) for names in (("inferred", "inferred_coefficient"), ("confidence",) * 2))
    made: dict[str, Any] = {"image_1_side": rng.choice(["left", "right"])}
    for slider in sliders:
        made |= slider
    return made


def _categorical(rng: random.Random, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    return {"class_order": rng.sample(classes, len(classes))}


def _choice(rng: random.Random, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    offered = {row["chosen_class"], *rng.sample(classes, rng.randrange(1, len(classes) + 1))}
    return {"class_order": rng.sample(sorted(offered), len(offered)), **_slider(rng, row, "confidence", "confidence")}


def _rating(rng: random.Random, row: dict[str, Any], classes: list[str]) -> dict[str, Any]:
    is_touched = rng.random() < 0.9
    before = [round(rng.random(), 2) for _ in range(rng.randrange(4))] if is_touched else []
    path = [*before, row["rating"]] if is_touched or rng.random() < 0.5 else []
    return {"rating_touched": is_touched, "rating_path": path, "rating_path_times_ms": _times(rng, row, len(path))}


_MAKERS = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
    CHOICE: _choice,
    RATING: _rating,
}
