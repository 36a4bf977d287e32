"""Questions: the arms by name, and which of them are compared to answer what; chosen before any result was seen."""

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
"""Titles by name. The first nine train on pictures and, but for "none", on the judged mixtures beside them."""


@dataclass(frozen=True)
class Comparison:
    """Two arms that differ in one thing, and the question that their difference answers."""

    arm: str
    reference: str
    question: str


COMPARISONS = (
    Comparison("human", "synthetic", "human labels instead of synthetic ones"),
    Comparison("human_confidence", "synthetic", "human labels, smoothed by confidence"),
    Comparison("human_outside", "synthetic", "human labels with mass outside the two classes"),
    Comparison("human_confidence", "synthetic_confidence", "the same smoothing on synthetic labels"),
    Comparison("human_outside", "synthetic_outside", "the same mass outside on synthetic labels"),
    Comparison("human", "shuffled", "the labels of other mixtures with this coefficient"),
    Comparison("human_confidence", "uniform", "no information in the labels at all"),
    Comparison("synthetic", "none", "judged mixtures beside the pictures"),
    Comparison("mixup", "none", "mixup"),
    Comparison("human_mixup", "mixup", "mixup, labelled as people would"),
    Comparison("human_mixup", "curve_mixup", "what classes add to the curve of all people"),
)
