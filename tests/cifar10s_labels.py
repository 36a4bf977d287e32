"""The published labels of CIFAR-10S, from the answers of its export, in plain Python."""

from __future__ import annotations

import csv
import json

from hmix_hub.schema import CIFAR10


def published_label(answer):
    """The published top-2 clamp of CIFAR-10S for one answer of its export, in plain Python."""
    names = [name.capitalize() for name in CIFAR10.names]
    possible = [f"improbClassSelect{name}" not in answer for name in names]
    label = [0.0] * len(names)
    label[names.index(answer["classSelect"].removeprefix("mostProb"))] = float(answer["prob"]) / 100
    second = answer["classSelect2"].removeprefix("secondProb")
    if second != "No" and answer["prob2"]:
        label[names.index(second)] = float(answer["prob2"]) / 100
    total, is_full = sum(label), sum(label) >= 1
    rest = 0.1 if is_full else 1 - total
    if is_full:
        label = [share / total for share in label]
    unnamed = [can_be and not share for can_be, share in zip(possible, label, strict=True)]
    spread_over = sum(possible) - sum(share > 0 for share in label)
    if spread_over:
        label = [share * (1 - rest) if is_full else share for share in label]
        label = [rest / spread_over if is_free else share for is_free, share in zip(unnamed, label, strict=True)]
    return [share / sum(label) for share in label]


def answers_of(raw):
    """The answer of each person's trial, as the authors read it; a session that stands twice has the same ones."""
    answers = {}
    with raw.open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["trial_type"] == "survey-html-form":
                answer = json.loads(row["response"])
                answer["prob"] = {"0": "100", "8p": "80"}.get(answer["prob"], answer["prob"])
                assert answers.setdefault((row["subject"], int(row["trial_index"])), answer) == answer
    return answers
