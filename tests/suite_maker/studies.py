"""Studies to collect, small and whole."""

from __future__ import annotations

from typing import Any

from hmix_hub.schema import CIFAR10
from hmix_hub.sources.image_set import ImageSet
from hmix_hub.sources.image_sets import open_image_set
from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.pictures import Labels
from hmix_hub.suite.study.model import StudyFile, TaskDesign
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Stimulus

TASKS = tuple(SUITE_TASKS)
_COEFFICIENTS = (0.1, 0.25, 0.5, 0.75, 0.9)
SCALES = (
    {"name": "likeness", "question": "How alike are they?", "low": "not at all", "high": "very", "steps": 7},
    {"name": "liking", "question": "How much do you like it?", "low": "not at all", "high": "very much"},
)
_VARIED = {"sides": "counterbalanced", "class_order": "shuffled", "confidence": True, "scales": list(SCALES)}


def own_design(task: str) -> dict[str, Any]:
    """Return what a study file says of this task beside what it says of all: mixtures, and whatever can vary does."""
    suite_task = SUITE_TASKS[task]
    shown = {} if suite_task.shows_pair else {"coefficients": list(_COEFFICIENTS)}
    return shown | {key: value for key, value in _VARIED.items() if key in suite_task.options}


def practice_of(task: str) -> list[dict[str, Any]]:
    """Return two practice trials: the first of a cat and a truck, turned against the alphabet."""
    shares = [{}, {}] if SUITE_TASKS[task].shows_pair else [{"coefficient": 0.9}, {"coefficient": 0.25}]
    labels = sample_pictures().labels.tolist()
    cat, truck = (labels.index(CIFAR10.code(name)) for name in ("cat", "truck"))
    pairs = {"image_1_index": truck, "image_2_index": cat}, {"image_1_index": cat, "image_2_index": truck}
    said = {"feedback": "So it is, 1."}, {"feedback": "So it is, 2."}
    return [pair | share | text for pair, share, text in zip(pairs, shares, said, strict=True)]


def rows_of_a_trial(task: str) -> int:
    """Return how many rows a trial becomes: one for each scale, where a page asks for several."""
    return len(own_design(task).get("scales", (None,)))


def sample_pictures() -> ImageSet:
    return open_image_set("sample/pictures")


def study_content(*tasks: str, **changes: Any) -> dict[str, Any]:
    """Return a study file's content; keyword arguments replace whole tables, `design` goes into every task."""
    design = changes.pop("design", {})
    return {
        "format": 1,
        "id": "small-study",
        "title": "Mixed pictures",
        "about": {
            "description": "A study made in a test.",
            "authors": [{"name": "A. Author"}],
            "licence": "CC-BY-4.0",
            "approval": "None was needed.",
            "recruitment": "Nobody was recruited.",
            "contact": "someone@example.org",
        },
        "pictures": {"source": "sample/pictures"},
        "consent": {"version": "1", "text": "I agree to <Please click> here & there."},
        "comments": "Anything to tell?",
        "tasks": {task: {**_design(task), **design} for task in tasks or TASKS},
        **changes,
    }


def _design(task: str) -> dict[str, Any]:
    example = {"image_1_index": 0, "image_2_index": 1, "coefficients": [0.3, 1.0], "text": "So it looks."}
    return {
        "question": "What would 100 other people say?",
        "instructions": [{"text": "Look.", "examples": [example]}, {"text": "Answer."}],
        "quiz": {
            "questions": [
                {"question": "One?", "choices": ["yes", "no"], "answer": 2},
                {"question": "Two?", "choices": ["yes", "no", "perhaps"], "answer": 1},
            ],
            "attempts": 3,
        },
        "pairs": {"per_class_pair": 1},
        "batch_size": 4,
        "people_per_batch": 3,
        "repeats": [1, 3],
        **own_design(task),
    }


def frozen_study(*tasks: str, batches: int = 2, stimuli: int = 4, quota: int = 3, **changes: Any) -> FrozenStudy:
    """Freeze a study whose stimuli are laid out by number, without the sampler."""
    study = StudyFile.model_validate(study_content(*tasks, **changes))
    image_set = sample_pictures()
    made = []
    for task in study.tasks:
        for condition in range(batches):
            shown = tuple(_stimulus(image_set, task, condition * stimuli + place) for place in range(stimuli))
            made.append(Batch(len(made), task, condition, quota, shown))
    practice = {task: _practice(image_set, design) for task, design in study.tasks.items() if design.practice}
    return FrozenStudy(study, tuple(made), image_set.name, image_set.fingerprint, practice=practice)


def _practice(image_set: ImageSet, design: TaskDesign) -> tuple[Stimulus, ...]:
    labels = Labels(image_set.labels.astype(int), CIFAR10)
    return tuple(
        labels.stimulus(trial.image_1_index, trial.image_2_index, trial.coefficient) for trial in design.practice
    )


def _stimulus(image_set: ImageSet, task: str, number: int) -> Stimulus:
    """Return stimulus number n; up to 199 * 200 of them differ in their pair."""
    gap, first = divmod(number, len(image_set))
    second = (first + gap + 1) % len(image_set)
    labels = image_set.labels
    if labels[first] > labels[second]:
        first, second = second, first
    coefficient = None if SUITE_TASKS[task].shows_pair else _COEFFICIENTS[number % len(_COEFFICIENTS)]
    return Stimulus(first, second, int(labels[first]), int(labels[second]), coefficient)
