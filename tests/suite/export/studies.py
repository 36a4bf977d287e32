"""Small frozen studies made by hand, and people who answered them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import yaml
from suite_maker import own_design

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import draw_plan
from hmix_hub.suite.export.rows import Participant
from hmix_hub.suite.mixtures import trial_pictures
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.study.model import StudyFile
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.perception import Mind, Perception, Scene
from hmix_hub.suite.tasks.trial import Stimulus

COEFFICIENTS = (0.1, 0.25, 0.5, 0.75, 0.9)
QUIZ = {"questions": [{"question": "What is it?", "choices": ["A mixture", "A dog"], "answer": 1}]}
ABOUT = {
    "description": "What people see in mixtures of the synthetic pictures.",
    "authors": [{"name": "Ada Example"}],
    "licence": "CC0-1.0",
    "approval": "None was needed.",
    "recruitment": "By a notice in the hall.",
    "contact": "https://example.org/contact",
    "doi": "10.5281/zenodo.1234567",
}


KEY = StudyKey(bytes(32))
SESSION = "0" * 32


def study_file(tasks=tuple(SUITE_TASKS), *, source="sample/pictures", design=None, **more) -> StudyFile:
    designs = {
        task: {
            "question": "What do you see?",
            "instructions": [{"text": "Look."}, {"text": "Look again."}],
            "quiz": QUIZ,
            "pairs": {"per_class_pair": 1},
            "batch_size": 12,
            "people_per_batch": 2,
            "repeats": [3, 5],
            **own_design(task),
            **(design or {}),
        }
        for task in tasks
    }
    content = {
        "id": "small-study",
        "title": "A small study",
        "about": ABOUT,
        "pictures": {"source": source},
        "consent": {"version": "1", "text": "You may stop at any time, and your answers are published."},
        "tasks": designs,
    }
    return StudyFile.model_validate(content | more)


def write_study(folder: Path, study: StudyFile) -> Path:
    """Write a study file into a new folder; gives the folder."""
    folder.mkdir(parents=True)
    content = study.model_dump(mode="json", exclude_unset=True)
    (folder / "collection.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return folder


@cache
def sample_labels() -> np.ndarray:
    return open_image_set("sample/pictures").labels


def stimuli(task: str, number: int, labels: np.ndarray, seed: int = 0) -> tuple[Stimulus, ...]:
    """Draw stimuli of different pairs; the class that comes first in the alphabet is that of image 1."""
    rng = np.random.default_rng((seed, number))
    drawn: dict[tuple[int, int], Stimulus] = {}
    while len(drawn) < number:
        one, other = rng.choice(len(labels), 2, replace=False).tolist()
        if labels[one] == labels[other]:
            continue
        first, second = sorted((one, other), key=lambda index: labels[index])
        shown = COEFFICIENTS[len(drawn) % len(COEFFICIENTS)] if not SUITE_TASKS[task].shows_pair else None
        drawn[first, second] = Stimulus(first, second, int(labels[first]), int(labels[second]), shown)
    return tuple(drawn.values())


def frozen_study(
    tasks=tuple(SUITE_TASKS), *, batches=1, image_set="sample/pictures", labels=None, **options
) -> FrozenStudy:
    study = study_file(tasks, source=image_set, **options)
    labels = sample_labels() if labels is None else labels
    made = [
        (task, condition, stimuli(task, study.tasks[task].batch_size, labels, seed=10 * number + condition))
        for number, task in enumerate(tasks)
        for condition in range(batches)
    ]
    quotas = {task: study.tasks[task].people_per_batch for task in tasks}
    drawn = tuple(
        Batch(number, task, condition, quotas[task], shown) for number, (task, condition, shown) in enumerate(made)
    )
    fingerprint = open_image_set(image_set).fingerprint if image_set.startswith("sample") else "0" * 16
    return FrozenStudy(study, drawn, image_set, fingerprint)


def scene_of(frozen, batch, trial) -> Scene:
    """Return what a person with good eyes sees on the page of a trial."""
    stimulus, task = batch.stimuli[trial.stimulus], SUITE_TASKS[batch.task]
    coefficients = [step / 10 for step in task.order(trial)] if task.shows_pair else [stimulus.mixing_coefficient]
    left = None if trial.image_1_side is None else trial.image_1_side == "left"
    return Scene(stimulus, tuple(coefficients), left)


def answer(frozen, batch, trial, mind: Mind, showing: int = 0):
    page = {"pictures": trial_pictures(SESSION, trial, batch, KEY), "class_order": trial.class_order}
    page |= SUITE_TASKS[batch.task].page(trial, frozen.design_of(batch))
    scene = scene_of(frozen, batch, trial)
    return SUITE_TASKS[batch.task].respond(page, scene, mind, mind.chance(scene.stimulus, showing))


def person(frozen, batch, number: int, *, seed: int = 0, perception=None, is_late=False, name=None) -> Participant:
    """Let a simulated person answer a whole batch, without a server."""
    plan = draw_plan(frozen, batch, number, seed=1000 * batch.number + number)
    mind = Mind(perception or Perception(), seed, 100 * batch.number + number)
    payloads = {trial.trial_index: answer(frozen, batch, trial, mind, int(trial.is_repeat)) for trial in plan.trials}
    return Participant(name or f"p{batch.number}n{number}", plan, payloads, is_late)


def people(frozen, **options) -> dict[str, list[Participant]]:
    found: dict[str, list[Participant]] = {}
    for batch in frozen.batches:
        found.setdefault(batch.task, [])
        found[batch.task] += [person(frozen, batch, number, **options) for number in range(batch.quota)]
    return found


__all__ = [
    "CIFAR10",
    "KEY",
    "SESSION",
    "answer",
    "frozen_study",
    "people",
    "person",
    "scene_of",
    "stimuli",
    "study_file",
    "write_study",
]
