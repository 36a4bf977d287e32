"""Simulated participants: plausible answers from uniform random numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.sample.design import MIXING_COEFFICIENTS, Design
from hmix_hub.sources.sample.drawing import labels_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

UNTOUCHED_SHARE = 0.03
SLOW_SHARE = 0.004


@dataclass(frozen=True)
class Midpoints:
    """Answers of a midpoint task: step 0 to 10 of the start (only construct) and of the answer; int64 (N,) each."""

    start: Ints
    selected: Ints


@dataclass(frozen=True)
class Inferences:
    """Positions of the mixing slider (0 image 1, 100 image 2) and the confidence slider; int64 (N,) each."""

    slider: Ints
    confidence: Ints


def _noise(rng: np.random.RandomState, n: int) -> Floats:
    """Draw noise with mean 0 and variance 1: a sum of twelve uniform numbers, identical on all platforms."""
    total = np.zeros(n)
    for _ in range(12):
        total += rng.random_sample(n)
    return total - 6.0


def simulate_response_times(design: Design, seed: int) -> Floats:
    """Draw response times in milliseconds, to a tenth, a few of them minutes; float64 (N,)."""
    rng = np.random.RandomState(seed)
    u = rng.random_sample(len(design.person))
    slow = rng.random_sample(len(design.person)) < SLOW_SHARE
    return np.round(1500 + 15000 * u * u * u + np.where(slow, 400000 * u, 0), 1)


def simulate_midpoints(design: Design, seed: int) -> Midpoints:
    """Simulate choices of the 50/50 point: near the middle, slightly biased towards the start."""
    rng = np.random.RandomState(seed)
    start = np.where(design.person % 2 == 0, 1, 9)
    steps = 5.0 + 0.15 * (start - 5) + 1.6 * _noise(rng, len(design.person))
    return Midpoints(start, np.clip(np.rint(steps), 0, 10).astype(np.int64))


def simulate_inferences(design: Design, seed: int) -> Inferences:
    """Simulate inferred coefficients, biased towards the nearer end, surer there; a few sliders never move."""
    rng = np.random.RandomState(seed)
    shown = MIXING_COEFFICIENTS[design.rows(design.level)]
    perceived = np.clip(0.5 + 1.2 * (shown - 0.5) + 0.16 * _noise(rng, len(shown)), 0, 1)
    confidence = np.clip(0.4 + 0.9 * abs(perceived - 0.5) + 0.2 * _noise(rng, len(shown)), 0, 1)
    untouched = rng.random_sample(len(shown)) < UNTOUCHED_SHARE
    slider = np.rint(100 - 100 * perceived).astype(np.int64)
    return Inferences(np.where(untouched, 50, slider), np.where(untouched, 50, np.rint(100 * confidence)).astype(int))


def simulate_categories(design: Design, seed: int) -> list[dict[str, str]]:
    """Simulate categorical answers in the form stored by the released interface."""
    rng = np.random.RandomState(seed)
    first, second = labels_of(design.rows(design.first)), labels_of(design.rows(design.second))
    shown = MIXING_COEFFICIENTS[design.rows(design.level)]
    return [
        _categorical_answer(rng, (int(a), int(b)), float(coefficient))
        for a, b, coefficient in zip(first, second, shown, strict=True)
    ]


def _categorical_answer(rng: np.random.RandomState, pair: tuple[int, int], shown: float) -> dict[str, str]:
    u = rng.random_sample(4)
    sees_first = shown + 0.5 * (u[0] - 0.5) > 0.5
    top, other = pair if sees_first else pair[::-1]
    percent = 5 * int(8 + 13 * u[1])
    has_second = u[2] < 0.7
    rest = max(0, 100 - percent)
    answer = {
        "classSelect": f"mostProb{CIFAR10.display(top)}",
        "prob": str(percent),
        "classSelect2": f"secondProb{CIFAR10.display(other)}" if has_second else "secondProbNo",
        "prob2": str(5 * int(rest / 5 * (0.4 + 0.6 * u[3]))) if has_second else "",
    }
    ticking_order = np.argsort(rng.random_sample(10))
    ruled_out = rng.random_sample(10) < 0.75
    for label in ticking_order:
        if ruled_out[label] and label not in pair:
            answer[f"improbClassSelect{CIFAR10.display(label)}"] = "1"
    return answer


def encode_answer(answer: dict[str, str] | dict[str, int]) -> str:
    """Return an answer in the form of the released interface."""
    return json.dumps(answer, separators=(",", ":"))


def walk(start: int, end: int) -> float:
    """Walk from one tenth to another in steps of .1, with the floating-point errors of the additions."""
    value = start / 10
    for _ in range(abs(end - start)):
        value += 0.1 if end > start else -0.1
    return value
