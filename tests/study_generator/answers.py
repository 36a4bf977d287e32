"""Random answers that contradict neither themselves nor the stimulus."""

from __future__ import annotations

import random
from typing import Any

from hmix_hub.schema import CIFAR10
from hmix_hub.tasks import CATEGORICAL, CHOICE, CONSTRUCT, INFER, RATING, SELECT
from study_generator.stimuli import Pictures

ANSWER_KEYS = {
    CONSTRUCT: ["selected_coefficient"],
    SELECT: ["selected_coefficient"],
    INFER: ["inferred_coefficient", "confidence"],
    CATEGORICAL: ["top_class", "top_probability"],
    CHOICE: ["chosen_class"],
    RATING: ["rating"],
}
SCALES: list[dict[str, Any]] = [
    {"name": "Likeness", "question": "How alike?", "low": "not at all", "high": "very", "steps": 7},
    {"name": "beauty", "question": "How beautiful?", "low": "ugly", "high": "beautiful"},
]
"""What a manifest says of the scales of ratings."""


def _construct(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    return {"start_coefficient": rng.choice([0.1, 0.9]), "selected_coefficient": rng.randrange(1, 11) / 10}


def _select(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    return {"selected_coefficient": rng.randrange(1, 11) / 10}


def _infer(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    answer = stimulus["mixing_coefficient"] + rng.gauss(0, 0.03)
    return {
        "inferred_coefficient": round(min(max(answer, 0.02), 1), 3),
        "confidence": rng.choice([None, 1.0, *(round(rng.uniform(0.02, 1), 3) for _ in range(5))]),
    }


def _categorical(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    classes = list(CIFAR10.names) if pictures.classes == "cifar10" else list(pictures.classes)
    top, second, *others = rng.sample(classes, len(classes))
    has_second, has_probability = rng.random() < 0.7, rng.random() < 0.7
    return {
        "top_class": top,
        "top_probability": rng.randrange(40, 61) / 100,
        "second_class": second if has_second else None,
        "second_probability": rng.randrange(2, 40) / 100 if has_second and has_probability else None,
        "impossible_classes": rng.sample(others, rng.randrange(len(others) + 1)),
    }


def _choice(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    classes = list(CIFAR10.names) if pictures.classes == "cifar10" else list(pictures.classes)
    shown = [name for name in classes if name.lower() == stimulus["image_1_label"].lower()]
    return {
        "chosen_class": rng.choice([*shown, *classes]),
        "confidence": rng.choice([None, 1.0, *(round(rng.uniform(0.02, 1), 3) for _ in range(5))]),
    }


def _rating(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    scale = rng.choice(SCALES)
    place = rng.randrange(7) / 6 if "steps" in scale else round(rng.uniform(0.02, 1), 3)
    return {"scale": rng.choice([scale["name"], scale["name"].lower()]), "rating": place}


def _votes(rng: random.Random, stimulus: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    n_classes = len(CIFAR10) if pictures.classes == "cifar10" else len(pictures.classes)
    counts = [rng.choice([0, 0, 1, rng.randrange(40)]) for _ in range(n_classes)]
    counts[rng.randrange(n_classes)] += 1
    total = sum(counts)
    if rng.random() < 0.7:
        shares = [votes / total for votes in counts] if rng.random() < 0.3 else None
        return {
            "class_counts": counts,
            "n_votes": rng.choice([None, total]),
            "class_frequencies": shares,
        }
    shares = [round(votes / total, rng.choice([4, 9])) for votes in counts]
    return {"class_counts": None, "n_votes": rng.choice([None, total]), "class_frequencies": shares}


VOTES = {"class_votes": _votes}
"""Of tasks whose rows pool their participants."""
ANSWERS = {
    CONSTRUCT: _construct,
    SELECT: _select,
    INFER: _infer,
    CATEGORICAL: _categorical,
    CHOICE: _choice,
    RATING: _rating,
}
