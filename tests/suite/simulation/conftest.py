"""Fixtures: a small study of all four tasks on disk, and people who took part in it over HTTP."""

from __future__ import annotations

import pytest
from suite.export.studies import study_file, write_study

from hmix_hub.suite.simulation.simulate import simulate
from hmix_hub.suite.study.words import WORDS
from hmix_hub.tasks import CONSTRUCT, SELECT

SEED, PEOPLE = 7, 8
NAMED = ("window", "picture", "pixel_ratio", "pointer", "focus")
ASKED = {
    "consent": {"version": "1", "text": f"We store {', '.join(WORDS[f'recorded_{name}'] for name in NAMED)}."},
    "surroundings": list(NAMED),
    "before": [
        {
            "title": "Before you begin",
            "questions": [
                {"name": "years", "kind": "number", "question": "How old are you?", "least": 0, "most": 120}
                | {"screen_out_below": 18, "groups": [18, 40, 60]},
                {"name": "blue", "kind": "choice", "question": "Choose blue.", "choices": ["red", "blue"], "answer": 2},
            ],
        },
        {"preset": "demographics"},
    ],
    "after": [
        {
            "title": "Looking back",
            "questions": [
                {"name": "seen", "kind": "several", "question": "What did you see?", "choices": ["cats", "dogs"]},
                {"name": "ease", "kind": "scale", "question": "How easy?", "low": "not at all", "high": "very"},
                {"name": "remark", "kind": "text", "question": "What was hard?", "required": False},
            ],
        }
    ],
}
"""Questions of every kind, and all that can be stored of surroundings."""


@pytest.fixture(scope="session")
def study_folder(tmp_path_factory):
    """The study of the loop: 8 people a task, 14 trials each."""
    design = {"pairs": {"per_class_pair": 1}, "batches": 1, "people_per_batch": PEOPLE}
    study = study_file(design=design, comments="Is there anything else?", **ASKED)
    return write_study(tmp_path_factory.mktemp("loop") / "study", study)


@pytest.fixture(scope="session")
def simulated(study_folder):
    """All places taken by scripted people with a planted bias."""
    return simulate(study_folder, study_folder.parent / "collection", seed=SEED)


@pytest.fixture
def short_study(tmp_path):
    """A study of the two midpoint tasks with three trials and two people each."""
    design = {"batch_size": 3, "people_per_batch": 2, "batches": 1, "repeats": []}
    return write_study(tmp_path / "study", study_file((CONSTRUCT, SELECT), design=design))
