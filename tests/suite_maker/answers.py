"""Answers as a browser sends them, to trials as the server tells of them."""

from __future__ import annotations

import random
from typing import Any


def chance(seed: int) -> random.Random:
    """Return what decides an answer."""
    return random.Random(seed)


def answer_to(page: dict[str, Any], task: str, rng: random.Random) -> dict[str, Any]:
    """Return a valid answer to a trial's page of a session view."""
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
    if page["must_touch"] and len(path) == 1:
        path = construct_path(page["start"], [1, -1], elapsed)
    return {"position": path[-1][1], "path": path}


def _select(_page: dict[str, Any], _elapsed: float, rng: random.Random) -> dict[str, Any]:
    return {"place": rng.randrange(11)}


def _infer(page: dict[str, Any], elapsed: float, rng: random.Random) -> dict[str, Any]:
    touched = [page["must_touch"] or rng.random() < 0.5 for _ in range(2)]
    (share, share_path), (confidence, confidence_path) = (
        _slid(is_touched, 100, elapsed, rng) for is_touched in touched
    )
    paths = {"share_path": share_path, "confidence_path": confidence_path}
    return {"share": share, "confidence": confidence, "touched": touched, **paths}


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


def _slid(is_touched: bool, most: int, elapsed: float, rng: random.Random) -> tuple[int | None, list[list[float]]]:
    path = [[round(elapsed * part, 1), rng.randint(0, most)] for part in sorted(rng.random() for _ in range(3))]
    return (int(path[-1][1]), path) if is_touched else (None, [])


def _choose(page: dict[str, Any], elapsed: float, rng: random.Random) -> dict[str, Any]:
    answer: dict[str, Any] = {"chosen": rng.choice(page["class_order"])}
    if page["confidence"]:
        is_touched = page["must_touch"] or rng.random() < 0.5
        confidence, path = _slid(is_touched, 100, elapsed, rng)
        answer |= {"confidence": confidence, "touched": is_touched, "confidence_path": path}
    return answer


def _rate(page: dict[str, Any], elapsed: float, rng: random.Random) -> dict[str, Any]:
    ratings = []
    for scale in page["scales"]:
        is_touched = page["must_touch"] or not scale["is_slider"] or rng.random() < 0.5
        rating, path = _slid(is_touched, scale["most"], elapsed, rng)
        ratings.append({"rating": rating, "touched": is_touched, "rating_path": path})
    return {"ratings": ratings}


_MAKERS = {
    "construct_midpoint": _construct,
    "select_shuffled_midpoint": _select,
    "infer_mixing_factor": _infer,
    "categorical_soft_labels": _categorical,
    "class_choice": _choose,
    "scale_rating": _rate,
}
