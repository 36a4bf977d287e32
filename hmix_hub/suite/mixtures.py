"""Mixtures as pictures on a screen: which ones a task shows, and their names, which differ on every page of a session.

A name is the encrypted address of a picture within the study: it cannot be read without the study's key, and the server
needs no list of names. Since a mixture has a different name on every page, the names on a page that shows mixtures in
order, such as `construct_midpoint`, reveal nothing about other tasks, other participants or repeats.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hmix_hub.stimuli.mixtures import walked
from hmix_hub.suite.design.design import Batch, FrozenStudy, Versions
from hmix_hub.suite.design.plan import stimulus_of
from hmix_hub.suite.store.keys import StudyKey
from hmix_hub.suite.study.model import Example
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.trial import Stimulus, Trial
from hmix_hub.tasks.midpoint import WALK

_TRIALS, _EXAMPLES, _PRACTICE = range(3)
"""Kinds of addresses: a stimulus of a batch, a worked example of a task, a practice stimulus of a batch's task."""


class Mixture(NamedTuple):
    """A picture on a screen.

    Parameters
    ----------
    image_1_index, image_2_index
        Rows of the study's image set; `None` for the second of a single picture.
    coefficient
        Share of image 1, 0 to 1.
    """

    image_1_index: int
    image_2_index: int | None
    coefficient: float


class _Address(NamedTuple):
    """The position of a picture in the study: the batch, the stimulus within it, and the mixture of that stimulus.

    For an example: the task's number in alphabetical order, the mixture's number among all its examples, and the
    version of the study.
    """

    kind: int
    group: int
    item: int
    place: int

    def packed(self) -> bytes:
        """Return the address as 8 bytes, which is enough because a study file allows at most 100,000 of anything."""
        return (self.kind << 56 | self.group << 32 | self.item << 8 | self.place).to_bytes(8)

    @classmethod
    def unpacked(cls, content: bytes) -> _Address:
        """Return the address in the 8 bytes of `packed`."""
        number = int.from_bytes(content)
        return cls(number >> 56, number >> 32 & 0xFFFFFF, number >> 8 & 0xFFFFFF, number & 0xFF)


def mixtures_of_stimulus(task: str, stimulus: Stimulus) -> tuple[Mixture, ...]:
    """Return the mixtures that a task shows for a stimulus: all eleven of a pair, by step, or just one."""
    pair = stimulus.image_1_index, stimulus.image_2_index
    if SUITE_TASKS[task].shows_pair:
        return tuple(Mixture(*pair, coefficient) for coefficient in WALK.tolist())
    if stimulus.mixing_coefficient is None:
        msg = f"a stimulus of {task} has no mixing coefficient"
        raise ValueError(msg)
    return (Mixture(*pair, float(stimulus.mixing_coefficient)),)


def mixtures_of_example(task: str, example: Example) -> tuple[Mixture, ...]:
    """Return the mixtures of a worked example; tenths are drawn exactly like the task's own pictures."""
    if example.image_2_index is None:
        return (Mixture(example.image_1_index, None, 1.0),)
    shown = walked(example.coefficients).tolist() if SUITE_TASKS[task].shows_pair else map(float, example.coefficients)
    return tuple(Mixture(example.image_1_index, example.image_2_index, coefficient) for coefficient in shown)


def trial_pictures(
    session_id: str, trial: Trial, batch: Batch, key: StudyKey, *, is_practice: bool = False
) -> list[str]:
    """Return the names of the pictures of a session's trial, 40 hex digits each, in the order of the page."""
    page, kind = f"{session_id}/{trial.trial_index}", _PRACTICE if is_practice else _TRIALS
    places = SUITE_TASKS[batch.task].order(trial)
    return key.seal([_Address(kind, batch.number, trial.stimulus, place).packed() for place in places], page)


def example_pictures(session_id: str, task: str, frozen: FrozenStudy, key: StudyKey) -> list[str]:
    """Return the names of the pictures of a task's worked examples, in the order of the pages.

    The version is part of the address, because instructions can change with it.
    """
    group = sorted(frozen.study.tasks).index(task)
    items = range(sum(1 for _ in _mixtures_of_examples(task, frozen)))
    return key.seal([_Address(_EXAMPLES, group, item, frozen.version).packed() for item in items], session_id)


def mixture_named(name: str, versions: Versions, key: StudyKey) -> Mixture | None:
    """Return the mixture with this name; `None` if the name was not made with this key."""
    content = key.unseal(name)
    if content is None:
        return None
    kind, group, item, place = _Address.unpacked(content)
    if kind == _EXAMPLES:
        frozen = versions.of(place)
        return list(_mixtures_of_examples(sorted(frozen.study.tasks)[group], frozen))[item]
    frozen = versions.begun
    batch = frozen.batches[group]
    if kind == _PRACTICE:
        batch = frozen.practice_of(batch)
    return mixtures_of_stimulus(batch.task, batch.stimuli[item])[place]


def _mixtures_of_examples(task: str, frozen: FrozenStudy) -> Iterator[Mixture]:
    for page in frozen.study.tasks[task].instructions:
        for example in page.examples:
            yield from mixtures_of_example(task, example)


def former_trial_pictures(frozen: FrozenStudy, key: StudyKey, batch: Batch, trial: Trial) -> list[str]:
    """Return the picture names of version 0.1.0's first servers, in case a browser still has answers to send."""
    mixtures = mixtures_of_stimulus(batch.task, stimulus_of(batch, trial))
    shown = [mixtures[place] for place in SUITE_TASKS[batch.task].order(trial)]
    return [
        key.picture_name(f"{frozen.image_set}\n{frozen.pictures}\n{first}\n{second}\n{coefficient!r}")
        for first, second, coefficient in shown
    ]
