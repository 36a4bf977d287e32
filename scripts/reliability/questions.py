"""Questions: the arms by name, and the comparisons between them, which were chosen before any result was seen."""

from __future__ import annotations

from dataclasses import dataclass

ARMS = {
    "none": "pictures alone",
    "synthetic": "synthetic labels",
    "human": "human labels",
    "human_confidence": "human labels + confidence",
    "human_outside": "human labels + outside",
    "synthetic_confidence": "synthetic labels + confidence",
    "synthetic_outside": "synthetic labels + outside",
    "shuffled": "shuffled human labels",
    "uniform": "uniform labels",
    "mixup": "mixup",
    "human_mixup": "HumanMixup",
    "curve_mixup": "HumanMixup, one curve",
}
"""Titles by name. The first nine train on pictures and, except for "none", also on the judged mixtures."""


@dataclass(frozen=True)
class Comparison:
    """Two arms, and what differs between them."""

    arm: str
    reference: str
    what: str


COMPARISONS = (
    Comparison("human", "synthetic", "human labels instead of synthetic ones"),
    Comparison("human_confidence", "synthetic", "human labels, and smoothing"),
    Comparison("human_outside", "synthetic", "human labels, and mass outside the two classes"),
    Comparison("human_confidence", "synthetic_confidence", "human labels, under the same smoothing"),
    Comparison("human_outside", "synthetic_outside", "human labels, with the same mass outside"),
    Comparison("human", "shuffled", "which mixture of its coefficient a human label belongs to"),
    Comparison("human_confidence", "uniform", "all that the labels say"),
    Comparison("synthetic", "none", "judged mixtures as further rows, and so more steps"),
    Comparison("mixup", "none", "mixing the pictures"),
    Comparison("human_mixup", "mixup", "labels of mixup as people would give them"),
    Comparison("human_mixup", "curve_mixup", "classes in the model of what people see"),
)
