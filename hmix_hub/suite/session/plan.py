"""The plan of a session: the timeline of one person, drawn once when the place in a batch is taken.

The timeline counts pages from 0: consent, the instruction pages, the quiz, the trials, the repeats, the comments.
A trial's place on it is its `trial_index`; pages that are read again do not shift it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from hmix_hub.suite.design.design import Batch, FrozenStudy, Stimulus
from hmix_hub.suite.session.turns import Side, side_of, starts_of, turn_of
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.tasks import CATEGORICAL, CONSTRUCT, SELECT

STEPS = 11
"""Mixtures of a pair in the midpoint tasks: step s has the coefficient s / 10."""


@dataclass(frozen=True)
class Trial:
    """A trial of one person.

    Parameters
    ----------
    trial_index
        Place on the timeline.
    stimulus
        Place in the batch.
    is_repeat
        Whether it is shown again on purpose.
    image_1_side
        construct_midpoint, infer_mixing_factor: side of the page that stands for image 1.
    start_step
        construct_midpoint: step of the first picture, 0 to 10, in tenths of image 1.
    grid_steps
        select_shuffled_midpoint: the eleven steps in the order of the grid, row by row.
    class_order
        categorical_soft_labels: class codes in the order of the page.
    """

    trial_index: int
    stimulus: int
    is_repeat: bool
    image_1_side: Side | None = None
    start_step: int | None = None
    grid_steps: tuple[int, ...] | None = None
    class_order: tuple[int, ...] | None = None

    def step_at(self, position: int) -> int:
        """Give the step at a position of construct's row of pictures, 0 (far left) to 10 (far right)."""
        return STEPS - 1 - position if self.image_1_side == "left" else position

    def position_of(self, step: int) -> int:
        """Give the position, 0 (far left) to 10 (far right), at which construct shows a step."""
        return STEPS - 1 - step if self.image_1_side == "left" else step


@dataclass(frozen=True)
class Plan:
    """The trials of one person, in order, repeats last.

    Parameters
    ----------
    batch
        Number of the batch.
    rows
        The values of each trial, in the order of `Trial`'s fields. A server keeps thousands of plans in memory; the
        garbage collector need not look at plain tuples, while objects would let every answer wait for it.
    """

    batch: int
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, batch: int, trials: Iterable[Trial]) -> Plan:
        """Make the plan of some trials."""
        return cls(batch, tuple(tuple(vars(trial).values()) for trial in trials))

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials."""
        return tuple(Trial(*row) for row in self.rows)

    def trial(self, trial_index: int) -> Trial | None:
        """Give the trial at a place of the timeline; `None` where there is none."""
        number = trial_index - self.rows[0][0]
        return Trial(*self.rows[number]) if 0 <= number < len(self.rows) else None

    def to_json(self) -> str:
        """Write as JSON."""
        trials = [dict(zip(_FIELDS, row, strict=True)) for row in self.rows]
        return json.dumps({"batch": self.batch, "trials": trials}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Read what `to_json` wrote."""
        content: dict[str, Any] = json.loads(text)
        return cls(
            content["batch"], tuple(tuple(_plain(trial[name]) for name in _FIELDS) for trial in content["trials"])
        )


_FIELDS = tuple(field.name for field in fields(Trial))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def first_trial_index(design: TaskDesign) -> int:
    """Give the place of the first trial on the timeline: behind consent, instructions and quiz."""
    return 1 + len(design.instructions) + (design.quiz is not None)


def draw_plan(frozen: FrozenStudy, batch: Batch, number: int, seed: int) -> Plan:
    """Draw the plan of a person.

    Parameters
    ----------
    frozen, batch
        The study, and the batch that the person was given.
    number
        How many people were given this batch before. Start values and sides take turns by it; the turns go on from
        one batch of the task to the next.
    seed
        The session's own seed, 0 to 2**63 - 1; the same seed draws the same plan.
    """
    design = frozen.design_of(batch)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(batch.stimuli)).tolist()
    shown = [(stimulus, False) for stimulus in order] + [(order[place - 1], True) for place in design.repeats]
    turn = turn_of(batch, number)
    side = side_of(batch.task, design, turn)
    starts = _starts(design, turn, len(shown), rng)
    classes = len(frozen.study.pictures.vocabulary)
    class_order = tuple(rng.permutation(classes).tolist() if design.class_order == "shuffled" else range(classes))
    first = first_trial_index(design)
    trials = (
        Trial(
            first + place,
            stimulus,
            is_repeat,
            image_1_side=side,
            start_step=starts[place] if batch.task == CONSTRUCT else None,
            grid_steps=tuple(rng.permutation(STEPS).tolist()) if batch.task == SELECT else None,
            class_order=class_order if batch.task == CATEGORICAL else None,
        )
        for place, (stimulus, is_repeat) in enumerate(shown)
    )
    return Plan.of(batch.number, trials)


def _starts(design: TaskDesign, turn: int, trials: int, rng: np.random.Generator) -> list[int]:
    turns = starts_of(design, turn, trials)
    if design.start.vary == "between":
        return turns
    return [turns[place] for place in rng.permutation(trials).tolist()]


def stimulus_of(batch: Batch, trial: Trial) -> Stimulus:
    """Give the stimulus of a trial."""
    return batch.stimuli[trial.stimulus]
