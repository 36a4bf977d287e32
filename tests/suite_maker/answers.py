"""Answers as a browser sends them, to trials as the server tells of them."""

from __future__ import annotations

import random
from typing import Any


def chance(seed: int) -> random.Random:
    """Give what decides an answer."""
    return random.Random(seed)  # noqa: S311


def answer_to(page: dict[str, Any], task: str, rng: random.Random) -> dict[str, Any]:
    """Give a valid answer to a trial's page of a session view."""
    elapsed = round(rng.uniform(400, 9000), 1)
    answer = _MAKERS[task](page, elapsed, rng)
    shown = [page["pictures"][answer["position"]]] if task == "construct_midpoint" else page["pictures"]
    return {"response_time_ms": elapsed, "pictures": shown, "answer": answer}


def construct_path(start: int, steps: list[int], elapsed: float) -> list[list[float]]:
    """Walk from a start by -1 and 1, within 0 to 10."""
    path: list[list[float]] = [[0, start]]
    for number, step in enumerate(steps, 1):
        path.append([round(elapsed * number / (len(steps) + 1), 1), min(10, max(0, path[-1][1] + step))])
    return [entry for place, entry in enumerate(path) if not place or entry[1] != path[place - 1][1]]


def _construct(page: dict[str, Any], elapsed: float, rng: random.Random) -> dict[str, Any]:
    path = construct_path(page["start"], rng.choices([-1, 1], k=rng.randrange(12)), elapsed)
    return {"position": path[-1][1], "path": path}


def _select(_page: dict[str, Any], _elapsed: float, rng: random.Random) -> dict[str, Any]:
    return {"place": rng.randrange(11)}


def _infer(page: dict[str, Any], elapsed: float, rng: random.Random) -> dict[str, Any]:
    touched = [page["must_touch"] or rng.random() < 0.5 for _ in range(2)]
    paths = [
        [[round(elapsed * part, 1), rng.randint(0, 100)] for part in sorted(rng.random() for _ in range(3))]
        if is_touched
        else []
        for is_touched in touched
    ]
    values = [path[-1][1] if path else None for path in paths]
    return {
        "share": values[0],
        "confidence": values[1],
        "touched": touched,
        "share_path": paths[0],
        "confidence_path": paths[1],
    }


def _categorical(page: dict[str, Any], _elapsed: float, rng: random.Random) -> dict[str, Any]:
    classes = rng.sample(page["class_order"], len(page["class_order"]))
    top_percent = rng.randint(0, 100)
    has_second = rng.random() < 0.6
    return {
        "top": classes[0],
        "top_percent": top_percent,
        "second": classes[1] if has_second else None,
        "second_percent": round(rng.uniform(0, 100 - top_percent), 1) if has_second else None,
        "ruled_out": classes[2 : rng.randrange(2, len(classes) + 1)],
    }


_MAKERS = {
    "construct_midpoint": _construct,
    "select_shuffled_midpoint": _select,
    "infer_mixing_factor": _infer,
    "categorical_soft_labels": _categorical,
}
