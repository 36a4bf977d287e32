"""The plan of a session: the timeline of one participant, drawn once when a place in a batch is taken.

The timeline counts pages from 0: consent, the questions before the trials, the instruction pages, the quiz, practice,
the trials and their repeats with the breaks between them, the questions after them, the comments. A later part of a
sitting continues after the trials of the previous one, and begins with a page of its own.
A trial's position on it is its `trial_index`; pages that are read again do not shift it.

Start values and sides rotate across batches, so that they are balanced over all participants.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Any, get_args

import numpy as np

from hmix_hub.suite.design.design import Batch, FrozenStudy
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.suite.tasks import SUITE_TASKS
from hmix_hub.suite.tasks.task import SuiteTask
from hmix_hub.suite.tasks.trial import STEPS, Side, Stimulus, Trial

SIDES: tuple[Side, Side] = get_args(Side)
_PRACTICE = 1
"""Separates the random stream of practice trials from that of the plan."""


@dataclass(frozen=True)
class Plan:
    """The trials of one participant, in order, repeats last.

    Parameters
    ----------
    batch
        Number of the batch.
    rows
        The values of each trial, in the order of `Trial`'s fields. Plain tuples, because a server keeps thousands of
        plans in memory: the garbage collector skips tuples, while scanning objects would delay every answer.
    """

    batch: int
    rows: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, batch: int, trials: Iterable[Trial]) -> Plan:
        """Make the plan of some trials."""
        return cls(batch, tuple(tuple(vars(trial).values()) for trial in trials))

    def end(self, rows_of_a_trial: int) -> int:
        """Return the position on the timeline after the last trial, if each trial becomes `rows_of_a_trial` rows."""
        first, last = self.rows[0][0], self.rows[-1][0]
        return int(first + (last - first + 1) * rows_of_a_trial)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """The trials."""
        return tuple(Trial(*row) for row in self.rows)

    def trial(self, trial_index: int) -> Trial | None:
        """Return the trial at a position on the timeline; `None` if there is none."""
        # Rows begin with their index; breaks leave gaps.
        place = bisect_left(self.rows, (trial_index,))
        is_there = place < len(self.rows) and self.rows[place][0] == trial_index
        return Trial(*self.rows[place]) if is_there else None

    def to_json(self) -> str:
        """Return the plan as JSON."""
        trials = [dict(zip(_FIELDS, row, strict=True)) for row in self.rows]
        return json.dumps({"batch": self.batch, "trials": trials}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Return the plan from the result of `to_json`."""
        content: dict[str, Any] = json.loads(text)
        return cls(
            content["batch"], tuple(tuple(_plain(trial[name]) for name in _FIELDS) for trial in content["trials"])
        )


_FIELDS = tuple(field.name for field in fields(Trial))


def _plain(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def pages_before(frozen: FrozenStudy, design: TaskDesign, *, is_first: bool) -> int:
    """Return how many pages come before the trials: questions, instructions, quiz and practice.

    Parameters
    ----------
    is_first
        Whether this is the participant's first task; later tasks of a sitting begin with a page of their own.
    """
    begun = len(frozen.study.before) if is_first else int(frozen.study.sitting is not None)
    return begun + len(design.instructions) + (design.quiz is not None) + len(design.practice)


def draw_plan(frozen: FrozenStudy, batch: Batch, number: int, seed: int, *, before: Plan | None = None) -> Plan:
    """Draw the plan of a participant.

    Parameters
    ----------
    number
        How many participants were assigned this batch before; start values and sides rotate with it.
    seed
        The session's seed, 0 to 2**63 - 1; the same seed gives the same plan.
    before
        Plan of the previous part of the sitting, after which the timeline continues; `None`: this is the first part.
    """
    design, task = frozen.design_of(batch), SUITE_TASKS[batch.task]
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(batch.stimuli)).tolist()
    shown = [(stimulus, False) for stimulus in order] + [(order[place - 1], True) for place in design.repeats]
    turn = turn_of(frozen.as_begun(batch), number)
    side = side_of(task, design, turn)
    starts: list[int] = []
    if "start" in task.options:
        starts = starts_of(design, turn, len(shown))
        if design.start.vary == "within":
            starts = [starts[place] for place in rng.permutation(len(shown)).tolist()]
    class_order: tuple[int, ...] | None = None
    if "class_order" in task.options:
        classes = len(frozen.study.pictures.vocabulary)
        class_order = tuple(rng.permutation(classes).tolist() if design.class_order == "shuffled" else range(classes))
    # Page 0 is the consent form.
    begin = 1 if before is None else before.end(len(frozen.design_of(frozen.batches[before.batch]).scales) or 1)
    first = begin + pages_before(frozen, design, is_first=before is None)
    every = design.breaks.every if design.breaks else len(shown)
    trials = (
        Trial(
            # A break takes one position on the timeline.
            first + place + place // every,
            stimulus,
            is_repeat,
            image_1_side=side,
            start_step=starts[place] if starts else None,
            grid_steps=tuple(rng.permutation(STEPS).tolist()) if task.has_grid else None,
            class_order=class_order,
        )
        for place, (stimulus, is_repeat) in enumerate(shown)
    )
    return Plan.of(batch.number, trials)


def draw_practice(frozen: FrozenStudy, plan: Plan, seed: int) -> tuple[Trial, ...]:
    """Draw the practice trials of a participant, in the order of the study file.

    Returns
    -------
    tuple of Trial
        `stimulus` indexes `FrozenStudy.practice_of` the batch. Side and order of classes are those of the plan.
    """
    batch = frozen.batches[plan.batch]
    design, like = frozen.design_of(batch), plan.trials[0]
    number = len(design.practice)
    first = like.trial_index - number
    rng = np.random.default_rng((_PRACTICE, seed))
    starts = [like.start_step] * number if design.start.vary == "between" else starts_of(design, 0, number)
    return tuple(
        replace(
            like,
            trial_index=first + place,
            stimulus=place,
            is_repeat=False,
            start_step=None if like.start_step is None else starts[place],
            grid_steps=like.grid_steps and tuple(rng.permutation(STEPS).tolist()),
        )
        for place in range(number)
    )


def stimulus_of(batch: Batch, trial: Trial) -> Stimulus:
    """Return the stimulus of a trial."""
    return batch.stimuli[trial.stimulus]


def turn_of(batch: Batch, number: int) -> int:
    """Return a participant's turn, from 0 and continuing across batches; `number` had the batch before."""
    return batch.condition * batch.quota + number


def side_of(task: SuiteTask, design: TaskDesign, turn: int) -> Side | None:
    """Return the side of the page on which image 1 is; `None` for a task without sides.

    Over any number of turns from 0, the numbers of turns per side differ by at most one; if each participant has one
    start value, this also holds for each start value.
    """
    if "sides" not in task.options:
        return None
    if design.sides == "fixed":
        return SIDES[0]
    values = len(design.start.values) if "start" in task.options and design.start.vary == "between" else 1
    # Swapped every round; otherwise, an even number of values would always pair a value with the same side.
    swapped = turn // values if values % 2 == 0 else 0
    return SIDES[(turn + swapped) % 2]


def starts_of(design: TaskDesign, turn: int, trials: int) -> list[int]:
    """Return the start values of a participant's trials, in steps, 0 to 10, before they are shuffled."""
    steps = [round(value * 10) for value in design.start.values]
    if design.start.vary == "between":
        return [steps[turn % len(steps)]] * trials
    return [steps[(turn * trials + place) % len(steps)] for place in range(trials)]
