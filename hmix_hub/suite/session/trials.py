"""Trials: the pictures that a page of one shows, under opaque names, and whether an answer can be to it."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hmix_hub.schema import TOLERANCE
from hmix_hub.stimuli.coefficients import steps_of
from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.design.plan import stimulus_of
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.study.model import Example
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import FaultError, Stimulus, Trial, read_fields, read_number
from hmix_hub.tasks.midpoint import WALK

LONGEST_MS = 31 * 24 * 3_600_000
"""Longest response time that is believed: the longest time-out that a study may set, and a day."""


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
    """Return the mixtures that a task shows of a stimulus: all eleven of a pair by step, or the one."""
    pair = stimulus.image_1_index, stimulus.image_2_index
    if SUITE_TASKS[task].shows_pair:
        return tuple(Mixture(*pair, coefficient) for coefficient in WALK.tolist())
    if stimulus.mixing_coefficient is None:
        msg = f"a stimulus of {task} has no mixing coefficient"
        raise ValueError(msg)
    return (Mixture(*pair, float(stimulus.mixing_coefficient)),)


def mixtures_of_trial(batch: Batch, trial: Trial) -> tuple[Mixture, ...]:
    """Return the mixtures of a trial in the order of the page: far left to far right, or row by row."""
    mixtures = mixtures_of_stimulus(batch.task, stimulus_of(batch, trial))
    return tuple(mixtures[place] for place in SUITE_TASKS[batch.task].order(trial))


def mixtures_of_example(task: str, example: Example) -> tuple[Mixture, ...]:
    """Return the mixtures of a worked example; tenths are drawn as the task's own pictures are."""
    pair = example.image_1_index, example.image_2_index
    walked = WALK[steps_of(example.coefficients)].tolist()
    return tuple(
        Mixture(
            *pair, step if SUITE_TASKS[task].shows_pair and abs(step - coefficient) <= TOLERANCE else float(coefficient)
        )
        for step, coefficient in zip(walked, example.coefficients, strict=True)
    )


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


def check_answer(payload: object, trial: Trial, batch: Batch, frozen: FrozenStudy, key: StudyKey) -> str | None:
    """Check an answer against the trial that the participant was shown.

    Parameters
    ----------
    payload
        Any JSON value: `{"response_time_ms", "pictures", "answer"}`.
    trial, batch
        The trial, and the batch that it is of.
    frozen, key
        The study, and the key that names its pictures.

    Returns
    -------
    str or None
        The fault in words, without anything of what was sent; `None` for a good answer.
    """
    try:
        sent = read_fields(payload, "the answer", "response_time_ms", "pictures", "answer")
        elapsed = read_number(sent["response_time_ms"], "response_time_ms", LONGEST_MS)
        shown = SUITE_TASKS[batch.task].check(sent["answer"], trial, frozen.design_of(batch), elapsed)
    except FaultError as fault:
        return str(fault)
    names = trial_pictures(frozen, key, batch, trial)
    if sent["pictures"] != (names if shown is None else [names[shown]]):
        return "pictures are not those that the trial shows for this answer"
    return None
