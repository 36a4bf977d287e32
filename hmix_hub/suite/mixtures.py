"""Mixtures as pictures on a screen: which ones a task shows, and their opaque names.

No name tells what a picture shows, and the names of a trial stand in the order of its page.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hmix_hub.stimuli.mixtures import walked
from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import stimulus_of
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.study.model import Example
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Stimulus, Trial
from hmix_hub.tasks.midpoint import WALK


class Mixture(NamedTuple):
    """A picture on a screen.

    Parameters
    ----------
    image_1_index, image_2_index
        Rows of the study's image set; `None` for the second of a single picture, which is shown as it is.
    coefficient
        Share of image 1 that it is drawn with, 0 to 1.
    """

    image_1_index: int
    image_2_index: int | None
    coefficient: float


def mixtures_of_stimulus(task: str, stimulus: Stimulus) -> tuple[Mixture, ...]:
    """Return the mixtures that a task shows of a stimulus: all eleven of a pair by step, or the one."""
    pair = stimulus.image_1_index, stimulus.image_2_index
    if SUITE_TASKS[task].shows_pair:
        return tuple(Mixture(*pair, coefficient) for coefficient in WALK.tolist())
    if stimulus.mixing_coefficient is None:
        msg = f"a stimulus of {task} has no mixing coefficient"
        raise ValueError(msg)
    return (Mixture(*pair, float(stimulus.mixing_coefficient)),)


def mixtures_of_example(task: str, example: Example) -> tuple[Mixture, ...]:
    """Return the mixtures of a worked example; tenths are drawn as the task's own pictures are."""
    if example.image_2_index is None:
        return (Mixture(example.image_1_index, None, 1.0),)
    shown = walked(example.coefficients).tolist() if SUITE_TASKS[task].shows_pair else map(float, example.coefficients)
    return tuple(Mixture(example.image_1_index, example.image_2_index, coefficient) for coefficient in shown)


def picture_name(frozen: FrozenStudy, key: StudyKey, mixture: Mixture) -> str:
    """Name a picture, 32 hex digits: the same for all participants of a study, another one under another key."""
    return _name(key, frozen.image_set, frozen.pictures, mixture)


def trial_pictures(frozen: FrozenStudy, key: StudyKey, batch: Batch, trial: Trial) -> list[str]:
    """Name the pictures of a trial in the order of the page."""
    names = _names(key, frozen.image_set, frozen.pictures, batch.task, stimulus_of(batch, trial))
    return [names[place] for place in SUITE_TASKS[batch.task].order(trial)]


# Every view of a session names the pictures of all its trials, eleven of each.
@lru_cache(maxsize=2**14)
def _names(key: StudyKey, image_set: str, pictures: str, task: str, stimulus: Stimulus) -> tuple[str, ...]:
    return tuple(_name(key, image_set, pictures, mixture) for mixture in mixtures_of_stimulus(task, stimulus))


def _name(key: StudyKey, image_set: str, pictures: str, mixture: Mixture) -> str:
    first, second, coefficient = mixture
    return key.picture_name(f"{image_set}\n{pictures}\n{first}\n{second}\n{coefficient!r}")
