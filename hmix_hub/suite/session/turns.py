"""Turns: start values and sides by person, which go on from batch to batch: all people together are balanced."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from hmix_hub.suite.design.design import Batch
from hmix_hub.suite.study.model import TaskDesign
from hmix_hub.tasks import CONSTRUCT, INFER

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")


def turn_of(batch: Batch, number: int) -> int:
    """Give the turn of a person: a number from 0 that goes on across the batches of a task.

    Parameters
    ----------
    batch
        The person's batch.
    number
        How many people were given this batch before.
    """
    return batch.condition * batch.quota + number


def side_of(task: str, design: TaskDesign, turn: int) -> Side | None:
    """Give the side of the page that stands for image 1; `None` in a task that has no sides.

    Of any number of turns from 0 on, as many have either side, within one; and where each person has one start value,
    of each start value, too.
    """
    if task not in {CONSTRUCT, INFER}:
        return None
    if design.sides == "fixed":
        return SIDES[0]
    values = len(design.start.values) if task == CONSTRUCT and design.start.vary == "between" else 1
    # An even number of values would have each value always on the same side, were they not swapped every round.
    swapped = turn // values if values % 2 == 0 else 0
    return SIDES[(turn + swapped) % 2]


def starts_of(design: TaskDesign, turn: int, trials: int) -> list[int]:
    """Give the start values of a person, in steps, 0 to 10, before they are shuffled.

    Parameters
    ----------
    design
        The task.
    turn
        The person's turn.
    trials
        Trials of the person.
    """
    steps = [round(value * 10) for value in design.start.values]
    if design.start.vary == "between":
        return [steps[turn % len(steps)]] * trials
    return [steps[(turn * trials + place) % len(steps)] for place in range(trials)]


def count_sides(batches: Iterable[Batch], design: TaskDesign) -> dict[str, int]:
    """Count the people of a full study by the side of image 1; empty in a task that has no sides."""
    sides = [side_of(batch.task, design, turn_of(batch, n)) for batch in batches for n in range(batch.quota)]
    counts = Counter(side for side in sides if side is not None)
    return {side: counts[side] for side in SIDES} if counts else {}


def count_starts(batches: Iterable[Batch], design: TaskDesign) -> dict[str, int]:
    """Count the trials of a full study by start value; empty in a task that has no start values.

    Where each person has one start value, people are counted instead.
    """
    counts: Counter[int] = Counter()
    for batch in batches:
        if batch.task != CONSTRUCT:
            return {}
        trials = 1 if design.start.vary == "between" else len(batch.stimuli) + len(design.repeats)
        for number in range(batch.quota):
            counts.update(starts_of(design, turn_of(batch, number), trials))
    return {f"{step / 10:g}": counts[step] for step in (round(value * 10) for value in design.start.values)}
