"""What a screen shows: mixtures of pictures, and the opaque names that they are asked for by."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

from hmix_hub.stimuli.coefficients import WALK, steps_of
from hmix_hub.suite.design.design import Batch, FrozenStudy, Stimulus
from hmix_hub.suite.session.plan import STEPS, Trial, stimulus_of
from hmix_hub.suite.study.model import Example
from hmix_hub.tasks import CONSTRUCT, SELECT, TASKS


class Naming(Protocol):
    """What names pictures: the study's key."""

    def __hash__(self) -> int: ...

    def picture_name(self, text: str) -> str:
        """Give 32 hex digits that the text decides, and that say nothing of it without the key."""
        ...


class Mixture(NamedTuple):
    """A picture on a screen.

    Parameters
    ----------
    image_1_index, image_2_index
        Rows of the study's image set.
    coefficient
        Share of image 1 that it is drawn with, 0 to 1.
    """

    image_1_index: int
    image_2_index: int
    coefficient: float


def mixtures_of_stimulus(task: str, stimulus: Stimulus) -> tuple[Mixture, ...]:
    """Give the mixtures that a task shows of a stimulus: eleven by step in the midpoint tasks, else one."""
    pair = stimulus.image_1_index, stimulus.image_2_index
    if TASKS[task].shows == "pair":
        return tuple(Mixture(*pair, coefficient) for coefficient in WALK.tolist())
    if stimulus.mixing_coefficient is None:
        msg = f"a stimulus of {task} has no mixing coefficient"
        raise ValueError(msg)
    return (Mixture(*pair, float(stimulus.mixing_coefficient)),)


def mixtures_of_trial(batch: Batch, trial: Trial) -> tuple[Mixture, ...]:
    """Give the mixtures of a trial in the order of the page: far left to far right, or row by row."""
    mixtures = mixtures_of_stimulus(batch.task, stimulus_of(batch, trial))
    return tuple(mixtures[place] for place in _order(batch.task, trial))


def _order(task: str, trial: Trial) -> Sequence[int]:
    """Give the places of a stimulus's mixtures in the order of the page."""
    if task == CONSTRUCT:
        return range(STEPS - 1, -1, -1) if trial.step_at(0) else range(STEPS)
    return trial.grid_steps or () if task == SELECT else (0,)


def mixtures_of_example(task: str, example: Example) -> tuple[Mixture, ...]:
    """Give the mixtures of a worked example; tenths are drawn as the task's own pictures are."""
    pair = example.image_1_index, example.image_2_index
    return tuple(Mixture(*pair, _drawn_with(task, coefficient)) for coefficient in example.coefficients)


def _drawn_with(task: str, coefficient: float) -> float:
    walked = float(WALK[steps_of(coefficient)])
    return walked if TASKS[task].shows == "pair" and abs(walked - coefficient) <= 1e-9 else float(coefficient)


def picture_name(frozen: FrozenStudy, key: Naming, mixture: Mixture) -> str:
    """Name a picture, 32 hex digits: the same for all people of a study, another one under another key."""
    return _name(key, frozen.image_set, frozen.pictures, mixture)


def trial_pictures(frozen: FrozenStudy, key: Naming, batch: Batch, trial: Trial) -> list[str]:
    """Name the pictures of a trial in the order of the page."""
    names = _names(key, frozen.image_set, frozen.pictures, batch.task, stimulus_of(batch, trial))
    return [names[place] for place in _order(batch.task, trial)]


# Every view of a session names the pictures of all its trials, eleven of each.
@lru_cache(maxsize=2**14)
def _names(key: Naming, image_set: str, pictures: str, task: str, stimulus: Stimulus) -> tuple[str, ...]:
    return tuple(_name(key, image_set, pictures, mixture) for mixture in mixtures_of_stimulus(task, stimulus))


def _name(key: Naming, image_set: str, pictures: str, mixture: Mixture) -> str:
    first, second, coefficient = mixture
    return key.picture_name(f"{image_set}\n{pictures}\n{first}\n{second}\n{coefficient!r}")
