"""Processed files of the sample study: the release's figures, computed row by row.

This is deliberately independent of the package's own computation, so that each can be checked against the other.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

_CLASSES = ["Airplane", "Automobile", "Bird", "Cat", "Deer", "Dog", "Frog", "Horse", "Ship", "Truck"]
_REDISTRIBUTION = 0.1


def processed_inferences(rows: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Compute `processed_hmix_inferences.json` from rows of schema 1.0.0."""
    stimuli: dict[str, dict[str, Any]] = {}
    for row in rows:
        answer = json.loads(row["responses"])
        stimulus = stimuli.setdefault(row["filename"], {"row": row, "predictions": [], "confidences": []})
        stimulus["predictions"].append(1 - answer["mixingcoeff"] / 100)
        stimulus["confidences"].append(answer["confidence"] / 100)
    return {name: _inference(s["row"], s["predictions"], s["confidences"]) for name, s in stimuli.items()}


def _inference(row: dict[str, Any], predictions: list[float], confidences: list[float]) -> dict[str, Any]:
    true = row["mixtureCoeff"]
    mean = _mean(predictions)
    weighted = _mean([p * c for p, c in zip(predictions, confidences, strict=True)])
    return {
        "Std Dev": math.sqrt(_mean([(p - mean) * (p - mean) for p in predictions])),
        "Re-Label Diff": true - mean,
        "True Mixing Factor": true,
        "Predicted Mixing Factor": predictions,
        "Weighted Re-Label": weighted,
        "Weighted Re-Label Diff": true - weighted,
        "Predicted Confidence": confidences,
        "Endpoints": [row["label1"], row["label2"]],
        "Class Pair": row["class_pair"],
    }


def _mean(values: list[float]) -> float:
    total = 0.0
    for value in values:
        total += value
    return total / len(values)


def processed_soft_labels(rows: Iterable[dict[str, Any]]) -> dict[str, list[list[float]]]:
    """Compute `hmix_individ_soft_labels.json` from rows of schema 1.0.0, participants in file order."""
    stimuli: dict[str, list[list[float]]] = {}
    for row in rows:
        stimuli.setdefault(row["filename"], []).append(_soft_label(json.loads(row["response"])))
    return stimuli


def _soft_label(answer: dict[str, str]) -> list[float]:
    label = [0.0] * len(_CLASSES)
    label[_CLASSES.index(answer["classSelect"].removeprefix("mostProb"))] = int(answer["prob"]) / 100
    second = answer["classSelect2"].removeprefix("secondProb")
    if second != "No" and answer["prob2"]:
        label[_CLASSES.index(second)] = int(answer["prob2"]) / 100
    possible = [i for i, name in enumerate(_CLASSES) if f"improbClassSelect{name}" not in answer]
    chosen = [i for i, value in enumerate(label) if value > 0]
    total = _numpy_sum(label)
    rest = 1 - total if total < 1 else _REDISTRIBUTION
    others = len(possible) - len(chosen)
    if others != 0:
        share = rest / others
        unchosen = [i for i in possible if label[i] == 0]
        if total > 1:
            for i in chosen:
                label[i] = max(label[i] - rest / len(chosen), 0)
        for i in unchosen:
            label[i] = share
    total = _numpy_sum(label)
    return [value / total for value in label]


def _numpy_sum(values: list[float]) -> float:
    """Add ten numbers in NumPy's order, as the authors did: Python's order gives other last bits."""
    return float(np.sum(np.array(values)))
