"""A made-up registered study: its raw file, and its entry."""

from __future__ import annotations

import hashlib

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.cifar10 import known_labels

NAME = "made-up"
PEOPLE, PICTURES = 4, 6


def raw_text():
    """Judgments of single pictures by four people, the last of whom stands twice; and a cell of free text."""
    labels = known_labels()
    lines = ["who,n,picture,class,ms,comment"]
    for person in (*range(PEOPLE), PEOPLE - 1):
        for trial in range(PICTURES):
            answer = CIFAR10.names[labels[trial] if (person + trial) % 3 else (labels[trial] + 1) % 10]
            lines.append(
                f"p{person},{trial},{trial}_{CIFAR10.names[labels[trial]]}.png,{answer},{900 + trial},write to me@x.org"
            )
    return "\n".join(lines) + "\n"


def entry(content: bytes):
    """The entry of these judgments, as its file has it."""
    return {
        "source": {
            "repository": "a-lab/a-study",
            "commit": "0123456789abcdef0123456789abcdef01234567",
            "files": [
                {"path": "data/answers.csv", "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            ],
            "keep": False,
        },
        "map": {
            "task": "categorical_soft_labels",
            "columns": {
                "participant_id": "who",
                "trial_index": "n",
                "response_time_ms": "ms",
                "image_1_label": {"column": "picture", "pattern": r"^\d+_(\w+)\.png$"},
                "image_1_index": {"column": "picture", "pattern": r"^(\d+)_"},
                "image_2_label": {"constant": ""},
                "image_2_index": {"constant": ""},
                "mixing_coefficient": {"constant": "1"},
                "top_class": "class",
                "top_probability": {"constant": "1"},
                "second_class": {"constant": ""},
                "second_probability": {"constant": ""},
                "impossible_classes": {"constant": ""},
            },
        },
        "leave_out": ["exported_twice"],
        "expected": {
            "categorical_soft_labels": {
                "rows": (PEOPLE + 1) * PICTURES,
                "left_out": PICTURES,
                "participants": PEOPLE,
                "stimuli": PICTURES,
            }
        },
        "manifest": {
            "title": "A made-up study",
            "version": "1.0.0",
            "description": "Nobody was asked.",
            "authors": [{"name": "Ada Example"}],
            "licence": "CC0-1.0",
            "ethics": {"approval": "None.", "consent": "None."},
            "recruitment": "Nobody.",
            "language": "en",
            "tasks": ["categorical_soft_labels"],
            "stimuli": {"source": "cifar10/test", "mixing": "none", "classes": "cifar10"},
            "soft_labels": {"asked": [], "procedure": "one_hot"},
            "citation": {"bibtex": "@misc{example2026,\n  title = {A made-up study}\n}\n"},
            "contact": "https://example.org",
        },
    }
